"""The door of a stage as clients meet it, from the control plane to the socket: signatures, keys, throttles, models."""

import json

import boto3
import pytest
import websockets.sync.client
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from localcloud_handlers import keeper, seen
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, websocket_api
from upgrade101.deploy import function, invocation_uri

NOBODY = "User is not authorized to access this resource"
CHAT = {"type": "object", "properties": {"text": {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Text"}}}


@pytest.fixture
def started(capsys):
    cloud.start(quiet=True)
    yield boto3.client("apigatewayv2")
    cloud.stop()


@pytest.fixture
def api(started):
    return websocket_api("door", {"$connect": seen, "$default": seen}, two_way=("$default",))


def change(started, api, key="$connect", **settings):
    """Change a route, and deploy."""
    route = next(each for each in started.get_routes(ApiId=api.api_id)["Items"] if each["RouteKey"] == key)
    started.update_route(ApiId=api.api_id, RouteId=route["RouteId"], **settings)
    started.create_deployment(ApiId=api.api_id, StageName="dev")


def presigned(url, credentials=None, region="us-east-1"):
    """Return a URL as botocore signs it; without credentials with those that boto3 has here."""
    request = AWSRequest("GET", url)
    given = credentials or boto3.Session().get_credentials().get_frozen_credentials()
    SigV4QueryAuth(given, "execute-api", region).add_auth(request)
    return request.url


def refusal(url, **options):
    with pytest.raises(InvalidStatus) as refused, connect(url, **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body)["message"]


def identity(ws):
    ws.send("who am I?")
    return json.loads(ws.recv(timeout=10))


# ── AWS_IAM ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def guarded(started, api):
    change(started, api, AuthorizationType="AWS_IAM")
    return api


def test_who_does_not_sign_stays_outside(guarded):
    assert refusal(guarded.url) == (403, "Missing Authentication Token")


def test_a_notebook_signs_with_the_keys_that_it_has(guarded):
    with connect(presigned(guarded.url)) as ws:
        assert identity(ws)["userArn"] == "arn:aws:iam::123456789012:root"


def test_a_signature_may_stand_in_the_headers(guarded):
    request = AWSRequest("GET", guarded.url)
    SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(request)
    with connect(guarded.url, additional_headers=dict(request.headers)) as ws:
        assert identity(ws)["accessKey"] == boto3.Session().get_credentials().access_key


@pytest.mark.parametrize("signed_as", ["AWS", "here"])
def test_another_program_signs_with_the_keys_of_every_local_cloud(guarded, signed_as):
    test = Credentials("test", "test")
    url = cloud.local_url(guarded.url)
    url = cloud.local_url(presigned(guarded.url, test)) if signed_as == "AWS" else presigned(url, test)
    with websockets.sync.client.connect(url, proxy=None) as ws:
        assert identity(ws)["accessKey"] == "test"


def test_a_user_may_what_iam_allows(guarded):
    iam = boto3.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    ana = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    status, message = refusal(presigned(guarded.url, ana))
    assert status == 403
    assert message == (
        "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:us-east-1:********9012:{guarded.api_id}/dev/$connect "
        "because no identity-based policy allows the execute-api:Invoke action"
    )
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{guarded.api_id}/dev/$connect"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document)
    with connect(presigned(guarded.url, ana)) as ws:
        assert identity(ws)["userArn"] == "arn:aws:iam::123456789012:user/ana"


def test_a_url_signed_too_long_ago_is_expired_and_a_new_one_is_not(guarded):
    url = presigned(guarded.url)
    cloud.clock.advance(minutes=6)
    status, message = refusal(url)
    assert status == 403 and message.startswith("Signature expired: ")
    with connect(presigned(guarded.url)) as ws:
        assert identity(ws)["accountId"] == "123456789012"


# ── authorizers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def keep(started, api, *sources, **settings):
    """Put an authorizer before the door, and deploy."""
    arn = function(keeper, name="keeper")
    authorizer = started.create_authorizer(
        ApiId=api.api_id,
        Name="keeper",
        AuthorizerType="REQUEST",
        AuthorizerUri=invocation_uri(arn),
        IdentitySource=list(sources),
    )["AuthorizerId"]
    change(started, api, AuthorizationType="CUSTOM", AuthorizerId=authorizer, **settings)


def test_every_kind_of_identity_source_is_asked_for_before_the_authorizer(started, api):
    sources = ("querystring.token", "header.X-Client")
    keep(started, api, *(f"route.request.{one}" for one in sources), "stageVariables.team", "context.identity.sourceIp")
    url, headers = f"{api.url}?token=good", {"x-client": "a"}
    assert refusal(url, additional_headers=headers) == (401, "Unauthorized")
    started.update_stage(ApiId=api.api_id, StageName="dev", StageVariables={"team": "blue"})
    for missing in ({}, {"additional_headers": {"X-Client": ""}}):
        assert refusal(url, **missing) == (401, "Unauthorized")
    assert refusal(api.url, additional_headers=headers) == (401, "Unauthorized")
    assert boto3.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/keeper")["logGroups"] == []
    with connect(url, additional_headers=headers) as ws:
        assert "sourceIp" in identity(ws)


@pytest.mark.parametrize(
    "token, status, message",
    [
        ("denied", 403, f"{NOBODY} with an explicit deny in an identity-based policy"),
        ("other", 403, f"{NOBODY} because no identity-based policy allows the execute-api:Invoke action"),
        ("junk", 500, ""),
    ],
)
def test_an_authorizer_refuses_in_aws_words(started, api, token, status, message):
    keep(started, api, "route.request.querystring.token")
    assert refusal(f"{api.url}?token={token}") == (status, message)


def test_an_authorizer_supplies_the_api_key(started, api):
    started.update_api(ApiId=api.api_id, ApiKeySelectionExpression="$context.authorizer.usageIdentifierKey")
    keep(started, api, ApiKeyRequired=True)
    rest = boto3.client("apigateway")
    key = rest.create_api_key(name="a", value="a" * 20, enabled=True)["id"]
    plan = rest.create_usage_plan(name="p", apiStages=[{"apiId": api.api_id, "stage": "dev"}])["id"]
    rest.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    url = f"{api.url}?token=good"
    assert refusal(url, additional_headers={"x-api-key": "a" * 20}) == (403, "Forbidden")
    with connect(url, additional_headers={"X-Client": "a"}) as ws:
        assert identity(ws)["apiKeyId"] == key


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_api_key_and_its_usage_plan(started, api):
    change(started, api, ApiKeyRequired=True)
    rest = boto3.client("apigateway")
    key = rest.create_api_key(name="ana", value="a" * 20, enabled=True)["id"]
    headers = {"x-api-key": "a" * 20}
    assert refusal(api.url) == refusal(api.url, additional_headers=headers) == (403, "Forbidden")
    quota = {"limit": 1, "period": "DAY"}
    plan = rest.create_usage_plan(name="p", apiStages=[{"apiId": api.api_id, "stage": "dev"}], quota=quota)["id"]
    rest.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    with connect(api.url, additional_headers=headers) as ws:
        assert identity(ws)["apiKeyId"] == key
    assert refusal(api.url, additional_headers=headers) == (429, "Limit Exceeded")


# ── throttles and models ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stage_throttles_a_route(started, api):
    settings = {"$default": {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1}}
    started.update_stage(ApiId=api.api_id, StageName="dev", RouteSettings=settings)
    with connect(api.url) as ws:
        assert "sourceIp" in identity(ws)
        assert identity(ws)["message"] == "Too Many Requests"
        started.delete_route_settings(ApiId=api.api_id, StageName="dev", RouteKey="$default")
        assert "sourceIp" in identity(ws)


def test_a_stage_throttles_connections(started, api):
    settings = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1}
    started.update_stage(ApiId=api.api_id, StageName="dev", DefaultRouteSettings=settings)
    with connect(api.url):
        assert refusal(api.url) == (429, "Too Many Requests")


def test_a_route_validates_by_its_model(started, api):
    for name, schema in {"Chat": CHAT, "Text": {"type": "string"}}.items():
        started.create_model(ApiId=api.api_id, Name=name, ContentType="application/json", Schema=json.dumps(schema))
    change(
        started, api, "$default", ModelSelectionExpression="$request.body.action", RequestModels={"$default": "Chat"}
    )
    with connect(api.url) as ws:
        ws.send('{"text": 7}')
        answer = json.loads(ws.recv(timeout=10))
        assert list(answer) == ["message", "connectionId", "requestId"]
        assert answer["message"] == "Invalid request body"
        ws.send('{"text": "seven"}')
        assert "sourceIp" in json.loads(ws.recv(timeout=10))
