"""The boto3 calls that lessons repeat, against the local cloud."""

import io
import json
import linecache
import zipfile

import boto3
import pytest
from boto3.dynamodb.conditions import Key
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, connection_table, function, package, role, sqs_queue, websocket_api
from upgrade101.gateway.errors import ConfigurationError


@pytest.fixture(scope="module", autouse=True)
def started():
    cloud.start()
    yield
    cloud.stop()


def cell(source, name="handler"):
    """Define a function as a notebook cell does: from source that only linecache knows."""
    path = f"<cell {abs(hash(source))}>"
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    names = {}
    exec(compile(source, path, "exec"), names)
    return names[name]


def test_the_cell_is_the_file():
    source = "import json\n\ndef handler(event, context):\n    return {'statusCode': 200}\n"
    with zipfile.ZipFile(io.BytesIO(package(cell(source)))) as archive:
        assert archive.namelist() == ["app.py"]
        assert archive.read("app.py").decode() == source


def test_a_package_is_the_same_each_time():
    handler = cell("def handler(event, context):\n    return 1\n")
    assert package(handler) == package(handler)


def chat_folder(tmp_path):
    (tmp_path / "names").mkdir()
    (tmp_path / "greeting.py").write_text("def greet(name):\n    return 'hello ' + name\n")
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'the app of the folder'\n")
    (tmp_path / "names" / "friends.txt").write_text("Ana\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "app.pyc").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"")
    return tmp_path


def test_a_folder_is_packaged_as_it_is_without_what_was_left_there(tmp_path):
    with zipfile.ZipFile(io.BytesIO(package(chat_folder(tmp_path)))) as archive:
        assert archive.namelist() == ["app.py", "greeting.py", "names/friends.txt"]
        assert b"of the folder" in archive.read("app.py")


def test_the_modules_beside_a_cell_go_into_its_package(tmp_path):
    handler = cell("def handler(event, context):\n    import greeting\n    return greeting.greet(event)\n")
    function(handler, name="greeter", beside=chat_folder(tmp_path))
    assert json.load(boto3.client("lambda").invoke(FunctionName="greeter", Payload=b'"Ana"')["Payload"]) == "hello Ana"


def test_every_function_of_an_api_has_the_modules_beside_it(tmp_path):
    answer = "{'statusCode': 200, 'body': greeting.greet(event['body'])}"
    source = f"def echo(event, context):\n    import greeting\n    return {answer}\n"
    api = websocket_api(
        "greeters", {"$default": cell(source, "echo")}, two_way=("$default",), beside=chat_folder(tmp_path)
    )
    with connect(api.url) as ws:
        ws.send("Ben")
        assert ws.recv(timeout=5) == "hello Ben"


def test_an_empty_folder_is_no_package(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no file in"):
        package(tmp_path)


@pytest.mark.parametrize("answer", ["not a function", 42, len])
def test_what_is_no_function_of_a_cell_is_refused(answer):
    with pytest.raises(ConfigurationError, match="def on_message"):
        package(answer)


def test_the_source_must_be_known():
    names = {}
    exec("def handler(event, context): pass", names)
    with pytest.raises(ConfigurationError, match="define it in a notebook cell or a file"):
        package(names["handler"])


def test_the_role_is_made_once_and_may_do_little():
    assert role() == role()
    policy = allowed("course-us-east-1")
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert {"execute-api:ManageConnections", "lambda:InvokeFunction", "logs:PutLogEvents"} <= set(actions)
    assert not [action for action in actions if "*" in action]
    assert "*" not in [resource for statement in policy["Statement"] for resource in statement["Resource"]]


def allowed(name):
    """Return a policy of the functions' role."""
    return boto3.client("iam").get_role_policy(RoleName="upgrade101-function", PolicyName=name)["PolicyDocument"]


def test_functions_may_use_the_tables_that_were_made_for_them():
    connection_table("visitors")
    role(tables=("scores",))
    for name in ("visitors", "scores"):
        arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}"
        assert allowed(f"table-{name}-us-east-1")["Statement"][0]["Resource"] == [arn, f"{arn}/index/*"]


def test_a_function_is_created_then_updated():
    arn = function(cell("def handler(event, context):\n    return 'one'\n"), name="changing")
    client = boto3.client("lambda")
    assert json.load(client.invoke(FunctionName="changing")["Payload"]) == "one"
    again = function(
        cell("import os\ndef handler(event, context):\n    return os.environ['WHO']\n"),
        name="changing",
        environment={"WHO": "two"},
    )
    assert again == arn
    assert json.load(client.invoke(FunctionName="changing")["Payload"]) == "two"
    policy = json.loads(client.get_policy(FunctionName="changing")["Policy"])
    assert [statement["Principal"] for statement in policy["Statement"]] == [{"Service": "apigateway.amazonaws.com"}]


def test_a_connection_table_finds_rooms_and_knows_when_rows_expire():
    table = connection_table("guests")
    for id_, room in (("a=", "tea"), ("b=", "tea"), ("c=", "coffee")):
        table.put_item(Item={"connection_id": id_, "room": room, "expires": 1})
    found = table.query(IndexName="by_room", KeyConditionExpression=Key("room").eq("tea"))["Items"]
    assert sorted(row["connection_id"] for row in found) == ["a=", "b="]
    expiry = boto3.client("dynamodb").describe_time_to_live(TableName="guests")["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires")


def test_a_connection_table_that_is_there_keeps_its_rows():
    connection_table("kept").put_item(Item={"connection_id": "a="})
    assert connection_table("kept").scan()["Count"] == 1


def test_a_websocket_api_answers_on_its_two_way_routes_only():
    say = cell(
        "def handler(event, context):\n    return {'statusCode': 200, 'body': event['requestContext']['routeKey']}\n"
    )
    api = websocket_api("both", {"ask": say, "tell": say, "$default": say}, two_way=("ask", "$default"))
    with connect(api.url) as ws:
        ws.send('{"action": "tell"}')
        ws.send('{"action": "ask"}')
        assert ws.recv(timeout=5) == "ask"
        ws.send("anything")
        assert ws.recv(timeout=5) == "$default"
    api.delete()
    assert api.api_id not in {item["ApiId"] for item in boto3.client("apigatewayv2").get_apis()["Items"]}


@pytest.mark.parametrize("two_way", ["greet", ("greet"), True])
def test_a_websocket_api_wants_the_keys_of_its_two_way_routes_in_a_tuple(two_way):
    with pytest.raises(ConfigurationError, match="two_way wants a tuple of keys") as error:
        websocket_api("narrow", {"greet": None}, two_way=two_way)
    assert error.value.hint == 'two_way=("greet",)'


def test_a_route_without_a_target_is_an_error_frame():
    api = websocket_api("bare", {"empty": None})
    with connect(api.url) as ws:
        ws.send('{"action": "empty"}')
        assert json.loads(ws.recv(timeout=5))["message"] == "Internal server error"


def test_a_handler_posts_through_connections_as_on_aws():
    source = """
import boto3
def handler(event, context):
    about = event["requestContext"]
    url = f"https://{about['domainName']}/{about['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=url)
    connections.post_to_connection(ConnectionId=about["connectionId"], Data=b"from inside")
    return {"statusCode": 200}
"""
    api = websocket_api("posting", {"$default": cell(source)})
    with connect(api.url) as ws:
        ws.send("hello")
        assert ws.recv(timeout=5) == "from inside"


def test_what_a_function_prints_is_in_cloudwatch_logs_and_in_the_notebook(capsys):
    api = websocket_api("loud", {"$default": cell("def handler(event, context):\n    print('heard', event['body'])\n")})
    with connect(api.url) as ws:
        ws.send("this")
        assert json.loads(ws.recv(timeout=5))["message"] == "Internal server error"
    assert "[loud-handler] heard this" in capsys.readouterr().out
    events = boto3.client("logs").filter_log_events(logGroupName="/aws/lambda/loud-handler")["events"]
    assert "heard this\n" in [event["message"] for event in events]


GUARD = """
import os
def guard(event, context):
    effect = "Allow" if event["queryStringParameters"].get("token") == os.environ["TOKEN"] else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


def status(url):
    try:
        with connect(url):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_an_authorizer_guards_the_door_even_where_there_is_no_connect_route():
    guard = cell(GUARD, "guard")
    api = websocket_api("guarded", {"$default": None}, authorizer=guard, environment={"TOKEN": "nut"})
    assert [status(api.url + query) for query in ("?token=nut", "?token=nit", "")] == [101, 403, 403]


def test_an_identity_source_must_be_there_before_the_authorizer_is_asked():
    accept = cell("def handler(event, context):\n    return {'statusCode': 200}\n")
    source = ("route.request.querystring.token",)
    api = websocket_api(
        "asked",
        {"$connect": accept},
        authorizer=cell(GUARD, "guard"),
        identity_source=source,
        environment={"TOKEN": "nut"},
    )
    assert [status(api.url + query) for query in ("?token=nut", "?token=nit", "")] == [101, 403, 401]


def test_aws_iam_guards_the_door_too():
    api = websocket_api("signed", {"$default": None}, authorizer="AWS_IAM")
    assert status(api.url) == 403


def test_a_text_is_what_a_mock_answers():
    api = websocket_api("pinged", {"ping": '{"pong": "$context.routeKey"}'}, two_way=("ping",))
    with connect(api.url) as ws:
        ws.send('{"action": "ping"}')
        assert ws.recv(timeout=5) == '{"pong": "ping"}'


def test_a_queue_brings_its_messages_to_a_function_and_is_made_once(capsys):
    worker = function(cell("def handler(event, context):\n    print(*(each['body'] for each in event['Records']))\n"))
    url = sqs_queue("jobs", worker, batch_size=1)
    assert sqs_queue("jobs", worker) == url
    (mapping,) = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["FunctionArn"]) == (1, worker)
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert cloud.local().functions.settle()
    assert "[handler] hello" in capsys.readouterr().out
