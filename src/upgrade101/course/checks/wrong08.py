"""Plausible wrong answers to lab 08, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_GOODBYE = """
import boto3

sensors = boto3.resource("dynamodb").Table("sensors")

def answer(event, context):
    key = {"connection_id": event["requestContext"]["connectionId"]}
    code = event["requestContext"]["disconnectStatusCode"]
    if code == 1000:
        sensors.delete_item(Key=key)
    else:
        change = {"UpdateExpression": "SET ended = :code", "ExpressionAttributeValues": {":code": code}}
        sensors.update_item(Key=key, **change)
    return {"statusCode": 200}
"""
_CODE = 'event["requestContext"]["disconnectStatusCode"]'
_NOTES = "sensors.update_item(Key=key, **change)"


def _goodbye(*changes: tuple[str, str]) -> str:
    return _changed(_GOODBYE, *changes)


_NEXT = """
def answer(age, silent):
    if age >= 115:
        return "renew"
    if silent >= 8:
        return "beat"
    return "wait"
"""


def _next(*changes: tuple[str, str]) -> str:
    return _changed(_NEXT, *changes)


def _pauses(pause: str) -> str:
    return f"import random\n\ndef answer(tries):\n    return [{pause} for number in range(tries)]\n"


_BROOM = """
import time

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

sensors = boto3.resource("dynamodb").Table("sensors")

def answer(event, context):
    for row in sensors.scan(FilterExpression=Attr("since").lt(int(time.time()) - 60))["Items"]:
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
        try:
            connections.get_connection(ConnectionId=row["connection_id"])
        except connections.exceptions.GoneException:
            sensors.delete_item(Key={"connection_id": row["connection_id"]})
        except ClientError as error:
            print(row["sensor"], "cannot be asked about:", error)
"""
_AS_BEN_HAS_IT = """
import time

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

sensors = boto3.resource("dynamodb").Table("sensors")

def answer(event, context):
    for row in sensors.scan(FilterExpression=Attr("active").eq(False))["Items"]:
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
        try:
            connections.get_connection(ConnectionId=row["connection_id"])
        except ClientError as error:
            print(row["sensor"], "cannot be asked about:", error)
        except connections.exceptions.GoneException:
            sensors.delete_item(Key={"connection_id": row["connection_id"]})
"""
_OLD = 'sensors.scan(FilterExpression=Attr("since").lt(int(time.time()) - 60))'
_DEAF = """        except ClientError as error:
            print(row["sensor"], "cannot be asked about:", error)
"""
_YOUNG = (
    '        connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])\n',
    """        if time.time() - row["since"] < 60:
            continue
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
""",
)
_ASKS = 'connections.get_connection(ConnectionId=row["connection_id"])'


def _broom(*changes: tuple[str, str]) -> str:
    return _changed(_BROOM, *changes)


_LISTEN = """
import json
import random
import time

from upgrade101 import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK, InvalidHandshake

def pause(tries):
    return random.uniform(0, min(30, 2**tries)) / 200

def answer(url, until):
    last, texts, tries = 0, [], 0
    while last < until:
        try:
            with connect(url) as line:
                tries = 0
                line.send(json.dumps({"action": "resume", "after": last}))
                while last < until:
                    message = json.loads(line.recv())
                    for reading in message.get("missed", [message]):
                        if reading["seq"] == last + 1:
                            last, texts = last + 1, [*texts, reading["text"]]
                        elif reading["seq"] > last:
                            line.send(json.dumps({"action": "resume", "after": last}))
        except (OSError, InvalidHandshake, ConnectionClosed):
            time.sleep(pause(tries))
            tries += 1
    return texts
"""
_COMES_AND_LEAVES = """
import json
import random
import time

from upgrade101 import connect

def answer(url, until):
    texts, tries = [], 0
    while len(texts) < until:
        try:
            with connect(url) as line:
                line.send(json.dumps({"action": "resume", "after": 0}))
                missed = json.loads(line.recv()).get("missed", [])
                texts, tries = [reading["text"] for reading in missed], 0
            time.sleep(0.01)
        except Exception:
            time.sleep(random.uniform(0, min(30, 2**tries)) / 200)
            tries += 1
    return texts
"""
_CAUGHT = "except (OSError, InvalidHandshake, ConnectionClosed):"
_RULE = """                        if reading["seq"] == last + 1:
                            last, texts = last + 1, [*texts, reading["text"]]
                        elif reading["seq"] > last:
                            line.send(json.dumps({"action": "resume", "after": last}))
"""
_AT_ONCE = """                tries = 0
                line.send(json.dumps({"action": "resume", "after": last}))
"""
_FOR = "for frame in line:\n                    message = json.loads(frame)"
_TAKES_ALL = """                        last, texts = reading["seq"], [*texts, reading["text"]]
"""
_TAKES_LATER = """                        if reading["seq"] > last:
                            last, texts = reading["seq"], [*texts, reading["text"]]
"""
_DROPS_LATER = """                        if reading["seq"] == last + 1:
                            last, texts = last + 1, [*texts, reading["text"]]
"""


def _listen(*changes: tuple[str, str]) -> str:
    return _changed(_LISTEN, *changes)


WRONG = [
    ("08.1", "looks for the code at the top", _goodbye((_CODE, 'event["disconnectStatusCode"]')), "KeyError: 'disconn"),
    (
        "08.1",
        "compares with a text",
        _goodbye(("code == 1000", 'code == "1000"')),
        "how the code is compared: it is a number, and no text",
    ),
    ("08.1", "writes the code as text", _goodbye(('{":code": code}', '{":code": str(code)}')), "ended is '40"),
    (
        "08.1",
        "writes the whole row anew",
        _goodbye((_NOTES, 'sensors.put_item(Item={**key, "ended": code})')),
        "its row has lost its sensor",
    ),
    ("08.1", "deletes every row", _goodbye((_NOTES, "sensors.delete_item(Key=key)")), "the row is gone"),
    (
        "08.1",
        "goes by the reason",
        _goodbye(("code == 1000", 'event["requestContext"]["disconnectReason"] == "Connection Closed Normally"')),
        "no row of fern",
    ),
    (
        "08.1",
        "takes another id",
        _goodbye(('["connectionId"]', '["requestId"]')),
        "but there is a row of nobody's",
    ),
    (
        "08.1",
        "takes silence for switching off",
        _goodbye(("code == 1000", "code in (1000, 1001)")),
        "after ten silent minutes the gateway ends the line of bed",
    ),
    (
        "08.1",
        "takes only a cut for a fault",
        _goodbye(("code == 1000", "code != 1006")),
        "the row of pond stays, with ended 40",
    ),
    (
        "08.1",
        "asks for the sensor in the query string",
        _goodbye((_CODE, 'event["queryStringParameters"]["code"]')),
        "KeyError: 'queryStringParameters'",
    ),
    ("08.2", "beats, and does not renew", _next(("age >= 115", "age < 0")), "closed: the line is 120 minutes old"),
    (
        "08.2",
        "beats at ten minutes",
        _next(("silent >= 8", "silent >= 10")),
        "closed: 10 minutes without a message",
    ),
    ("08.2", "renews at two hours", _next(("age >= 115", "age >= 120")), "what helps against the second clock?"),
    (
        "08.2",
        "asks about the beat first",
        _next(("if age >= 115", "if silent < 8 and age >= 119")),
        "a new line was due",
    ),
    ("08.2", "beats all the time", _next(("silent >= 8", "silent >= 1")), "a beat, 1 minute after the last message"),
    ("08.2", "renews instead of beating", _next(('"beat"', '"renew"')), "a new line after 8 minutes"),
    ("08.2", "counts in seconds", _next(("age >= 115", "age >= 7000"), ("silent >= 8", "silent >= 500")), "10 minutes"),
    ("08.2", "says nothing where nothing is to do", _next(('return "wait"', "pass")), "None"),
    ("08.2", "mixes up the two", _next(("age, silent", "silent, age")), "next_step(age=9, silent=1)"),
    ("08.2", "says other words", _next(('"wait"', '"Wait"')), "'Wait'"),
    (
        "08.3",
        "Ben's own",
        _AS_BEN_HAS_IT,
        "Python takes the first `except` that fits",
    ),
    (
        "08.3",
        "puts the clauses right, and asks only about the marked",
        _broom((_OLD, 'sensors.scan(FilterExpression=Attr("active").eq(False))')),
        "nobody has asked about palm",
    ),
    ("08.3", "does not spare the young", _broom((_OLD, "sensors.scan()")), "the row of fern, five seconds old"),
    (
        "08.3",
        "takes seconds for milliseconds",
        _broom(("int(time.time()) - 60", "int(time.time() * 1000) - 60")),
        "in seconds",
    ),
    (
        "08.3",
        "spares whoever is younger than an hour",
        _broom(("- 60", "- 3600")),
        "how old it must be",
    ),
    (
        "08.3",
        "deletes at every error",
        _broom(("except connections.exceptions.GoneException:", "except Exception:"), (_DEAF, "")),
        "the row of moss, of whom nobody knows anything",
    ),
    (
        "08.3",
        "stops at the first other error",
        _broom((_DEAF, "")),
        "one row that cannot be asked about must not keep the broom from the others",
    ),
    (
        "08.3",
        "ends the lines that it asks about",
        _broom(("get_connection", "delete_connection")),
        "`delete_connection` ends it",
    ),
    (
        "08.3",
        "asks aloud",
        _broom((_ASKS, 'connections.post_to_connection(ConnectionId=row["connection_id"], Data="there?")')),
        "no client hears of it",
    ),
    (
        "08.3",
        "counts with a Decimal",
        _broom((_OLD + '["Items"]', 'sensors.scan()["Items"]'), _YOUNG),
        "numbers of DynamoDB are Decimals",
    ),
    (
        "08.3",
        "makes the address from the event",
        _broom(('endpoint_url=row["at"]', 'endpoint_url=event["requestContext"]["domainName"]')),
        "nobody has been asked yet",
    ),
    ("08.4", "Ben's own", "def answer(tries):\n    return [5] * tries\n", "at most 1 s"),
    ("08.4", "leaves nothing to chance", _pauses("min(30, 2**number)"), "all knock again at the same moment"),
    ("08.4", "has no limit", _pauses("random.uniform(0, 2**number)"), "at most 30 s"),
    ("08.4", "does not grow", _pauses("random.uniform(0, 1)"), "none above"),
    ("08.4", "adds a little chance", _pauses("min(30, 2**number) * random.uniform(0.9, 1)"), "all between 0.9"),
    (
        "08.4",
        "begins with two seconds",
        _pauses("random.uniform(0, min(30, 2 ** (number + 1)))"),
        "the pause before try 1",
    ),
    (
        "08.4",
        "throws the same dice for all",
        _pauses("random.Random(number).uniform(0, min(30, 2**number))"),
        "chance: without it",
    ),
    (
        "08.4",
        "returns one pause",
        "import random\n\ndef answer(tries):\n    return random.uniform(0, min(30, 2**tries))\n",
        "one number of seconds before each try, in a list",
    ),
    (
        "08.4",
        "counts milliseconds",
        _pauses("random.uniform(0, 1000 * min(30, 2**number))"),
        "at most 1 second before the first try",
    ),
    (
        "08.4",
        "chooses whole seconds",
        _pauses("random.randint(0, min(30, 2**number))"),
        "no more than 2 different pauses among 40",
    ),
    (
        "08.4",
        "chooses among quarters",
        _pauses("min(30, 2**number) * random.choice((0, 0.25, 0.5, 0.75, 1))"),
        "whole seconds are few",
    ),
    (
        "08.4",
        "always plans eight",
        _changed(_pauses("random.uniform(0, min(30, 2**number))"), ("range(tries)", "range(8)")),
        "8 pauses",
    ),
    (
        "08.5",
        "does not come back",
        _listen(
            (
                _CAUGHT + "\n            time.sleep(pause(tries))\n            tries += 1",
                _CAUGHT + "\n            break",
            )
        ),
        "it has returned already",
    ),
    (
        "08.5",
        "takes an end in peace for the end",
        _listen(
            ("    while last < until:\n        try:", "    while True:\n        try:"),
            ("while last < until:\n                    message = json.loads(line.recv())", _FOR),
            (_CAUGHT, f"            return texts\n        {_CAUGHT}"),
        ),
        "a display opens the next, until it has all readings",
    ),
    (
        "08.5",
        "catches only cuts",
        _listen((_CAUGHT, "except (OSError, InvalidHandshake, ConnectionClosedError):")),
        "where a line has ended in peace",
    ),
    (
        "08.5",
        "catches only ends in peace",
        _listen((_CAUGHT, "except (OSError, InvalidHandshake, ConnectionClosedOK):")),
        "where a line was cut",
    ),
    (
        "08.5",
        "gives up before a shut door",
        _listen((_CAUGHT, "except ConnectionClosed:")),
        "the door was shut for a while",
    ),
    (
        "08.5",
        "knocks at a shut door without a pause",
        _listen(
            (_CAUGHT + "\n            time.sleep(pause(tries))\n            tries += 1", _CAUGHT + "\n            pass")
        ),
        "pauses that grow from try to try",
    ),
    (
        "08.5",
        "comes, asks and leaves",
        _COMES_AND_LEAVES,
        "a display that stays on the line hears of a reading as soon as it is posted",
    ),
    (
        "08.5",
        "takes whatever comes and asks for nothing",
        _listen((_AT_ONCE, "                tries = 0\n"), (_RULE, _TAKES_LATER)),
        "ask for all after 0",
    ),
    (
        "08.5",
        "asks once a line, and does not see a hole",
        _listen((_RULE, _TAKES_LATER)),
        "reading 6 is missing",
    ),
    (
        "08.5",
        "takes every frame",
        _listen((_RULE, _TAKES_ALL)),
        "there more than once",
    ),
    (
        "08.5",
        "drops what is later, and does not ask",
        _listen((_RULE, _DROPS_LATER), (_AT_ONCE, "                tries = 0\n")),
        "It has never asked",
    ),
    (
        "08.5",
        "begins anew on each line",
        _listen(("                tries = 0\n", "                tries, last = 0, 0\n")),
        "there more than once",
    ),
    (
        "08.5",
        "returns the readings",
        _listen(('[*texts, reading["text"]]', "[*texts, reading]")),
        "a list of nine texts",
    ),
    (
        "08.5",
        "does not know the answer to its question",
        _listen(('message.get("missed", [message])', "[message]")),
        "KeyError: 'seq'",
    ),
    (
        "08.5",
        "asks by another name",
        _listen(('"action": "resume"', '"action": "Resume"')),
        "KeyError: 'seq'",
    ),
]
