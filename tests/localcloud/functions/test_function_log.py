"""What functions print and log: in CloudWatch Logs, and for those who listen."""

import contextlib
import io
import logging
import re
import sys
import threading

import pytest

from upgrade101.localcloud.functions import function_log, log_shelf

HELLO = "def handler(event, context):\n    print('hello', event.get('n', ''))\n"
REQUEST = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture
def heard(cloud):
    """What a listener heard: function, request, text."""
    said: list[tuple[str, str, str]] = []
    cloud.functions.on_log.append(lambda *saying: said.append(saying))
    return said


def test_the_log_is_there_as_soon_as_the_answer_is(cloud):
    arn = cloud.create(HELLO)
    for n in range(20):
        cloud.call(arn, {"n": n})
        assert f"hello {n}\n" in cloud.log()


def test_the_log_of_an_invocation_has_the_lines_it_has_on_aws(cloud):
    arn = cloud.create(HELLO)
    cloud.call(arn, {"n": 1})
    cloud.call(arn, {"n": 2})
    cold, warm = cloud.log()[:4], cloud.log()[4:]
    assert cold[1] == "hello 1\n"
    assert re.fullmatch(rf"START RequestId: {REQUEST} Version: \$LATEST\n", cold[0])
    assert re.fullmatch(rf"END RequestId: {REQUEST}\n", cold[2])
    assert re.fullmatch(
        rf"REPORT RequestId: {REQUEST}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Init Duration: \d+\.\d\d ms\t\n",
        cold[3],
    )
    assert "Init Duration" not in warm[3]


def test_an_environment_has_a_stream_of_its_own(cloud):
    arn = cloud.create("def handler(event, context):\n    return context.log_stream_name\n")
    first, again = cloud.call(arn).payload, cloud.call(arn).payload
    cloud.update("def handler(event, context):\n    return context.log_stream_name\n")
    second = cloud.call(arn).payload
    assert first == again != second
    logs = cloud.client("logs")
    streams = logs.describe_log_streams(logGroupName="/aws/lambda/chat")["logStreams"]
    assert {stream["logStreamName"] for stream in streams} == {first, second}
    events = logs.get_log_events(logGroupName="/aws/lambda/chat", logStreamName=first, startFromHead=True)["events"]
    assert [event["message"].split(" ")[0] for event in events] == ["START", "END", "REPORT"] * 2


def test_everything_that_is_printed_is_kept_line_by_line(cloud):
    source = (
        "import pprint, sys, traceback\n"
        "def handler(event, context):\n"
        "    print('a', end='')\n"
        "    print('b', 'c', sep='-')\n"
        "    print('two\\nlines')\n"
        "    print('to stderr', file=sys.stderr)\n"
        "    sys.stdout.write('written\\n')\n"
        "    pprint.pprint({'p': 1})\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        traceback.print_exc()\n"
        "    print('no newline', end='')\n"
    )
    cloud.answer(source)
    log = cloud.log()[1:-2]
    assert log[:6] == ["ab-c\n", "two\n", "lines\n", "to stderr\n", "written\n", "{'p': 1}\n"]
    assert '  File "/var/task/app.py", line 10, in handler\n' in log
    assert log[-2:] == ["ZeroDivisionError: division by zero\n", "no newline\n"]


def test_what_is_printed_while_importing_is_in_the_first_invocations_log(cloud):
    cloud.answer("print('cold')\n" + HELLO)
    assert [line.split(" ")[0].strip() for line in cloud.log()] == ["START", "cold", "hello", "END", "REPORT"]


def test_logging_looks_as_on_aws(cloud):
    source = (
        "import logging\n"
        "logger = logging.getLogger(__name__)\n"
        "def handler(event, context):\n"
        "    logger.info('not yet')\n"
        "    logger.warning('at %s', 'last')\n"
        "    logging.basicConfig(level='DEBUG')\n"
        "    logging.getLogger().setLevel(logging.INFO)\n"
        "    logger.info('now')\n"
        "    return context.aws_request_id\n"
    )
    request_id = cloud.answer(source)
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    warning, info = cloud.log()[1:-2]
    assert re.fullmatch(rf"\[WARNING\]\t{stamp}\t{request_id}\tat last\n", warning)
    assert re.fullmatch(rf"\[INFO\]\t{stamp}\t{request_id}\tnow\n", info)


def test_a_functions_logging_is_its_own(cloud):
    level, handlers = logging.getLogger().level, list(logging.getLogger().handlers)
    source = (
        "import logging\n"
        "from logging.handlers import MemoryHandler\n"
        "logging.getLogger().setLevel('DEBUG')\n"
        "logging.getLogger('shared').disabled = True\n"
        "def handler(event, context):\n"
        "    return issubclass(MemoryHandler, logging.Handler)\n"
    )
    assert cloud.answer(source) is True
    assert (logging.getLogger().level, logging.getLogger().handlers) == (level, handlers)
    assert logging.getLogger("shared").disabled is False


def test_a_traceback_is_one_event(cloud, heard):
    cloud.call(cloud.create("def handler(event, context):\n    return event['missing']\n"))
    lines = [
        "[ERROR] KeyError: 'missing'",
        "Traceback (most recent call last):",
        '\u00a0\u00a0File "/var/task/app.py", line 2, in handler',
        "\u00a0\u00a0\u00a0\u00a0return event['missing']",
    ]
    assert cloud.log()[1] == heard[0][2] == "\n".join(lines) + "\n"


def test_a_timeout_is_in_the_log(cloud, heard, meeting):
    arn = cloud.create(
        "import meeting\ndef handler(event, context):\n    print('waiting')\n    meeting.go.wait()\n", Timeout=1
    )
    cloud.call(arn)
    _, waiting, timed_out, _, report = cloud.log()
    assert waiting == "waiting\n"
    assert re.fullmatch(rf"\S+Z {REQUEST} Task timed out after 1\.00 seconds\n\n", timed_out)
    assert "Duration: 1000.00 ms\tBilled Duration: 1000 ms" in report
    assert report.endswith("\tStatus: timeout\t\n")
    assert [text for _, _, text in heard] == ["waiting\n", timed_out]


def test_leaving_the_process_is_in_the_log(cloud):
    cloud.call(cloud.create("import sys\ndef handler(event, context):\n    sys.exit(1)\n"))
    _, gone, _, report = cloud.log()
    assert re.fullmatch(
        rf"RequestId: {REQUEST} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n", gone
    )
    assert report.endswith("\tStatus: error\tError Type: Runtime.ExitError\t\n")


def test_what_a_late_thread_prints_is_lost(cloud, heard, meeting):
    source = (
        "import meeting\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        meeting.go.wait()\n"
        "    finally:\n"
        "        print('too late')\n"
        "        meeting.came.append(1)\n"
    )
    cloud.call(cloud.create(source, Timeout=1))
    meeting.go.set()
    while not meeting.came:
        pass
    assert not any("too late" in text for _, _, text in heard)


# ── listeners ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_listener_hears_at_once_and_under_the_callers_request(cloud, heard, meeting):
    source = (
        "import meeting\n"
        "def handler(event, context):\n"
        "    print('first')\n"
        "    meeting.came.append(1)\n"
        "    meeting.go.wait()\n"
    )
    pending = cloud.start(cloud.create(source), request_id="r1")
    while not meeting.came:
        pass
    assert heard == [("chat", "r1", "first\n")]
    meeting.go.set()
    pending.outcome()


def test_a_listener_is_outside(cloud, capsys):
    cloud.functions.on_log.append(lambda name, request_id, text: print(f"[{name}] {text}", end=""))
    cloud.answer(HELLO)
    assert capsys.readouterr().out == "[chat] hello \n"


def test_a_listener_that_fails_costs_nobody_anything(cloud, heard, caplog):
    cloud.functions.on_log.insert(0, lambda *saying: 1 / 0)
    cloud.answer(HELLO)
    assert [text for _, _, text in heard] == ["hello \n"]
    assert "a listener to the functions' logs failed" in caplog.text


def test_without_a_listener_nothing_is_shown(cloud, capfd):
    cloud.call(
        cloud.create(
            "import logging, sys\ndef handler(event, context):\n    print(1)\n    logging.error(2)\n    1 / 0\n"
        )
    )
    assert tuple(capfd.readouterr()) == ("", "")


# ── the output of everybody else ─────────────────────────────────────────────────────────────────────────────────────


def test_prints_of_the_notebook_stay_its_own(cloud, capsys, meeting):
    pending = cloud.start(cloud.create("import meeting\n" + HELLO + "    meeting.go.wait()\n"))
    print("of the notebook")
    print("error of the notebook", file=sys.stderr)
    thread = threading.Thread(target=lambda: print("of its thread"))
    thread.start()
    thread.join()
    meeting.go.set()
    pending.outcome()
    assert tuple(capsys.readouterr()) == ("of the notebook\nof its thread\n", "error of the notebook\n")


def test_a_redirection_in_the_notebook_catches_no_function(cloud, meeting):
    source = "import meeting\ndef handler(event, context):\n    meeting.go.wait()\n    print('of the function')\n"
    pending = cloud.start(cloud.create(source))
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        print("of the notebook")
        meeting.go.set()
        pending.outcome()
    assert caught.getvalue() == "of the notebook\n"
    assert "of the function\n" in cloud.log()


def test_a_redirection_in_a_function_catches_nobody_else(cloud, capsys, meeting):
    source = (
        "import contextlib, io, meeting\n"
        "def handler(event, context):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as caught:\n"
        "        print('of the function')\n"
        "        meeting.came.append(1)\n"
        "        meeting.go.wait()\n"
        "    return caught.getvalue()\n"
    )
    pending = cloud.start(cloud.create(source))
    while not meeting.came:
        pass
    print("of the notebook")
    meeting.go.set()
    assert pending.outcome().payload == "of the function\n"
    assert capsys.readouterr().out == "of the notebook\n"


def test_reading_logs_while_environments_start(cloud):
    arn = cloud.create(HELLO)
    pending = [cloud.start(arn, {"n": n}) for n in range(40)]
    while not all(one.outcomes for one in pending):
        with contextlib.suppress(cloud.client("logs").exceptions.ResourceNotFoundException):
            cloud.log()
    assert sum(line.startswith("hello") for line in cloud.log()) == 40
    ids = [
        event["eventId"] for event in cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/chat")["events"]
    ]
    assert len(set(ids)) == len(ids)


def test_a_log_that_nobody_asks_for_keeps_its_newest_invocations(cloud, monkeypatch):
    monkeypatch.setattr(log_shelf, "_MOST", 3)
    arn = cloud.create("print('new here')\n" + HELLO)
    for n in range(5):
        cloud.call(arn, {"n": n})
    assert [line for line in cloud.log() if line.startswith(("hello", "new"))] == [
        "hello 2\n",
        "hello 3\n",
        "hello 4\n",
    ]


def test_who_prints_without_end_is_kept_in_part_and_told_so(cloud, heard, monkeypatch):
    monkeypatch.setattr(function_log, "MOST_PRINTED", 1000)
    arn = cloud.create(
        "import sys\ndef handler(event, context):\n    for n in range(100):\n"
        "        sys.stdout.write('x' * 99 + event['end'])\n    sys.stderr.write('late')\n"
    )
    for end in ("\n", ""):  # many lines, and one that never ends
        heard.clear()
        cloud.call(arn, {"end": end})
        texts = [text for _, _, text in heard]
        assert sum(text.count("x") for text in texts) in (990, 1000)
        assert texts[-1] == f"{function_log.LEFT_OUT}\n"
    assert sum(line == f"{function_log.LEFT_OUT}\n" for line in cloud.log()) == 2


def test_of_a_log_that_nobody_asks_for_the_newest_lie_here_whatever_they_weigh(cloud, monkeypatch):
    monkeypatch.setattr(log_shelf, "_MOST_CHARACTERS", 4000)
    arn = cloud.create("def handler(event, context):\n    print(event['n'], 'x' * 1000)\n")
    for n in range(20):
        cloud.call(arn, {"n": n})
    kept = [int(line.split()[0]) for line in cloud.log() if line.endswith("x\n")]
    assert 1 <= len(kept) <= 4 and kept == list(range(20 - len(kept), 20))


def test_nothing_is_lost_or_doubled_where_one_reads_what_others_write(cloud):
    taken, ended = [], threading.Event()
    stream = log_shelf.Stream(None, "x", lambda record: [record])

    def take():
        while not ended.is_set():
            taken.extend(stream.take())

    reader = threading.Thread(target=take)
    reader.start()
    for n in range(30_000):
        stream.put((n, "x"))
    ended.set()
    reader.join()
    log_shelf._shelf.clear()
    assert [n for n, _ in [*taken, *stream.take()]] == list(range(30_000))
