"""The course on another cloud: which cells differ, which of them are expected to, and what the page says of it."""

import io
from pathlib import Path

import pytest
from notebook_kit import code, document
from rich.console import Console
from typer.testing import CliRunner

from upgrade101 import ConfigurationError
from upgrade101.__main__ import app
from upgrade101.authoring import elsewhere, elsewhere_table
from upgrade101.authoring.clouds import Cloud
from upgrade101.authoring.elsewhere import DIFFERENT, FAILED, OK, Difference, Notebook, environment, fault_of, judge
from upgrade101.authoring.run import Ran
from upgrade101.course.predict import Predict
from upgrade101.course.questions import predictions
from upgrade101.course.store import Store

COURSE = Path(__file__).parents[2]
MOTO = Cloud("moto")


@pytest.fixture
def course(tmp_path):
    """Write lesson 90 with these cells, a list and a page into a course of its own; return its root."""

    def write(*sources, listed=""):
        (tmp_path / "notebooks").mkdir()
        (tmp_path / "docs").mkdir()
        cells = [code(f"cell-{place}", source) for place, source in enumerate(sources, 1)]
        (tmp_path / "notebooks" / "90_test.ipynb").write_text(document(cells), encoding="utf-8")
        (tmp_path / elsewhere.LIST).write_text(listed, encoding="utf-8")
        marks = f"# Clouds\n\n{elsewhere_table.BEGIN}\nold\n{elsewhere_table.END}\n\nThe end.\n"
        (tmp_path / elsewhere_table.PAGE).write_text(marks, encoding="utf-8")
        return tmp_path

    return write


def listed(*cells, sometimes=False, cloud="moto"):
    return Difference(cloud, "It hums.", "Hum along.", {"90": cells}, sometimes)


def verdicts(cells, *differences):
    done = judge(Notebook("90", Path("90_test.ipynb")), cells, 1.0, differences)
    return done.verdicts, done.faults


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FINE = Ran("fine", "1", done=True)
BROKEN = Ran("broken", "1 / 0", done=True, error="ZeroDivisionError: division by zero")


def test_a_cell_that_fails_must_be_listed():
    assert verdicts([FINE, BROKEN]) == ({"fine": OK, "broken": FAILED}, {"broken": BROKEN.error})
    assert verdicts([FINE, BROKEN], listed("broken")) == ({"fine": OK, "broken": DIFFERENT}, {})


def test_a_cell_that_is_listed_must_fail_unless_it_does_so_only_sometimes():
    said, faults = verdicts([FINE], listed("fine"))
    assert said == {"fine": FAILED}
    assert "it is as on AWS" in faults["fine"]
    assert verdicts([FINE], listed("fine", sometimes=True)) == ({"fine": OK}, {})
    assert verdicts([BROKEN], listed("broken", sometimes=True)) == ({"broken": DIFFERENT}, {})


def test_a_cell_that_never_ends_fails():
    assert verdicts([Ran("endless", "while True: pass")])[1] == {"endless": "it never finished"}


def test_a_reveal_with_another_answer_differs_and_one_with_the_lessons_does_not(tmp_path, capsys):
    prediction = predictions("03")["03.a"]
    predict = Predict(Store(tmp_path / "progress.json"))
    other = next(letter for letter in prediction.options if letter != prediction.answer)
    said = []
    for letter in (other, prediction.answer):
        predict.reveal("03.a", seen=letter)
        said.append(fault_of(Ran("reveal", "", done=True, text=capsys.readouterr().out)))
    assert said == [f"the run showed {other}, and the lesson expects {prediction.answer}", ""]


# ── a run ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


def shown(root, console):
    notebooks = elsewhere.notebooks(root, with_labs=False)
    code = elsewhere_table.show(notebooks, MOTO, elsewhere.differences(root), console)
    return code, console.file.getvalue()


LISTED = '[[moto]]\nwhat = "It hums."\ninstead = "Hum along."\ncells = { 90 = ["cell-2"] }\n'


def test_what_is_listed_may_fail_and_the_table_counts_it(course, console):
    root = course("from upgrade101 import cloud\ncloud.start()", "1 / 0", "cloud.stop()", listed=LISTED)
    status, said = shown(root, console)
    assert status == 0
    assert said.splitlines()[-1].split()[:6] == ["in", "all", "3", "2", "1", "0"]


def test_what_is_not_listed_fails_the_run_and_is_named(course, console):
    status, said = shown(course("1", "2", "{}['soup']", listed=LISTED), console)
    assert status == 1
    assert "cell-3: KeyError: 'soup'" in said
    assert "cell-2: it is listed in docs/other-clouds.toml, and it is as on AWS" in said


def test_a_notebook_whose_cloud_does_not_start_ends_there_with_one_failure(course, console):
    start = "from upgrade101 import cloud\ncloud.start('http://127.0.0.1:1')"
    root = course("1", start, *("import time; time.sleep(60)",) * 9, listed=LISTED.replace("cell-2", "cell-9"))
    status, said = shown(root, console)
    assert status == 1
    assert said.count("NotStarted: nobody answers at http://127.0.0.1:1") == 1
    assert said.splitlines()[-1].split()[:6] == ["in", "all", "2", "1", "0", "1"]


def test_a_cloud_that_does_not_start_is_one_sentence(course, console, monkeypatch):
    def dead(self):
        raise ConfigurationError("it does not answer", hint="run it by hand")

    monkeypatch.setattr(Cloud, "running", dead)
    assert shown(course("1"), console)[0] == 1
    assert "it does not answer → run it by hand" in console.file.getvalue()


def test_what_outlives_a_run_is_written_down_where_clean_up_looks(tmp_path, monkeypatch):
    monkeypatch.delenv("UPGRADE101_LEDGER", raising=False)
    here = environment(MOTO, "moto", tmp_path)
    there = environment(Cloud("aws"), "aws", tmp_path)
    assert "UPGRADE101_LEDGER" not in here and here["AWS_PROFILE"] == ""
    assert Path(there["UPGRADE101_LEDGER"]) == Path.home() / ".upgrade101" / "runs"
    assert "AWS_PROFILE" not in there
    monkeypatch.setenv("UPGRADE101_LEDGER", "books")
    assert environment(Cloud("x", "http://127.0.0.1:1"), "", tmp_path)["UPGRADE101_LEDGER"] == "books"


def test_the_command_names_the_clouds_and_the_lessons():
    said = CliRunner().invoke(app, ["elsewhere", "azure"])
    assert said.exit_code == 1
    assert "there is no cloud 'azure'" in said.stderr
    said = CliRunner().invoke(app, ["elsewhere", "moto", "--only", "99"])
    assert said.exit_code == 1
    assert "there is no lesson 99" in said.stderr


# ── the list and the page ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_names_cells_that_are_there_and_each_once():
    assert elsewhere.listed_wrongly(COURSE) == []


def test_what_the_list_names_wrongly_is_found(monkeypatch):
    twice = [listed("cell-1", "cell-1", "nowhere", cloud="there"), listed("cell-1", cloud="here")]
    monkeypatch.setattr(elsewhere, "differences", lambda root: twice)
    monkeypatch.setattr(elsewhere, "notebooks", lambda root: [Notebook("90", Path("90_test.ipynb"))])
    monkeypatch.setattr(elsewhere, "code_cells", lambda path: [Ran("cell-1", "")])
    assert elsewhere.listed_wrongly(COURSE) == ["there: 90 cell-1 is listed twice", "there: 90 has no cell nowhere"]


def test_a_list_that_cannot_be_read_is_one_sentence(course):
    root = course(listed='[[moto]]\nwat = "?"\n')
    with pytest.raises(ConfigurationError, match=r"docs/other-clouds\.toml: .*'wat'"):
        elsewhere.differences(root)


def test_the_page_of_the_course_is_as_its_list():
    text = (COURSE / elsewhere_table.PAGE).read_text(encoding="utf-8")
    assert text == elsewhere_table.page(COURSE, elsewhere.differences(COURSE)), "python3 start.py elsewhere --write"


def test_the_page_gets_a_row_for_each_difference_and_keeps_the_rest(course):
    root = course(listed=LISTED)
    said = elsewhere_table.page(root, elsewhere.differences(root))
    assert "| It hums. | 90: `cell-2` | Hum along. |\n" in said
    assert "old" not in said
    assert said.startswith("# Clouds\n") and said.endswith("The end.\n")
    assert elsewhere_table.page(root, elsewhere.differences(root)) == said


def test_a_page_without_its_marks_is_refused(course):
    root = course()
    (root / elsewhere_table.PAGE).write_text("# Clouds\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lost its marks"):
        elsewhere_table.page(root, [])
