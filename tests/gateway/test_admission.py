"""Who may come in and what may go through, as the core asks it: signatures, policies, API keys, throttles, models."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gateway_kit import ACCOUNT, API, HOST, REGION, START, Front, route, stage, the_call, the_refusal

from upgrade101.gateway import sigv4
from upgrade101.gateway.address import Address
from upgrade101.gateway.admission import Admission
from upgrade101.gateway.calls import Accept, Refuse, Run, Send
from upgrade101.gateway.definition import Authorizer
from upgrade101.gateway.documents import error_frame
from upgrade101.gateway.happenings import Refused
from upgrade101.gateway.limits import Limits
from upgrade101.gateway.management import manage
from upgrade101.gateway.ports import ApiKey, Caller, Quota

ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/dev/$connect"
ROOT = Caller("AKIDROOT", "root's secret", ACCOUNT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
ANA = replace(
    ROOT,
    access_key_id="AKIDANA",
    secret_access_key="ana's secret",
    caller_id="AIDAANA",
    arn=f"arn:aws:iam::{ACCOUNT}:user/ana",
    user_name="ana",
    policies=({"Statement": {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}},),
)
ROLE = replace(
    ANA,
    access_key_id="ASIDROLE",
    caller_id="AROAROLE:tab",
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/clients/tab",
    user_name="",
    session_token="token",
    expires_at=START + 3600,
)


class Door(Front):
    """A core with a doorkeeper who knows some people and some API keys."""

    def __init__(self, *routes, callers=(ROOT, ANA, ROLE), keys=(), limits=None, **settings):
        super().__init__(*routes, limits=limits, **settings)
        self.callers = {caller.access_key_id: caller for caller in callers}
        self.keys = {key.value: key for key in keys}
        self.core.admission = Admission(self.clock, self.callers.get, lambda value, stage: self.keys.get(value), limits)

    def configure(self, **settings):
        """Change settings of the stage or of its deployment."""
        (now,) = self.shelf.stages.values()
        changes = {name: settings.pop(name) for name in tuple(settings) if hasattr(now.deployment, name)}
        self.shelf.stages[now.api_id, now.stage_name] = replace(
            now, deployment=replace(now.deployment, **changes), **settings
        )
        return self


@pytest.fixture(autouse=True)
def signed_at(monkeypatch):
    """Let botocore sign when the gateway's clock started."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: datetime.fromtimestamp(START, UTC))


def signed(caller=ROOT, target="/dev", *, query=False, host=HOST, secret=None, token=None):
    """Return target and headers of an upgrade request as botocore signs them."""
    request = AWSRequest("GET", f"https://{host}{target}")
    credentials = Credentials(
        caller.access_key_id, secret or caller.secret_access_key, token or caller.session_token or None
    )
    (SigV4QueryAuth if query else SigV4Auth)(credentials, "execute-api", REGION).add_auth(request)
    return request.url.removeprefix(f"https://{host}"), *request.headers.items()


def closed_door(**settings):
    return Door(route("$connect", authorization_type="AWS_IAM"), **settings)


def identity(actions):
    return the_call(actions).event["requestContext"]["identity"]


def frames(actions):
    """Return the messages of error frames."""
    return [json.loads(action.text)["message"] for action in actions if isinstance(action, Send)]


# ── AWS_IAM: signatures ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("query", [False, True], ids=["headers", "query"])
@pytest.mark.parametrize("caller", [ROOT, ANA, ROLE], ids=["root", "user", "role"])
def test_who_signs_is_let_in_and_known_to_every_event(caller, query):
    door = closed_door()
    known = {
        "accountId": ACCOUNT,
        "caller": caller.caller_id,
        "accessKey": caller.access_key_id,
        "userArn": caller.arn,
        "user": caller.caller_id,
        "sourceIp": "198.51.100.7",
    }
    actions = door.knock(*signed(caller, query=query))
    assert identity(actions) == known
    (accept,) = door.answer(the_call(actions), {"statusCode": 200})
    door.shelf.deploy(route("$default"), route("$disconnect"))
    assert identity(door.core.received(accept.connection, "hi")) == known
    assert identity(door.core.ended(accept.connection, 1000, "", "client")) == known


def test_without_iam_nobody_is_looked_up_and_nobody_is_known():
    door = Door(route("$connect"), callers=())
    assert identity(door.knock(*signed())) == {"sourceIp": "198.51.100.7"}


@pytest.mark.parametrize("headers", [(), (("X-Amz-Date", "20250817T101530Z"),)])
def test_who_does_not_sign_is_told_so(headers):
    door = closed_door()
    assert the_refusal(door.knock("/dev?token=abc", *headers)) == (403, "Missing Authentication Token")
    assert not door.core.connections


def test_a_wrong_secret_is_a_mismatch_and_the_log_says_what_should_have_been_signed(caplog):
    door = closed_door()
    status, message = the_refusal(door.knock(*signed(secret="guessed")))
    assert (status, message.partition("\n")[0]) == (403, sigv4.MISMATCH)
    assert "The Canonical String for this request should have been\n'GET\n/dev\n" in caplog.text
    assert "guessed" not in caplog.text and ROOT.secret_access_key not in caplog.text
    assert door.said(Refused)[0].status == 403


INVALID = "The security token included in the request is invalid"


@pytest.mark.parametrize(
    "caller, token, words",
    [
        (replace(ANA, access_key_id="AKIDNOBODY"), "", f"{INVALID}."),
        (ROLE, "another token", INVALID),
        (replace(ROLE, session_token=""), "", f"{INVALID}."),
        (ANA, "superfluous", INVALID),
    ],
    ids=["unknown key", "foreign token", "missing token", "superfluous token"],
)
@pytest.mark.parametrize("query", [False, True], ids=["headers", "query"])
def test_a_key_or_a_token_that_is_not_known_is_an_invalid_token(caller, token, words, query):
    assert the_refusal(closed_door().knock(*signed(caller, query=query, token=token))) == (403, words)


def test_a_token_appended_after_signing_is_a_mismatch():
    target, *headers = signed(replace(ROLE, session_token=""), query=True)
    status, message = the_refusal(closed_door().knock(f"{target}&X-Amz-Security-Token=token", *headers))
    assert status == 403 and message.startswith(sigv4.MISMATCH)


def test_a_session_ends():
    door = closed_door(callers=[replace(ROLE, expires_at=START)])
    assert the_refusal(door.knock(*signed(ROLE))) == (403, "The security token included in the request is expired")


@pytest.mark.parametrize("query", [False, True], ids=["headers", "query"])
def test_a_signature_is_held_to_five_minutes_of_the_gateways_clock(query, caplog):
    door, knock = closed_door(), signed(query=query)
    door.clock.advance(minutes=5)
    assert isinstance(door.knock(*knock)[0], Run)
    door.clock.advance(minutes=1)
    status, message = the_refusal(door.knock(*knock))
    assert status == 403 and message.startswith("Signature expired: 20250817T101530Z is now earlier than ")
    assert "cloud.clock.advance()" in caplog.text


def test_below_the_local_path_either_address_may_be_signed():
    path = f"/_aws/execute-api/{API}/dev"
    door, local = closed_door(), signed(target=f"{path}?a=1", query=True, host="127.0.0.1:4566")
    assert isinstance(door.knock(*local, host="127.0.0.1:4566")[0], Run)
    target, *headers = signed(target="/dev?a=1", query=True)
    moved = target.replace("/dev", path)
    assert isinstance(door.knock(moved, *headers, host="127.0.0.1:4566")[0], Run)
    status, message = the_refusal(door.knock(moved.replace("a=1", "a=2"), *headers, host="127.0.0.1:4566"))
    assert status == 403 and message.startswith(sigv4.MISMATCH)


def test_where_nobody_is_known_every_signature_is_refused():
    door = closed_door()
    door.core.admission = Admission(door.clock)
    assert the_refusal(door.knock(*signed())) == (403, sigv4.INVALID_TOKEN)


def test_a_port_that_fails_lets_nobody_in(caplog):
    door = closed_door()
    door.core.admission = Admission(door.clock, lambda key: 1 / 0)
    assert the_refusal(door.knock(*signed())) == (500, "")
    assert "the identities port failed" in caplog.text


# ── AWS_IAM: policies ────────────────────────────────────────────────────────────────────────────────────────────────


def allowed(*statements):
    return replace(ANA, policies=tuple({"Statement": statement} for statement in statements))


ALLOW = {"Effect": "Allow", "Action": "execute-api:*", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "*", "Resource": ARN}
NOT_AUTHORIZED = (
    f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: execute-api:Invoke on resource: "
    f"arn:aws:execute-api:{REGION}:********9012:{API}/dev/$connect "
)


@pytest.mark.parametrize(
    "caller, why",
    [
        (allowed(), "because no identity-based policy allows the execute-api:Invoke action"),
        (allowed(ALLOW | {"Action": "s3:*"}), "because no identity-based policy allows the execute-api:Invoke action"),
        (
            allowed(ALLOW | {"Resource": f"{ARN}/x"}),
            "because no identity-based policy allows the execute-api:Invoke action",
        ),
        (allowed(ALLOW, DENY), "with an explicit deny in an identity-based policy"),
        (replace(ANA, policies=("junk",)), "because no identity-based policy allows the execute-api:Invoke action"),
        (
            replace(allowed(ALLOW), account_id="000000000042"),
            "because no resource-based policy allows the execute-api:Invoke action",
        ),
    ],
    ids=["no policy", "another action", "another resource", "denied", "malformed", "another account"],
)
def test_who_signs_well_may_still_not_be_allowed(caller, why):
    assert the_refusal(closed_door(callers=[caller]).knock(*signed(caller))) == (403, NOT_AUTHORIZED + why)


@pytest.mark.parametrize("kind", ["session policy", "permissions boundary"])
@pytest.mark.parametrize("policies", [None, ({"Statement": ALLOW},)], ids=["root", "allowed"])
def test_what_limits_somebody_must_allow_as_well(kind, policies):
    def ask(limit):
        caller = replace(ANA, policies=policies, limits={kind: {"Statement": limit}})
        return closed_door(callers=[caller]).knock(*signed(caller))

    assert isinstance(ask(ALLOW)[0], Run)
    assert the_refusal(ask(DENY)) == (403, f"{NOT_AUTHORIZED}with an explicit deny in a {kind}")
    assert the_refusal(ask([])) == (403, f"{NOT_AUTHORIZED}because no {kind} allows the execute-api:Invoke action")


@pytest.mark.parametrize(
    "condition, let_in",
    [
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"StringEquals": {"aws:username": "ana", "aws:userid": "AIDAANA"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
        ({"StringLike": {"aws:UserAgent": "probe/*"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}, False),
    ],
)
def test_conditions_are_asked(condition, let_in):
    caller = allowed(ALLOW | {"Condition": condition})
    (action,) = closed_door(callers=[caller]).knock(*signed(caller), ("User-Agent", "probe/1"))
    assert isinstance(action, Run) is let_in


def test_the_principal_of_a_session_is_its_role():
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/clients"}}
    caller = replace(ROLE, policies=({"Statement": ALLOW | {"Condition": condition}},))
    assert isinstance(closed_door(callers=[caller]).knock(*signed(caller))[0], Run)


# ── API keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

KEY = ApiKey("k1", "abcdefghijklmnopqrst", "p1")
GIVEN = ("X-Api-Key", KEY.value)


def keyed_door(*routes, key=KEY, **settings):
    return Door(*(routes or (route("$connect", api_key_required=True),)), keys=[key], **settings)


def test_a_key_that_is_good_for_the_stage_opens_the_door_and_is_shown():
    assert identity(keyed_door().knock("/dev", GIVEN)) == {
        "apiKey": KEY.value,
        "apiKeyId": "k1",
        "sourceIp": "198.51.100.7",
    }


@pytest.mark.parametrize("headers", [(), (("x-api-key", ""),), (("x-api-key", "another"),)])
def test_without_a_good_key_it_is_forbidden(headers):
    assert the_refusal(keyed_door().knock("/dev", *headers)) == (403, "Forbidden")


def test_where_there_are_no_keys_none_is_good(caplog):
    door = keyed_door()
    door.core.admission = Admission(door.clock)
    assert the_refusal(door.knock("/dev", GIVEN)) == (403, "Forbidden")
    assert not caplog.records
    door.core.admission = Admission(door.clock, None, lambda value, stage: 1 / 0)
    assert the_refusal(door.knock("/dev", GIVEN)) == (403, "Forbidden")
    assert "the API keys port failed" in caplog.text


def test_where_no_route_requires_a_key_none_is_looked_up():
    assert identity(keyed_door(route("$connect")).knock("/dev", GIVEN)) == {"sourceIp": "198.51.100.7"}


def authorized_door(**settings):
    keeper = Authorizer("a1", "door", "arn:aws:lambda:us-east-1:123456789012:function:keeper")
    door = keyed_door(
        route("$connect", authorization_type="CUSTOM", authorizer=keeper, api_key_required=True), **settings
    )
    return door.configure(api_key_selection_expression="$context.authorizer.usageIdentifierKey")


@pytest.mark.parametrize("key, opened", [(KEY.value, True), ("another", False), (None, False)])
def test_the_authorizer_may_supply_the_key(key, opened):
    door = authorized_door()
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}
    answer = {"principalId": "ana", "policyDocument": {"Statement": [statement]}, "usageIdentifierKey": key}
    call = the_call(door.knock("/dev", GIVEN))
    actions = door.answer(call, answer)
    if opened:
        assert identity(actions)["apiKeyId"] == "k1"
        assert the_call(actions).event["requestContext"]["authorizer"] == {"principalId": "ana"}
    else:
        assert the_refusal(actions) == (403, "Forbidden")


def test_a_message_route_may_require_the_key_that_came_with_the_connection():
    door = keyed_door(route("$default"), route("paid", api_key_required=True))
    (without,), (with_key,) = door.knock("/dev"), door.knock("/dev", GIVEN)
    assert frames(door.core.received(without.connection, '{"action": "paid"}')) == ["Forbidden"]
    assert isinstance(door.core.received(without.connection, '{"action": "free"}')[0], Run)
    assert identity(door.core.received(with_key.connection, '{"action": "paid"}'))["apiKeyId"] == "k1"


# ── usage plans ──────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(**limits):
    return replace(KEY, **limits)


def test_a_plan_throttles_each_key():
    other = replace(KEY, key_id="k2", value="another", throttle={"throttlingRateLimit": 1, "throttlingBurstLimit": 2})
    door = keyed_door(key=plan(throttle={"throttlingRateLimit": 1, "throttlingBurstLimit": 2}))
    door.keys["another"] = other
    for _ in range(2):
        assert isinstance(door.knock("/dev", GIVEN)[0], Run)
    assert the_refusal(door.knock("/dev", GIVEN)) == (429, "Too Many Requests")
    assert isinstance(door.knock("/dev", ("x-api-key", "another"))[0], Run)
    door.clock.advance(1)
    assert isinstance(door.knock("/dev", GIVEN)[0], Run)


def test_a_plan_may_throttle_a_route_of_its_own():
    tight = {"$connect": {"throttlingRateLimit": 0, "throttlingBurstLimit": 1}}
    door = keyed_door(key=plan(route_throttles=tight))
    assert isinstance(door.knock("/dev", GIVEN)[0], Run)
    assert the_refusal(door.knock("/dev", GIVEN)) == (429, "Too Many Requests")


def test_a_quota_ends_and_begins_again():
    door = keyed_door(key=plan(quota=Quota(1, "DAY")))
    assert isinstance(door.knock("/dev", GIVEN)[0], Run)
    assert the_refusal(door.knock("/dev", GIVEN)) == (429, "Limit Exceeded")
    door.clock.advance(hours=24)
    assert isinstance(door.knock("/dev", GIVEN)[0], Run)


def test_messages_of_a_route_with_a_key_count_too():
    door = keyed_door(route("paid", api_key_required=True), key=plan(quota=Quota(1, "DAY")))
    (accept,) = door.knock("/dev", GIVEN)
    answers = [door.core.received(accept.connection, '{"action": "paid"}') for _ in range(2)]
    assert [frames(actions) for actions in answers] == [[], ["Limit Exceeded"]]


# ── throttles of the stage ───────────────────────────────────────────────────────────────────────────────────────────

ONE = {"throttlingRateLimit": 1.0, "throttlingBurstLimit": 1}


def test_a_stage_throttles_connections():
    door = Door(route("$connect"), default_route_settings=ONE)
    assert isinstance(door.knock()[0], Run)
    assert the_refusal(door.knock()) == (429, "Too Many Requests")
    door.clock.advance(1)
    assert isinstance(door.knock()[0], Run)


def test_a_stage_throttles_each_route_by_itself_and_the_connection_stays():
    door = Door(route("$default"), route("quiet"), route("$disconnect"), default_route_settings=ONE)
    (accept,) = door.knock()
    texts = ["hi", "hi", '{"action": "quiet"}', '{"action": "quiet"}']
    answers = [door.core.received(accept.connection, text) for text in texts]
    assert [frames(actions) for actions in answers] == [[], ["Too Many Requests"], [], ["Too Many Requests"]]
    assert accept.connection.is_open
    assert isinstance(door.core.ended(accept.connection, 1000, "", "client")[0], Run)


def test_a_route_may_have_settings_of_its_own():
    door = Door(route("$default"), route_settings={"$default": {"throttlingBurstLimit": 0}})
    (accept,) = door.knock()
    assert frames(door.core.received(accept.connection, "hi")) == ["Too Many Requests"]
    door = Door(
        route("$default"), default_route_settings={"throttlingBurstLimit": 0}, route_settings={"$default": {**ONE}}
    )
    (accept,) = door.knock()
    answers = [door.core.received(accept.connection, "hi") for _ in range(2)]
    assert [frames(actions) for actions in answers] == [[], ["Too Many Requests"]]


def test_a_change_of_the_stage_applies_to_open_connections():
    door = Door(route("$default"))
    (accept,) = door.knock()
    assert not accept.connection.stage.throttled
    door.configure(default_route_settings={"throttlingBurstLimit": 0})
    assert frames(door.core.received(accept.connection, "hi")) == ["Too Many Requests"]


def test_the_plan_comes_before_the_stage():
    door = keyed_door(
        key=plan(quota=Quota(1, "DAY")), default_route_settings={"throttlingBurstLimit": 1, "throttlingRateLimit": 0}
    )
    assert isinstance(door.knock("/dev", GIVEN)[0], Run)
    assert the_refusal(door.knock("/dev", GIVEN)) == (429, "Limit Exceeded")


def test_who_is_not_known_is_not_counted():
    door = Door(
        route("$connect", authorization_type="AWS_IAM", api_key_required=True), default_route_settings=ONE, keys=[KEY]
    )
    assert the_refusal(door.knock("/dev", GIVEN))[1] == "Missing Authentication Token"
    assert the_refusal(door.knock(*signed())) == (403, "Forbidden")
    assert isinstance(door.knock(*signed(), GIVEN)[0], Run)


# ── quotas of the account ────────────────────────────────────────────────────────────────────────────────────────────


def test_new_connections_of_an_account_are_counted_where_limits_say_so():
    door = Door(route("$default"), limits=Limits(connections_per_second=2))
    assert [type(door.knock()[0]) for _ in range(3)] == [Accept, Accept, Refuse]
    assert the_refusal(door.knock()) == (429, "Too Many Requests")
    door.clock.advance(0.5)
    (accept,) = door.knock()
    assert isinstance(door.core.received(accept.connection, "hi")[0], Run)


def test_the_door_of_an_account_is_one_for_all_its_apis_in_a_region():
    door = Door(route("$default"), limits=Limits(connections_per_second=1))
    (here,) = door.shelf.stages.values()
    for api_id, place in {"another": {}, "abroad": {"region": "eu-west-1"}, "others": {"account_id": "1"}}.items():
        door.shelf.stages[api_id, "dev"] = replace(here, api_id=api_id, **place)
    hosts = (f"{api_id}.execute-api.{REGION}.amazonaws.com" for api_id in (API, "another", "abroad", "others"))
    assert [type(door.knock(host=host)[0]) for host in hosts] == [Accept, Refuse, Accept, Accept]


def test_requests_of_an_account_are_connections_messages_and_callbacks():
    door = Door(route("$default"), limits=Limits(requests_per_second=8))
    (accept,) = door.knock()
    here = Address(API, "dev", ("@connections", accept.connection.connection_id))
    assert isinstance(door.core.received(accept.connection, "hi")[0], Run)
    assert [manage(door.core, "GET", here)[0].status for _ in range(3)] == [200, 200, 429]
    assert frames(door.core.received(accept.connection, "hi")) == ["Too Many Requests"]
    assert the_refusal(door.knock()) == (429, "Too Many Requests")
    response = manage(door.core, "POST", here, b"hi")[0]
    assert dict(response.headers)["x-amzn-ErrorType"] == "LimitExceededException"
    door.clock.advance(1)
    assert manage(door.core, "POST", here, b"hi")[0].status == 200


def test_the_account_is_asked_after_the_stage():
    door = Door(route("$connect"), default_route_settings=ONE, limits=Limits(connections_per_second=3))
    assert [type(door.knock()[0]) for _ in range(3)] == [Run, Refuse, Refuse]
    door.configure(default_route_settings={})
    assert [type(door.knock()[0]) for _ in range(3)] == [Run, Run, Refuse]


def test_without_such_limits_a_thousand_may_come_at_once():
    door = Door(route("$default"))
    assert {type(door.knock()[0]) for _ in range(1000)} == {Accept}
    assert door.core.admission.counting is False


# ── parameters and models ────────────────────────────────────────────────────────────────────────────────────────────


def test_required_parameters_must_be_there():
    parameters = {
        "route.request.querystring.room": {"required": True},
        "route.request.header.X-Team": {"required": True},
        "route.request.querystring.colour": {"required": False},
    }
    door = Door(route("$connect", request_parameters=parameters))
    assert the_refusal(door.knock("/dev")) == (400, "Missing required request parameters: [room, X-Team]")
    assert the_refusal(door.knock("/dev?Room=1", ("x-team", "a"))) == (
        400,
        "Missing required request parameters: [room]",
    )
    assert isinstance(door.knock("/dev?room=", ("x-team", "a"))[0], Run)


def test_a_message_that_does_not_fit_its_model_reaches_nobody():
    door = Door(
        route("$connect"),
        route("say", model_selection_expression="$request.body.action", request_models={"say": "Chat"}, two_way=True),
    ).configure(models={"Chat": '{"required": ["text"]}'})
    connection = door.accepted()
    (send,) = door.core.received(connection, '{"action": "say"}')
    request_id = json.loads(send.text)["requestId"]
    assert send.text == error_frame("Invalid request body", connection.connection_id, request_id)
    assert isinstance(door.core.received(connection, '{"action": "say", "text": "hi"}')[0], Run)


def test_a_broken_model_is_an_internal_server_error_and_the_log_says_what_to_do(caplog):
    door = Door(route("$default", model_selection_expression="x", request_models={"$default": "Absent"}))
    (accept,) = door.knock()
    assert frames(door.core.received(accept.connection, "{}")) == ["Internal server error"]
    assert "there is no model Absent → create_model(Name='Absent', …) and deploy" in caplog.text


def test_a_model_on_connect_is_not_looked_at():
    guarded = route("$connect", model_selection_expression="x", request_models={"$default": "Absent"})
    assert isinstance(Door(guarded).knock()[0], Run)


def test_a_stage_without_any_of_this_asks_nothing():
    door = Door(route("$default"))
    door.core.admission.message = None  # not called
    (accept,) = door.knock()
    assert isinstance(accept, Accept)
    assert isinstance(door.core.received(accept.connection, "hi")[0], Run)
    assert stage(route("$default")).throttled is False
