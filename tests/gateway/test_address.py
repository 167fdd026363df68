"""Which stage a URL means."""

import pytest
from gateway_kit import HOST
from hypothesis import given
from hypothesis import strategies as st

from upgrade101.gateway.address import Address, locate


@pytest.mark.parametrize(
    "host",
    [
        "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com:443",
        "A1B2C3D4E5.Execute-API.us-east-1.AmazonAWS.com",
        "a1b2c3d4e5.execute-api.localhost",
        "a1b2c3d4e5.execute-api.localhost:4566",
    ],
)
@pytest.mark.parametrize("target", ["/dev", "/dev/", "/dev?name=Ana", "/dev/?a=/b", "/dev#x"])
def test_by_host_name(host, target):
    assert locate(host, target) == Address("a1b2c3d4e5", "dev")


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost", "", HOST])
@pytest.mark.parametrize("rest", ["", "/", "?x=1", "/?x=1"])
def test_by_path_whatever_the_host_name(host, rest):
    assert locate(host, f"/_aws/execute-api/zzz999/prod{rest}") == Address("zzz999", "prod")


@pytest.mark.parametrize(
    "host, target",
    [
        ("127.0.0.1:4566", "/"),
        ("127.0.0.1:4566", "/dev"),
        ("127.0.0.1:4566", "/_aws/execute-api"),
        ("example.com", "/_aws/lambda/dev"),
        ("execute-api.us-east-1.amazonaws.com", "/dev"),
        ("a1.execute-api.us-east-1.amazonaws.com.evil.example", "/dev"),
        ("a1.b2.execute-api.us-east-1.amazonaws.com", "/dev"),
        ("127.0.0.1", "*"),
    ],
)
def test_nobodys_address(host, target):
    assert locate(host, target) is None


@pytest.mark.parametrize(
    "target",
    [
        "/dev/@connections/KmZ1XdPwDoECGjA=",
        "/dev/@connections/KmZ1XdPwDoECGjA%3D",
        "/dev/%40connections/KmZ1XdPwDoECGjA%3D",
        "/_aws/execute-api/a1b2c3d4e5/dev/@connections/KmZ1XdPwDoECGjA%3D",
        "/dev/@connections/KmZ1XdPwDoECGjA%3D/?x",
    ],
)
def test_a_management_path_names_a_connection(target):
    address = locate(HOST, target)
    assert (address.api_id, address.stage_name, address.connection_id) == ("a1b2c3d4e5", "dev", "KmZ1XdPwDoECGjA=")


@pytest.mark.parametrize(
    "target", ["/dev", "/dev/connections/x", "/dev/@connections", "/dev/@connections/a/b", "/@connections/x"]
)
def test_other_paths_name_none(target):
    assert locate(HOST, target).connection_id is None


def test_a_slash_inside_an_id_stays_inside():
    assert locate(HOST, "/dev/@connections/a%2Fb").connection_id == "a/b"


def test_deeper_paths_keep_their_rest():
    assert locate(HOST, "/dev/chat//x").rest == ("chat", "", "x")


# ── custom domains ───────────────────────────────────────────────────────────────────────────────────────────────────

DOMAINS = {
    "ws.example.com": {"": ("root000000", "prod"), "chat": ("chat000000", "dev"), "chat/v2": ("chat000000", "new")},
    "only.example.com": {"chat": ("chat000000", "dev")},
}.get


@pytest.mark.parametrize(
    "target, api_id, stage_name, rest",
    [
        ("/", "root000000", "prod", ()),
        ("", "root000000", "prod", ()),
        ("/?name=Ana", "root000000", "prod", ()),
        ("/chat", "chat000000", "dev", ()),
        ("/chat/", "chat000000", "dev", ()),
        ("/chat/v2?a=/b", "chat000000", "new", ()),
        ("/chat/v3", "chat000000", "dev", ("v3",)),
        ("/chatter", "root000000", "prod", ("chatter",)),
        ("/@connections/KmZ1XdPwDoECGjA%3D", "root000000", "prod", ("@connections", "KmZ1XdPwDoECGjA=")),
        ("/chat/%40connections/a%2Fb", "chat000000", "dev", ("@connections", "a/b")),
    ],
)
@pytest.mark.parametrize("host", ["ws.example.com", "WS.Example.com:4566"])
def test_the_longest_mapping_key_counts(host, target, api_id, stage_name, rest):
    assert locate(host, target, DOMAINS) == Address(api_id, stage_name, rest, "ws.example.com")


def test_a_domain_without_a_fitting_mapping_is_an_address_of_nobody():
    assert locate("only.example.com", "/dev", DOMAINS) == Address("", "", ("dev",), "only.example.com")


def test_an_unknown_domain_is_nobodys_address():
    assert locate("other.example.com", "/chat", DOMAINS) is None


def test_an_apis_own_host_and_path_need_no_domain():
    assert locate(HOST, "/dev", lambda name: 1 / 0) == Address("a1b2c3d4e5", "dev")
    assert locate("ws.example.com", "/_aws/execute-api/zzz999/prod", DOMAINS) == Address("zzz999", "prod")


@given(st.text(), st.text())
def test_any_host_and_target_is_an_address_or_not(host, target):
    assert isinstance(locate(host, target), Address | None)
    assert isinstance(locate(HOST, target), Address)
