"""Models: is a message what its route wants? JSON Schema of draft 4, by jsonschema, compiled once per deployment.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-request-validation.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .definition import DEFAULT, Deployment, Route
from .errors import ConfigurationError
from .selection import MISSING, evaluate, read_json

if TYPE_CHECKING:
    from jsonschema import Draft4Validator

_MODEL_URL = re.compile(r"(?:https?://[^/]+)?/?(?:restapis|apis)/[^/]+/models/(?P<name>[A-Za-z0-9]+)#?\Z")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a message; ``configuration`` where it is the model that is wrong."""

    reason: str
    configuration: bool = False


def fault_in(text: str, route: Route, deployment: Deployment) -> Fault | None:
    """Return what is wrong with a message to this route, or nothing.

    Without a model selection expression nothing is validated; with one, a message that no model fits is invalid.
    """
    if not route.model_selection_expression:
        return None
    body = read_json(text)
    name = _model_name(route, body)
    if name is None:
        return Fault("no model is selected, and there is no $default")
    if body is MISSING:
        return Fault("the message is not JSON")
    try:
        return _check(body, _validator(name, deployment))
    except ConfigurationError as broken:
        return Fault(str(broken), configuration=True)


def _model_name(route: Route, body: Any) -> str | None:
    selected = evaluate(route.model_selection_expression, body)
    for key in (selected, DEFAULT, f"\\{DEFAULT}"):
        if key is not None and key in route.request_models:
            return route.request_models[key]
    return None


def _check(body: Any, validator: Draft4Validator) -> Fault | None:
    try:
        found = next(iter(validator.iter_errors(body)), None)
    except RecursionError:
        return Fault("the message is nested too deeply")
    except Exception as broken:  # an unknown $ref, a pattern that is no regular expression, and what else there is
        raise ConfigurationError(f"the model cannot be used: {broken}", hint="mend its schema and deploy") from broken
    return None if found is None else Fault(f"{found.json_path}: {found.message}"[:1024])


def _validator(name: str, deployment: Deployment) -> Draft4Validator:
    validator: Draft4Validator | None = deployment.validators.get(name)
    if validator is None:
        validator = deployment.validators[name] = compiled(name, deployment.models)
    return validator


def compiled(name: str, models: Mapping[str, str]) -> Draft4Validator:
    """Return what checks a message against a model; ``$ref`` leads to models of the same API and to nothing else.

    Raises ConfigurationError where there is no such model, or where its schema is none of draft 4.
    """
    from jsonschema import Draft4Validator, SchemaError
    from referencing import Registry, Resource
    from referencing.exceptions import NoSuchResource
    from referencing.jsonschema import DRAFT4

    def retrieve(uri: str) -> Resource[Any]:
        match = _MODEL_URL.match(uri)
        if match is None or match["name"] not in models:
            raise NoSuchResource(uri)
        return DRAFT4.create_resource(_schema(match["name"], models))

    try:
        schema = _schema(name, models)
        Draft4Validator.check_schema(schema)
        _check_references(name, models, set())
    except SchemaError as broken:
        what = f"model {name} is no JSON schema of draft 4: {broken.json_path}: {broken.message}"
        raise ConfigurationError(what, hint="mend it with update_model and deploy") from None
    except RecursionError:
        raise ConfigurationError(f"model {name} is nested too deeply", hint="use $ref for what repeats") from None
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    return Draft4Validator(schema, registry=registry)


def _schema(name: str, models: Mapping[str, str]) -> Any:
    if name not in models:
        raise ConfigurationError(f"there is no model {name}", hint=f"create_model(Name={name!r}, …) and deploy")
    return json.loads(models[name])


def _check_references(name: str, models: Mapping[str, str], seen: set[str]) -> None:
    """Follow a model to every other that it leads to; raises ConfigurationError where one is not of this API."""
    seen.add(name)
    for url in _references(_schema(name, models)):
        match = _MODEL_URL.match(url)
        if match is None or match["name"] not in models:
            what = f"model {name} refers to {url}, which is no model of this API"
            raise ConfigurationError(what, hint="https://apigateway.amazonaws.com/restapis/{api-id}/models/{name}")
        if match["name"] not in seen:
            _check_references(match["name"], models, seen)


def _references(schema: Any) -> Iterator[str]:
    """Yield where a schema leads out of itself."""
    if isinstance(schema, dict):
        url = schema.get("$ref")
        if isinstance(url, str) and not url.startswith("#"):
            yield url
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _references(part)


def prepare(deployment: Deployment) -> list[str]:
    """Compile every model that a route uses, and return what is wrong with them; the first message need not wait."""
    used = {name for route in deployment.routes.values() for name in route.request_models.values()}
    faults = []
    for name in sorted(used):
        try:
            _validator(name, deployment)
        except ConfigurationError as broken:
            faults.append(str(broken))
    return faults
