"""Functions in child processes: what they can do to themselves, and that nobody else feels it."""

import json
import os
import threading
import time

import pytest
from house_kit import House, answer, invoke, is_alive, linux, posix, until, zip_of

from upgrade101.gateway import management
from upgrade101.gateway.happenings import Managed
from upgrade101.localcloud.functions import function_log, moto_lambda, network, processes

ECHO = "def handler(event, context):\n    return event\n"
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


@pytest.fixture(scope="module")
def shared():
    """One cloud for all tests that leave it as it was."""
    house = House(functions="processes")
    yield house
    house.close()


@pytest.fixture
def house(shared):
    """The cloud, without functions of an earlier test."""
    yield shared
    functions = shared.aws("lambda")
    for function in functions.list_functions()["Functions"]:
        functions.delete_function(FunctionName=function["FunctionName"])
    logs = shared.aws("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
    shared.cloud.functions.retire("123456789012")


@pytest.fixture
def heard(house):
    """What listeners to the functions' prints have heard."""
    heard = []
    listeners = house.cloud.functions.on_log
    listeners.append(lambda name, request_id, text: heard.append(text))
    yield heard
    listeners.pop()


# ── as in a thread ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_goes_in_and_an_answer_comes_out(house):
    event = {"body": "grüße \U0001f600 \ud800", "n": [1, 2.5, None, True], "long": "x" * 300_000}
    assert answer(house, ECHO, event) == event


def test_it_is_another_process_and_stays_warm(house):
    arn = house.create(
        "import os\nn = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return [os.getpid(), n]"
    )
    (first, one), (second, two) = (house.cloud.functions.invoke(arn, {}).result for _ in range(2))
    assert first == second != os.getpid()
    assert (one, two) == (1, 2)


def test_two_at_once_are_two_processes_with_globals_of_their_own(house):
    source = (
        "import os, time\nn = 0\ndef handler(event, context):\n"
        "    global n\n    n += 1\n    time.sleep(0.5)\n    return [os.getpid(), n]\n"
    )
    arn, answers = house.create(source), []
    threads = [
        threading.Thread(target=lambda: answers.append(house.cloud.functions.invoke(arn, {}).result)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({pid for pid, _ in answers}) == 2
    assert [n for _, n in answers] == [1, 1]


def test_the_context_is_as_on_aws(house):
    source = (
        "def handler(event, context):\n"
        "    return [context.function_name, context.memory_limit_in_mb, context.function_version,\n"
        "            context.invoked_function_arn, context.get_remaining_time_in_millis(), context.log_group_name,\n"
        "            context.log_stream_name, context.aws_request_id, context.client_context]\n"
    )
    got = invoke(house, source, Timeout=7, MemorySize=256)
    name, memory, version, arn, left, group, stream, request_id, client_context = got.result
    assert (name, memory, version, group) == ("chat", "256", "$LATEST", "/aws/lambda/chat")
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:chat"
    assert 5000 < left <= 7000
    assert [stream] == house.streams()
    assert (request_id, client_context) == (got.request_id, None)


def test_the_environment_is_the_functions_own(house, monkeypatch):
    monkeypatch.setenv("LEARNERS_SECRET", "x")
    seen = answer(house, "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
                  Environment={"Variables": {"TABLE": "rooms"}})  # fmt: skip
    assert seen["TABLE"] == "rooms"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "chat"
    assert seen["AWS_ENDPOINT_URL"] == house.cloud.url
    assert "LEARNERS_SECRET" not in seen


def test_helper_modules_layers_and_the_working_directory(house):
    layer = {"python/common/__init__.py": "", "python/common/words.py": "HELLO = 'hello'"}
    made = house.aws("lambda").publish_layer_version(
        LayerName="common", Content={"ZipFile": zip_of(layer)}, CompatibleRuntimes=["python3.13"]
    )
    files = {
        "app.py": "import os, here\nfrom common.words import HELLO\n"
        "def handler(event, context):\n    return [HELLO, here.NAME, open('data.txt').read(), os.getcwd()[-9:]]\n",
        "here.py": "NAME = __name__",
        "data.txt": "of the zip",
    }
    assert answer(house, files, Layers=[made["LayerVersionArn"]]) == ["hello", "here", "of the zip", "/var/task"]


def test_only_what_aws_carries_can_be_imported(house):
    source = (
        "import importlib\ndef handler(event, context):\n    found = []\n"
        "    for name in ('boto3', 'dateutil', 'six', 'sqlite3', 'moto', 'pytest', 'upgrade101', 'websockets'):\n"
        "        try:\n            importlib.import_module(name)\n            found.append(name)\n"
        "        except ModuleNotFoundError:\n            pass\n    return found\n"
    )
    assert answer(house, source, Timeout=30) == ["boto3", "dateutil", "six", "sqlite3"]


def test_output_and_logging_land_in_the_log_in_order(house):
    source = (
        "import logging, os, subprocess, sys\nprint('importing')\n"
        "def handler(event, context):\n"
        "    print('one', 'and', 'two')\n    logging.getLogger().warning('careful\\nwith %s', 'this')\n"
        "    print('to stderr', file=sys.stderr)\n    subprocess.run(['echo', 'from a program'])\n"
        "    print('after it')\n    os.write(1, b'beside\\n')\n    sys.stdout.buffer.write(b'bytes\\n')\n"
        "    print('unfinished', end='')\n    logging.info('unheard')\n"
    )
    got = invoke(house, source)
    logged = house.log()
    stamp, warning = logged[3].split("\t")[2], logged[3]
    assert stamp == got.request_id
    assert logged[:3] == [f"START RequestId: {got.request_id} Version: $LATEST\n", "importing\n", "one and two\n"]
    assert warning.startswith("[WARNING]\t20")
    assert warning.endswith("careful\nwith this\n")
    assert logged[4:8] == ["to stderr\n", "from a program\n", "after it\n", "beside\n"]
    assert logged[8:10] == ["bytes\n", "unfinished\n"]
    assert logged[10] == f"END RequestId: {got.request_id}\n"


def test_what_is_written_beside_python_without_end_is_kept_in_part(house, monkeypatch):
    for module in (processes, function_log):
        monkeypatch.setattr(module, "MOST_PRINTED", 1000)
    source = (
        "import os\ndef handler(event, context):\n    for _ in range(30):\n        os.write(1, b'y' * 99 + b'\\n')\n"
    )
    invoke(house, source)
    assert sum(line.count("y" * 90) for line in house.log()) in (10, 11)
    assert f"{function_log.LEFT_OUT}\n" in house.log()


def test_listeners_hear_prints_while_the_handler_runs(house, heard):
    source = "import time\ndef handler(event, context):\n    print('on my way')\n    time.sleep(20)\n"
    thread = threading.Thread(target=invoke, args=(house, source), kwargs={"Timeout": 1})
    thread.start()
    until(lambda: "on my way\n" in heard)
    assert thread.is_alive()
    thread.join(30)


def test_a_cold_start_shows_in_the_report_and_a_warm_one_does_not(house):
    arn = house.create("import time\ntime.sleep(0.2)\n" + ECHO)
    for _ in range(2):
        house.cloud.functions.invoke(arn, {})
    cold, warm = (line for line in house.log() if line.startswith("REPORT"))
    fields = dict(field.split(": ") for field in cold.strip().split("\t"))
    assert 200 < float(fields["Init Duration"].removesuffix(" ms")) < 20_000
    assert "Init Duration" not in warm


@linux
def test_the_report_says_how_much_memory_was_used(house):
    invoke(house, "x = bytearray(50 * 1024 * 1024)\nx[::4096] = b'1' * len(x[::4096])\n" + ECHO)
    report = house.log()[-1]
    used = int(report.partition("Max Memory Used: ")[2].partition(" MB")[0])
    assert 50 < used < 100


# ── what goes wrong in the handler ───────────────────────────────────────────────────────────────────────────────────


def test_an_exception_is_aws_error_document_and_log_record(house):
    source = "import json\ndef handler(event, context):\n    return inner()\ndef inner():\n    json.loads('{')\n"
    got = invoke(house, source)
    document = got.result
    assert (got.error, document["errorType"], document["requestId"]) == (
        "JSONDecodeError",
        "JSONDecodeError",
        got.request_id,
    )
    first, second, third = document["stackTrace"][:3]
    assert first == '  File "/var/task/app.py", line 3, in handler\n    return inner()\n'
    assert second.startswith('  File "/var/task/app.py", line 5, in inner')
    assert third.startswith('  File "/var/lang/lib/python3.')
    assert "[ERROR] JSONDecodeError: Expecting property name" in house.log()[1]
    assert "Traceback (most recent call last):\n\u00a0\u00a0File" in house.log()[1]


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        (
            "import nothing_of_that_name\n",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module",
        ),
        ("def handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("def other(event, context): pass\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("1 / 0\n", "ZeroDivisionError", "division by zero"),
        ("def handler(event, context):\n    return {1, 2}\n", "Runtime.MarshalError", "Unable to marshal response"),
        ("async def handler(event, context): pass\n", "Runtime.MarshalError", "coroutine is not JSON serializable"),
        (
            "def handler(event, context):\n    return 'x' * 6_300_000\n",
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded",
        ),
    ],
)
def test_what_the_runtime_finds_wrong(house, files, error, message):
    got = invoke(house, files)
    assert got.error == error
    assert message in got.result["errorMessage"]


def test_a_zip_that_is_none_is_told(house):
    arn = house.create(ECHO)
    moto_lambda.find(arn).code_bytes = b"no zip"
    assert house.cloud.functions.invoke(arn, {}).error == "InvalidZipFileException"


def test_a_failed_import_is_tried_again_in_a_new_process(house):
    source = "import os\nprint(os.getpid())\n1 / 0\n"
    arn = house.create(source)
    for _ in range(2):
        assert house.cloud.functions.invoke(arn, {}).error == "ZeroDivisionError"
    assert len(house.streams()) == 2


# ── what would have ended the cloud ──────────────────────────────────────────────────────────────────────────────────

ENDS = {
    "os._exit(3)": "Runtime exited with error: exit status 3",
    "sys.exit(4)": "Runtime exited with error: exit status 4",
    "sys.exit('no more')": "Runtime exited with error: exit status 1",
    "sys.exit()": "Runtime exited without providing a reason",
    "exit(5)": "Runtime exited with error: exit status 5",
    "os.abort()": "Runtime exited with error: signal: aborted",
    "os.kill(os.getpid(), 11)": "Runtime exited with error: signal: segmentation fault",
    "os.kill(0, 15)": "Runtime exited with error: signal: terminated",
    "os.closerange(3, 99); sys.exit(6)": "Runtime exited with error: exit status 6",
}


@posix
@pytest.mark.parametrize("how", ENDS)
def test_a_process_that_ends_is_told_and_replaced(house, how):
    source = (
        "import os, sys\ndef handler(event, context):\n    print('before')\n"
        f"    if event:\n        {how}\n    return os.getpid()\n"
    )
    arn = house.create(source)
    first = house.cloud.functions.invoke(arn, {}).result
    got = house.cloud.functions.invoke(arn, {"end": True})
    assert got.result == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {got.request_id} Error: {ENDS[how]}",
    }
    assert got.error == "Runtime.ExitError"
    ended = [line for line in house.log() if got.request_id in line]
    assert ended[1] == f"RequestId: {got.request_id} Error: {ENDS[how]}\nRuntime.ExitError\n"
    assert ended[-1].endswith("Status: error\tError Type: Runtime.ExitError\t\n")
    assert house.cloud.functions.invoke(arn, {}).result != first


@posix
def test_an_end_while_the_module_is_imported_is_told_too(house):
    got = invoke(house, "import os\nos._exit(7)\n" + ECHO)
    assert got.error == "Runtime.ExitError"
    assert got.result["errorMessage"].endswith("Runtime exited with error: exit status 7")


@posix
def test_who_ends_while_idle_is_replaced_without_a_word(house):
    source = (
        "import os, threading\ndef handler(event, context):\n"
        "    if event:\n        threading.Timer(0.05, os._exit, [1]).start()\n    return os.getpid()\n"
    )
    arn = house.create(source)
    first = house.cloud.functions.invoke(arn, {"end": True}).result
    until(lambda: not is_alive(first))
    got = house.cloud.functions.invoke(arn, {})
    assert not got.error
    assert got.result != first
    assert len(house.streams()) == 2


@posix
def test_a_function_that_hangs_is_killed_at_its_timeout(house):
    source = "import os\ndef handler(event, context):\n    print(os.getpid())\n    while True:\n        pass\n"
    began = time.monotonic()
    got = invoke(house, source, Timeout=1)
    assert time.monotonic() - began < 20
    assert got.result == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {got.request_id} Error: Task timed out after 1.00 seconds",
    }
    logged = house.log()
    assert logged[2].endswith(f"Z {got.request_id} Task timed out after 1.00 seconds\n\n")
    assert logged[-1].endswith("Status: timeout\t\n")
    until(lambda: not is_alive(int(logged[1])))


@posix
def test_the_interpreters_own_lock_saves_nobody_from_the_timeout(house):
    source = "import os\ndef handler(event, context):\n    print(os.getpid())\n    sum(range(10 ** 14))\n"
    assert invoke(house, source, Timeout=1).error == "Sandbox.Timedout"
    until(lambda: not is_alive(int(house.log()[1])))


@posix
def test_programs_that_the_handler_started_end_with_it(house):
    source = (
        "import subprocess, sys, time\ndef handler(event, context):\n"
        "    print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n    time.sleep(60)\n"
    )
    assert invoke(house, source, Timeout=1).error == "Sandbox.Timedout"
    until(lambda: not is_alive(int(house.log()[1])))


@posix
def test_programs_outlive_neither_a_crash(house):
    source = (
        "import os, subprocess, sys\ndef handler(event, context):\n"
        "    print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n    os._exit(1)\n"
    )
    assert invoke(house, source).error == "Runtime.ExitError"
    until(lambda: not is_alive(int(house.log()[1])))


@posix
def test_a_fork_of_the_handlers_has_no_say(house):
    source = (
        "import os, sys, time\ndef handler(event, context):\n    if not (child := os.fork()):\n"
        "        print('from the fork')\n        sys.stdout.flush()\n        time.sleep(0.2)\n        os._exit(0)\n"
        "    os.waitpid(child, 0)\n    print('from the handler')\n    return 1\n"
    )
    assert answer(house, source) == 1
    assert sorted(house.log()[1:3]) == ["from the fork\n", "from the handler\n"]


@linux
@pytest.mark.parametrize("how", ["x = bytearray(3 << 30)", "x = [bytes(10 ** 6) for _ in range(3000)]"])
def test_what_wants_more_memory_than_there_may_be_is_killed(house, how):
    got = invoke(house, f"def handler(event, context):\n    {how}\n", Timeout=30)
    assert got.result == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {got.request_id} Error: Runtime exited with error: signal: killed",
    }
    assert "Max Memory Used: 128 MB" in house.log()[-1]
    assert house.log()[-1].endswith("Status: error\tError Type: Runtime.OutOfMemory\t\n")


@linux
def test_what_has_had_more_memory_than_it_may_is_killed_however_it_ended(house):
    source = (
        "def handler(event, context):\n    x = bytearray(200 << 20)\n    x[::4096] = b'1' * len(x[::4096])\n"
        "    return 'fine'\n"
    )
    assert invoke(house, source).error == "Runtime.OutOfMemory"
    assert answer(house, source, name="roomy", MemorySize=512) == "fine"


def test_threads_that_only_wait_cost_no_memory(house):
    source = (
        "import threading\ndef handler(event, context):\n    go = threading.Event()\n"
        "    threads = [threading.Thread(target=go.wait) for _ in range(50)]\n    [each.start() for each in threads]\n"
        "    go.set()\n    [each.join() for each in threads]\n    return len(threads)\n"
    )
    assert answer(house, source, Timeout=30) == 50


@posix
def test_nonsense_on_the_channel_ends_the_process_and_nothing_else(house):
    source = (
        "import os\ndef handler(event, context):\n    for number in range(3, 30):\n        try:\n"
        "            os.write(number, b'\\xff' * 64)\n        except OSError:\n            pass\n    return 'fine'\n"
    )
    got = invoke(house, source, Timeout=20)
    assert got.error == "Runtime.ExitError"
    assert got.result["errorMessage"].endswith("signal: killed")
    assert answer(house, ECHO, {"a": 1}, name="another") == {"a": 1}


# ── its network ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_boto3_inside_reaches_the_same_cloud(house):
    house.aws("dynamodb").create_table(
        TableName="rooms",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    source = (
        "import boto3\ntable = boto3.resource('dynamodb').Table('rooms')\n"
        "def handler(event, context):\n    table.put_item(Item={'id': 'blue'})\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n"
    )
    arn = answer(house, source, Timeout=30)
    assert arn == "arn:aws:sts::123456789012:assumed-role/runs-functions/chat"
    assert house.aws("dynamodb").scan(TableName="rooms")["Items"] == [{"id": {"S": "blue"}}]
    house.aws("dynamodb").delete_table(TableName="rooms")


POSTS = """
import boto3
def handler(event, context):
    here = event["requestContext"]
    if here["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    aws = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{here['domainName']}/{here['stage']}")
    aws.post_to_connection(ConnectionId=here["connectionId"], Data=b"posted")
    try:
        aws.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")
    except aws.exceptions.GoneException:
        return {"statusCode": 200, "body": "gone"}
"""


def test_a_handler_posts_as_on_aws_and_is_known_by_its_name(house):
    arn = house.create(POSTS, Timeout=30)
    told = []
    stop = house.cloud.gateway.watch(told.append)
    with house.connect(house.api({"$connect": arn, "say": arn}, two_way=("say",))) as ws:
        assert [house.text(ws, "say"), ws.recv(timeout=20)] == ["posted", "gone"]
    stop()
    assert [each.caller for each in told if isinstance(each, Managed)] == ["chat", "chat"]
    assert network.CALLER == management.CALLER


DENIED = """
import boto3, botocore.exceptions
def handler(event, context):
    here = event["requestContext"]
    aws = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{here['domainName']}/{here['stage']}")
    try:
        aws.post_to_connection(ConnectionId=here["connectionId"], Data=b"posted")
    except botocore.exceptions.ClientError as error:
        return {"statusCode": 200, "body": error.response["Error"]["Code"] + error.response["Error"]["Message"]}
"""


def test_a_handler_whose_role_may_something_else_may_not_post(house):
    statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    policy = {"RoleName": "runs-functions", "PolicyName": "logs"}
    iam = house.aws("iam")
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        with house.connect(house.api({"say": house.create(DENIED, name="deaf", Timeout=30)}, two_way=("say",))) as ws:
            said = house.text(ws, "say")
    finally:
        iam.delete_role_policy(**policy)
    who = "User: arn:aws:sts::123456789012:assumed-role/runs-functions/deaf"
    assert said.startswith(f"AccessDeniedException{who} is not authorized to perform: execute-api:ManageConnections ")
    assert said.endswith("/POST/@connections/{connectionId}")


def test_a_client_without_an_endpoint_finds_nobody_as_on_aws(house):
    source = (
        "import boto3, botocore.exceptions\ndef handler(event, context):\n    try:\n"
        "        boto3.client('apigatewaymanagementapi').get_connection(ConnectionId='x')\n"
        "    except botocore.exceptions.EndpointConnectionError as error:\n        return str(error)\n"
    )
    assert "https://execute-api.us-east-1.amazonaws.com/@connections/x" in answer(house, source, Timeout=30)


def test_nothing_of_aws_itself_is_reached(house):
    source = (
        "import socket, urllib.request, boto3\ndef handler(event, context):\n    said = []\n"
        "    for call in (lambda: urllib.request.urlopen('https://dynamodb.us-east-1.amazonaws.com'),\n"
        "                 lambda: socket.create_connection(('sts.amazonaws.com', 443))):\n"
        "        try:\n            call()\n        except OSError as error:\n            said.append(str(error))\n"
        "    names = boto3.client('dynamodb', endpoint_url='https://dynamodb.us-east-1.amazonaws.com').list_tables()\n"
        "    return said, names['TableNames']\n"
    )
    said, names = answer(house, source, Timeout=30)
    assert all("is AWS itself, and no function here reaches it" in each for each in said)
    assert (len(said), names) == (2, [])


# ── how many, and until when ─────────────────────────────────────────────────────────────────────────────────────────


@posix
def test_new_code_runs_in_a_new_process_and_the_old_one_ends(house):
    arn = house.create(PID)
    first = house.cloud.functions.invoke(arn, {}).result
    house.aws("lambda").update_function_configuration(FunctionName="chat", Description="new", Timeout=4)
    assert house.cloud.functions.invoke(arn, {}).result != first
    until(lambda: not is_alive(first))


@posix
def test_reserved_concurrency_is_honoured(house, heard):
    source = "import time\ndef handler(event, context):\n    print('in')\n    time.sleep(event.get('seconds', 0))\n"
    arn = house.create(source, Timeout=20)
    house.aws("lambda").put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=1)
    busy = threading.Thread(target=house.cloud.functions.invoke, args=(arn, {"seconds": 1}))
    busy.start()
    until(lambda: heard)
    with pytest.raises(moto_lambda.Throttled):
        house.cloud.functions.invoke(arn, {})
    busy.join(30)
    assert not house.cloud.functions.invoke(arn, {}).error
