"""What a handler meets in its environment, and what becomes of one that goes wrong."""

import os
import re
import subprocess
import sys
import time

import pytest

from upgrade101.localcloud.functions import current

RETURN = "def handler(event, context):\n    return "


# ── errors, as AWS reports them ──────────────────────────────────────────────────────────────────────────────────────


def test_an_exception_carries_the_learners_own_lines(cloud):
    source = (
        "def divide(total, parts):\n"
        "    return total / parts\n"
        "\n"
        "def handler(event, context):\n"
        "    return divide(1, event['parts'])\n"
    )
    outcome = cloud.call(cloud.create(source), {"parts": 0})
    request_id = outcome.payload.pop("requestId")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", request_id)
    assert outcome.error == "ZeroDivisionError"
    assert outcome.payload == {
        "errorMessage": "division by zero",
        "errorType": "ZeroDivisionError",
        "stackTrace": [
            "  File \"/var/task/app.py\", line 5, in handler\n    return divide(1, event['parts'])\n",
            '  File "/var/task/app.py", line 2, in divide\n    return total / parts\n',
        ],
    }


def test_library_frames_have_the_paths_they_have_on_aws(cloud):
    outcome = cloud.call(cloud.create("import json\n" + RETURN + "json.loads('{')\n"))
    frames = [frame.split(",")[0] for frame in outcome.payload["stackTrace"]]
    assert frames[0] == '  File "/var/task/app.py"'
    assert re.fullmatch(r'  File "/var/lang/lib/python3\.\d+/json/__init__\.py"', frames[1])


def test_a_handler_of_the_wrong_shape_has_no_frames_of_ours(cloud):
    outcome = cloud.call(cloud.create("def handler(event):\n    return event\n"))
    assert outcome.payload["errorMessage"] == "handler() takes 1 positional argument but 2 were given"
    assert outcome.payload["stackTrace"] == []


@pytest.mark.parametrize(
    ("files", "handler", "error", "message"),
    [
        (
            "import left_behind\ndef handler(event, context): ...\n",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'left_behind'",
        ),
        ("", "main.handler", "Runtime.ImportModuleError", "Unable to import module 'main': No module named 'main'"),
        ("x = 1\n", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            "",
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        ("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        (
            "from . import helper\n",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': attempted relative import with no known parent package",
        ),
    ],
)
def test_a_handler_that_cannot_be_found_is_reported_as_on_aws(cloud, files, handler, error, message):
    outcome = cloud.call(cloud.create(files, Handler=handler))
    assert outcome.error == error
    assert outcome.payload == {"errorMessage": message, "errorType": error, "requestId": "", "stackTrace": []}


def test_a_syntax_error_names_the_line(cloud):
    outcome = cloud.call(cloud.create("def handler(event, context):\n    return (\n"))
    assert outcome.error == "Runtime.UserCodeSyntaxError"
    assert outcome.payload["errorMessage"] == "Syntax error in module 'app': '(' was never closed (app.py, line 2)"
    assert outcome.payload["stackTrace"] == ['  File "/var/task/app.py" Line 2\n        return (\n']


def test_an_exception_while_importing_is_reported_with_its_lines(cloud):
    arn = cloud.create("import os\nTABLE = os.environ['TABLE']\ndef handler(event, context): ...\n")
    outcome = cloud.call(arn)
    assert outcome.payload["errorType"] == "KeyError"
    frames = outcome.payload["stackTrace"]
    assert frames[0] == "  File \"/var/task/app.py\", line 2, in <module>\n    TABLE = os.environ['TABLE']\n"
    assert all("upgrade101" not in frame and "importlib" not in frame for frame in frames)
    cloud.aws.update_function_configuration(FunctionName="chat", Environment={"Variables": {"TABLE": "t"}})
    assert cloud.call(arn).error == ""


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("{1, 2}", "Object of type set is not JSON serializable"),
        ("{'at': object()}", "Object of type object is not JSON serializable"),
        ("{(1, 2): 3}", "keys must be str, int, float, bool or None, not tuple"),
    ],
)
def test_an_answer_that_is_not_json_cannot_be_marshalled(cloud, answer, message):
    outcome = cloud.call(cloud.create(RETURN + answer + "\n"))
    assert outcome.error == "Runtime.MarshalError"
    assert outcome.payload["errorMessage"] == f"Unable to marshal response: {message}"


def test_a_coroutine_is_not_json(cloud):
    outcome = cloud.call(cloud.create("async def handler(event, context):\n    return {'statusCode': 200}\n"))
    assert outcome.error == "Runtime.MarshalError"
    assert outcome.payload["errorMessage"].endswith("Object of type coroutine is not JSON serializable")


def test_what_awss_runtime_can_marshal_is_marshalled(cloud):
    source = "from decimal import Decimal\n" + RETURN + "[Decimal('2'), Decimal('0.5'), b'bytes', ('a', 1), None]\n"
    assert cloud.answer(source) == [2, 0.5, "bytes", ["a", 1], None]


def test_bytes_are_handed_through(cloud):
    assert cloud.answer(RETURN + "b'{\"statusCode\": 200}'\n") == {"statusCode": 200}
    assert cloud.answer(RETURN + "b'plain'\n", name="plain") == "plain"


def test_an_answer_beyond_six_megabytes_is_too_large(cloud):
    outcome = cloud.call(cloud.create(RETURN + "'x' * 6_291_556\n"))
    assert outcome.error == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit('no')", "Runtime exited with error: exit status 1"),
        ("sys.exit()", "Runtime exited without providing a reason"),
    ],
)
def test_leaving_the_process_ends_the_environment(cloud, how, says):
    source = (
        f"import sys\ncalls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    event and {how}\n"
    )
    arn = cloud.create(source + "    return calls\n")
    assert [cloud.call(arn).payload for _ in range(2)] == [1, 2]
    outcome = cloud.call(arn, {"leave": True})
    assert outcome.error == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {re.escape(says)}", outcome.payload["errorMessage"])
    assert cloud.call(arn).payload == 1


def test_code_that_is_no_zip_says_so(cloud):
    outcome = cloud.call(cloud.create(b"no zip"))
    assert outcome.error == "InvalidZipFileException"


def test_an_exception_that_cannot_say_what_it_is_does_no_harm(cloud):
    source = "class Odd(Exception):\n    __str__ = None\ndef handler(event, context):\n    raise Odd\n"
    outcome = cloud.call(cloud.create(source))
    assert (outcome.error, outcome.payload["errorMessage"]) == ("Odd", "")


# ── the context ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_context_says_who_runs(cloud):
    source = (
        "def handler(event, context):\n"
        "    c = context\n"
        "    return [c.function_name, c.function_version, c.memory_limit_in_mb, c.log_group_name, c.log_stream_name,\n"
        "            c.client_context, c.identity.cognito_identity_id]\n"
    )
    name, version, memory, group, stream, client_context, identity = cloud.answer(source, MemorySize=256)
    assert (name, version, memory, group) == ("chat", "$LATEST", "256", "/aws/lambda/chat")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert client_context is None
    assert identity is None


def test_the_time_that_is_left_runs_out(cloud):
    source = (
        "import time\n"
        "def handler(event, context):\n"
        "    first = context.get_remaining_time_in_millis()\n"
        "    time.sleep(0.05)\n"
        "    return [first, context.get_remaining_time_in_millis()]\n"
    )
    first, later = cloud.answer(source, Timeout=30)
    assert 30_000 >= first >= later + 50 > 0


# ── environment variables ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_function_sees_its_own_variables_and_lambdas(cloud, monkeypatch):
    monkeypatch.setenv("OF_THE_NOTEBOOK", "1")
    arn = cloud.create("import os\n" + RETURN + "dict(os.environ)\n", Environment={"Variables": {"TABLE": "rooms"}})
    seen = cloud.call(arn).payload
    assert "OF_THE_NOTEBOOK" not in seen
    assert "TABLE" not in os.environ
    assert {name: seen[name] for name in ("TABLE", "AWS_REGION", "AWS_DEFAULT_REGION", "TZ", "_HANDLER")} == {
        "TABLE": "rooms",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "chat"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert seen["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/chat"
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert seen["AWS_SESSION_TOKEN"]


def test_a_function_knows_nothing_of_the_learners_profiles(cloud, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "of-the-learner")
    assert cloud.answer("import boto3\n" + RETURN + "boto3.client('dynamodb').list_tables()['TableNames']\n") == []


def test_nobody_sits_at_the_keyboard_of_a_function(cloud):
    outcome = cloud.call(cloud.create(RETURN + "input('name? ')\n"))
    assert (outcome.error, outcome.payload["errorMessage"]) == ("EOFError", "EOF when reading a line")


def test_os_environ_does_inside_all_that_it_does_outside(cloud):
    source = (
        "import os\n"
        "from os import environ, getenv\n"
        "def handler(event, context):\n"
        "    environ['NEW'] = '1'\n"
        "    environ.setdefault('NEWER', '2')\n"
        "    copy, joined = environ.copy(), environ | {'X': 'y'}\n"
        "    del environ['NEWER']\n"
        "    try:\n"
        "        environ['NUMBER'] = 1\n"
        "    except TypeError as error:\n"
        "        refused = str(error)\n"
        "    return [getenv('NEW'), 'NEWER' in environ, copy['NEWER'], joined['X'], environ.get('no', 'none'),\n"
        "            len(environ) == len(list(environ)), os.environ.pop('TABLE'), os.getenv('TABLE'), refused]\n"
    )
    answer = cloud.answer(source, Environment={"Variables": {"TABLE": "rooms"}})
    assert answer == ["1", False, "2", "y", "none", True, "rooms", None, "str expected, not int"]
    assert "NEW" not in os.environ


def test_what_a_handler_sets_stays_in_its_environment(cloud):
    source = "import os\n" + RETURN + "os.environ.setdefault('FIRST', str(event['n']))\n"
    arn, other = cloud.create(source), cloud.create(source, "other")
    assert [cloud.call(arn, {"n": n}).payload for n in (1, 2)] == ["1", "1"]
    assert cloud.call(other, {"n": 3}).payload == "3"


def test_meanwhile_the_process_keeps_its_own(cloud, meeting, monkeypatch):
    source = "import meeting, os\ndef handler(event, context):\n    meeting.go.wait()\n    return os.environ['TABLE']\n"
    pending = cloud.start(cloud.create(source, Environment={"Variables": {"TABLE": "rooms"}}))
    monkeypatch.setenv("TABLE", "of the notebook")
    command = [sys.executable, "-c", "import os; print(os.environ['TABLE'])"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "of the notebook"
    assert (os.environ | {})["TABLE"] == os.environ.copy()["TABLE"] == os.getenv("TABLE") == "of the notebook"
    meeting.go.set()
    assert pending.outcome().payload == "rooms"


# ── threads of the handler ───────────────────────────────────────────────────────────────────────────────────────────

POOL = """
import os
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4)

def work(n):
    print(f"worker {n} of {os.environ['AWS_LAMBDA_FUNCTION_NAME']}")
    return os.environ["TABLE"]

def handler(event, context):
    return sorted(pool.map(work, event["numbers"]))
"""


def test_the_threads_of_a_pool_belong_to_the_function(cloud):
    arn = cloud.create(POOL, Environment={"Variables": {"TABLE": "rooms"}})
    assert cloud.call(arn, {"numbers": [1, 2, 3]}).payload == ["rooms"] * 3
    assert cloud.call(arn, {"numbers": [4]}).payload == ["rooms"]
    log = cloud.log()
    second = log.index(next(line for line in log[1:] if line.startswith("START")))
    assert sorted(line for line in log[:second] if line.startswith("worker")) == [
        "worker 1 of chat\n",
        "worker 2 of chat\n",
        "worker 3 of chat\n",
    ]
    assert [line for line in log[second:] if line.startswith("worker")] == ["worker 4 of chat\n"]


def test_who_runs_is_known_in_the_threads_of_the_handler_too(cloud, meeting):
    meeting.current = current
    source = (
        "import asyncio, meeting, threading\n"
        "def handler(event, context):\n"
        "    seen = [meeting.current()]\n"
        "    thread = threading.Thread(target=lambda: seen.append(meeting.current()))\n"
        "    thread.start(); thread.join()\n"
        "    timer = threading.Timer(0, lambda: seen.append(meeting.current()))\n"
        "    timer.start(); timer.join()\n"
        "    async def main():\n"
        "        return await asyncio.to_thread(meeting.current)\n"
        "    return [*seen, asyncio.run(main())]\n"
    )
    arn = cloud.create(source)
    assert cloud.call(arn, request_id="r1").payload == [["chat", "r1"]] * 4
    assert cloud.call(arn, request_id="r2").payload == [["chat", "r2"]] * 4
    assert current() is None


def test_a_thread_class_with_its_own_run_belongs_to_the_function(cloud):
    source = (
        "import os, threading\n"
        "class Worker(threading.Thread):\n"
        "    def run(self):\n"
        "        self.found = os.environ['AWS_LAMBDA_FUNCTION_NAME']\n"
        "def handler(event, context):\n"
        "    worker = Worker(); worker.start(); worker.join()\n"
        "    return worker.found\n"
    )
    assert cloud.answer(source) == "chat"


def test_threads_left_behind_end_with_their_environment(cloud, meeting):
    source = (
        "import meeting, threading, time\n"
        "def tick():\n"
        "    while True:\n"
        "        meeting.ticks += 1\n"
        "        time.sleep(0.001)\n"
        "threading.Thread(target=tick).start()\n"
        "def handler(event, context): ...\n"
    )
    meeting.ticks = 0
    arn = cloud.create(source)
    cloud.call(arn)
    cloud.update("def handler(event, context): ...\n")
    cloud.call(arn)
    before, deadline = -1, time.monotonic() + 10
    while before != meeting.ticks:
        assert time.monotonic() < deadline
        before = meeting.ticks
        time.sleep(0.2)


def test_asyncio_runs_in_a_handler(cloud):
    source = (
        "import asyncio\n"
        "async def one(n):\n"
        "    await asyncio.sleep(0)\n"
        "    return n\n"
        "async def main():\n"
        "    return await asyncio.gather(*(one(n) for n in range(3)))\n"
        "def handler(event, context):\n"
        "    return asyncio.run(main())\n"
    )
    assert cloud.answer(source) == [0, 1, 2]
