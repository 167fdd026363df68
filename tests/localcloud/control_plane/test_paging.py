"""One page at a time."""

import base64

import pytest

from upgrade101.localcloud.control_plane.paging import DEFAULT_PAGE, LARGEST_PAGE, page
from upgrade101.localcloud.control_plane.refusals import BadRequest

ROWS = [(f"{number:03d}", number) for number in range(600)]


def test_the_pages_together_are_the_list():
    shown, token = [], ""
    while True:
        answer = page(ROWS, "routes", "7", token)
        shown += answer["items"]
        token = answer.get("nextToken", "")
        if not token:
            break
    assert shown == list(range(600))


@pytest.mark.parametrize(("asked", "size"), [("", DEFAULT_PAGE), ("1", 1), ("500", 500), ("1000", LARGEST_PAGE)])
def test_a_page_is_as_long_as_asked(asked, size):
    assert len(page(ROWS, "routes", asked)["items"]) == size


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_last_page_has_no_token(count):
    assert page(ROWS[:count], "routes", "3") == {"items": list(range(count))}


@pytest.mark.parametrize("wrong", ["0", "-1", "many", "1.5", "²"])
def test_a_size_is_a_positive_number(wrong):
    with pytest.raises(BadRequest, match="Invalid maxResults"):
        page(ROWS, "routes", wrong)


@pytest.mark.parametrize(
    "wrong",
    ["x", "###", "routes 001", base64.b64encode(b"\xff\xfe").decode(), base64.b64encode(b"stages 001").decode()],
)
def test_an_invented_token_is_refused(wrong):
    with pytest.raises(BadRequest, match="Invalid nextToken"):
        page(ROWS, "routes", "2", wrong)


def test_rows_may_come_and_go_between_pages():
    token = page(ROWS[:6], "routes", "2")["nextToken"]
    assert page([ROWS[0], ROWS[4], ROWS[9]], "routes", "2", token) == {"items": [4, 9]}
