"""The lines of a function's log, as Lambda writes them."""

import json

import pytest

from upgrade101.account.lines import read


def told(message):
    return [(each.what, each.text, each.request_id) for each in read("echo", message, 1.0)]


REPORT = "REPORT RequestId: 7-a\tDuration: 2.47 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t"
TRACE = "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("START RequestId: 7-a Version: $LATEST\n", [("started", "started", "7-a")]),
        ("END RequestId: 7-a\n", []),
        (REPORT, [("ended", "ended after 2.47 ms", "7-a")]),
        (f"{REPORT}Init Duration: 98.10 ms\t\n", [("ended", "ended after 2.47 ms, 98.10 ms to start before", "7-a")]),
        ("INIT_START Runtime Version: python:3.12.v1\n", []),
        ("hello Ana\n", [("said", "hello Ana", "")]),
        ('{"action": "say"}\n', [("said", '{"action": "say"}', "")]),
        ('{"type": "say"}\n', [("said", '{"type": "say"}', "")]),
        ("\n", []),
        (TRACE, [("failed", TRACE, "")]),
        ("2026-11-22T18:00:00Z 7-a Task timed out after 3.00 seconds\n\n",
         [("failed", "2026-11-22T18:00:00Z 7-a Task timed out after 3.00 seconds", "")]),
        ("RequestId: 7-a Error: Runtime exited with error: exit status 1",
         [("failed", "RequestId: 7-a Error: Runtime exited with error: exit status 1", "")]),
    ],
)  # fmt: skip
def test_in_the_text_format(message, expected):
    assert told(message) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"time": "t", "type": "platform.start", "record": {"requestId": "7"}}, [("started", "started", "7")]),
        (
            {"type": "platform.report", "record": {"requestId": "7", "metrics": {"durationMs": 2.5}}},
            [("ended", "ended after 2.5 ms", "7")],
        ),
        ({"type": "platform.initStart", "record": {}}, []),
        (
            {"timestamp": "t", "level": "INFO", "message": "hello", "requestId": "7"},
            [("said", "hello", "7")],
        ),
        (
            {
                "timestamp": "t",
                "level": "ERROR",
                "errorType": "KeyError",
                "errorMessage": "'body'",
                "stackTrace": ["x"],
            },
            [("failed", "KeyError: 'body'\nx", "")],
        ),
    ],
)
def test_in_the_json_format(event, expected):
    assert told(json.dumps(event)) == expected
