"""Pages of a list: ``MaxResults``, ``NextToken``, and no token on the last page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from .refusals import BadRequest

DEFAULT_PAGE = 25  # the default of API Gateway's lists; documented for REST APIs, reported for these too
LARGEST_PAGE = 500

Row = tuple[str, Any]  # a key that grows from row to row, and what the list shows


def page(rows: Iterable[Row], list_name: str, max_results: str = "", next_token: str = "") -> dict[str, Any]:
    """Return one page as AWS writes it; ``max_results`` is a string there, too.

    The token holds the last key shown, so rows may come and go between two pages. Raises BadRequest for a token of
    another list and for a size that is no positive number.

    >>> rows = [("a", 1), ("b", 2), ("c", 3)]
    >>> first = page(rows, "routes", "2")
    >>> first["items"], page(rows, "routes", "2", first["nextToken"])
    ([1, 2], {'items': [3]})
    """
    size = _size(max_results)
    after = _read(next_token, list_name)
    rest = sorted((row for row in rows if row[0] > after), key=lambda row: row[0])
    answer: dict[str, Any] = {"items": [shown for _, shown in rest[:size]]}
    if len(rest) > size:
        answer["nextToken"] = _write(list_name, rest[size - 1][0])
    return answer


def _size(max_results: str) -> int:
    if not max_results:
        return DEFAULT_PAGE
    if not (max_results.isascii() and max_results.isdigit()) or int(max_results) < 1:
        raise BadRequest(f"Invalid maxResults {max_results}: a number above 0 is expected")
    return min(int(max_results), LARGEST_PAGE)


def _write(list_name: str, key: str) -> str:
    return base64.urlsafe_b64encode(f"{list_name} {key}".encode()).decode()


def _read(token: str, list_name: str) -> str:
    if not token:
        return ""
    try:
        written_for, _, key = base64.b64decode(token, altchars=b"-_", validate=True).decode().partition(" ")
    except (binascii.Error, UnicodeError, ValueError):
        written_for, key = "", ""
    if written_for != list_name or not key:
        raise BadRequest("Invalid nextToken: pass on the NextToken of the page before, unchanged")
    return key
