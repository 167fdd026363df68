"""What the tests of the course build with."""

from typing import ClassVar

import pytest

from upgrade101 import cloud
from upgrade101.course.check import Check
from upgrade101.course.exercises import RUNGS, exercises
from upgrade101.course.wrong import run_cells as cell

__all__ = ["LAB", "BothWays", "cell"]

# A wrong answer may leave a line open, as a learner's does: what is tried is what it is told.
LAB = [pytest.mark.usefixtures("moto"), pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


class BothWays:
    """What holds for every lab: what is plausible and wrong is told what is wrong, and nobody else notices."""

    number: ClassVar[str]
    wrong: ClassVar[list[tuple[str, str, str, str]]]

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        if "words" in metafunc.fixturenames:
            names = ("id", "name", "source", "words")
            metafunc.parametrize(names, cls.wrong, ids=lambda value: str(value)[:50])

    def test_a_wrong_answer_is_told_what_is_wrong(
        self, check: Check, id: str, name: str, source: str, words: str
    ) -> None:
        verdict = check(id, cell(source)["answer"])
        assert verdict.state == "not yet", verdict.card.text
        assert " ".join(words.split()) in " ".join(verdict.card.text.split())

    def test_every_exercise_has_a_handful_of_wrong_answers(self) -> None:
        assert [exercise.id for exercise in exercises(self.number)] == [f"{self.number}.{each}" for each in range(1, 6)]
        for exercise in exercises(self.number):
            assert sum(id == exercise.id for id, *_ in self.wrong) >= 5, exercise.id

    def test_every_exercise_has_all_its_words(self) -> None:
        for exercise in exercises(self.number):
            assert len([hint for hint in exercise.hints if hint.strip()]) == RUNGS
            assert exercise.showed and exercise.now_try and exercise.look and exercise.symptoms

    def test_nothing_of_a_check_reaches_the_learners_cloud(self, check: Check) -> None:
        before = cloud.ledger.entries()
        for exercise in exercises(self.number):
            source = next(source for known, _, source, _ in self.wrong if known == exercise.id)
            check(exercise.id, cell(source)["answer"])
        assert cloud.ledger.entries() == before
        assert not cloud.latency.is_on
