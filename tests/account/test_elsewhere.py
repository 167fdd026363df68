"""A notebook on another cloud: what its wire log shows all the same, and what is skipped with a sentence."""

import json
import linecache
import re
import time
from pathlib import Path

import pytest
from moto import mock_aws

from upgrade101 import cloud, connect, websocket_api, wire
from upgrade101.gateway.limits import Limits

ROOT = Path(__file__).parents[2]


@pytest.fixture
def there(served, capsys):
    cloud.start(served, quiet=True)
    yield served
    cloud.stop()


def run(cells, names):
    """Run cells as a notebook does, so that functions in them can be packaged."""
    for number, cell in enumerate(cells):
        name = f"<cell {number} of {id(names)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), names)
    return names


HANDLER = """
def answer(event, context):
    print("asked for", event["body"])
    return {"statusCode": 200, "body": str(1 / int(event["body"]))}
"""


def test_the_functions_logs_stand_between_the_lines_of_the_clients(there):
    api = websocket_api("divide", {"$default": run([HANDLER], {})["answer"]}, two_way=("$default",))
    wire.clear()
    with connect(api.url) as ws:
        for number in ("4", "0"):
            ws.send(number)
            ws.recv(timeout=20)
            time.sleep(0.05)  # logs tell of whole milliseconds
    words = wire.text(arrows=None)
    steps = [r"gateway +4", r"divide-answer +started", r"printed asked for 4", r"ended after", r"→ client A +0\.25"]
    steps += [r"printed asked for 0", r"ZeroDivisionError: division by zero", r"Internal server error"]
    assert re.search(".*".join(steps), words, re.DOTALL), words
    assert "Unseen: routes" in words.splitlines()[-1]
    assert "FilterLogEvents" not in str(wire.happenings())


def test_the_notebooks_own_posts_are_drawn(there):
    api = websocket_api("board", {"$connect": None, "$default": run([HANDLER], {})["answer"]})
    line = api.connections
    wire.clear()
    with connect(api.url), pytest.raises(line.exceptions.GoneException):
        line.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data="nobody")
    assert re.search(r"notebook +→ @connections +POST /@connections/AAAAAAAAAAAAAAA= +410", wire.text())


def test_on_moto_the_gateway_tells_of_posts_once_and_nothing_is_unseen(capsys):
    cloud.start("moto", quiet=True)
    try:
        api = websocket_api("board", {"$connect": None})
        line = api.connections
        wire.clear()
        with connect(api.url), pytest.raises(line.exceptions.GoneException):
            line.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data="nobody")
        words = wire.text()
    finally:
        cloud.stop()
    assert words.count("POST") == 1
    assert "Unseen" not in words


def test_what_a_lesson_does_with_the_clock_goes_through_with_a_sentence(there, monkeypatch, capsys):
    """Lesson 08 moves the clock in two of its cells; their answers are not judged where it does not move."""
    monkeypatch.setattr("upgrade101.clock.running_cell", lambda: 1)
    monkeypatch.setenv("CLOUD", there)
    document = json.loads((ROOT / "notebooks/08_lifecycle.ipynb").read_text(encoding="utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"}
    at = list(cells)
    wanted = ["start", *at[at.index("silence-run") - 1 : at.index("reveal-08-b") + 1]]
    run([cells[id] for id in wanted if "predict-" not in id], {})
    said = capsys.readouterr().out
    assert f"clock: nobody moves the clock of {there}, so no time has passed" in said
    assert said.count("clock: nobody") == 1, "once in a cell"
    assert "180 minutes by our clock" in said


def test_chaos_latency_and_limits_are_skipped_with_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("UPGRADE101_YES", "1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("UPGRADE101_LEDGER", str(tmp_path))
    with mock_aws():
        cloud.start("aws", limits=Limits())
        try:
            with cloud.chaos(seed=7) as storm, cloud.latency(connections_ms=15):
                pass
            cloud.latency.off()
            assert cloud.settle()
            assert not cloud.latency.is_on and "no blow fell" in repr(storm)
        finally:
            cloud.stop()
    said = capsys.readouterr().out
    for words in (
        "chaos: AWS has days of its own",
        "latency: AWS takes its own time",
        "limits and functions are moto's",
    ):
        assert words in said
