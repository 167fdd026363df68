"""docs/instructors.md agrees with the lessons, and its timetables add up."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROWS = {
    title[:2]: (title, minutes, lab)
    for title, minutes, lab in re.findall(r"^\| (\d\d · .+?) \| (\d+) \| (\d*) ?\|", TEXT, re.MULTILINE)
}
TABLES = [
    [(int(at[:2]) * 60 + int(at[3:]), int(minutes), what) for at, minutes, what in re.findall(row, table, re.MULTILINE)]
    for row in [r"^\| (\d\d:\d\d) \| (\d+) \| (.+?) \|"]
    for table in re.findall(r"^\| at \|.*?(?:\n\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)
]


def test_every_lesson_has_its_row():
    assert list(ROWS) == [f"{number:02}" for number in range(14)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_titles_and_minutes_are_those_of_the_lesson(lesson):
    cells = ["".join(cell["source"]) for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"][:2]]
    title = cells[0].splitlines()[0].removeprefix("# ")
    minutes = re.search(r"^\| \*\*Time\*\* \| (\d+) minutes(?:, and (\d+) for the lab)? \|$", cells[1], re.MULTILINE)
    assert minutes, "the lesson says no minutes"
    assert ROWS[lesson.stem[:2]] == (title, minutes[1], minutes[2] or ""), "docs/instructors.md has another row"


@pytest.mark.parametrize("table", TABLES, ids=["half a day", "the first day", "the second day"])
def test_a_timetable_adds_up(table):
    assert [at + minutes for at, minutes, _ in table[:-1]] == [at for at, _, _ in table[1:]]
    assert sum(minutes for _, minutes, what in table if what in ("Break", "Lunch")) >= 25


@pytest.mark.parametrize("table", TABLES, ids=["half a day", "the first day", "the second day"])
def test_a_timetable_gives_a_lesson_and_a_lab_the_time_they_take(table):
    for _, minutes, what in table:
        alone = re.fullmatch(r"(Lesson|Lab) (\d\d)", what)
        if alone and alone[2] != "11":  # the chat has two places
            _, lesson, lab = ROWS[alone[2]]
            assert minutes == int(lesson if alone[1] == "Lesson" else lab), what
    assert len(table) > 8
