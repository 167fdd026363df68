"""Where the calls of a function in a child process go."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from upgrade101.localcloud.functions import network


@pytest.fixture
def send() -> Callable[[str], str]:
    """Return what sends a request of @connections, and says where it went."""
    handlers = SimpleNamespace(BUILTIN_HANDLERS=[])
    network._lead(handlers, "http://127.0.0.1:4566", "ring")
    registered: dict[str, Any] = dict(handlers.BUILTIN_HANDLERS)

    def sent(url: str) -> str:
        request = SimpleNamespace(url=url, headers={})
        registered["before-send.apigatewaymanagementapi"](request)
        return str(request.url)

    return sent


def test_a_call_of_connections_goes_to_the_cloud_under_its_own_name(send: Callable[[str], str]) -> None:
    assert send("https://a1.execute-api.us-east-1.amazonaws.com/dev/@connections/x") == (
        "http://127.0.0.1:4566/dev/@connections/x"
    )


@pytest.mark.parametrize("url", ["wss://a1.execute-api.us-east-1.amazonaws.com/dev", "http://127.0.0.1:9/dev"])
def test_what_botocore_refuses_or_is_here_already_is_left_alone(send: Callable[[str], str], url: str) -> None:
    assert send(url) == url
