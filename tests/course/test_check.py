from typing import Any

import pytest

from upgrade101.course.check import Check, NotDone, no_cloud
from upgrade101.course.exercises import Benches
from upgrade101.course.store import Store

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def check(store: Store) -> Check:
    return Check(store, no_cloud)


def right(event: dict[str, str]) -> str:
    return event["action"]


def wrong(event: dict[str, str]) -> str:
    return event["route"]


def test_what_is_done_says_what_was_shown_and_what_comes_next(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.1", right)
    assert capsys.readouterr().out == (
        "90.1 done ✓ – you showed that the key comes from the message.\n"
        "Now try: a message without an action.\n"
        "lab 90 · 1 of 3 done · next: 90.2\n"
    )


def test_what_is_not_done_says_tried_expected_got_and_where_to_look(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = check("90.1", lambda event: "shout")
    assert not verdict and verdict.state == "not yet"
    assert capsys.readouterr().out == (
        "90.1 not yet · Find the action\n"
        '  Tried     {"action": "echo"}\n'
        "  Expected  'echo'\n"
        "  Got       'shout'\n"
        '  Look at   lesson 90, section 1 · hint("90.1")\n'
        "lab 90 · 0 of 3 done · next: 90.1\n"
    )


def test_an_error_shows_the_learners_line_and_raises_nothing(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check("90.1", wrong)
    said = capsys.readouterr().out
    assert "Got      KeyError: 'route'" in said
    assert 'return event["route"]' in said
    assert "Traceback" not in said


def test_a_finding_says_where_to_look_before_the_lesson_does(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check("90.2", lambda: "red")
    said = capsys.readouterr().out
    assert "Tried     the room of Ana" in said
    assert 'Look at   section 2 · hint("90.2")' in said


def test_an_untouched_stub_is_no_failure(check: Check, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    def stub(event: Any) -> Any: ...

    assert check("90.1", stub).state == "unwritten"
    assert check("90.1").state == "unwritten"
    assert capsys.readouterr().out.startswith("90.1 · nothing written yet\nFind the action: replace the")
    assert store.entry("exercises", "90.1") == {}


def test_a_stub_that_is_left_is_named(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    def on_disconnect(event: Any) -> Any: ...

    assert check("90.1", right, on_disconnect).state == "unwritten"
    said = capsys.readouterr().out
    assert said.startswith(
        "90.1 · a part is still missing\nFind the action: a `...` is left in `on_disconnect`; replace"
    )


@pytest.mark.parametrize("written", [lambda event: event["body"] or ..., {"status": 403, "body": ...}])
def test_an_answer_that_is_written_in_part_is_not_said_to_be_nothing(
    check: Check, capsys: pytest.CaptureFixture[str], written: Any
) -> None:
    assert check("90.1", written).state == "unwritten"
    said = capsys.readouterr().out
    assert said.startswith("90.1 · a part is still missing\nFind the action: a `...` is left ")


def test_an_exercise_may_ask_for_no_answer(check: Check) -> None:
    assert check("90.10").done


def test_several_answers_arrive_together(check: Check) -> None:
    verdict = check("90.1", right, right)
    assert "'tuple' object is not callable" in verdict.card.text


def test_the_picture_of_what_the_code_did_comes_with_it(store: Store, broadcasts: Benches) -> None:
    card = Check(store, broadcasts)("90.1", right).card
    assert "wire log: 10 arrows" in card.text
    assert "<svg " in card.html


def test_an_endless_loop_costs_a_moment_and_no_more(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    def forever() -> None:
        while True:
            pass

    assert not check("90.2", forever)
    assert "still running after 0.3 s" in capsys.readouterr().out


def test_an_unknown_exercise_is_named_kindly(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.3", right).state == "unknown"
    said = capsys.readouterr().out
    assert "there is no exercise '90.3'; did you mean '90." in said
    assert "there are 90.1, 90.10, 90.2" in said


def test_done_stays_done_and_tries_are_counted(check: Check, store: Store) -> None:
    check("90.1", wrong)
    check("90.1", right)
    check("90.1", wrong)
    known = store.entry("exercises", "90.1")
    assert known["done"] is True and known["tries"] == 3
    assert known["last"] == ['{"action": "echo"}', "", "KeyError: 'route'"]


def test_the_last_line_says_how_far_the_lab_is(check: Check) -> None:
    for id, answer in (("90.1", right), ("90.2", lambda: "blue"), ("90.10", 1)):
        verdict = check(id, answer)
    assert verdict.card.text.endswith("lab 90 · 3 of 3 done")


def test_strict_raises_for_machines(check: Check) -> None:
    check.strict = True
    assert check("90.1", right)
    with pytest.raises(NotDone, match=r"90\.1 not yet"):
        check("90.1", wrong)
    with pytest.raises(NotDone, match=r"90\.3 unknown"):
        check("90.3", right)


def test_a_verdict_is_not_shown_twice(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = check("90.1", right)
    capsys.readouterr()
    verdict._ipython_display_()
    assert capsys.readouterr().out == ""
