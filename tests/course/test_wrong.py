import io
import zipfile
from typing import Any

import pytest

from upgrade101.course.check import Check, no_cloud
from upgrade101.course.store import Store
from upgrade101.course.wrong import WrongAnswer, run_cells, wrong_answers
from upgrade101.deploy import package

TWO_CELLS = """
    import json
    def greet(event, context):
        return json.dumps(event)

    # %% the next cell
    SECRET = 7
    def answer():
        return greet({}, None)
"""


@pytest.fixture
def check(store: Store) -> Check:
    return Check(store, no_cloud)


def test_cells_share_their_names_and_each_is_a_file_of_its_own() -> None:
    defined = run_cells(TWO_CELLS)
    assert defined["answer"]() == "{}"
    assert "SECRET" not in package_text(defined["greet"]) and "SECRET" in package_text(defined["answer"])


def package_text(handler: Any) -> str:
    return zipfile.ZipFile(io.BytesIO(package(handler))).read("app.py").decode()


def test_a_wrong_answer_is_checked_like_a_learners(check: Check) -> None:
    wrong = WrongAnswer("03.2", "gives no text", "answer = 7", "a text, in quotes")
    verdict = wrong.try_it(check)
    assert wrong.misses(verdict.state, verdict.card.text) == ""


def test_what_is_not_the_message_meant_for_it_misses() -> None:
    wrong = WrongAnswer("03.2", "gives no text", "answer = 7", "a  text,\nin quotes")
    assert wrong.misses("not yet", "Expected  a text, in\n    quotes") == ""
    assert wrong.misses("not yet", "Expected  a number") == "the check does not say 'a  text,\\nin quotes'"
    assert wrong.misses("unwritten", "a text, in quotes") == "the check says it is unwritten"


def test_a_cell_without_an_answer_has_nothing_written(check: Check) -> None:
    assert WrongAnswer("03.2", "calls it otherwise", "rule = 7", "x").try_it(check).state == "unwritten"


def test_a_lab_may_have_none_yet() -> None:
    assert wrong_answers("99") == []
    assert len(wrong_answers("03")) >= 25
