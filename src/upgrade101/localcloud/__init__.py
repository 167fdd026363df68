"""moto made whole: the parts that stand between it and the gateway."""

from __future__ import annotations

from . import quick_imports

quick_imports.jsonschema()
quick_imports.api_gateway()
