"""Knock at an API's door and read what it says: 101, or a refusal and its reason.

from upgrade101.door import knock
status, message = knock(api.url)
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from websockets.exceptions import InvalidStatus

from .cloud import connect


class Answer(NamedTuple):
    """What an upgrade request was answered."""

    status: int
    message: str


def knock(url: str, **options: Any) -> Answer:
    """Ask for an upgrade, hang up where it is granted, and return the answer's status and message.

    ``options`` are those of ``connect``: ``origin``, ``subprotocols``, ``additional_headers``. Raises what ``connect``
    raises where the answer is no HTTP response at all.
    """
    try:
        with connect(url, **options) as ws:
            return Answer(101, ws.response.reason_phrase if ws.response else "")
    except InvalidStatus as refused:
        return Answer(refused.response.status_code, _message(bytes(refused.response.body or b"")))


def _message(body: bytes) -> str:
    """Return what the body of a refusal says.

    >>> _message(b'{"message": "Unauthorized", "requestId": "x"}'), _message(b"no JSON")
    ('Unauthorized', 'no JSON')
    """
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        return text
    return str(document.get("message") or "") if isinstance(document, dict) else text
