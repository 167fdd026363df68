"""The pytest fixtures, as somebody uses them who has a handler and no account."""

import io
import json
import os
import zipfile
from pathlib import Path

import boto3
import pytest
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud
from upgrade101.account import shut
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.local import LocalCloud
from upgrade101.testing import bundle

pytest_plugins = ["pytester"]


def on_connect(event, context):
    name = (event.get("queryStringParameters") or {}).get("name")
    return {"statusCode": 200 if name else 401}


def echo(event, context):
    return {"statusCode": 200, "body": json.dumps({"you said": json.loads(event["body"])["text"]})}


def tell_setting(event, context):
    return {"statusCode": 200, "body": os.environ["GREETING"]}


def test_a_handler_in_the_test_file_answers(websocket_api):
    api = websocket_api({"echo": echo}, two_way=["echo"])
    with api.connect() as ana:
        ana.send('{"action": "echo", "text": "hello"}')
        assert json.loads(ana.recv(timeout=5)) == {"you said": "hello"}


def test_connect_decides_who_comes_in(websocket_api):
    api = websocket_api({"$connect": on_connect})
    with pytest.raises(InvalidStatus, match="401"):
        api.connect()
    assert api.connect("?name=ana").response.status_code == 101


def test_two_apis_have_functions_of_their_own(websocket_api):
    first = websocket_api({"$default": tell_setting}, two_way=["$default"], environment={"GREETING": "good morning"})
    second = websocket_api({"$default": tell_setting}, two_way=["$default"], environment={"GREETING": "good night"})
    for api, greeting in ((first, "good morning"), (second, "good night")):
        client = api.connect()
        client.send("?")
        assert client.recv(timeout=5) == greeting


def test_the_test_posts_and_sees_what_a_handler_stored(websocket_api):
    def remember(event, context):
        table = boto3.resource("dynamodb").Table("connections")
        table.put_item(Item={"connection_id": event["requestContext"]["connectionId"]})
        return {"statusCode": 200}

    key = "connection_id"
    boto3.client("dynamodb").create_table(
        TableName="connections",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    api = websocket_api({"$connect": remember})
    ana = api.connect()
    (item,) = boto3.resource("dynamodb").Table("connections").scan()["Items"]
    api.connections.post_to_connection(ConnectionId=item[key], Data="hello")
    assert ana.recv(timeout=5) == "hello"


def test_time_passes_when_it_is_told_to(websocket_api, websocket_cloud):
    ana = websocket_api({"$default": echo}).connect()
    websocket_cloud.clock.advance(minutes=11)
    with pytest.raises(Exception, match="Going away"):
        ana.recv(timeout=5)


def test_a_folder_of_code_and_a_handler_by_name(websocket_api, tmp_path):
    (tmp_path / "words.py").write_text("GREETING = 'from a module beside it'\n")
    (tmp_path / "app.py").write_text(
        "from words import GREETING\n\ndef main(event, context):\n    return {'statusCode': 200, 'body': GREETING}\n"
    )
    client = websocket_api({"$default": "app.main"}, two_way=["$default"], code=tmp_path).connect()
    client.send("?")
    assert client.recv(timeout=5) == "from a module beside it"


def test_nothing_is_left_when_the_test_is_over(request):
    assert not cloud.is_running()


def test_a_name_needs_a_folder_and_a_lambda_a_name():
    with pytest.raises(ValueError, match="code='src'"):
        bundle("app.main")
    with pytest.raises(ValueError, match="def on_message"):
        bundle(lambda event, context: None)


def test_what_is_in_the_zip_of_a_package(tmp_path, monkeypatch):
    package = tmp_path / "chat"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "handlers.py").write_text("def main(event, context):\n    return 1\n")
    (tmp_path / "other.py").write_text("def main(event, context):\n    return 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    from chat.inner.handlers import main
    from other import main as outside_any_package

    archive, entry = bundle(main)
    assert entry == "chat.inner.handlers.main"
    assert set(zipfile.ZipFile(io.BytesIO(archive)).namelist()) == {
        "chat/__init__.py",
        "chat/inner/__init__.py",
        "chat/inner/handlers.py",
    }
    archive, entry = bundle(outside_any_package)
    assert (entry, zipfile.ZipFile(io.BytesIO(archive)).namelist()) == ("other.main", ["other.py"])


def test_a_failure_shows_the_wire_log_and_pytest_knows_the_fixtures(pytester):
    pytester.makepyfile(
        """
        def on_message(event, context):
            return {"statusCode": 200, "body": "no"}

        def test_it(websocket_api):
            api = websocket_api({"$default": on_message}, two_way=["$default"])
            with api.connect() as ana:
                ana.send("yes?")
                assert ana.recv(timeout=5) == "yes!"
        """
    )
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(failed=1)
    run.stdout.fnmatch_lines(["*what happened on the wire*", "*yes?*"])
    pytester.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(
        ["websocket_api*", "    Deploy a WebSocket API from functions, and get clients*"]
    )


def test_the_scripts_of_the_guide_run():
    """Those that deploy at the one endpoint: an API with a MOCK, then a function behind another route of it."""
    guide = (Path(__file__).parents[1] / "docs" / "gateway.md").read_text(encoding="utf-8")
    scripts = guide.partition("## One endpoint for any language")[2].split("```python\n")[1:3]
    said = []
    local = LocalCloud().start()
    try:
        address = local.url.removeprefix("http://")
        names = {"print": said.append}
        for script in scripts:
            exec(script.partition("```")[0].replace("127.0.0.1:4566", address), names)
        stage = f"ws://{address}/_aws/execute-api/{names['api_id']}/dev"
        with names["connect"](stage, proxy=None) as ws:
            ws.send('{"action": "echo"}')
            assert ws.recv(timeout=10) == '{"action": "echo"}'
    finally:
        local.stop()
    assert said == ['{"pong": true}']


def test_the_example_of_the_guide_runs(pytester):
    guide = (Path(__file__).parents[1] / "docs" / "gateway.md").read_text(encoding="utf-8")
    examples = guide.partition("## In your tests")[2].partition("## One endpoint")[0].split("```python\n")[1:]
    pytester.makepyfile(**{f"test_{number}": text.partition("```")[0] for number, text in enumerate(examples)})
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_an_authorizer_guards_the_door(websocket_api):
    def authorize(event, context):
        token = event["queryStringParameters"]["token"]
        statement = {"Effect": token, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    source = "route.request.querystring.token"
    api = websocket_api({"$default": echo}, authorizer=authorize, identity_source=[source])
    for query, status in (("", 401), ("?token=Deny", 403)):
        with pytest.raises(InvalidStatus, match=str(status)):
            api.connect(query)
    assert api.connect("?token=Allow").response.status_code == 101


def test_iam_guards_the_door(websocket_api):
    with pytest.raises(InvalidStatus, match="403"):
        websocket_api({"$default": echo}, authorizer="AWS_IAM").connect()


def test_a_two_way_route_that_is_not_there_is_refused(websocket_api):
    with pytest.raises(
        ConfigurationError, match=r"two_way names \['eco'\], which are no routes → the routes: \['echo'\]"
    ):
        websocket_api({"echo": echo}, two_way="eco")


class TestOptions:
    @pytest.fixture
    def websocket_cloud_options(self):
        return {"functions": "processes", "region": "eu-central-1"}

    def test_the_cloud_starts_as_its_options_say(self, websocket_api):
        def pid(event, context):
            return {"statusCode": 200, "body": str(os.getpid())}

        api = websocket_api({"$default": pid}, two_way="$default")
        assert ".eu-central-1." in api.url
        with api.connect() as ana:
            ana.send("?")
            assert int(ana.recv(timeout=20)) != os.getpid()


def test_a_notebook_that_has_run_tests_can_call_whom_it_could_before(pytester, monkeypatch):
    monkeypatch.setattr(cloud, "running_cell", lambda: 7)
    pytester.makepyfile("def test_one(websocket_cloud): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
    assert shut.refusal() is None
