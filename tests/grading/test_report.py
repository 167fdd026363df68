"""What an instructor, an LMS and a student read."""

import csv
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from upgrade101.gateway.happenings import Answered, Closed, Happening, Opened, Received, Sent
from upgrade101.grading import by_hand, report
from upgrade101.grading.recording import from_json, reworded, to_json
from upgrade101.grading.verdicts import as_far_as, not_judged, reason

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def result() -> dict[str, Any]:
    done = {**not_judged("03.1", "Answer", 2.0, ""), "state": "done", "points": 2.0}
    wrong = {**not_judged("03.2", "Rule", 3.0, ""), "state": "not yet", "tried": EVIL, "got": '=cmd("x")'}
    return {
        "student": f"=1+1 {EVIL}",
        "key": "ana",
        "points": 2.0,
        "of": 5.0,
        "problem": "",
        "exercises": [done, wrong],
        "written": [{"grade_id": "explain", "points": 2.0, "text": EVIL}],
        "notes": [EVIL],
        "seconds": 1.0,
    }


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_there_is_a_row_for_each_exercise_with_its_reason(tmp_path: Path, result: dict[str, Any]) -> None:
    report.write(tmp_path, "03_routes", [result])
    head, done, wrong, by_hand = rows_of(tmp_path / "grades.csv")
    assert head[:5] == ["student", "lab", "exercise", "title", "points"]
    assert done[2:8] == ["03.1", "Answer", "2", "2", "done", "done"]
    assert wrong[4] == "0" and "tried: " in wrong[7]
    assert by_hand[4:6] == ["", "2"]


def test_an_lms_gets_one_row_for_each_student(tmp_path: Path, result: dict[str, Any]) -> None:
    report.write(tmp_path, "03_routes", [result])
    _, row = rows_of(tmp_path / "points.csv")
    assert row[2:9] == ["2", "5", "0", "2", "2", "2", "03.1"]
    assert json.loads((tmp_path / "grades.json").read_text())["students"][0]["exercises"][1]["reason"]


def test_no_cell_of_a_table_is_a_formula(tmp_path: Path, result: dict[str, Any]) -> None:
    report.write(tmp_path, "03_routes", [result])
    for name in ("grades.csv", "points.csv"):
        assert not [cell for row in rows_of(tmp_path / name) for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_students_words_are_only_words_on_the_page(result: dict[str, Any]) -> None:
    page = report.page("03_routes", result)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    assert "default-src 'none'" in page


def test_signs_that_no_file_can_hold_stop_nobodys_report(tmp_path: Path, result: dict[str, Any]) -> None:
    result["written"][0]["text"] = "half a sign: \ud83d"
    report.write(tmp_path, "03_routes", [result])
    assert "half a sign: ?" in (tmp_path / "pages" / "ana.html").read_text(encoding="utf-8")


def test_a_page_says_what_was_tried_and_what_came(result: dict[str, Any]) -> None:
    page = report.page("03_routes", result)
    assert "2 of 5 points" in page
    assert "Tried" in page and "Got" in page
    assert "marked by hand" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("done", "done"),
        ("unwritten", "written in part: x"),
        ("broken", "no fault of the answer"),
        ("not handed over", "x"),
    ],
)
def test_every_state_has_its_words(state: str, words: str) -> None:
    assert words in reason({**not_judged("03.1", "", 1.0, "x"), "state": state})


def test_a_stub_as_it_was_handed_out_is_nothing_written_yet() -> None:
    assert reason({**not_judged("03.1", "", 1.0, ""), "state": "unwritten"}) == "nothing written yet"


def test_what_happened_survives_json() -> None:
    seen = [
        Received(at=1.0, text="rye"),
        Answered(at=2.0, request_id="r", route_key="order", target="f", payload={"a": (1,)}),
    ]
    found = from_json(json.loads(json.dumps(to_json(seen))))
    assert found[0] == seen[0]
    assert found[1].payload == {"a": [1]}  # type: ignore[attr-defined]


def test_what_the_solution_did_is_shown_as_far_as_the_answer_came() -> None:
    def run(*texts: str) -> list[Happening]:
        said = [
            each
            for text in texts
            for each in (
                Received(at=1.0, connection_id="c=", text=text),
                Sent(at=1.0, connection_id="c=", text=text, because="reply"),
            )
        ]
        return [
            Opened(at=0.0, connection_id="c="),
            *said,
            Closed(at=2.0, connection_id="c=", code=1000, reason="", by=""),
        ]

    solution = run("one", "two", "three")
    assert as_far_as(run("one"), solution) == run("one")
    assert as_far_as(solution, solution) == solution
    assert as_far_as([], solution) == [solution[0], solution[-1]]


def test_words_are_exchanged_whole() -> None:
    words = {"rye": "bako", "poppy seed roll": "mi lo", "Ana": "Vesu"}
    assert reworded({"a": ["rye bread, Banana, poppy seed roll"]}, words) == {"a": ["bako bread, Banana, mi lo"]}
    assert reworded("rye", {}) == "rye"


def test_an_answer_in_words_that_was_left_as_it_was_waits_for_nobody() -> None:
    blank = {"grade_id": "explain", "points": 2.0, "text": "*TODO 03.6 – write here: two or three sentences*\n"}
    result = {
        "student": "ben",
        "exercises": [],
        "written": [blank],
        "points": 0.0,
        "of": 14.0,
        "problem": "",
        "key": "b",
    }
    assert report.rows("03_routes", result) == [
        ["ben", "03_routes", "explain", "in words", 0.0, 2.0, "unwritten", "nothing written yet", ""]
    ]
    assert report.points("03_routes", result)[6] == 0.0


def test_an_answer_in_words_whose_cell_was_lost_waits_for_a_human(result: dict[str, Any]) -> None:
    result["written"] = [{"grade_id": "explain", "exercise": "03.6", "points": 2.0, "text": "", "lost": True}]
    row = report.rows("03_routes", result)[-1]
    assert row[2:8] == ["03.6", "in words", "", 2.0, "open", "its cell was lost: look through the notebook"]
    assert report.points("03_routes", result)[6] == 2.0
    page = report.page("03_routes", result)
    assert report.LOST in page and "nothing written" not in page


def test_an_answer_in_words_may_have_lines_as_long_as_it_likes(result: dict[str, Any]) -> None:
    assert '<pre class="words">' in report.page("03_routes", result)
    assert ".words { white-space: pre-wrap; overflow-wrap: anywhere }" in report.STYLE


def test_the_solution_handed_in_is_told_and_costs_nothing(result: dict[str, Any]) -> None:
    row = report.points("03_routes", result | {"copied": "every answer is the solution's"})
    assert (row[2], row[9]) == (2.0, "every answer is the solution's")
    assert "Nothing could be graded" not in report.page("03_routes", result | {"copied": "x"})


def test_the_instructors_page_leads_to_every_page(tmp_path: Path, result: dict[str, Any]) -> None:
    results = [result, result | {"student": "Jörg", "key": "Jörg"}, result | {"student": "a/b", "key": "a%2Fb"}]
    written = report.write(tmp_path, "03_routes", results)
    page = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', page)
    assert links == ["ana.html", "J%C3%B6rg.html", "a%252Fb.html"]
    assert all(tmp_path / "pages" / unquote(link) in written for link in links)
    assert "<script" not in page and "default-src 'none'" in page


# ── points given by hand ─────────────────────────────────────────────────────────────────────────────────────────────


def given(folder: Path, result: dict[str, Any], table: str) -> tuple[dict[str, Any], list[str]]:
    (folder / by_hand.NAME).write_text(table, encoding="utf-8")
    result = {
        **result,
        "student": "Ana",
        "written": [{"grade_id": "explain", "exercise": "03.6", "points": 2.0, "text": "w"}],
    }
    (found,), faults = by_hand.take(folder, [result])
    return found, faults


def test_points_given_by_hand_are_in_the_total(tmp_path: Path, result: dict[str, Any]) -> None:
    table = f"student,exercise,points,words\nAna,03.6,1.5,{EVIL} well\n"
    found, faults = given(tmp_path, result, table)
    assert not faults
    assert report.points("03_routes", found)[2:8] == [2.0, 5.0, 1.5, 2.0, 0.0, 3.5]
    assert report.rows("03_routes", found)[-1][4:7] == [1.5, 2.0, "marked by hand"]
    page = report.page("03_routes", found)
    assert "1.5 of 2" in page and "well" in page and "<script" not in page
    report.write(tmp_path, "03_routes", [found])
    assert (tmp_path / by_hand.NAME).read_text(encoding="utf-8") == table  # never written over


def test_a_table_of_a_spreadsheet_is_read_too(tmp_path: Path, result: dict[str, Any]) -> None:
    found, faults = given(tmp_path, result, "\ufeffstudent;exercise;points;words\nAna;explain;1,5;\n;;;\n")
    assert not faults and found["written"][0]["given"] == 1.5


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("Anna,03.6,1", "line 2: nobody is called 'Anna'"),
        ("Ana,03.1,1", "line 2: Ana has no answer in words '03.1'"),
        ("Ana,03.6,3", "3 points are not between 0 and 2"),
        ("Ana,03.6,nan", "not between"),
        ("Ana,03.6,many", "'many' is no number"),
        ("Ana,03.6,1\nAna,explain,2", "line 3: given twice"),
    ],
)
def test_what_is_wrong_in_the_table_is_named(tmp_path: Path, result: dict[str, Any], row: str, fault: str) -> None:
    assert fault in " ".join(given(tmp_path, result, f"student,exercise,points,words\n{row}\n")[1])


def test_a_table_without_its_columns_is_named(tmp_path: Path, result: dict[str, Any]) -> None:
    assert "no column exercise" in given(tmp_path, result, "student,points\nAna,1\n")[1][0]
    assert by_hand.take(tmp_path / "nowhere", [result]) == ([result], [])
