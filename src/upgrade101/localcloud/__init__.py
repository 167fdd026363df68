"""moto made whole: the parts that stand between it and the gateway."""

from __future__ import annotations

import sys


def _import_jsonschema_quickly() -> None:
    """Import jsonschema, which moto needs, without the grammar of internationalised addresses, which nobody does.

    Building that grammar takes longer than everything else together; jsonschema goes without where it is missing.
    """
    missing = "rfc3987_syntax"
    if "jsonschema" in sys.modules or missing in sys.modules:
        return
    sys.modules[missing] = None  # type: ignore[assignment]
    try:
        import jsonschema  # noqa: F401
    finally:
        del sys.modules[missing]


_import_jsonschema_quickly()
