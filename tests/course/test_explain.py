"""What a student reads where Python's or Lambda's own words would not help."""

from upgrade101.course import explain
from upgrade101.course.exercises import NotYet
from upgrade101.course.trial import Tried

MISSING = "book raised NameError: name 'connection_of' is not defined"
LOOP = "book raised Sandbox.Timedout: RequestId: 6f1c Error: Task timed out after 3.00 seconds"


def wrong(error: str) -> Tried:
    return Tried("not yet", NotYet("a visit", "a row", "nothing", look="what `row` is made of"), error)


def look_at(tried: Tried) -> str:
    assert tried.finding is not None
    return tried.finding.look


def test_a_name_of_another_cell_is_to_be_moved_in() -> None:
    cells = ["def connection_of(event): ...", "def book(event, context): return connection_of(event)", "not python ("]
    found = explain.explained(wrong(MISSING), explain.in_cells(cells))
    assert look_at(found).startswith("`connection_of` stands in another cell")
    assert found.finding is not None and found.finding.expected == "a row"


def test_a_name_that_is_nowhere_is_left_to_the_check() -> None:
    assert (
        look_at(explain.explained(wrong(MISSING), explain.in_cells(["def book(event, context): ..."])))
        == "what `row` is made of"
    )


def test_a_function_that_never_ends_is_asked_for_its_loop_without_the_number_of_a_request() -> None:
    found = explain.explained(wrong(LOOP), explain.in_cells([]))
    assert found.error == "book did not end within 3 s"
    assert "is there a loop" in look_at(found)
    assert explain.is_late(found.error)


def test_what_is_done_stays_as_it_is() -> None:
    assert explain.explained(Tried("done"), explain.in_cells([])) == Tried("done")


def test_a_command_of_the_system_is_named() -> None:
    assert "not run in grading" in explain.in_plain_words("OSError: out of pty devices")


def test_a_function_knows_what_stands_beside_it() -> None:
    found = explain.explained(wrong(MISSING.replace("connection_of", "LOOP")), explain.beside(look_at))
    assert look_at(found).startswith("`LOOP` stands in another cell")
    assert explain.beside({"open": look_at})("wrong") and not explain.beside((look_at, 7))("connection_of")
