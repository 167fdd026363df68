from collections.abc import Iterator

import pytest
from course_kit import cell

from upgrade101 import cloud
from upgrade101.course.asking import FORBIDDEN, SILENCE, error_of, finished, heard, pair, wants
from upgrade101.course.bench import Bench, Line, fresh
from upgrade101.course.exercises import NotYet

HANDLERS = cell(
    """
    def echo(event, context):
        return {"statusCode": 200, "body": event["body"]}

    def bare(event, context):
        return "text"

    def fails(event, context):
        return 1 / 0

    def unsaid(event, context):
        import json

        return json.loads(event["body"])["returned"]
    """
)


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Bench, Line]]:
    """A client of an API whose routes are two-way, all but one."""
    cloud.start("moto", quiet=True)
    routes = {key: HANDLERS[name] for key, name in ROUTES.items()}
    with fresh() as bench:
        api = bench.api(routes, two_way=("echo", "bare", "fails", "unsaid"))
        with bench.line(api.url) as line:
            yield bench, line
    cloud.stop()


ROUTES = {"echo": "echo", "bare": "bare", "fails": "fails", "unsaid": "unsaid", "hush": "echo"}
LOOKS = {FORBIDDEN: "the rule", SILENCE: "the route response", "": "the body"}


def test_what_is_wanted_passes(asked: tuple[Bench, Line]) -> None:
    wants(*asked, '{"action": "echo"}', '{"action": "echo"}')
    wants(*asked, {"action": "hush"}, SILENCE)
    wants(*asked, {"action": "bake"}, FORBIDDEN)


@pytest.mark.parametrize(
    ("message", "got", "look"),
    [
        ({"action": "echo"}, '\'{"action": "echo"}\'', "the body"),
        ({"action": "hush"}, "nothing, although lab-echo returned {'statusCode': 200, 'body': ", "the route response"),
        ({"action": "bake"}, "the error frame “Forbidden”: the rule found the key 'bake', and no route", "the rule"),
        ("hello", "the error frame “Forbidden”: the rule found no key in this message", "the rule"),
        ({"action": "bare"}, "the error frame “Internal server error”: lab-bare returned 'text', which is", "the body"),
        ({"action": "fails"}, "the error frame “Internal server error”", "the body"),
    ],
)
def test_what_is_not_wanted_is_said_in_words(asked: tuple[Bench, Line], message: object, got: str, look: str) -> None:
    with pytest.raises(NotYet) as said:
        wants(*asked, message, "another answer", looks=LOOKS)
    assert said.value.got.startswith(got)
    assert said.value.look == look
    assert said.value.expected == "'another answer'"


def test_what_is_expected_is_said_in_words(asked: tuple[Bench, Line]) -> None:
    for wanted, expected in ((FORBIDDEN, "the error frame “Forbidden”: no route"), (SILENCE, "nothing")):
        with pytest.raises(NotYet) as said:
            wants(*asked, {"action": "echo"}, wanted)
        assert said.value.expected == expected


def test_several_frames_are_all_heard() -> None:
    assert heard(["a", "b"]) == "a\nb"


@pytest.mark.parametrize("frame", ["hello", "[]", '{"message": "Forbidden"}'])
def test_an_answer_that_looks_like_an_error_is_none(frame: str) -> None:
    assert error_of(frame) == ""


@pytest.mark.parametrize(
    ("returned", "fault"),
    [
        (
            {"statusCode": 200, "body": {"text": "hi"}},
            "Its `body` is a dictionary and must be text: `json.dumps` makes",
        ),
        ({"statusCode": 200, "body": ["hi"]}, "Its `body` is a list and must be text"),
        ({"statusCode": 200, "body": 7}, "Its `body` is a number and must be text"),
        ({"statusCode": 200, "body": True}, "Its `body` is a truth value and must be text"),
        ({"body": "hi"}, "There is no `statusCode` in it, and the gateway insists on one"),
        ({"statusCode": 200, "text": "hi"}, ", which is no answer for a proxy integration"),
    ],
)
def test_what_makes_an_answer_none_is_named(asked: tuple[Bench, Line], returned: object, fault: str) -> None:
    with pytest.raises(NotYet) as said:
        wants(*asked, {"action": "unsaid", "returned": returned}, "hi")
    assert fault in said.value.got


def test_an_answer_of_two_functions() -> None:
    echo, bare = HANDLERS["echo"], HANDLERS["bare"]
    assert pair((echo, bare), "check(…)") == (echo, bare)
    for wrong in (echo, (echo,), (echo, "bare"), [echo, bare, echo]):
        with pytest.raises(NotYet) as told:
            pair(wrong, 'check("90.1", on_connect, who)')
        assert told.value.expected == 'two functions: check("90.1", on_connect, who)'


def test_what_comes_later_is_waited_for() -> None:
    async def told() -> list[str]:
        return ["ana"]

    assert finished(told()) == finished(["ana"]) == ["ana"]
