import pytest

from upgrade101.course.check import Check, no_cloud
from upgrade101.course.hint import Hint, nearest_symptom
from upgrade101.course.names import Unknown
from upgrade101.course.store import Store

pytestmark = pytest.mark.usefixtures("lab")


@pytest.fixture
def hint(store: Store) -> Hint:
    return Hint(store)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], hint: Hint) -> "Said":
    return Said(capsys, hint)


class Said:
    """What a hint says."""

    def __init__(self, capsys: pytest.CaptureFixture[str], hint: Hint) -> None:
        self._capsys, self._hint = capsys, hint

    def __call__(self, *what: str, **how: object) -> str:
        self._capsys.readouterr()
        self._hint(*what, **how)  # type: ignore[arg-type]
        return self._capsys.readouterr().out


def test_each_call_climbs_one_rung_and_the_next_kernel_goes_on(said: Said, store: Store) -> None:
    assert said("90.1").startswith("Hint 1 of 5 for 90.1 · Find the action\nLook at section 1.")
    second = said("90.1")
    assert second.startswith("Hint 2 of 5")
    assert "The key is in the body." in second and "1 Look at section 1." in second
    assert store.entry("exercises", "90.1")["rung"] == 2


def test_the_ladder_has_a_top(said: Said) -> None:
    for _ in range(5):
        last = said("90.1")
    assert last.startswith("Hint 5 of 5") and "    $request.body.action" in last
    assert "top of the ladder" in last
    assert said("90.1").startswith("Hint 5 of 5")


def test_the_first_rung_repeats_what_went_wrong(said: Said, store: Store) -> None:
    Check(store, no_cloud)("90.1", lambda event: "shout")
    first = said("90.1")
    assert "Got       'shout'" in first and "Expected  'echo'" in first


def test_a_rung_can_be_read_again_but_none_skipped(said: Said) -> None:
    for _ in range(3):
        said("90.1")
    assert said("90.1", rung=2).startswith("Hint 2 of 5")
    assert said("90.1", rung=5).startswith("Hint 3 of 5")
    assert said("90.1").startswith("Hint 4 of 5")


def test_all_rungs_come_only_after_success(said: Said, store: Store) -> None:
    refused = said("90.1", all=True)
    assert "Until 90.1 is done the rungs come one at a time" in refused and "rung 0 of 5" in refused
    store.change("exercises", "90.1", done=True)
    everything = said("90.1", all=True)
    assert everything.startswith("All hints for 90.1") and "5" in everything and "$request.body.action" in everything
    assert "5\n    $request.body.action" in everything, "a rung that is code alone stays code"
    assert said("90.1", rung=5).startswith("Hint 5 of 5")


@pytest.mark.parametrize(
    "symptom", ["KeyError: 'body'", 'keyerror:  "body"', "KeyError: 'body' in line 3", "KeyErorr 'body'"]
)
def test_a_symptom_finds_its_help(said: Said, symptom: str) -> None:
    assert "The event of $connect has no body." in said("90.1", symptom)


def test_an_unknown_symptom_names_the_known_ones(said: Said) -> None:
    assert "KeyError: 'body'" in said("90.1", "410 Gone")
    assert "None is known here." in said("90.2", "410 Gone")


@pytest.mark.parametrize(
    ("symptom", "meant"),
    [
        ("403", "Forbidden | 403"),
        ("it says 403 Forbidden", "Forbidden | 403"),
        ("forbiden", "Forbidden | 403"),
        ("404", ""),
        ("41", ""),
        ("Expected 4", ""),
        ("Expected 0.62", ""),
        ("Expected 0", "Expected 0"),
        ("None", ""),
        ("TypeError: 'NoneType' object is not iterable", "TypeError: 'NoneType'"),
        ("", ""),
    ],
)
def test_a_number_is_never_taken_for_another_nor_a_word_for_a_part(symptom: str, meant: str) -> None:
    known = ["Forbidden | 403", "410", "Expected 0", "TypeError: 'NoneType'"]
    assert nearest_symptom(symptom, known) == meant


def test_a_symptom_climbs_no_rung(said: Said, store: Store) -> None:
    said("90.1", "KeyError: 'body'")
    assert store.entry("exercises", "90.1") == {}


def test_an_unknown_exercise_names_the_nearest(hint: Hint) -> None:
    with pytest.raises(Unknown, match="did you mean"):
        hint("90.7")
