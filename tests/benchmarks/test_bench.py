"""``start.py bench``: what is listed, how rounds become a table, and one case measured."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH = [sys.executable, "-m", "upgrade101", "bench"]


@pytest.fixture
def room(monkeypatch):
    """Import a module of the benchmark."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def bench(*arguments):
    return subprocess.run([*BENCH, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240)


def measured(room, case, **values):
    """Return a case with these numbers, one for each round."""
    results = {name.replace("_", "-"): [{"value": value} for value in given] for name, given in values.items()}
    return room("contest").Measured(room("cases").ALL[case], results)


def test_every_case_is_listed_once():
    done = bench("--list")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"round-trip", "connect", "messages", "fan-out", "held", "closing", "neighbour", "start-up"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "arguments, advice",
    [(("--case", "nonsense"), "bench --list"), (("--write", "--quick"), "--write wants the whole table")],
)
def test_what_makes_no_sense_is_refused_with_advice(arguments, advice):
    done = bench(*arguments)
    assert done.returncode == 2 and advice in done.stdout


def test_a_message_there_and_back_is_compared_with_a_bare_server():
    done = bench("--quick", "--case", "round-trip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A message through gateway and Lambda and back takes" in done.stdout
    assert "ratio to bare websockets" in done.stdout and "wanted" in done.stdout


def test_what_is_not_installed_is_said_with_the_command_that_installs_it(room, monkeypatch):
    contestants = room("contestants")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("NODE_MODULES", "nowhere")
    monkeypatch.delenv("MINISTACK", raising=False)
    for find in (contestants.ministack, contestants.node_modules):
        find.cache_clear()
    sentences = contestants.missing()
    assert "pip install ministack==" in sentences["ministack"]
    assert "npm install" in sentences["serverless-offline"]


def test_a_ratio_is_taken_round_by_round(room):
    """The machine is twice as slow in the second round, for both: the ratio does not notice."""
    case = measured(room, "round-trip", gateway=[2.0, 4.0], bare=[1.0, 2.0])
    assert case.ratio("bare") == room("contest").Spread(2.0, 2.0, 2.0)
    assert case.reached()


@pytest.mark.parametrize("gateway, reached", [([700.0], True), ([699.0], False)])
def test_more_is_better_where_more_is_better(room, gateway, reached):
    assert measured(room, "connect", gateway=gateway, bare=[1000.0]).reached() is reached


def test_a_case_that_failed_has_no_verdict(room):
    case = room("contest").Measured(room("cases").ALL["round-trip"], {}, {"gateway": "it ended"})
    assert case.reached() is None
    assert "not measured" in "\n".join(room("report").block(case))


def test_what_is_written_by_hand_stays(room, tmp_path):
    report = room("report")
    page = tmp_path / "performance.md"
    page.write_text(f"by hand\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nbelow\n", encoding="utf-8")
    report.write(page, "new")
    assert page.read_text(encoding="utf-8") == f"by hand\n\n{report.BEGIN}\n\nnew\n\n{report.END}\n\nbelow\n"


def test_the_table_has_a_row_for_each_case(room):
    rows = [measured(room, "round-trip", gateway=[0.2], bare=[0.1]), measured(room, "neighbour", gateway=[1.0])]
    table = room("report").markdown(["bare", "gateway"], rows).splitlines()
    assert len(table) == 4 and len({line.count("|") for line in table}) == 1
    assert "| ≤ 2 | yes |" in table[2] and "| ≤ 5 ms | yes |" in table[3]


def test_the_picture_says_in_words_what_it_shows(room, tmp_path):
    case = measured(room, "connect", gateway=[750.0], bare=[1000.0], ministack=[10.0])
    words = room("picture").draw([case], tmp_path / "performance.svg")
    drawn = (tmp_path / "performance.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(drawn)
    assert "prefers-color-scheme:dark" in drawn and "aria-label" in drawn
    assert "this gateway 0.75" in words and "MiniStack 0.01" in words


@pytest.mark.parametrize("name", ["clients", "contest", "report"])
def test_examples_run(room, name):
    found = doctest.testmod(room(name))
    assert found.attempted and not found.failed
