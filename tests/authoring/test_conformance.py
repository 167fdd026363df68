"""Rows of docs/parity.md, tried on a cloud: here every one of them holds, and what differs is shown and fails."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from upgrade101 import cloud
from upgrade101.__main__ import app
from upgrade101.authoring import conformance, conformance_table
from upgrade101.authoring.conformance import PROBES, Probe

ROOT = Path(__file__).parents[2]


def shown(where="moto", out=None):
    said = io.StringIO()
    code = conformance_table.show(ROOT, where, out, Console(file=said, width=200))
    return code, said.getvalue()


def test_every_probe_is_a_row_of_the_table_and_none_is_there_twice():
    words = conformance_table.words_of(ROOT)
    assert len(PROBES) >= 35
    assert [probe.row for probe in PROBES if words.get(probe.row) not in ("same", "chosen")] == []
    assert len({probe.row for probe in PROBES}) == len(PROBES)


def test_every_row_holds_here_and_nothing_is_left_running(tmp_path, capsys):
    code, said = shown(out=tmp_path / "reports" / "parity.md")
    assert code == 0, said
    assert f"{len(PROBES)} same, 0 different" in said and not cloud.is_running()
    report = (tmp_path / "reports" / "parity.md").read_text(encoding="utf-8")
    assert report.count("\n| ") == len(PROBES) + 1
    assert "| A binary message closes the connection with 1003 | same | same | `1003` | `1003` |" in report
    assert "taken away: 2 × API" in capsys.readouterr().out


def test_what_differs_is_shown_with_both_answers_comes_first_in_the_report_and_fails(monkeypatch, tmp_path):
    def breaks(stage):
        raise OSError("the line is cut")

    rows = [
        Probe("A stage is the same", 1, lambda stage: 1),
        Probe("Another | number", [1, 2], lambda stage: [2]),
        Probe("Nothing to see", 1, breaks),
    ]
    monkeypatch.setattr(conformance, "PROBES", rows)
    code, said = shown(out=tmp_path / "report.md")
    assert code == 1 and "1 same, 2 different" in said
    assert "different  Another | number\n           here [1, 2], there [2]" in said
    lines = (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()[4:]
    assert [line.split(" | ")[-3] for line in lines] == ["different", "different", "same"]
    assert "OSError: the line is cut" in lines[1]


def test_a_stage_that_refuses_at_first_is_waited_for(monkeypatch):
    refusals = [InvalidStatus(Response(403, "Forbidden", Headers())), OSError("no such host")]
    connect, waited = cloud.connect, []

    def slow(url, **options):
        if refusals:
            raise refusals.pop()
        return connect(url, **options)

    monkeypatch.setattr(cloud, "connect", slow)
    monkeypatch.setattr(conformance.time, "sleep", waited.append)
    monkeypatch.setattr(conformance, "PROBES", [Probe("open", 1, lambda stage: 1)])
    assert shown()[0] == 0 and len(waited) == 2


def test_one_that_never_opens_is_an_error_and_everything_is_deleted(monkeypatch, capsys):
    def never(url, **options):
        raise OSError("no such host")

    monkeypatch.setattr(cloud, "connect", never)
    monkeypatch.setattr(conformance, "_PATIENCE", -1)
    with pytest.raises(OSError, match="no such host"):
        shown()
    assert not cloud.is_running() and "taken away: 2 × API" in capsys.readouterr().out


def test_a_cloud_that_does_not_start_is_a_sentence():
    result = CliRunner().invoke(app, ["conform", "mars"])
    assert result.exit_code == 1 and "there is no cloud called 'mars'" in result.output
