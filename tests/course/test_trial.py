import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from upgrade101.course.check import no_cloud
from upgrade101.course.exercises import Exercise, NotYet, expect, trying
from upgrade101.course.trial import Tried, attempt, unwritten, within
from upgrade101.gateway.happenings import Answered, Happening


def try_with(run: Callable[[Any, Any], object], answer: Any = 1, **more: Any) -> Tried:
    return attempt(Exercise("90.1", "Try", run, showed="it works", hints=(), **more), answer, no_cloud)


def stub_of_three_kinds() -> Iterator[Any]:
    def with_dots(event: Any) -> Any: ...

    def with_words(event: Any) -> Any:
        """Say something."""
        # TODO 90.1 – about 2 lines

    def with_a_hole(event: Any) -> Any:
        action: Any = ...
        return event[action]

    def with_pass(event: Any) -> Any:
        pass

    async def waiting(event: Any) -> Any: ...

    def with_a_hole_inside(event: Any) -> Any:
        return [... for _ in event]

    yield from (with_dots, with_words, with_a_hole, with_pass, waiting, with_a_hole_inside)
    yield lambda event: ...


@pytest.mark.parametrize("stub", list(stub_of_three_kinds()))
def test_an_untouched_stub_is_known(stub: Any) -> None:
    assert unwritten(stub)


@pytest.mark.parametrize(
    "stub", [None, ..., "", " ... ", "?", {"body": ...}, ("ok", ...), [stub_of_three_kinds, lambda: ...]]
)
def test_an_untouched_value_is_known(stub: Any) -> None:
    assert unwritten(stub)


def written_answers() -> Iterator[Any]:
    def short() -> dict[str, int]:
        return {"statusCode": 200}

    def calls() -> None:
        print()

    async def waits() -> None:
        await short()  # type: ignore[misc]

    class Manager:
        def on_connect(self) -> int:
            return 1

    yield from (
        short,
        calls,
        waits,
        Manager,
        Manager().on_connect,
        "$request.body.action",
        0,
        {},
        {"statusCode": 200},
        len,
    )
    yield lambda event: event["body"]


@pytest.mark.parametrize("answer", list(written_answers()))
def test_a_written_answer_is_not_taken_for_a_stub(answer: Any) -> None:
    assert not unwritten(answer)


def test_what_raises_not_implemented_is_unwritten() -> None:
    def raises(answer: Any, bench: Any) -> None:
        raise NotImplementedError

    assert try_with(raises).state == "unwritten"


def test_a_good_answer_is_tried_twice_on_a_fresh_bench() -> None:
    benches: list[Any] = []
    assert try_with(lambda answer, bench: benches.append(bench)).state == "done"
    assert len({id(bench) for bench in benches}) == len(benches) == 2


def test_what_works_only_once_is_found_out() -> None:
    left_behind: list[int] = []

    def check(answer: Any, bench: Any) -> None:
        left_behind.append(1)
        expect(len(left_behind), 1, look="section 2")

    result = try_with(check)
    assert result.state == "not yet" and result.finding
    assert result.finding.look == "it went well the first time: does something stay behind between two runs? section 2"


@pytest.mark.parametrize("how", ["raise", "return", "return several"])
def test_a_finding_is_told_however_it_comes(how: str) -> None:
    def check(answer: Any, bench: Any) -> Any:
        trying("one thing")
        trying("another thing")
        finding = NotYet(expected="1", got="2")
        if how == "raise":
            raise finding
        return finding if how == "return" else [finding, NotYet(got="3")]

    finding = try_with(check).finding
    assert finding and (finding.tried, finding.expected, finding.got) == ("another thing", "1", "2")


def test_the_learners_error_comes_with_the_learners_lines_only() -> None:
    def learners(event: dict[str, Any]) -> Any:
        return event["body"]

    def check(answer: Any, bench: Any) -> None:
        trying("an event without a body")
        answer({})

    result = try_with(check, learners)
    assert result.finding and result.finding.got == "KeyError: 'body'"
    assert result.finding.tried == "an event without a body"
    assert result.lines[-1].endswith('return event["body"]')


def test_lines_of_libraries_are_left_out() -> None:
    import json

    result = try_with(lambda answer, bench: json.loads("{"))
    assert result.lines and not any("raw_decode" in line or "decoder" in line for line in result.lines)


def test_an_endless_loop_ends() -> None:
    def forever(answer: Any, bench: Any) -> None:
        trying("ten messages")
        while True:
            pass

    result = try_with(forever, seconds=0.2)
    assert result.state == "not yet" and result.finding
    assert result.finding.tried == "ten messages"
    assert result.finding.got.startswith("still running after 0.2 s")
    assert "check" not in [thread.name for thread in threading.enumerate()]


def test_a_loop_that_swallows_errors_ends_too() -> None:
    def stubborn() -> None:
        while True:
            with suppress(Exception):
                time.sleep(0.001)

    assert not within(0.1, stubborn).in_time


def test_a_broken_cloud_is_not_the_learners_fault() -> None:
    @contextmanager
    def no_bench() -> Iterator[Any]:
        raise OSError("no port")
        yield

    exercise = Exercise("90.1", "Try", lambda answer, bench: None, showed="", hints=())
    result = attempt(exercise, 1, no_bench)
    assert (result.state, result.error) == ("broken", "OSError: no port")


def test_an_error_inside_a_deployed_function_is_told_with_its_line() -> None:
    trace = [
        '  File "/var/task/index.py", line 3, in on_connect\n    room = event["room"]\n',
        '  File "/var/lang/lib/python3.12/site-packages/library.py", line 9, in look\n    raise KeyError(name)\n',
    ]
    broken: list[Happening] = [
        Answered(
            at=0.0,
            request_id="0",
            route_key="$connect",
            target="guard",
            error="Exception",
            payload={"errorMessage": "Unauthorized"},  # on purpose
        ),
        Answered(
            at=0.0,
            request_id="1",
            route_key="$connect",
            target="on_connect",
            error="KeyError",
            payload={"errorMessage": "'room'", "stackTrace": trace},
        ),
    ]

    class Bench:
        def happenings(self) -> list[Happening]:
            return broken

    @contextmanager
    def benches() -> Iterator[Bench]:
        yield Bench()

    def check(answer: Any, bench: Any) -> None:
        expect(502, 101)

    result = attempt(Exercise("90.1", "Try", check, showed="", hints=()), 1, benches)
    assert result.error == "on_connect raised KeyError: 'room'"
    assert result.lines == ('room = event["room"]',)

    Bench.meant_to_fail = {"on_connect"}  # type: ignore[attr-defined]
    result = attempt(Exercise("90.1", "Try", check, showed="", hints=()), 1, benches)
    assert (result.state, result.error, result.lines) == ("not yet", "", ())


def test_the_bench_is_put_away_whatever_happens() -> None:
    put_away: list[str] = []

    @contextmanager
    def benches() -> Iterator[Any]:
        with no_cloud() as bench:
            yield bench
        put_away.append("yes")

    def check(answer: Any, bench: Any) -> None:
        raise ValueError

    attempt(Exercise("90.1", "Try", check, showed="", hints=()), 1, benches)
    assert put_away == ["yes"]
