"""Plausible wrong answers to lab 06, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_TELL = """
from botocore.exceptions import ClientError

def answer(connections, connection_id, text):
    try:
        connections.post_to_connection(ConnectionId=connection_id, Data=text)
    except connections.exceptions.GoneException:
        return False
    return True
"""


def _tell(*changes: tuple[str, str]) -> str:
    return _changed(_TELL, *changes)


_CLOSE = """
from urllib.parse import quote

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

def answer(api_url, connection_id, region):
    keys = boto3.Session().get_credentials()
    url = f"{api_url.replace('wss:', 'https:')}/@connections/{quote(connection_id, safe='')}"
    request = AWSRequest("DELETE", url)
    SigV4Auth(keys, "execute-api", region).add_auth(request)
    return "DELETE", url, dict(request.headers)
"""


_DELETES = """    door = api_url.replace("wss:", "https:")
    boto3.client("apigatewaymanagementapi", endpoint_url=door).delete_connection(ConnectionId=connection_id)
"""


def _close(*changes: tuple[str, str]) -> str:
    return _changed(_CLOSE, *changes)


_BELL = """
import os

import boto3

def on_connect(event, context):
    return {"statusCode": 200}

def ring(event, context):
    where = event["requestContext"]
    host = f"{where['apiId']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{host}/{where['stage']}")
    try:
        connections.post_to_connection(ConnectionId=where["connectionId"], Data="we are coming")
    except connections.exceptions.GoneException:
        print("has left")
    return {"statusCode": 200}

answer = on_connect, ring
"""
_HOST = "host = f\"{where['apiId']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com\""
_GONE = "except connections.exceptions.GoneException:"


def _bell(*changes: tuple[str, str]) -> str:
    return _changed(_BELL, *changes)


_IN_A_GLOBAL = """
import boto3

connections = None

def on_connect(event, context):
    global connections
    where = event["requestContext"]
    door = f"https://{where['domainName']}/{where['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    return {"statusCode": 200}

def ring(event, context):
    connections.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data="we are coming")
    return {"statusCode": 200}

answer = on_connect, ring
"""

_WELCOME = """
import json
import threading
import time

import boto3

def on_connect(event, context):
    where = event["requestContext"]
    door = f"https://{where['domainName']}/{where['stage']}"
    name = event["queryStringParameters"]["name"]
    errand = json.dumps({"door": door, "id": where["connectionId"], "name": name})
    boto3.client("lambda").invoke(FunctionName="greeter", InvocationType="Event", Payload=errand)
    return {"statusCode": 200}

def greeter(event, context):
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=event["door"])
    for _ in range(20):
        try:
            connections.post_to_connection(ConnectionId=event["id"], Data=f"welcome, {event['name']}")
            return
        except connections.exceptions.GoneException:
            time.sleep(0.1)

answer = on_connect, greeter
"""
_SEND = 'boto3.client("lambda").invoke(FunctionName="greeter", InvocationType="Event", Payload=errand)'
_TRIES = """    for _ in range(20):
        try:
            connections.post_to_connection(ConnectionId=event["id"], Data=f"welcome, {event['name']}")
            return
        except connections.exceptions.GoneException:
            time.sleep(0.1)
"""
_ONCE = """    connections.post_to_connection(ConnectionId=event["id"], Data=f"welcome, {event['name']}")
"""
_SPEAK = "greeter(json.loads(errand), context)"
_SPEAK_CAUGHT = """try:
        api = boto3.client("apigatewaymanagementapi", endpoint_url=door)
        api.post_to_connection(ConnectionId=where["connectionId"], Data="welcome, " + name)
    except Exception as error:
        print("not welcomed:", error)"""


def _welcome(*changes: tuple[str, str]) -> str:
    return _changed(_WELCOME, *changes)


_EVENING = """
from datetime import datetime

def answer(connections, connection_ids, since):
    stay = []
    for id in connection_ids:
        try:
            if connections.get_connection(ConnectionId=id)["LastActiveAt"] >= since:
                stay.append(id)
            else:
                connections.post_to_connection(ConnectionId=id, Data="we are closing")
                connections.delete_connection(ConnectionId=id)
        except connections.exceptions.GoneException:
            continue
    return stay
"""
_SAY = 'connections.post_to_connection(ConnectionId=id, Data="we are closing")'
_END = "connections.delete_connection(ConnectionId=id)"


def _evening(*changes: tuple[str, str]) -> str:
    return _changed(_EVENING, *changes)


WRONG: list[tuple[str, str, str, str]] = [
    # 06.1 · Tell one customer
    ("06.1", "makes JSON of a sentence", _tell(("Data=text", "Data=f'\"{text}\"'")), "Got '\"your bike is ready\"'"),
    (
        "06.1",
        "lets the gone customer raise",
        """
        def answer(connections, connection_id, text):
            connections.post_to_connection(ConnectionId=connection_id, Data=text)
            return True
        """,
        "Got GoneException",
    ),
    (
        "06.1",
        "takes every error for gone",
        _tell(("connections.exceptions.GoneException", "Exception")),
        "403 does not say that ana has gone",
    ),
    (
        "06.1",
        "takes every error of boto3 for gone",
        _tell(("connections.exceptions.GoneException", "ClientError")),
        "Expected the error itself: ForbiddenException",
    ),
    (
        "06.1",
        "lets one more error pass, and takes the rest for gone",
        _tell(
            (
                "    except connections.exceptions.GoneException:",
                "    except connections.exceptions.ForbiddenException:\n        raise\n    except Exception:",
            )
        ),
        "413 says that the text is too long, and only 410 says that ana has gone",
    ),
    (
        "06.1",
        "forgets to say that all went well",
        _tell(("    return True\n", "")),
        "Expected True is returned Got None",
    ),
    (
        "06.1",
        "looks for the status where it is not",
        _tell(
            ("connections.exceptions.GoneException:", "ClientError as error:"),
            (
                "        return False",
                '        if error.response.get("statusCode") != 410:\n            raise\n        return False',
            ),
        ),
        "ben has left, and tell(connections, his id",
    ),
    (
        "06.1",
        "asks instead of posting",
        _tell(
            ("post_to_connection(ConnectionId=connection_id, Data=text)", "get_connection(ConnectionId=connection_id)")
        ),
        "Expected ana hears “your bike is ready” Got nothing",
    ),
    ("06.1", "spells a name in another way", _tell(("ConnectionId=", "ConnectionID=")), "Parameter validation failed"),
    ("06.1", "says the opposite", _tell(("False", "None"), ("True", "False")), "Expected True is returned Got False"),
    (
        "06.1",
        "says True in every case",
        _tell(("    return True", "    finally:\n        return True")),
        "Expected False is returned Got True",
    ),
    (
        "06.1",
        "posts one sentence to everybody",
        _tell(("Data=text", 'Data="your bike is ready"')),
        "Expected ben hears “20 € for the chain, please”",
    ),
    # 06.2 · Close a line by hand
    ("06.2", "does not sign", _close(("dict(request.headers)", "{}")), "it travels in headers, so hand them over"),
    ("06.2", "signs for another service", _close(('"execute-api"', '"apigateway"')), "is called `execute-api`"),
    ("06.2", "signs for one region", _close(("region).add", '"eu-west-1").add')), "the region: that of the API"),
    (
        "06.2",
        "signs another method",
        _close(('AWSRequest("DELETE"', 'AWSRequest("GET"')),
        "the same method, the same URL, and the same body: none",
    ),
    (
        "06.2",
        "signs the lesson's body",
        _close(('AWSRequest("DELETE", url)', 'AWSRequest("DELETE", url, data="your soup is ready")')),
        "and the same body: none",
    ),
    (
        "06.2",
        "types the region",
        _close(("region).add", '"us-east-1").add')),
        "Expected a signature for eu-central-1/execute-api Got one for us-east-1/execute-api",
    ),
    (
        "06.2",
        "signs another URL",
        _close(('AWSRequest("DELETE", url)', 'AWSRequest("DELETE", url.partition("/@")[0])')),
        "what is signed is what must be sent",
    ),
    ("06.2", "posts", _close(('"DELETE"', '"POST"')), "DELETE closes, POST posts and GET asks"),
    ("06.2", "asks", _close(('"DELETE"', '"GET"')), "Expected 204 Got 200"),
    ("06.2", "stays with wss", _close((".replace('wss:', 'https:')", "")), "a call is HTTP: `wss` is for clients"),
    (
        "06.2",
        "does not quote the id",
        _close(("quote(connection_id, safe='')", "connection_id")),
        "= becomes %3D",
    ),
    ("06.2", "quotes twice", _close(("{quote(connection_id, safe='')}", "{quote(quote(connection_id))}")), "Got 400"),
    ("06.2", "forgets the stage", _close(("'https:')}/@", "'https:').rpartition('/')[0]}/@")), "Got 403 Forbidden"),
    ("06.2", "forgets the id", _close(("/{quote(connection_id, safe='')}", "/")), "a URL with ana's id in it"),
    ("06.2", "forgets the @", _close(("/@connections", "/connections")), "the path: stage, @connections, id"),
    ("06.2", "returns the request", _close(('"DELETE", url, dict(request.headers)', "request")), "three things"),
    (
        "06.2",
        "returns what add_auth returns",
        _close(("    SigV4Auth", "    signed = SigV4Auth"), ("dict(request.headers)", "signed")),
        "a dictionary of headers",
    ),
    (
        "06.2",
        "closes the line itself",
        _close(("    request =", f"{_DELETES}    request =")),
        "who has closed the line already?",
    ),
    # 06.3 · Mend Ben's bell
    ("06.3", "mends nothing", _IN_A_GLOBAL, "has no attribute 'post_to_connection'"),
    (
        "06.3",
        "makes the client at import",
        _bell(
            ("def on_connect", 'connections = boto3.client("apigatewaymanagementapi")\n\ndef on_connect'),
            ("    connections = boto3.client", "    boto3.client"),
        ),
        "the address of the client, word by word: API id, region and stage",
    ),
    (
        "06.3",
        "builds the address from the client's way in",
        _bell((_HOST, 'host = where["domainName"]')),
        "does not depend on the name that a customer used",
    ),
    (
        "06.3",
        "leaves the stage out",
        _bell((_HOST, 'host = where["domainName"]'), ("/{where['stage']}", "")),
        "the address of the client, word by word: API id, region and stage",
    ),
    (
        "06.3",
        "types marketing's name",
        _bell((_HOST, 'host = "bikes.example"'), ("/{where['stage']}", "")),
        "the address of the client, word by word",
    ),
    (
        "06.3",
        "knows one other name",
        _bell(
            (
                _HOST,
                'host = where["domainName"] + ("" if where["domainName"] == "bikes.example" else "/" + where["stage"])',
            ),
            ("/{where['stage']}", ""),
        ),
        "dora, at wheels.example, hears",
    ),
    (
        "06.3",
        "types the stage",
        _bell(("/{where['stage']}", "/dev")),
        "the address of the client, word by word: API id, region and stage",
    ),
    (
        "06.3",
        "forgets to answer",
        _bell(('        print("has left")\n    return {"statusCode": 200}\n', '        print("has left")\n')),
        "what `ring` returns: None is no answer",
    ),
    (
        "06.3",
        "lets one more error pass, and swallows the rest",
        _bell((_GONE, "except connections.exceptions.ForbiddenException:\n        raise\n    except Exception:")),
        "which is no id: the post is answered 400",
    ),
    (
        "06.3",
        "keeps the address of the first who rings",
        _bell(
            ("def on_connect", "connections = None\n\ndef on_connect"),
            ("    where = event", "    global connections\n    where = event"),
            (_HOST, 'host = where["domainName"]'),
            ("    connections = boto3", "    connections = connections or boto3"),
            ("https://{host}/{where['stage']}", "https://{host}"),
        ),
        "403",
    ),
    (
        "06.3",
        "answers instead of posting",
        """
        def on_connect(event, context):
            return {"statusCode": 200}

        def ring(event, context):
            return {"statusCode": 200, "body": "we are coming"}

        answer = on_connect, ring
        """,
        "who posts: what a one-way route returns is dropped",
    ),
    (
        "06.3",
        "forgets those who have left",
        _bell(("    try:\n    ", ""), (f'    {_GONE}\n        print("has left")\n', "")),
        "cleo rings and leaves, and only now her ring is worked off",
    ),
    (
        "06.3",
        "catches everything",
        _bell((_GONE, "except Exception:")),
        "only 410 says that somebody has left, and all others must stay errors",
    ),
    (
        "06.3",
        "takes 400 and 410 for gone, and 403 too",
        _bell(
            ("import boto3\n", "import boto3\nfrom botocore.exceptions import ClientError\n"),
            (_GONE, "except ClientError as error:\n        if '(BadRequest' in str(error): raise"),
        ),
        "one of them means “gone”, and all others must stay errors",
    ),
    (
        "06.3",
        "writes wss into the address",
        _bell(("https://", "wss://")),
        "Not supported URL scheme wss",
    ),
    (
        "06.3",
        "posts to the connection's request",
        _bell(('where["connectionId"], Data', 'where["requestId"], Data')),
        "Expected ana hears “we are coming” Got nothing",
    ),
    # 06.4 · A welcome at the door
    (
        "06.4",
        "speaks in $connect",
        _welcome((_SEND, _SPEAK), (_TRIES, _ONCE)),
        "nobody is there yet while `$connect` runs",
    ),
    (
        "06.4",
        "speaks in $connect and catches the error",
        _welcome((_SEND, _SPEAK_CAUGHT)),
        "a post in `$connect` reaches nobody, caught or not",
    ),
    (
        "06.4",
        "tries in $connect until the line is there",
        _welcome((_SEND, _SPEAK), ("range(20)", "range(3)")),
        "a post in `$connect` reaches nobody, caught or not",
    ),
    ("06.4", "does not try again", _welcome((_TRIES, _ONCE)), "the greeter has to try again until the line is there"),
    (
        "06.4",
        "sleeps and hopes",
        _welcome((_TRIES, "    time.sleep(0.3)\n" + _ONCE)),
        "greeter raised GoneException",
    ),
    (
        "06.4",
        "waits for the greeter",
        _welcome((' InvocationType="Event",', ""), ("range(20)", "range(4)")),
        "`invoke` waits for the greeter, the greeter for the line",
    ),
    (
        "06.4",
        "looks for the name in the greeter's event",
        _welcome(("{event['name']}", "{event['queryStringParameters']['name']}")),
        "greeter raised KeyError: 'queryStringParameters'",
    ),
    ("06.4", "greets everybody as Ana", _welcome(("{event['name']}", "Ana")), "Expected Cleo hears “welcome, Cleo”"),
    ("06.4", "sends somebody unknown", _welcome(('"greeter"', '"messenger"')), "ResourceNotFoundException"),
    ("06.4", "hands over a dictionary", _welcome(("json.dumps({", "({")), "Parameter validation failed"),
    (
        "06.4",
        "puts the welcome into JSON",
        _welcome(("Data=f\"welcome, {event['name']}\"", "Data=json.dumps(f\"welcome, {event['name']}\")")),
        "Look at what the greeter posts",
    ),
    (
        "06.4",
        "posts at every turn",
        _welcome(("            return\n", ""), ("range(20)", "range(4)")),
        "3 × 'welcome, Ana'",
    ),
    (
        "06.4",
        "posts twenty times",
        _welcome(("            return\n", "")),
        "× 'welcome, Ana'",
    ),
    (
        "06.4",
        "tries for ever",
        _welcome(("for _ in range(20):", "while True:")),
        "Got still trying after 5 s",
    ),
    (
        "06.4",
        "tries without a pause",
        _welcome(("            time.sleep(0.1)\n", "            pass\n"), ("range(20)", "range(8)")),
        "a pause between two tries",
    ),
    (
        "06.4",
        "takes every error for not yet",
        _welcome(("except connections.exceptions.GoneException", "except Exception")),
        "410 means “not yet”, and all others must stay errors",
    ),
    (
        "06.4",
        "forgets the stage in the address",
        _welcome(("/{where['stage']}", "")),
        "greeter raised ForbiddenException",
    ),
    (
        "06.4",
        "leaves a thread behind",
        _welcome((_SEND, "threading.Thread(target=greeter, args=(json.loads(errand), context)).start()")),
        "on AWS an environment stands still once its function has answered",
    ),
    (
        "06.4",
        "forgets to answer",
        _welcome(('    return {"statusCode": 200}\n', "")),
        "what `on_connect` does and returns",
    ),
    # 06.5 · Closing time
    (
        "06.5",
        "closes first and speaks then",
        _evening((_SAY, "FIRST"), (_END, _SAY), ("FIRST", _END)),
        "Who is closed hears nothing any more",
    ),
    ("06.5", "closes without a word", _evening((_SAY, "pass")), "nothing: the line was closed without a word"),
    ("06.5", "speaks and does not close", _evening((_END, "pass")), "Got told, and the line is open"),
    (
        "06.5",
        "speaks first and asks then",
        _evening(
            ("            if conn", f"            {_SAY}\n            if conn"),
            (f"                {_SAY}\n                {_END}", f"                {_END}"),
        ),
        "a post makes a line active, so ask first, and post then",
    ),
    (
        "06.5",
        "breaks off at the first who has gone",
        _evening(("            continue", "            break")),
        "nothing was tried for dora Look at does the loop go on after ben?",
    ),
    (
        "06.5",
        "returns inside the loop",
        _evening(("    return stay", "        return stay")),
        "nothing was tried for dora Look at does the loop go on after ben?",
    ),
    (
        "06.5",
        "is a generator",
        _evening(("stay.append(id)", "yield id")),
        "nobody was asked about",
    ),
    (
        "06.5",
        "asks with care, and posts without",
        """
        def answer(connections, connection_ids, since):
            stay = []
            for id in connection_ids:
                try:
                    last = connections.get_connection(ConnectionId=id)["LastActiveAt"]
                except connections.exceptions.GoneException:
                    continue
                if last >= since:
                    stay.append(id)
                else:
                    connections.post_to_connection(ConnectionId=id, Data="we are closing")
                    connections.delete_connection(ConnectionId=id)
            return stay
        """,
        "whoever is there for one call may be gone for the next, so it is around all three",
    ),
    (
        "06.5",
        "takes every error for gone",
        _evening(("connections.exceptions.GoneException", "Exception")),
        "403 does not say that anybody has gone",
    ),
    (
        "06.5",
        "puts the loop into the try",
        """
        def answer(connections, connection_ids, since):
            stay = []
            try:
                for id in connection_ids:
                    if connections.get_connection(ConnectionId=id)["LastActiveAt"] >= since:
                        stay.append(id)
                    else:
                        connections.post_to_connection(ConnectionId=id, Data="we are closing")
                        connections.delete_connection(ConnectionId=id)
            except connections.exceptions.GoneException:
                pass
            return stay
        """,
        "Got nothing was tried for dora",
    ),
    (
        "06.5",
        "does not expect anybody to have gone",
        _evening(("except connections.exceptions.GoneException", "except KeyError")),
        "Got GoneException",
    ),
    (
        "06.5",
        "asks since when they are connected",
        _evening(("LastActiveAt", "ConnectedAt")),
        "whom to spare: LastActiveAt says when somebody was last active",
    ),
    ("06.5", "spares the silent", _evening((">= since", "< since")), "asked about, and left alone"),
    (
        "06.5",
        "takes the time zone away",
        _evening((">= since", ">= since.replace(tzinfo=None)")),
        "can't compare offset-naive and offset-aware datetimes",
    ),
    ("06.5", "writes the names as HTTP does", _evening(("LastActiveAt", "lastActiveAt")), "KeyError: 'lastActiveAt'"),
    (
        "06.5",
        "takes before for after",
        _evening((">= since", "<= since")),
        "who was last active before `since` is told",
    ),
    ("06.5", "returns nothing", _evening(("    return stay\n", "")), "what `closing_time` returns"),
    (
        "06.5",
        "returns who was shown out",
        _evening(("stay.append(id)", "pass"), (_END, f"{_END}; stay.append(id)")),
        "Got those of ana, dora",
    ),
    (
        "06.5",
        "counts who has gone among who stays",
        _evening(("            continue", "            stay.append(id)")),
        "Got those of ben, eve, cleo",
    ),
    (
        "06.5",
        "returns how many",
        _evening(("return stay", "return len(stay)")),
        "Expected the ids of who stays: cleo's Got 1",
    ),
]
