"""What is said of a lesson before it begins on AWS."""

import json
import re
from pathlib import Path

import pytest

from upgrade101.account import plan
from upgrade101.scale.facts import facts

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
SIGNS = {
    plan.API: r"websocket_api\(|create_api\(|chat\.deploy",
    plan.REST: r"rest_api\(",
    plan.TABLES: r"connection_table\(|create_table\(|chat\.begin|iac\.",
    plan.QUEUE: r"sqs_queue\(|create_queue\(",
    plan.STACKS: r"iac\.",
}


def code(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_every_lesson_has_its_line():
    assert [path.name[:2] for path in LESSONS] == sorted(plan.CREATES)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_what_is_said_is_what_its_cells_create(path):
    found = {kind for kind, sign in SIGNS.items() if re.search(sign, code(path))}
    assert set(plan.CREATES[path.name[:2]]) == found


def test_the_prices_are_those_of_the_bill():
    known = facts()
    assert known["dollars_per_million_messages"].value == plan.MESSAGES_PER_MILLION
    assert known["dollars_per_million_minutes"].value == plan.MINUTES_PER_MILLION
    assert known["dollars_per_million_messages"].checked == plan.LOOKED_UP


def test_the_notebook_is_known_by_its_name(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ana/notebooks/05_connection_store.ipynb")
    assert plan.sentences()[0].startswith("Lesson 05 creates WebSocket APIs, tables, functions")
    for other in ("/home/ana/Untitled.ipynb", "/home/ana/77_mine.ipynb", ""):
        monkeypatch.setenv("JPY_SESSION_NAME", other)
        assert plan.sentences()[0].startswith("A lesson creates WebSocket APIs")
