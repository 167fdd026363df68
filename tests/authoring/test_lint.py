import json
from dataclasses import replace
from pathlib import Path

import pytest
from notebook_kit import AWS, IDEA, SENTENCE, code, document, markdown, opening
from typer.testing import CliRunner

from upgrade101.__main__ import app
from upgrade101.authoring.lint import lint, notebooks_in, root
from upgrade101.authoring.reading import count_words, read
from upgrade101.course.questions import Option

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

LONG = "words and more " * 60
CHECKED = "checked against AWS's documentation on"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_holds_the_limits(lesson):
    assert [fault.words(ROOT) for fault in lint(lesson)] == []


@pytest.fixture
def faults(write, on_record, tmp_path):
    def faults(cells):
        return [fault.words(tmp_path) for fault in lint(write(cells))]

    return faults


def test_a_lesson_that_holds_every_limit_has_no_fault(cells, faults):
    assert faults(cells) == []


def replaced(cells, id, cell):
    return [cell if known["id"] == id else known for known in cells]


CHANGED = [
    # the third cell
    (code("start", "x = 1"), "the third cell is not the start"),
    (code("start", "cloud.start()\na\nb\nc\nd"), "the third cell is not the start"),
    # the opening
    (markdown("title", "# A title\n\nyou are here"), "the first cell is no title"),
    (markdown("title", "# 90 · A title"), "the title does not say where we are"),
    (markdown("title", f"# 90 · A title\n\nyou are here {LONG}"), "186 words → at most 60"),
    (markdown("title", "# 90 · A title\n\nLesson 90 of 13 · you are here: at a test."), "the title does not say where"),
    (markdown("title", "# 90 · A title\n\nLesson 9 of 13 · you are here: **a test**"), "the title does not say where"),
    (markdown("table", opening(to=None, time=None, cost=None)), "lacks You will be able to, Time, Cost"),
    (markdown("table", "\n".join(reversed(opening().splitlines()))), "has the rows Cost, Time, You need"),
    (markdown("table", opening(do="Build a test")), "You will do: 'Build a test' → one thing, by its verb"),
    (markdown("table", opening(do="build a test.")), "no capital, no full stop"),
    (markdown("table", opening(to="find faults; name them; mend them")), "three to five things one can see"),
    (markdown("table", opening(to="find faults · name them")), "three to five things one can see"),
    (markdown("table", opening(need="Lesson 89.")), "You need: 'Lesson 89.'"),
    (markdown("table", opening(time="an hour")), "Time: 'an hour' → 40 minutes, and 45 for the lab"),
    (markdown("table", opening(cost="none")), "Cost: 'none' → none, no account (on AWS: …)"),
    # prose
    (markdown("idea-a", f"## 1 · Idea\n\n{LONG}"), "182 words to begin a section → at most 70"),
    (markdown("why-a", f"**Why** {LONG}"), "181 words after “Why” → at most 120"),
    (markdown("idea-a", f"#### 1 · An idea\n\n{IDEA}"), "'1 · An idea' skips a level → use ## here"),
    (markdown("idea-a", f"# 1 · An idea\n\n{IDEA}"), "2 headings of level 1"),
    (markdown("hook", f"{IDEA} ![](a.svg)"), "the picture a.svg has no alt text"),
    (markdown("hook", f'{IDEA} <img src="a.svg">'), "an <img> has no alt text"),
    (markdown("hook", f"{IDEA} ![diagram](a.svg)"), "the alt text 'diagram' does not say what a.svg shows"),
    (markdown("hook", f"{IDEA} <svg><path/></svg>"), "an <svg> has no title"),
    (markdown("hook", f"{IDEA} <svg><title>Two lines</title></svg>"), ""),
    (markdown("hook", f"{IDEA}\n\n- ✅\n- ⚠️ careful"), "'- ✅' says it with a sign alone → add the word"),
    (markdown("hook", f"{IDEA}\n\n- ✅ done\n- → on\n\n| a → b | … |\n"), ""),
    (markdown("hook", f"{IDEA} [here](https://example.com)"), "a link is called 'here'"),
    (markdown("hook", f"{IDEA} in /home/ana/course"), "an absolute path (/home/…)"),
    # code
    (code("small-a", "x = 1\n" * 26), "26 lines of code → at most 25"),
    (code("now-a", "y = 1"), "the third code cell in a row"),
    (code("small-a", "x = '" + 100 * "x" + "'"), "a line of 106 columns → at most 105"),
    (code("small-a", "x ="), "is no Python: invalid syntax"),
    (code("small-a", "asyncio.run(main())"), "asyncio.run in a kernel that has a loop"),
    (code("small-a", "import nest_asyncio"), "nest_asyncio drops queued cells"),
    (code("small-a", "time.sleep(0.5)"), "sleeps 0.5 s → at most 0.2 s"),
    (code("small-a", "name = input()"), "input() stops Run All"),
    (
        code("small-a", "def say(event, context):\n    return cloud"),
        "a handler uses cloud, which its cell does not import",
    ),
    # what is kept of a run
    ({**code("small-a", "x"), "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}, "has outputs"),
    ({**code("small-a", "x"), "execution_count": 3}, "has an execution count"),
    (code("small-a", "x", collapsed=True), "has metadata collapsed"),
    # ids
    (code("Small_A", "x"), "the id 'Small_A' is no slug"),
    (code("3fa85f64", "x"), "the id says nothing"),
    (code("small-b", "x"), "two cells have this id"),
    # predictions
    (markdown("predict-a", "No question"), "2 predictions → at least 3"),
    (markdown("predict-a", "**Predict 90.z** What?"), "nothing is known about 90.z"),
    (markdown("predict-a", "**Predict 90.a** What?\n\n- **A** this"), "options A → the record has A, B"),
    (code("guess-a", 'guess = "B"\npredict("90.a", guess)'), "a guess is given away"),
    (code("guess-a", "x = 1"), "the next cell does not take the guess"),
    (code("run-a", "x = 1"), "90.a is not revealed once, after the guess"),
    (code("small-a", 'predict.reveal("90.a")'), "90.a is not revealed once, after the guess"),
    (code("run-a", 'predict.reveal("90.a", seen="A")'), "the answer to 90.a is written down → work out seen=…"),
    (markdown("now-a", "Now run it.\n\n**Why** It is."), "explains 90.a before it is revealed → put it below"),
    (markdown("predict-b", "**Why** It was.\n\n**Predict 90.b** What?\n\n- **A** This\n- **B** That"), ""),
    # the end
    (markdown("break", IDEA), "“Break it on purpose” is missing"),
    (markdown("aws", f"**On real AWS** {IDEA} {AWS}."), "no date → Checked against AWS's documentation on"),
    (markdown("aws", f"**On real AWS** {IDEA} {AWS}, checked on 2026-11-22."), "no date"),
    (markdown("aws", f"**On real AWS** {IDEA} {CHECKED} 2026-11-22."), "no address → link each claim"),
    (markdown("aws", f"**On real AWS** {IDEA} [Here](../docs/parity.md), {CHECKED} 2026-11-22."), "no address"),
    (markdown("aws", f"**On real AWS** {IDEA} {AWS}, {CHECKED} 2026-11-31."), "2026-11-31 is no day that has been"),
    (markdown("aws", f"**On real AWS** {IDEA} {AWS}, {CHECKED} 9026-11-22."), "9026-11-22 is no day that has been"),
    (markdown("aws", f"**On real AWS** {IDEA} {AWS}, {CHECKED} YYYY-MM-DD."), "YYYY-MM-DD is no day that has been"),
    (markdown("aws", f"**On real AWS** {IDEA} ({AWS}, {CHECKED} 2026-11-22)"), ""),
    (code("summary", "x = 1"), "no summary of the predictions"),
    (code("end", "cloud.stop()"), "the last cell does not close everything"),
    (markdown("hook", f"**Key points** {IDEA}\n\n**Next** {IDEA}"), ""),
]


@pytest.mark.parametrize(
    ("cell", "said"), CHANGED, ids=lambda value: value[:40] if isinstance(value, str) else value["id"]
)
def test_what_is_wrong_is_named_with_what_to_do(cells, faults, cell, said):
    place = {"Small_A": "small-a", "3fa85f64": "small-a", "small-b": "small-a"}.get(cell["id"], cell["id"])
    found = faults(replaced(cells, place, cell))
    assert any(said in fault for fault in found) if said else not found, found


def test_a_finding_names_file_and_cell(cells, faults):
    found = faults(replaced(cells, "small-a", code("small-a", "input()")))
    assert found == [
        "notebooks/90_test.ipynb [small-a]: input() stops Run All → take the answer from a variable",
    ]


def test_a_lesson_may_be_neither_too_short_nor_too_long(cells, faults):
    assert any("37 cells → grow to 40–60" in fault for fault in faults([*cells[:3], *cells[-34:]]))
    more = [markdown(f"more-{number}", IDEA) for number in range(30)]
    found = faults([*cells[:4], *more, *cells[4:]])
    assert any("75 cells → cut to 40–60" in fault for fault in found)
    assert any("words of prose → cut to 1500–2500" in fault for fault in found)


def test_most_code_cells_are_short(cells, faults):
    longer = [code(cell["id"], "x = 1\n" * 14) if cell["id"].startswith("small") else cell for cell in cells]
    assert any("more than one code cell in ten is over 12 lines (small-a, small-b" in fault for fault in faults(longer))


def test_a_record_without_its_question_is_found(cells, faults, on_record):
    on_record["90.d"] = on_record["90.a"]
    assert any("90.d is in lesson90.toml and not asked here" in fault for fault in faults(cells))


def test_a_record_sends_learners_to_the_section_that_asks(cells, faults, on_record):
    on_record["90.b"] = replace(on_record["90.b"], section="2 · Another idea")
    on_record["90.a"] = replace(on_record["90.a"], section="1 · An idea")
    (found,) = faults(cells)
    assert "[predict-b]: 90.b sends learners to '2 · Another idea' → section = '2 · An idea' in" in found


ANSWER = "the gateway closes the line with 1009"
WHY = "A message of more than 128 KB is too much, and nobody can ask AWS for more."


@pytest.fixture
def telling(on_record):
    """A record whose answer and whose explanations have words enough to be known again."""
    options = {"A": Option(f"Then {ANSWER}", WHY), "B": Option("Nobody hears of it", "A quota is never silent.")}
    on_record["90.b"] = replace(on_record["90.b"], question="A client sends 129 KB. What then?", options=options)


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("small-a", f"# {ANSWER}"),
        ("hook", f"{IDEA} In the end **{ANSWER}**."),
        ("idea-b", f"## 2 · An idea\n\n{WHY}"),
    ],
)
def test_what_answers_a_question_stands_below_it(cells, faults, telling, id, said):
    (found,) = faults(replaced(cells, id, (code if id.startswith("small") else markdown)(id, said)))
    assert f"[{id}]: answers 90.b, which is asked below: “" in found and found.endswith("say it below")


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("why-b", f"**Why** {WHY}"),  # below
        ("hook", f"{IDEA} A client sends 129 KB. What then? Nobody hears of it."),  # the question, and a wrong option
        ("hook", f"{IDEA} A message of more than 128 KB."),  # a few words that everybody uses
    ],
)
def test_what_answers_nothing_may_stand_above(cells, faults, telling, id, said):
    assert faults(replaced(cells, id, markdown(id, said))) == []


def test_each_section_that_runs_a_loop_allows_it(cells, faults):
    allow = "import nest_asyncio2\nnest_asyncio2.apply()\n"
    once = replaced(cells, "small-a", code("small-a", allow))
    elsewhere = replaced(once, "small-b", code("small-b", "asyncio.run(main())"))
    assert any("[small-b]: asyncio.run in a kernel that has a loop" in fault for fault in faults(elsewhere))
    start = code("start", f"from upgrade101 import cloud\n{allow}cloud.start()")
    assert faults(replaced(replaced(cells, "start", start), "small-b", code("small-b", "asyncio.run(main())"))) == []


def test_few_cells_of_prose_are_long(cells, faults):
    longer = [markdown(cell["id"], SENTENCE * 7) if cell["id"].startswith(("look", "so")) else cell for cell in cells]
    assert any(
        "more than one cell of prose in ten is over 130 words (look-a, so-a" in fault for fault in faults(longer)
    )


def test_a_file_that_somebody_is_writing_is_a_fault_and_never_an_error(write, cells, on_record):
    text = document(cells)
    whole = json.loads(text)
    for end in range(0, len(text), 997):
        assert lint(write(text[:end] or " "))
    for broken in (None, 7, [], {}):
        for key in whole:
            lint(write(json.dumps({**whole, key: broken})))
        for key in whole["cells"][0]:
            lint(write(json.dumps({**whole, "cells": [{**cell, key: broken} for cell in whole["cells"]]})))
        lint(write(json.dumps(broken)))
    for count in range(len(cells)):
        lint(write(cells[:count]))


def test_a_file_that_has_gone_is_a_fault(tmp_path):
    (found,) = lint(tmp_path / "notebooks" / "90_gone.ipynb")
    assert "is no notebook" in found.what


def test_the_last_cells_have_an_order(cells, faults):
    swapped = replaced(replaced(cells, "aws", markdown("x", f"**Next** {IDEA}")), "next", markdown("aws", IDEA))
    assert any("the last cells are out of order" in fault for fault in faults(swapped))


def test_lines_end_as_everywhere(cells, faults):
    assert any("CRLF" in fault for fault in faults(document(cells).replace("\n", "\r\n")))


def test_a_script_may_run_a_loop_where_the_successor_of_nest_asyncio_allows_it(cells, faults):
    allowed = replaced(
        cells, "small-a", code("small-a", "import nest_asyncio2\nnest_asyncio2.apply()\nasyncio.run(main())")
    )
    assert faults(allowed) == []


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\ndef say(event, context):\n    asyncio.run(main())",
        "with fails(RuntimeError):\n    asyncio.run(main())",
        "try:\n    asyncio.run(main())\nexcept RuntimeError as error:\n    print(error)",
    ],
    ids=["in a handler", "announced", "caught"],
)
def test_a_loop_may_be_run_in_a_function_of_the_cloud_and_where_it_is_meant_to_fail(cells, faults, source):
    assert faults(replaced(cells, "small-a", code("small-a", source))) == []
    found = faults(replaced(cells, "small-a", code("small-a", f"{source}\nasyncio.run(main())")))
    assert found and all("asyncio.run in a kernel that has a loop" in fault for fault in found)


def test_magics_and_a_top_level_await_are_python(cells, faults):
    assert faults(replaced(cells, "small-a", code("small-a", "%time\nawait something()"))) == []


def test_what_is_no_notebook_is_said_to_be_none(write, tmp_path):
    (found,) = lint(write("{}"))
    assert "is no notebook" in found.words(tmp_path)


def test_words_are_what_a_reader_reads():
    assert count_words("| a | **b** |\n|---|---|\n\n```\nno code here\n```\n\n<br> c · d") == 4


def test_the_notebooks_of_a_folder_are_found_without_checkpoints(write, cells, tmp_path):
    path = write(cells)
    (tmp_path / "notebooks" / ".ipynb_checkpoints").mkdir()
    write(cells, ".ipynb_checkpoints/90_test-checkpoint.ipynb")
    assert list(notebooks_in([tmp_path])) == [path]
    assert root(path.parent) == tmp_path
    assert read(path).number == "90"


def test_the_course_is_found_from_another_folder_where_start_py_was_called(tmp_path, monkeypatch):
    elsewhere = tmp_path / "handed_in"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert root() == elsewhere.resolve()
    monkeypatch.setenv("UPGRADE101_COURSE", str(ROOT))
    assert root() == ROOT and root(elsewhere) == elsewhere.resolve()
    (elsewhere / "notebooks").mkdir()
    assert root() == elsewhere.resolve()


def test_the_command_prints_one_line_a_fault_and_fails(write, cells):
    path = write(replaced(cells, "small-a", code("small-a", "input()")))
    ran = CliRunner().invoke(app, ["lint", str(path)])
    assert ran.exit_code == 1
    assert "[small-a]: input() stops Run All" in ran.output
