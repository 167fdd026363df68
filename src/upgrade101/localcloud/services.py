"""AWS integrations with other services than Lambda: an integration URI becomes a call of that service in moto.

``arn:aws:apigateway:{region}:{service}:action/{Action}`` calls an action of the query or JSON protocols, and
``…:path/{path}`` requests a path: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
No role is assumed and nothing is signed: moto looks only at service, region and account of a request.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

from ..gateway.errors import ConfigurationError, NotEmulated
from ..gateway.ports import BackendRequest, Headers, Http, HttpRequest, HttpResponse
from .accounts import account_of, keys_of

_URI = re.compile(
    r"arn:[\w-]+:apigateway:(?P<region>[\w-]+):(?P<service>[\w.-]+):(?P<kind>action|path)/(?P<what>[^?]*)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_MODELS = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses", "streams.dynamodb": "dynamodbstreams"}
_FORM = "application/x-www-form-urlencoded"
_KEY = "testing"  # of moto's default account, as any key that it has never seen
_OTHER_WAY = "use a Lambda function that makes the call with boto3 (IntegrationType AWS_PROXY)"


class Services:
    """Call AWS services behind ``http``, the local cloud's answer to AWS API calls."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._keys: dict[str, str] = {}

    def __call__(self, request: BackendRequest) -> HttpResponse:
        """Call the service and return its answer, as JSON where API Gateway gets JSON.

        Raises NotEmulated where moto cannot do this, ConfigurationError where the URI names nothing.
        """
        found = _URI.fullmatch(request.url)
        if found is None:
            raise ConfigurationError(
                f"{request.url[:200]} names no service",
                hint="IntegrationUri='arn:aws:apigateway:REGION:SERVICE:action/ACTION'",
            )
        call = _by_action(request, found) if found["kind"] == "action" else _by_path(request, found)
        access_key = self._key_of(request.account_id, found["region"])
        credential = f"{access_key}/20000101/{found['region']}/{found['service']}/aws4_request"
        authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
        host = ("Host", f"{found['service']}.{found['region']}.amazonaws.com")
        signed = HttpRequest(
            call.method, call.target, [host, ("Authorization", authorization), *call.headers], call.body
        )
        answer = self._http(signed)
        if answer is None or answer.status == 501:
            raise NotEmulated(f"an AWS integration with {request.url[:200]}{_why(answer)}", hint=_OTHER_WAY)
        return _as_json(answer)

    def _key_of(self, account_id: str, region: str) -> str:
        """Return an access key of an account, by which moto knows it."""
        key = self._keys.get(account_id, _KEY)
        if account_id and account_of(key) != account_id:
            key = self._keys[account_id] = keys_of(account_id, region).access_key_id
        return key


def _by_path(request: BackendRequest, found: re.Match[str]) -> HttpRequest:
    target = "/" + found["what"].removeprefix("/") + (f"?{found['query']}" if found["query"] else "")
    return HttpRequest(request.method, target, _sized(request.headers, request.body), request.body)


def _by_action(request: BackendRequest, found: re.Match[str]) -> HttpRequest:
    """Return the call of an action: a form for the query protocol and for form bodies, X-Amz-Target for JSON."""
    action, _, also = found["what"].partition("&")
    metadata = _metadata(found["service"])
    is_form = any(name.lower() == "content-type" and value.startswith(_FORM) for name, value in request.headers)
    protocols = {metadata.get("protocol", ""), *metadata.get("protocols", ())}
    if metadata and (is_form or ("query" in protocols and "json" not in protocols)):
        return _form(request, action, metadata["apiVersion"], "&".join(filter(None, (also, found["query"]))))
    if "json" in protocols:
        return _json(request, action, metadata)
    raise NotEmulated(f"the action {action} of the service {found['service']} in an AWS integration", hint=_OTHER_WAY)


def _form(request: BackendRequest, action: str, version: str, query: str) -> HttpRequest:
    """Return a call of the query protocol; parameters come from the URI, mapped parameters and the body."""
    given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    fields = {"Action": action, "Version": version, **dict(parse_qsl(query, keep_blank_values=True)), **given}
    body = urlencode(fields).encode()
    headers = [(name, value) for name, value in request.headers if name.lower() != "content-type"]
    path = urlsplit(fields.get("QueueUrl", "")).path or "/"  # where moto looks for an SQS queue
    return HttpRequest("POST", path, _sized([*headers, ("Content-Type", _FORM)], body), body)


def _json(request: BackendRequest, action: str, metadata: dict[str, Any]) -> HttpRequest:
    ours = ("content-type", "x-amz-target")
    headers = [(name, value) for name, value in request.headers if name.lower() not in ours]
    headers += [
        ("Content-Type", f"application/x-amz-json-{metadata.get('jsonVersion', '1.0')}"),
        ("X-Amz-Target", f"{metadata['targetPrefix']}.{action}"),
    ]
    return HttpRequest("POST", "/", _sized(headers, request.body), request.body)


def _sized(headers: Headers, body: bytes) -> Headers:
    return [*headers, ("Content-Length", str(len(body)))]


@functools.lru_cache(maxsize=32)
def _metadata(service: str) -> dict[str, Any]:
    """Return what botocore's model says of a service's protocol; nothing where it does not know the service."""
    name = _MODELS.get(service, service)
    try:
        metadata: dict[str, Any] = Loader(include_default_search_paths=True).load_service_model(name, "service-2")[
            "metadata"
        ]
    except DataNotFoundError:
        return {}
    return metadata


def _why(answer: HttpResponse | None) -> str:
    return "" if answer is None else f": {answer.body[:300].decode('utf-8', 'replace')}"


# ── XML to JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(answer: HttpResponse) -> HttpResponse:
    """Return a query protocol's XML as the JSON that services give API Gateway, which accepts only that."""
    kind = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
    if "xml" not in kind and not answer.body.lstrip().startswith(b"<"):
        return answer
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return answer
    if not root.tag.endswith("Response"):
        return answer  # the document of a REST service, which stays XML on AWS too
    said = _value(root)
    document = said if _name(root) == "ErrorResponse" else {_name(root): said}
    headers = [
        (name, value) for name, value in answer.headers if name.lower() not in ("content-type", "content-length")
    ]
    return HttpResponse(answer.status, json.dumps(document).encode(), [*headers, ("Content-Type", "application/json")])


def _value(element: ElementTree.Element) -> Any:
    """Return an element as JSON: text, a list where there are several of one name or members, else an object.

    >>> _value(ElementTree.fromstring("<R><Id>7</Id><L><member>a</member></L></R>"))
    {'Id': '7', 'L': ['a']}
    """
    children = list(element)
    if not children:
        return element.text or ""
    if all(_name(child) == "member" for child in children):
        return [_value(child) for child in children]
    fields: dict[str, Any] = {}
    for child in children:
        name, value = _name(child), _value(child)
        if name in fields:
            before = fields[name]
            fields[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            fields[name] = value
    return fields


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
