"""The port, and boto3's invoke: the same functions, run the same way."""

import base64
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from house_kit import until
from moto.awslambda.models import LambdaFunction

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.ports import Invocation, Outcome
from upgrade101.localcloud.functions import Functions, current, moto_lambda

ECHO = "def handler(event, context):\n    return event\n"
COUNT = "calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n"
WAIT = """
import meeting
def handler(event, context):
    meeting.came.append(event)
    meeting.go.wait()
    return event
"""


# ── the port ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_port_gives_the_functions_answer(cloud):
    assert cloud.call(cloud.create(ECHO), {"body": "hi"}) == Outcome({"body": "hi"})


def test_the_port_returns_while_the_function_still_runs(cloud, meeting):
    pending = cloud.start(cloud.create(WAIT), {"n": 1})
    until(lambda: meeting.came)
    assert pending.outcomes == []
    meeting.go.set()
    assert pending.outcome() == Outcome({"n": 1})


def test_done_comes_from_a_thread_that_is_nobodys(cloud):
    seen = []
    arrived = threading.Event()

    def done(outcome):
        seen.append((current(), os.environ.get("AWS_LAMBDA_FUNCTION_NAME")))
        arrived.set()

    cloud.functions(Invocation(cloud.create(ECHO), {}, "", ""), done)
    assert arrived.wait(10)
    assert seen == [(None, None)]


def test_a_done_that_fails_costs_nobody_anything(cloud, caplog):
    arn = cloud.create(COUNT)

    def done(outcome):
        raise RuntimeError("nobody at home")

    cloud.functions(Invocation(arn, {}, "", ""), done)
    assert cloud.functions.settle()
    assert cloud.call(arn).payload == 2
    assert "nobody could take the answer" in caplog.text


@pytest.mark.parametrize("suffix", ["-not-here", ":no-alias", ":7", ":a:b"])
def test_what_moto_does_not_know_is_not_invoked(cloud, suffix):
    outcome = cloud.call(cloud.create(ECHO) + suffix)
    assert outcome == Outcome(error="ResourceNotFoundException", not_invoked=True)


def test_a_region_that_does_not_exist_is_not_invoked(cloud):
    outcome = cloud.call("arn:aws:lambda:atlantis-1:123456789012:function:chat")
    assert (outcome.error, outcome.not_invoked) == ("ResourceNotFoundException", True)


def test_versions_and_aliases_run_the_code_they_were_published_with(cloud):
    arn = cloud.create("def handler(event, context):\n    return ['old', context.function_version]\n")
    cloud.aws.publish_version(FunctionName="chat")
    cloud.aws.create_alias(FunctionName="chat", Name="live", FunctionVersion="1")
    new = "def handler(event, context):\n    return ['new', context.function_version]\n"
    cloud.update(new)
    assert cloud.call(arn).payload == ["new", "$LATEST"]
    assert cloud.call(f"{arn}:1").payload == cloud.call(f"{arn}:live").payload == ["old", "1"]


def test_the_arn_in_the_context_is_the_one_that_was_invoked(cloud):
    arn = cloud.create("def handler(event, context):\n    return context.invoked_function_arn\n")
    cloud.aws.publish_version(FunctionName="chat")
    cloud.aws.create_alias(FunctionName="chat", Name="live", FunctionVersion="1")
    assert cloud.call(f"{arn}:live").payload == f"{arn}:live"
    assert cloud.call(arn).payload == arn


def test_a_runtime_other_than_python_says_what_to_do(cloud):
    heard = []
    cloud.functions.on_log.append(lambda *said: heard.append(said))
    outcome = cloud.call(cloud.create(ECHO, Runtime="nodejs22.x"), request_id="r1")
    assert (outcome.error, outcome.not_invoked) == ("NotEmulated", False)
    assert "use Runtime='python3.13'" in outcome.payload["errorMessage"]
    assert heard[0][:2] == ("chat", "r1")
    assert "nodejs22.x" in heard[0][2]


def test_code_that_is_in_no_bucket_says_what_to_do(cloud, monkeypatch):
    monkeypatch.setattr("moto.awslambda.models.do_validate_s3", lambda: False)
    code = {"S3Bucket": "nowhere", "S3Key": "nothing.zip"}
    arn = cloud.aws.create_function(
        FunctionName="chat", Runtime="python3.13", Role=cloud.role, Handler="app.handler", Code=code
    )["FunctionArn"]
    assert "has no code here" in cloud.call(arn).payload["errorMessage"]


# ── environments in use ──────────────────────────────────────────────────────────────────────────────────────────────


def test_one_invocation_after_the_other_shares_an_environment(cloud):
    arn = cloud.create(COUNT)
    assert [cloud.call(arn).payload for _ in range(5)] == [1, 2, 3, 4, 5]


def test_eight_at_once_have_eight_sets_of_globals(cloud, meeting):
    meeting.all_here = threading.Barrier(8)
    together = COUNT.replace("    return", "    import meeting\n    meeting.all_here.wait(10)\n    return")
    arn = cloud.create(together, Timeout=20)
    first = [cloud.start(arn) for _ in range(8)]
    assert [pending.outcome().payload for pending in first] == [1] * 8
    again = [cloud.start(arn) for _ in range(8)]
    assert [pending.outcome().payload for pending in again] == [2] * 8


def test_more_than_the_most_wait_and_run_in_order(cloud_with, meeting):
    cloud = cloud_with(max_environments=1)
    arn = cloud.create(WAIT, Timeout=20)
    pending = [cloud.start(arn, {"n": n}) for n in range(6)]
    until(lambda: meeting.came)
    assert len(meeting.came) == 1
    meeting.go.set()
    assert [one.outcome().payload["n"] for one in pending] == list(range(6))
    assert meeting.came == [{"n": n} for n in range(6)]


def test_new_code_starts_cold(cloud):
    arn = cloud.create(COUNT)
    assert [cloud.call(arn).payload for _ in range(2)] == [1, 2]
    cloud.update(COUNT + "# changed\n")
    assert cloud.call(arn).payload == 1


def test_the_same_code_again_starts_cold_too(cloud):
    arn = cloud.create(COUNT)
    assert [cloud.call(arn).payload for _ in range(2)] == [1, 2]
    cloud.update(COUNT)
    assert cloud.call(arn).payload == 1


@pytest.mark.parametrize("change", [{"Timeout": 7}, {"MemorySize": 256}, {"Environment": {"Variables": {"A": "1"}}}])
def test_a_new_configuration_starts_cold(cloud, change):
    arn = cloud.create(COUNT, Environment={"Variables": {"A": "1"}})
    assert [cloud.call(arn).payload for _ in range(2)] == [1, 2]
    cloud.aws.update_function_configuration(FunctionName="chat", **change)
    assert cloud.call(arn).payload == 1


def test_a_function_made_anew_starts_cold(cloud):
    arn = cloud.create(COUNT)
    assert [cloud.call(arn).payload for _ in range(2)] == [1, 2]
    cloud.aws.delete_function(FunctionName="chat")
    assert cloud.call(arn).not_invoked
    assert cloud.call(cloud.create(COUNT)).payload == 1


def test_an_environment_under_way_finishes_with_its_old_code(cloud, meeting):
    arn = cloud.create(WAIT)
    pending = cloud.start(arn, {"v": "old"})
    until(lambda: meeting.came)
    cloud.update("def handler(event, context):\n    return 'new'\n")
    assert cloud.call(arn).payload == "new"
    meeting.go.set()
    assert pending.outcome().payload == {"v": "old"}


def test_an_idle_environment_ends_and_takes_its_files_along(cloud_with):
    cloud = cloud_with(idle_seconds=0.05)
    source = COUNT.replace("return calls", "import os\n    return [calls, os.environ['LAMBDA_TASK_ROOT']]")
    arn = cloud.create(source)
    calls, folder = cloud.call(arn).payload
    until(lambda: not any(thread.name.startswith("lambda chat") for thread in threading.enumerate()))
    until(lambda: not os.path.exists(folder))
    assert cloud.call(arn).payload[0] == calls == 1


def test_thirty_two_threads_invoke_at_once(cloud):
    arns = [cloud.create(ECHO, f"echo-{n}") for n in range(4)]

    def talk(thread):
        return all(cloud.call(arns[n % 4], {"n": [thread, n]}).payload == {"n": [thread, n]} for n in range(25))

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(talk, range(32)))


# ── timeouts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_function_that_takes_too_long_is_answered_for_once(cloud, meeting):
    arn = cloud.create(WAIT, Timeout=1)
    pending = cloud.start(arn, request_id="r1")
    outcome = pending.outcome()
    assert outcome.error == "Sandbox.Timedout"
    assert set(outcome.payload) == {"errorType", "errorMessage"}
    assert outcome.payload["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")
    meeting.go.set()
    cloud.functions.settle()
    assert pending.outcomes == [outcome]


def test_the_environment_of_a_timed_out_function_is_not_used_again(cloud, meeting):
    source = COUNT.replace("    return", "    import meeting\n    calls < 2 or meeting.go.wait()\n    return")
    arn = cloud.create(source, Timeout=1)
    assert cloud.call(arn).payload == 1
    assert cloud.call(arn).error == "Sandbox.Timedout"
    assert cloud.call(arn).payload == 1


def test_a_busy_loop_is_ended_at_the_timeout(cloud):
    arn = cloud.create("def handler(event, context):\n    while True:\n        pass\n", Timeout=1)
    assert cloud.call(arn).error == "Sandbox.Timedout"
    until(lambda: not any(thread.name.startswith("lambda chat") for thread in threading.enumerate()))


def test_what_waits_for_a_hanging_environment_gets_a_new_one(cloud_with, meeting):
    cloud = cloud_with(max_environments=1)
    arn = cloud.create(
        "import meeting\ndef handler(event, context):\n    event or meeting.go.wait()\n    return 'ok'\n", Timeout=1
    )
    hanging, next_one = cloud.start(arn), cloud.start(arn, {"n": 1})
    assert hanging.outcome().error == "Sandbox.Timedout"
    assert next_one.outcome().payload == "ok"


def test_an_import_that_never_ends_times_out(cloud_with, meeting):
    cloud = cloud_with(init_seconds=0.2)
    arn = cloud.create("import meeting\nmeeting.go.wait()\ndef handler(event, context): ...\n")
    assert cloud.call(arn).error == "Sandbox.Timedout"


# ── boto3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_boto3_gets_the_answer_and_the_version(cloud):
    cloud.create(ECHO)
    response, payload = cloud.boto3_invoke("chat", {"a": 1})
    assert (response["StatusCode"], response["ExecutedVersion"], payload) == (200, "$LATEST", {"a": 1})
    assert "FunctionError" not in response
    assert "LogResult" not in response


def test_boto3_gets_the_error_document_and_the_end_of_the_log(cloud):
    cloud.create("def handler(event, context):\n    print('so far so good')\n    return {}['missing']\n")
    response, payload = cloud.boto3_invoke("chat", LogType="Tail")
    assert response["FunctionError"] == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("KeyError", "'missing'")
    tail = base64.b64decode(response["LogResult"]).decode()
    assert tail.startswith(
        f"START RequestId: {payload['requestId']} Version: $LATEST\nso far so good\n[ERROR] KeyError"
    )
    assert "REPORT RequestId: " in tail


def test_boto3_sees_only_the_last_four_kilobytes_of_the_log(cloud):
    cloud.create("def handler(event, context):\n    print('é' * 9000)\n")
    response, _ = cloud.boto3_invoke("chat", LogType="Tail")
    assert 4000 < len(base64.b64decode(response["LogResult"])) <= 4096


def test_nothing_sent_is_an_empty_event(cloud):
    cloud.create(ECHO)
    assert cloud.aws.invoke(FunctionName="chat")["Payload"].read() == b"{}"


def test_what_is_not_json_is_refused(cloud):
    cloud.create(ECHO)
    with pytest.raises(cloud.aws.exceptions.InvalidRequestContentException, match="Could not parse request body"):
        cloud.aws.invoke(FunctionName="chat", Payload=b"{not json")


def test_an_event_invocation_returns_before_the_function_has_run(cloud, meeting):
    cloud.create(WAIT)
    response, payload = cloud.boto3_invoke("chat", {"n": 1}, InvocationType="Event")
    assert (response["StatusCode"], payload) == (202, None)
    assert not cloud.functions.settle(0.05)
    meeting.go.set()
    assert cloud.functions.settle()
    assert meeting.came == [{"n": 1}]


def test_a_dry_run_runs_nothing(cloud, meeting):
    cloud.create(WAIT)
    response, _ = cloud.boto3_invoke("chat", InvocationType="DryRun")
    assert response["StatusCode"] == 204
    assert meeting.came == []


def test_the_client_context_reaches_the_function(cloud):
    cloud.create(
        "def handler(event, context):\n    return [context.client_context.custom, context.client_context.env]\n"
    )
    given = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    assert cloud.boto3_invoke("chat", ClientContext=given)[1] == [{"a": "b"}, None]


def test_a_client_context_that_is_none_is_refused(cloud):
    cloud.create(ECHO)
    with pytest.raises(cloud.aws.exceptions.InvalidRequestContentException, match="Base64-encoded JSON"):
        cloud.boto3_invoke("chat", ClientContext="%%%")


def test_reserved_concurrency_throttles_what_waits_for_an_answer(cloud, meeting):
    arn = cloud.create(WAIT)
    cloud.aws.put_function_concurrency(FunctionName="chat", ReservedConcurrentExecutions=1)
    running = cloud.start(arn)
    until(lambda: meeting.came)
    assert cloud.call(arn) == Outcome(error="TooManyRequestsException", not_invoked=True)
    with pytest.raises(cloud.aws.exceptions.TooManyRequestsException):
        cloud.boto3_invoke("chat")
    meeting.go.set()
    running.outcome()
    assert not cloud.call(arn).not_invoked


def test_a_function_invokes_another(cloud):
    cloud.create(ECHO, "echo")
    source = (
        "import boto3, json\n"
        "aws = boto3.client('lambda')\n"
        "def handler(event, context):\n"
        "    answer = aws.invoke(FunctionName='echo', Payload=json.dumps({'from': context.function_name}))\n"
        "    return json.load(answer['Payload'])\n"
    )
    assert cloud.answer(source) == {"from": "chat"}


# ── invoke, from Python ──────────────────────────────────────────────────────────────────────────────────────────────


def test_invoke_waits_for_the_answer(cloud):
    arn = cloud.create("def handler(event, context):\n    print('hello')\n    return event\n")
    answer = cloud.functions.invoke("chat", {"n": 1})
    assert (answer.result, answer.error, answer.version) == ({"n": 1}, "", "$LATEST")
    assert f"START RequestId: {answer.request_id} Version: $LATEST\nhello\nEND" in answer.log_tail
    assert cloud.functions.invoke(arn, {"n": 2}).result == {"n": 2}


def test_invoke_of_nothing_says_so(cloud):
    with pytest.raises(ConfigurationError, match="there is no function 'chat'"):
        cloud.functions.invoke("chat", {})


# ── beginning and end ────────────────────────────────────────────────────────────────────────────────────────────────


def test_everything_is_put_back(monkeypatch):
    things = lambda: (  # noqa: E731
        LambdaFunction.invoke,
        LambdaFunction._invoke_lambda,
        type(os.environ),
        threading.Thread.start,
        sys.stdout,
        sys.stderr,
    )
    before, environ = things(), os.environ
    functions = Functions()
    functions.install()
    functions.install()
    assert all(now is not then for now, then in zip(things(), before, strict=True))
    functions.uninstall()
    functions.uninstall()
    assert all(now is then for now, then in zip(things(), before, strict=True))
    assert os.environ is environ


def test_a_later_cloud_takes_over_and_an_earlier_one_leaves_it_alone(cloud):
    later = Functions()
    later.install()
    cloud.functions.uninstall()
    cloud.create("import os\ndef handler(event, context):\n    return os.environ['_HANDLER']\n")
    assert cloud.boto3_invoke("chat")[1] == "app.handler"
    later.uninstall()


def test_closed_functions_answer_that_they_are_and_can_be_opened_again(cloud):
    arn = cloud.create(COUNT)
    assert cloud.call(arn).payload == 1
    cloud.functions.close()
    outcome = cloud.call(arn)
    assert outcome.error == "ServiceException"
    assert "start it again" in outcome.payload["errorMessage"]
    cloud.functions.install()
    assert cloud.call(arn).payload == 1


def test_close_leaves_a_hanging_handler_behind_and_answers_for_it(cloud_with, meeting):
    cloud = cloud_with(max_environments=1)
    arn = cloud.create(WAIT, Timeout=60)
    running = cloud.start(arn)
    until(lambda: meeting.came)
    waiting = cloud.start(arn)
    cloud.functions.close()
    assert [running.outcomes[0].error, waiting.outcomes[0].error] == ["ServiceException"] * 2
    meeting.go.set()
    until(lambda: not any(thread.name.startswith("lambda ") for thread in threading.enumerate()))
    assert len(running.outcomes) == 1


def test_close_answers_for_everything_that_waits(cloud_with, meeting):
    cloud = cloud_with(max_environments=2)
    arn = cloud.create(WAIT, Timeout=60)
    pending = [cloud.start(arn) for _ in range(20)]
    cloud.functions.close()
    meeting.go.set()
    assert [len(one.outcomes) for one in pending] == [1] * 20
    assert cloud.functions.settle()


def test_close_ends_the_threads_and_removes_the_files(cloud):
    folder = cloud.answer("import os\ndef handler(event, context):\n    return os.environ['LAMBDA_TASK_ROOT']\n")
    cloud.functions.close()
    assert not any(thread.name.startswith("lambda ") for thread in threading.enumerate())
    assert not os.path.exists(folder)


def test_threads_are_named_after_their_function_and_end_with_the_process(cloud):
    name, daemon = cloud.answer(
        "import threading\ndef handler(event, context):\n"
        "    return [threading.current_thread().name, threading.current_thread().daemon]\n"
    )
    assert name.startswith("lambda chat ")
    assert daemon is True


def test_another_moto_is_refused_with_the_versions_that_fit(monkeypatch):
    def invoke(self, body):
        """As a later moto might have it."""

    monkeypatch.setattr(moto_lambda, "_stock", (invoke, moto_lambda._stock[1]))
    with pytest.raises(ConfigurationError, match=r"tested: 5\.1\.18 … 5\.2\.5") as refusal:
        Functions().install()
    assert "takes ['self', 'body']" in refusal.value.message
