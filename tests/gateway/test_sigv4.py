"""Signatures, against botocore's own signers: what these sign holds, and nothing else does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gateway_kit import HOST, REGION
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway import sigv4
from upgrade101.gateway.sigv4 import Refused, Request, check_scope, check_time, check_value, signature_of

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AQoDYXdzEPT//////+token=="
NOW = 1_755_425_730


@pytest.fixture(autouse=True)
def signed_now(monkeypatch):
    """Let botocore sign at ``NOW``."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: datetime.fromtimestamp(NOW, UTC))


def signed(
    target="/dev",
    headers=(),
    *,
    query=False,
    token=None,
    secret=SECRET,
    region=REGION,
    service="execute-api",
    host=HOST,
) -> Request:
    """Return a request as botocore signs it, in its headers or in its query string."""
    request = AWSRequest("GET", f"https://{host}{target}", headers=dict(headers))
    signer = SigV4QueryAuth if query else SigV4Auth
    signer(Credentials(KEY, secret, token), service, region).add_auth(request)
    parts = urlsplit(request.url)
    sent = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Request(sent, [("Host", host), *request.headers.items()])


def verify(request: Request, *, secret=SECRET, now=NOW, region=REGION) -> sigv4.Signature:
    signature = signature_of(request)
    assert signature is not None
    check_time(signature, now)
    check_scope(signature, region)
    check_value(signature, [request], secret)
    return signature


def refusal(request: Request, **facts) -> str:
    with pytest.raises(Refused) as refused:
        verify(request, **facts)
    return str(refused.value)


both_forms = pytest.mark.parametrize("query", [False, True], ids=["headers", "query"])


# ── what botocore signs holds ────────────────────────────────────────────────────────────────────────────────────────


@both_forms
@pytest.mark.parametrize("token", [None, TOKEN], ids=["long-term", "session"])
@pytest.mark.parametrize(
    "target",
    ["/dev", "/dev/", "/dev?room=blue", "/dev?b=2&a=1&a=0", "/dev?empty=&flag", "/%64ev", "/_aws/execute-api/a1/dev"],
)
def test_what_is_signed_holds(query, token, target):
    signature = verify(signed(target, query=query, token=token))
    assert (signature.access_key_id, signature.session_token, signature.in_query) == (KEY, token or "", query)


PATHS = st.lists(st.text("abcXYZ019-._~!$&'()*+,;=:@", max_size=6) | st.sampled_from(["%20", "%C3%A9", "..", "."]))
WORDS = st.text("abcXYZ019-._~!$'()*,;:@/?", max_size=8) | st.sampled_from(["%20", "%2F", "%C3%A9", "%25", "%3D"])
QUERIES = st.lists(st.tuples(WORDS.filter(lambda word: not word.startswith("X-Amz")), WORDS), max_size=5)


@given(path=PATHS, pairs=QUERIES, session=st.booleans())
def test_any_target_signed_in_headers_holds(path, pairs, session):
    target = "/" + "/".join(["dev", *path])
    target += "?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else ""
    request = signed(target, token=TOKEN if session else None)
    verify(request)


@given(path=PATHS, pairs=QUERIES, session=st.booleans())
def test_any_target_signed_in_the_query_holds(path, pairs, session):
    target = "/" + "/".join(["dev", *path])
    target += "?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else ""
    request = signed(target, query=True, token=TOKEN if session else None)
    verify(request)


@given(
    st.dictionaries(
        st.text("abcdefgh-", min_size=1).map(lambda name: f"X-H{name}"),
        st.text("abc XYZ,;=\t/+é", max_size=12).map(lambda value: value.strip(" \t")),
        max_size=4,
    )
)
def test_any_headers_hold(headers):
    request = signed(headers=headers.items())
    on_the_wire = [(name, value.encode().decode("latin-1")) for name, value in request.headers]
    verify(Request(request.target, on_the_wire))


def test_headers_may_be_sent_in_any_capitalisation_and_with_others_beside_them():
    request = signed("/dev?a=1")
    shouted = [(name.upper(), value) for name, value in request.headers]
    verify(Request(request.target, [("Upgrade", "websocket"), *shouted, ("Sec-WebSocket-Version", "13")]))


def test_a_date_header_stands_in_for_the_stamp():
    request = signed(headers=[("Date", formatdate(NOW, usegmt=True))])
    assert not request.header("x-amz-date")
    verify(request)


def test_a_rewritten_query_holds_too():
    """Other signers escape what botocore leaves as it is."""
    as_sent, escaped = signed("/dev?room=a/b"), signed("/dev?room=a%2Fb")
    assert verify(as_sent).value != verify(escaped).value
    verify(Request("/dev?room=a/b", escaped.headers))


# ── and nothing else does ────────────────────────────────────────────────────────────────────────────────────────────


@both_forms
def test_another_secret_is_a_mismatch_and_the_strings_are_named(query):
    said = refusal(signed("/dev?a=1", query=query, secret="another"))
    assert said.startswith("The request signature we calculated does not match the signature you provided. Check your ")
    assert said.startswith(f"{sigv4.MISMATCH}\n\nThe Canonical String for this request should have been\n'GET\n/dev\n")
    stamp = "20250817T101530Z"
    scope = f"20250817/{REGION}/execute-api/aws4_request"
    assert f"\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n{stamp}\n{scope}\n" in said


def test_the_named_strings_are_those_that_the_signer_should_have_made():
    request = AWSRequest("GET", f"https://{HOST}/dev")
    auth = SigV4Auth(Credentials(KEY, "another"), "execute-api", REGION)
    auth.add_auth(request)
    said = refusal(Request("/dev", [("Host", HOST), *request.headers.items()]))
    del request.headers["Authorization"]
    canonical = auth.canonical_request(request)
    assert f"\n'{canonical}'\n" in said
    assert f"\n'{auth.string_to_sign(request, canonical)}'\n" in said


@both_forms
@pytest.mark.parametrize("change", ["path", "query", "host"])
def test_what_was_changed_after_signing_is_a_mismatch(query, change):
    request = signed("/dev?room=blue", query=query)
    target, headers = request.target, list(request.headers)
    match change:
        case "path":
            target = target.replace("/dev", "/prod")
        case "query":
            target = target.replace("room=blue", "room=red")
        case "host":
            headers[0] = ("Host", "127.0.0.1")
    assert refusal(Request(target, headers)).startswith(sigv4.MISMATCH)


@both_forms
def test_what_was_added_to_the_query_after_signing_is_a_mismatch(query):
    request = signed("/dev", query=query)
    joint = "&" if query else "?"
    assert refusal(Request(f"{request.target}{joint}X-Amz-Security-Token=t", request.headers)).startswith(
        sigv4.MISMATCH
    )


@both_forms
def test_a_signature_of_the_wrong_length_or_alphabet_is_a_mismatch(query):
    for wrong in ("0", "é" * 64, "0" * 64):
        request = signed("/dev", query=query)
        target = re.sub("X-Amz-Signature=[0-9a-f]*", f"X-Amz-Signature={wrong}", request.target)
        headers = [
            (name, re.sub("Signature=[0-9a-f]*$", f"Signature={wrong}", value)) for name, value in request.headers
        ]
        assert refusal(Request(target, headers)).startswith(sigv4.MISMATCH)


def test_a_signed_header_that_is_not_sent_is_a_mismatch():
    request = signed(headers=[("X-Room", "blue")])
    without = [field for field in request.headers if field[0] != "X-Room"]
    assert refusal(Request(request.target, without)).startswith(sigv4.MISMATCH)


# ── time and scope ───────────────────────────────────────────────────────────────────────────────────────────────────


@both_forms
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_on_either_side_are_allowed(query, seconds):
    verify(signed(query=query), now=NOW + seconds)


@both_forms
def test_older_is_expired(query):
    said = refusal(signed(query=query), now=NOW + 301)
    assert said == (
        "Signature expired: 20250817T101530Z is now earlier than 20250817T101531Z (20250817T102031Z - 5 min.)"
    )


@both_forms
def test_younger_is_not_yet_current(query):
    said = refusal(signed(query=query), now=NOW - 16 * 60)
    assert said == (
        "Signature not yet current: 20250817T101530Z is still later than 20250817T100430Z (20250817T095930Z + 5 min.)"
    )


def test_a_presigned_url_is_held_to_five_minutes_whatever_it_says():
    url = signed(query=True)
    assert "X-Amz-Expires=3600" in url.target
    assert refusal(url, now=NOW + 360).startswith("Signature expired: ")
    short = Request(url.target.replace("Expires=3600", "Expires=60"), url.headers)
    check_time(signature_of(short), NOW + 120)


@pytest.mark.parametrize(
    "stamp", ["yesterday", "20250817", "20251317T101530Z", "20250817T101530", "2025-08-17T10:15:30Z"]
)
def test_a_stamp_that_is_none_is_named(stamp):
    request = signed()
    headers = [(name, stamp if name.lower() == "x-amz-date" else value) for name, value in request.headers]
    said = refusal(Request(request.target, headers))
    assert said == f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601"


@both_forms
def test_the_scope_must_fit(query):
    assert refusal(signed(query=query, region="eu-west-1")) == (
        "Credential should be scoped to a valid region, not 'eu-west-1'. "
    )
    assert refusal(signed(query=query, service="s3", region=REGION)).startswith(
        "Credential should be scoped to correct service: 'execute-api'. "
    )


def test_day_terminator_and_host_must_fit():
    request = signed()
    authorization = request.header("authorization")
    other = authorization.replace("/20250817/", "/20250816/").replace("aws4_request", "aws5").replace("host;", "")
    said = refusal(Request("/dev", [("X-Amz-Date", "20250817T101530Z"), ("Authorization", other)]))
    assert said == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20250816' != '20250817', from '20250817T101530Z'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. "
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization. "
    )


# ── half a signature ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_does_not_sign_has_no_signature():
    assert signature_of(Request("/dev?token=abc", [("Host", HOST)])) is None


@pytest.mark.parametrize(
    "missing", ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]
)
def test_a_missing_parameter_is_named(missing):
    url = signed(query=True)
    target = re.sub(rf"[?&]{missing}=[^&]*", "?" if missing == "X-Amz-Algorithm" else "", url.target)
    said = refusal(Request(target, url.headers))
    assert said == f"AWS query-string parameters must include '{missing}'. Re-examine the query-string parameters."


def test_an_empty_parameter_is_missing():
    said = refusal(Request("/dev?X-Amz-Signature=", [("Host", HOST)]))
    assert said.count("AWS query-string parameters must include '") == 5


def test_all_missing_parts_of_a_header_are_named():
    said = refusal(Request("/dev", [("Authorization", "AWS4-HMAC-SHA256 Credential=")]))
    for name in ("Credential", "Signature", "SignedHeaders"):
        assert f"Authorization header requires '{name}' parameter." in said
    assert "requires existence of either a 'X-Amz-Date' or a 'Date' header." in said


@pytest.mark.parametrize(
    "value", ["Bearer eyJhbGciOi", "AWS4-HMAC-SHA256", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256 a=b, c"]
)
def test_another_kind_of_authorization_is_told_so_without_being_repeated(value):
    said = refusal(Request("/dev", [("Authorization", value)]))
    assert said.startswith("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256")
    assert value not in said


def test_another_algorithm_is_named():
    other = "AWS4-ECDSA-P256-SHA256"
    authorization = signed().header("authorization").replace("AWS4-HMAC-SHA256", other)
    assert refusal(Request("/dev", [("Authorization", authorization)])) == f"Unsupported AWS 'algorithm': '{other}'. "
    url = signed(query=True)
    target = url.target.replace("AWS4-HMAC-SHA256", other)
    assert refusal(Request(target, url.headers)) == f"Unsupported AWS 'algorithm': '{other}'. "


def test_a_credential_has_five_parts():
    url = signed(query=True)
    said = refusal(Request(url.target.replace("%2Faws4_request", ""), url.headers))
    assert said.startswith("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/")


def test_both_forms_at_once_are_too_many():
    url = signed(query=True)
    assert refusal(Request(url.target, [*url.headers, ("Authorization", "x")])).startswith(
        "Found both 'X-Amz-Algorithm'"
    )


ANYTHING = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)


@given(ANYTHING, st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace").decode("latin-1")))
def test_anything_is_read_or_refused(target, authorization):
    for prefix in ("", "/dev?X-Amz-Signature=", "/dev?X-Amz-Credential=a&"):
        for head in ("", "AWS4-HMAC-SHA256 "):
            try:
                signature = signature_of(Request(prefix + target, [("Authorization", head + authorization)]))
            except Refused:
                continue
            assert signature is None or refusal(Request(prefix + target, [("Authorization", head + authorization)]))
