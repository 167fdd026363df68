"""Who may call ``@connections`` over HTTP: signatures as botocore makes them, and what IAM says of who signed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gateway_kit import ACCOUNT, API, HOST, PATH, REGION, START, StoppedClock, stage

from upgrade101.gateway import sigv4
from upgrade101.gateway.ports import Caller, HttpRequest
from upgrade101.gateway.signers import stranger

ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/dev"
POST = f"{ARN}/POST/@connections/*"
ROOT = Caller("test", "test", ACCOUNT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")


def allowing(*resources, effect="Allow", action="execute-api:ManageConnections", **also):
    return {"Statement": {"Effect": effect, "Action": action, "Resource": list(resources), **also}}


ANA = Caller(
    "AKIDANA",
    "ana's secret",
    ACCOUNT,
    "AIDAANA",
    f"arn:aws:iam::{ACCOUNT}:user/ana",
    user_name="ana",
    policies=(allowing(POST),),
)
ROLE = replace(
    ANA,
    access_key_id="ASIDROLE",
    caller_id="AROAROLE:tell",
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/tells/tell",
    user_name="",
    session_token="token",
    expires_at=START + 3600,
)
ANYBODY = pytest.mark.parametrize("caller", [ANA, ROLE], ids=["user", "role"])


class Call:
    """A call of @connections, signed by somebody, and the answer to a stranger."""

    def __init__(self, caller=ANA, *, method="POST", body=b"hello", host=HOST, path="/dev", in_query=False, **signed):
        self.clock, self.caller = StoppedClock(), caller
        request = AWSRequest(method, f"https://{host}{path}/@connections/KmZ1XdPwDoECGjA%3D", data=body)
        secret, token = signed.get("secret", caller.secret_access_key), signed.get("token", caller.session_token)
        credentials = Credentials(caller.access_key_id, secret, token or None)
        service, region = signed.get("service", "execute-api"), signed.get("region", REGION)
        (SigV4QueryAuth if in_query else SigV4Auth)(credentials, service, region).add_auth(request)
        target = request.url.removeprefix(f"https://{host}")
        self.request = HttpRequest(
            method, target, [("Host", host), *request.headers.items()], body, ("198.51.100.7", 1)
        )

    def answer(self, *known):
        """Return status, class and message; nothing where the call may be made."""
        callers = {caller.access_key_id: caller for caller in known or (self.caller, ROOT)}
        response = stranger(self.request, stage(), callers.get, self.clock)
        if response is None:
            return None
        return response.status, dict(response.headers)["x-amzn-ErrorType"], json.loads(response.body)["message"]


@pytest.fixture(autouse=True)
def signed_at(monkeypatch):
    """Let botocore sign at the time that a test says, at first when the gateway's clock started."""
    time = [START]
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: datetime.fromtimestamp(time[0], UTC))
    return time


# ── signatures ───────────────────────────────────────────────────────────────────────────────────────────────────────


@ANYBODY
@pytest.mark.parametrize("host, path", [(HOST, "/dev"), ("127.0.0.1:4566", PATH), ("ws.example.com", "/chat")])
def test_who_signs_well_and_is_allowed_may_call(caller, host, path):
    assert Call(caller, host=host, path=path).answer() is None


@ANYBODY
def test_a_signature_may_stand_in_the_query_string(caller):
    may = replace(caller, policies=(allowing(f"{ARN}/GET/@connections/*"),))
    assert Call(may, method="GET", body=b"", in_query=True).answer() is None
    assert Call(may, method="GET", body=b"", in_query=True, secret="guessed").answer()[0] == 403


def test_who_does_not_sign_is_told_so():
    call = Call()
    call.request = replace(call.request, headers=[("Host", HOST)])
    assert call.answer() == (403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_half_a_signature_is_incomplete():
    call = Call()
    call.request = replace(call.request, headers=[("Host", HOST), ("Authorization", "AWS4-HMAC-SHA256 a=b")])
    status, kind, message = call.answer()
    assert (status, kind) == (403, "IncompleteSignatureException")
    assert "Authorization header requires 'Signature' parameter." in message


@ANYBODY
def test_a_wrong_secret_is_a_mismatch(caller):
    status, kind, message = Call(caller, secret="guessed").answer()
    assert (status, kind, message.partition("\n")[0]) == (403, "InvalidSignatureException", sigv4.MISMATCH)


def test_another_body_than_the_signed_one_is_a_mismatch():
    call = Call(body=b"hello")
    call.request = replace(call.request, body=b"bye")
    assert call.answer()[1] == "InvalidSignatureException"


def test_another_connection_than_the_signed_one_is_a_mismatch():
    call = Call()
    call.request = replace(call.request, target="/dev/@connections/AAAAAAAAAAAAAAA%3D")
    assert call.answer()[1] == "InvalidSignatureException"


def test_another_service_is_named_in_aws_words():
    said = (403, "InvalidSignatureException", "Credential should be scoped to correct service: 'execute-api'. ")
    assert Call(service="apigateway").answer() == said


@pytest.mark.parametrize("token, words", [("", sigv4.INVALID_TOKEN), ("another", sigv4.FOREIGN_TOKEN)])
def test_a_session_needs_its_token(token, words):
    assert Call(ROLE, token=token).answer() == (403, "UnrecognizedClientException", words)


def test_a_session_that_has_ended_is_expired():
    call = Call(replace(ROLE, expires_at=START))
    assert call.answer() == (403, "ExpiredTokenException", sigv4.EXPIRED_TOKEN)


def test_a_signature_may_be_by_the_machines_time_or_by_the_gateways(signed_at):
    for ahead in (0, 3600):
        signed_at[0] = START + ahead
        call = Call()
        call.clock.advance(3600)
        assert call.answer() is None
    signed_at[0] = START + 1800
    call.request = Call().request
    assert call.answer()[1] == "InvalidSignatureException"
    assert call.answer()[2].startswith("Signature expired: ")


def test_what_nobody_knows_may_call_whatever_it_signs():
    assert Call(secret="guessed").answer(ROOT) is None


def test_keys_for_testing_may_call_for_any_region_what_they_signed():
    assert Call(ROOT, token="superfluous", service="iot", region="mars-north-1").answer() is None
    assert Call(ROOT, secret="guessed").answer()[:2] == (403, "InvalidSignatureException")
    changed = Call(ROOT)
    changed.request = replace(changed.request, body=b"goodbye")
    assert changed.answer()[:2] == (403, "InvalidSignatureException")


def test_where_nobody_is_known_a_signature_is_enough():
    call = Call(secret="guessed")
    assert stranger(call.request, stage(), None, call.clock) is None


def test_identities_that_raise_let_nobody_call(caplog):
    def broken(key):
        raise OSError("no IAM")

    call = Call()
    response = stranger(call.request, stage(), broken, call.clock)
    assert response.status == 500
    assert "the identities port failed" in caplog.text


# ── policies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@ANYBODY
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_who_may_only_post_is_denied_in_aws_words(caller, method):
    arn = f"arn:aws:execute-api:{REGION}:********9012:{API}/dev/{method}/@connections/{{connectionId}}"
    message = f"User: {caller.arn} is not authorized to perform: execute-api:ManageConnections on resource: {arn}"
    assert Call(caller, method=method, body=b"").answer() == (403, "AccessDeniedException", message)


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (allowing(POST, action="execute-api:Invoke"),),
        (allowing(f"{ARN}/$connect"),),
        ("junk",),
    ],
)
def test_a_user_needs_a_policy_that_allows_it(policies):
    assert Call(replace(ANA, policies=policies)).answer()[1] == "AccessDeniedException"


def test_an_explicit_deny_wins_and_is_named():
    policies = (allowing("*"), allowing(POST, effect="Deny"))
    message = Call(replace(ROLE, policies=policies)).answer()[2]
    assert message.endswith("/POST/@connections/{connectionId} with an explicit deny in an identity-based policy")


def test_a_condition_may_ask_where_the_call_comes_from():
    for address, answered in (("198.51.100.0/24", True), ("203.0.113.0/24", False)):
        policy = allowing(POST, Condition={"IpAddress": {"aws:SourceIp": address}})
        assert (Call(replace(ANA, policies=(policy,))).answer() is None) is answered


def test_a_role_of_which_nobody_said_anything_may_call():
    assert Call(replace(ROLE, policies=())).answer() is None
    assert Call(replace(ROLE, policies=None)).answer() is None


def test_a_session_policy_limits_it():
    limits = {"session policy": allowing(f"{ARN}/GET/@connections/*")}
    assert Call(replace(ROLE, policies=(), limits=limits)).answer()[1] == "AccessDeniedException"


def test_another_account_may_not():
    assert Call(replace(ROLE, policies=(), account_id="210987654321")).answer()[1] == "AccessDeniedException"
