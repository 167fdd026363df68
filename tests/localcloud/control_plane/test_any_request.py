"""Whatever is asked of the control plane: an answer, or an error of AWS's with a code and words; never a crash."""

import json
import string
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upgrade101.localcloud.control_plane.operations import operations

OURS = sorted(operations())
SIGNATURE = "AWS4-HMAC-SHA256 Credential=testing/20261101/us-east-1/apigateway/aws4_request, SignedHeaders=host"
UNKNOWN = {
    name: operation
    for name, operation in operations().items()
    if any(part.startswith("{") for part in operation.path) and "Routing" not in name
}
SILENT = ("GetTags", "TagResource", "UntagResource")  # they have ARNs: test_tags.py


# ── ids that lead nowhere ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(set(UNKNOWN) - set(SILENT)))
def test_an_unknown_api_or_domain_is_404(gw, name):
    operation = UNKNOWN[name]
    path = "/".join("nope" if part.startswith("{") else part for part in operation.path)
    status, error, message = asked(gw, operation.method, f"/{path}", "{}")
    assert (status, error) == (404, "NotFoundException")
    expected = "Invalid domain name identifier" if "domainnames" in path else "Invalid API identifier specified"
    assert message.startswith(expected)


@pytest.mark.parametrize(
    "name", [name for name in sorted(UNKNOWN) if len([p for p in UNKNOWN[name].path if p.startswith("{")]) > 1]
)
def test_an_unknown_id_below_an_api_or_domain_is_404_and_named(gw, api_id, name):
    gw.create_domain_name(DomainName="ws.example.com", DomainNameConfigurations=[{}])
    operation = UNKNOWN[name]
    known = {"{apiId}": api_id, "{domainName}": "ws.example.com"}
    path = "/".join(known.get(part, "nope") if part.startswith("{") else part for part in operation.path)
    body = json.dumps({"apiId": api_id, "stage": "dev"}) if name == "UpdateApiMapping" else "{}"
    status, error, message = asked(gw, operation.method, f"/{path}", body)
    if name in ("ExportApi", "GetModelTemplate", "ReimportApi"):
        assert (status, error) == (501, "NotImplementedException")
    elif name == "ResetAuthorizersCache":
        assert (status, error) == (400, "BadRequestException")
    else:
        assert (status, error) == (404, "NotFoundException"), message
        assert message.endswith("nope")


def asked(gw, method, path, body):
    """Send one request as it is, past everything that boto3 checks, and return status, error and message."""
    from botocore.awsrequest import AWSRequest
    from moto.core.models import botocore_stubber

    request = AWSRequest(method, f"https://apigateway.us-east-1.amazonaws.com{path}", data=body)
    request.headers["Authorization"] = SIGNATURE
    answer = botocore_stubber("before-send", request.prepare())
    document = json.loads(answer.content or b"{}")
    return answer.status_code, answer.headers.get("x-amzn-errortype", ""), document.get("message", "")


# ── bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in OURS if operations()[name].method in ("POST", "PATCH", "PUT")])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"text"',
        '{"name": NaN}',
        "[" * 20_000,
        '{"name": {"a": []}, "routeKey": []}',
        "\x00",
    ],
    ids=["empty", "half", "list", "null", "number", "text", "NaN", "deep", "types", "zero"],
)
def test_any_body_is_answered(gw, api_id, name, body):
    operation = operations()[name]
    path = "/".join(api_id if part == "{apiId}" else "x" if part.startswith("{") else part for part in operation.path)
    status, error, message = asked(gw, operation.method, f"/{path}", body)
    assert status < 500 or (status, error) == (501, "NotImplementedException"), message
    assert status < 300 or (error and message)


# ── anything ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(alphabet=string.ascii_letters + "$./{}-:'", max_size=30),
    st.sampled_from(
        [
            "",
            "$default",
            "$connect",
            "/[/",
            "${stageVariables.x}",
            "$request.body.action",
            "route.request.header.x",
            "arn:aws:logs:us-east-1:1:log-group:g",
            "$context.requestId",
            "x" * 200,
            "\ud800",
        ]
    ),
)
WRONG = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS, st.just([]), st.just({}))


def values_of(shape, depth=0):
    """Return a strategy for values of a shape, and now and then for others."""
    kind = shape.type_name
    if kind == "string":
        right = st.sampled_from(shape.enum) | TEXTS if shape.enum else TEXTS
    elif kind == "boolean":
        right = st.booleans()
    elif kind in ("integer", "double"):
        right = st.one_of(st.integers(-1, 40_000), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    elif kind == "list":
        right = st.lists(values_of(shape.member, depth + 1), max_size=2)
    elif kind == "map":
        right = st.dictionaries(TEXTS, values_of(shape.value, depth + 1), max_size=2)
    elif kind != "structure":  # a timestamp
        right = TEXTS
    else:
        right = st.fixed_dictionaries(
            {}, optional={wire(name, each): values_of(each, depth + 1) for name, each in shape.members.items()}
        )
    return right | WRONG if depth < 2 else right


def wire(name, member):
    return member.serialization.get("name", name)


def body_of(operation):
    members = {
        wire(name, member): values_of(member, 1)
        for name, member in operation.shape.members.items()
        if "location" not in member.serialization
    }
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def requests(draw):
    """Draw an operation of WebSocket APIs with random members; ids are drawn when it is known which there are."""
    operation = operations()[draw(st.sampled_from(OURS))]
    return operation, draw(body_of(operation)), draw(st.lists(st.integers(0, 10**6), min_size=4, max_size=4))


def test_anything_is_answered_or_refused(gw, api_id):
    gw.create_domain_name(DomainName="ws.example.com", DomainNameConfigurations=[{}])
    gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)

    def ids(operation):
        listed = {
            "{routeId}": gw.get_routes,
            "{integrationId}": gw.get_integrations,
            "{stageName}": gw.get_stages,
            "{deploymentId}": gw.get_deployments,
            "{authorizerId}": gw.get_authorizers,
            "{modelId}": gw.get_models,
        }
        for part in operation.path:
            if part in listed:
                name = part[1].upper() + part[2:-1]
                yield part, [each[name] for each in listed[part](ApiId=api_id)["Items"]]

    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(requests())
    def answered(request):
        operation, body, numbers = request
        if operation.name in ("DeleteApi", "DeleteDomainName"):
            return
        known = {"{apiId}": [api_id], "{domainName}": ["ws.example.com"], **dict(ids(operation))}
        parts = []
        for number, part in zip([*numbers, *numbers, *numbers], operation.path, strict=False):
            some = known.get(part, [])
            parts.append(part if not part.startswith("{") else some[number % len(some)] if some else "nope")
        path = "/" + "/".join(quote(part, safe="") for part in parts)
        status, error, message = asked(gw, operation.method, path, json.dumps(body))
        assert status < 500 or (status, error) == (501, "NotImplementedException"), (operation.name, body, message)
        assert status < 300 or (error and message), (operation.name, body)

    answered()
    gw.get_api(ApiId=api_id)
    for list_all in (gw.get_routes, gw.get_integrations, gw.get_stages, gw.get_deployments, gw.get_models):
        list_all(ApiId=api_id)
