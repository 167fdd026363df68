import pytest

from upgrade101.course.exercises import NotYet, exercise, exercises, expect, find, trying
from upgrade101.course.names import Unknown
from upgrade101.gateway.errors import ConfigurationError


@pytest.mark.usefixtures("lab")
def test_a_labs_exercises_stand_in_their_order() -> None:
    assert [known.id for known in exercises("90")] == ["90.1", "90.2", "90.10"]
    assert find("90.2").title == "Say which room"
    assert find("90.2").lab == "90"


def test_a_lab_without_checks_has_no_exercises() -> None:
    assert exercises("97") == []
    with pytest.raises(Unknown, match="nothing is known about 97 yet"):
        find("97.1")


def test_an_exercise_needs_a_hint_for_each_rung() -> None:
    with pytest.raises(ConfigurationError, match=r"90\.1 has 2 hints"):
        exercise("90.1", "Too steep", showed="", hints=("one", "two"))


def test_what_is_not_equal_is_told_in_the_learners_terms() -> None:
    with pytest.raises(NotYet) as caught:
        expect(403, 101, tried="a knock", look="section 1", show=lambda status: f"status {status}")
    finding = caught.value
    assert (finding.tried, finding.expected, finding.got) == ("a knock", "status 101", "status 403")
    assert str(finding) == "status 403"


def test_saying_what_is_tried_outside_a_try_does_nothing() -> None:
    trying("something")
    assert expect(1, 1) is None  # type: ignore[func-returns-value]
