"""Import what moto needs without what nobody asks for: half of a second of every start, and of every kernel's.

Each step leaves Python's modules as it found them, and does nothing where its library is made otherwise.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

_GRAMMARS = ("rfc3987_syntax", "isoduration")  # of internationalised addresses and of durations: no model needs them
_VALIDATOR = "openapi_spec_validator"


def jsonschema() -> None:
    """Import jsonschema as it is where two of its optional packages are missing, which take longest to import."""
    missing = [name for name in _GRAMMARS if name not in sys.modules]
    if "jsonschema" in sys.modules:
        return
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]
    try:
        importlib.import_module("jsonschema")
    finally:
        for name in missing:
            del sys.modules[name]


def api_gateway() -> None:
    """Import moto's API Gateway, and the validator of OpenAPI documents only when somebody imports such a document."""
    found = importlib.util.find_spec(_VALIDATOR) if _VALIDATOR not in sys.modules else None
    if found is None or found.submodule_search_locations is None:
        return
    (place, *_) = found.submodule_search_locations
    whole, part = ModuleType(_VALIDATOR), ModuleType(f"{_VALIDATOR}.validation")
    whole.__path__, part.__path__ = [place], [f"{place}/validation"]
    vars(whole)["validate"] = _validate
    sys.modules.update({whole.__name__: whole, part.__name__: part})
    try:
        with contextlib.suppress(ImportError):  # then moto is imported in the ordinary way
            importlib.import_module("moto.apigateway.models")
    finally:
        for module in (whole, part):
            sys.modules.pop(module.__name__, None)


def _validate(*facts: Any, **settings: Any) -> Any:
    validator = importlib.import_module(_VALIDATOR)
    validate = getattr(validator, "validate", None) or validator.validate_spec  # as moto itself chooses
    return validate(*facts, **settings)
