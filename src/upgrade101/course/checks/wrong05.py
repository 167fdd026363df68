"""Plausible wrong answers to lab 05, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_DOORS = """
import boto3

players = boto3.resource("dynamodb").Table("players")

def on_connect(event, context):
    asked = event["queryStringParameters"]
    row = {"connection_id": event["requestContext"]["connectionId"], "room": asked["room"], "plays": asked["plays"]}
    players.put_item(Item=row)
    return {"statusCode": 200}

def on_disconnect(event, context):
    key = {"connection_id": event["requestContext"]["connectionId"]}
    players.delete_item(Key=key)
    return {"statusCode": 200}

answer = on_connect, on_disconnect
"""
_ROW = (
    'row = {"connection_id": event["requestContext"]["connectionId"], "room": asked["room"], "plays": asked["plays"]}'
)
_KEY = 'key = {"connection_id": event["requestContext"]["connectionId"]}'


def _doors(*changes: tuple[str, str]) -> str:
    return _changed(_DOORS, *changes)


_PLAYED = """
import json
import boto3

players = boto3.resource("dynamodb").Table("players")
totals = {}

def answer(event, context):
    player = event["requestContext"]["connectionId"]
    key = {"connection_id": player}
    news = json.loads(event["body"])
    WORK
    return {"statusCode": 200, "body": f"{total} minutes"}
"""


def _played(*lines: str) -> str:
    return _PLAYED.replace("WORK", "\n    ".join(lines))


_DOOR = """
import boto3

players = boto3.resource("dynamodb").Table("players")

def answer(event, context):
    WORK
    return {"statusCode": 200}
"""
_ASKED = 'asked = event.get("queryStringParameters") or {}'
_ROOM = 'asked.get("room", "hall")'
_PUT = f'players.put_item(Item={{"connection_id": event["requestContext"]["connectionId"], "room": {_ROOM}}})'


def _door(*lines: str) -> str:
    return _DOOR.replace("WORK", "\n    ".join(lines))


_MOVE = """
import json
import boto3
from botocore.exceptions import ClientError

players = boto3.resource("dynamodb").Table("players")

def answer(event, context):
    key = {"connection_id": event["requestContext"]["connectionId"]}
    room = json.loads(event["body"])["room"]
    change = {"UpdateExpression": "SET room = :room", "ExpressionAttributeValues": {":room": room}}
    WORK
    return {"statusCode": 200, "body": f"moved to {room}"}
"""
_EXISTS = 'change["ConditionExpression"] = "attribute_exists(connection_id)"'
_UPDATE = "players.update_item(Key=key, **change)"
_TOO_LATE = '    return {"statusCode": 200, "body": "too late"}'


def _move(*lines: str) -> str:
    return _MOVE.replace("WORK", "\n    ".join(lines))


_BOOK = """
import json
import time

import boto3
from boto3.dynamodb.conditions import Attr, Key

players = boto3.resource("dynamodb").Table("players")

def on_connect(event, context):
    asked = event["queryStringParameters"]
    row = {"connection_id": event["requestContext"]["connectionId"], "room": asked["room"]}
    row |= {"plays": asked["plays"], "expires": int(time.time()) + 3 * 3600}
    players.put_item(Item=row)
    return {"statusCode": 200}

def who(event, context):
    in_room = Key("room").eq(json.loads(event["body"])["room"])
    valid = Attr("expires").gt(int(time.time()))
    found = players.query(IndexName="by_room", KeyConditionExpression=in_room, FilterExpression=valid)
    return {"statusCode": 200, "body": json.dumps(sorted(row["plays"] for row in found["Items"]))}

answer = on_connect, who
"""
_EXPIRES = "int(time.time()) + 3 * 3600}"
_QUERY = 'players.query(IndexName="by_room", KeyConditionExpression=in_room, FilterExpression=valid)'


def _book(*changes: tuple[str, str]) -> str:
    return _changed(_BOOK, *changes)


WRONG = [
    # 05.1 · Sign in, sign out
    (
        "05.1",
        "takes the id of the request",
        _doors(('["connectionId"], "room"', '["requestId"], "room"')),
        "a row whose connection_id is what the event calls requestContext.requestId",
    ),
    ("05.1", "forgets the room", _doors(('"room": asked["room"], ', "")), "ana's row, and in it no room"),
    (
        "05.1",
        "writes the room of the example",
        _doors(('asked["room"]', '"cellar"')),
        "ben's row, and in it room 'cellar'",
    ),
    (
        "05.1",
        "looks into the body",
        _doors(('event["queryStringParameters"]', 'event["body"]')),
        "raised KeyError: 'body'",
    ),
    (
        "05.1",
        "writes types as the client of boto3 wants them",
        _doors(('asked["room"], "plays"', '{"S": asked["room"]}, "plays"')),
        "ana's row, and in it room {'S': 'cellar'}",
    ),
    (
        "05.1",
        "keeps a list instead of rows",
        _doors(("players.put_item(Item=row)", "seen = [row]")),
        "the table is empty",
    ),
    (
        "05.1",
        "deletes by another name",
        _doors(('key = {"connection_id"', 'key = {"connectionId"')),
        "The provided key element does not match the schema",
    ),
    (
        "05.1",
        "asks for the query string of a goodbye",
        _doors((_KEY, 'key = {"connection_id": event["queryStringParameters"]["id"]}')),
        "raised KeyError: 'queryStringParameters'",
    ),
    (
        "05.1",
        "deletes the bare id",
        _doors((_KEY, 'key = event["requestContext"]["connectionId"]')),
        "Invalid type for parameter Key",
    ),
    (
        "05.1",
        "takes the id of the request at the goodbye",
        _doors((_KEY, _KEY.replace("connectionId", "requestId"))),
        "her row is still there",
    ),
    (
        "05.1",
        "empties the table",
        _doors(
            ("players.delete_item(Key=key)", 'for row in players.scan()["Items"]: players.delete_item(Key=id_of(row))'),
            ("answer =", 'def id_of(row):\n    return {"connection_id": row["connection_id"]}\n\nanswer ='),
        ),
        "it must name one row, that of whoever leaves",
    ),
    (
        "05.1",
        "hands in one function",
        _doors(("answer = on_connect, on_disconnect", "answer = on_connect")),
        "two functions: check(",
    ),
    (
        "05.1",
        "checks in the same cell",
        _doors(("answer = on_connect, on_disconnect", "answer = on_connect, on_disconnect\ncheck.calls = 1"))
        .replace("import boto3", "import os\nimport boto3", 1)
        .replace("check.calls = 1", 'if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:\n    check("05.1", *answer)'),
        "all of it is deployed, so calls to `check` go into a cell of their own",
    ),
    (
        "05.1",
        "forgets to return",
        _doors(('    players.put_item(Item=row)\n    return {"statusCode": 200}', "    players.put_item(Item=row)")),
        "lab-on-connect returned None, which is no answer for a proxy integration Look at what `on_connect` returns",
    ),
    # 05.2 · Remember what they report
    (
        "05.2",
        "keeps the total in a global",
        _played('total = totals[player] = totals.get(player, 0) + news["minutes"]'),
        "a new environment begins with empty globals",
    ),
    (
        "05.2",
        "writes what the global knows",
        _played(
            'total = totals[player] = totals.get(player, 0) + news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}',
            "players.update_item(Key=key, **change)",
        ),
        "new code is deployed, and ana sends",
    ),
    (
        "05.2",
        "writes the row anew",
        _played(
            'total = players.get_item(Key=key)["Item"].get("minutes", 0) + news["minutes"]',
            'players.put_item(Item={**key, "minutes": total})',
        ),
        "`put_item` writes the whole row anew",
    ),
    (
        "05.2",
        "does not add",
        _played(
            'total = news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}',
            "players.update_item(Key=key, **change)",
        ),
        "the new minutes come on top of those in the row",
    ),
    (
        "05.2",
        "has one total for all",
        _played(
            'key = {"connection_id": "total"}',
            'change = {"UpdateExpression": "ADD minutes :m", "ExpressionAttributeValues": {":m": news["minutes"]}}',
            'total = players.update_item(Key=key, **change, ReturnValues="UPDATED_NEW")["Attributes"]["minutes"]',
        ),
        "whose total it is: each player has a row",
    ),
    (
        "05.2",
        "takes the total from the row once",
        _played(
            "if player not in totals:",
            '    totals[player] = players.get_item(Key=key)["Item"].get("minutes", 0)',
            'total = totals[player] = totals[player] + news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}',
            "players.update_item(Key=key, **change)",
        ),
        "another environment has added 40 minutes, and ana sends",
    ),
    (
        "05.2",
        "takes the answer of the update for the total",
        _played(
            'change = {"UpdateExpression": "ADD minutes :m", "ExpressionAttributeValues": {":m": news["minutes"]}}',
            "total = players.update_item(Key=key, **change)",
        ),
        "what stands before “minutes”: the total, a number",
    ),
    (
        "05.2",
        "takes all new fields for the total",
        _played(
            'change = {"UpdateExpression": "ADD minutes :m", "ExpressionAttributeValues": {":m": news["minutes"]}}',
            'total = players.update_item(Key=key, **change, ReturnValues="UPDATED_NEW")["Attributes"]',
        ),
        "what stands before “minutes”: the total, a number",
    ),
    (
        "05.2",
        "takes the answer of the read for the row",
        _played(
            'total = players.get_item(Key=key).get("minutes", 0) + news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}',
            "players.update_item(Key=key, **change)",
        ),
        "`get_item` puts the row under `Item`",
    ),
    (
        "05.2",
        "writes the total as text",
        _played(
            'total = int(players.get_item(Key=key)["Item"].get("minutes", 0)) + news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": str(total)}}',
            "players.update_item(Key=key, **change)",
        ),
        "minutes '80' Look at of which kind it is: a number, and no text",
    ),
    (
        "05.2",
        "adds to a field that is not there",
        _played(
            'change = {"UpdateExpression": "SET minutes = minutes + :m", "ReturnValues": "UPDATED_NEW"}',
            'change["ExpressionAttributeValues"] = {":m": news["minutes"]}',
            'total = players.update_item(Key=key, **change)["Attributes"]["minutes"]',
        ),
        "(ValidationException) when calling the UpdateItem operation: The provided expression refers to an attribute",
    ),
    (
        "05.2",
        "forgets to return",
        _played('total = news["minutes"]').replace("    return", "    answered ="),
        "lab-answer returned None, which is no answer for a proxy integration Look at what `played` returns",
    ),
    (
        "05.2",
        "expects a total at the first report",
        _played('total = players.get_item(Key=key)["Item"]["minutes"] + news["minutes"]'),
        "raised KeyError: 'minutes'",
    ),
    (
        "05.2",
        "does not ask for the new total",
        _played(
            'change = {"UpdateExpression": "ADD minutes :m", "ExpressionAttributeValues": {":m": news["minutes"]}}',
            'total = players.update_item(Key=key, **change)["Attributes"]["minutes"]',
        ),
        "raised KeyError: 'Attributes'",
    ),
    (
        "05.2",
        "makes JSON of a Decimal",
        _played(
            'total = players.get_item(Key=key)["Item"].get("minutes", 0) + news["minutes"]',
            'change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}',
            'players.update_item(Key=key, **change, ReturnValues="UPDATED_NEW")',
            "total = json.dumps(total)",
        ),
        "Object of type Decimal is not JSON serializable",
    ),
    (
        "05.2",
        "reads and never writes",
        _played('total = players.get_item(Key=key)["Item"].get("minutes", 0) + news["minutes"]'),
        "Expected '30 minutes'",
    ),
    # 05.3 · Mend Ben's door
    (
        "05.3",
        "mends nothing",
        _door(
            'room = event["queryStringParameters"]["room"]',
            "try:",
            '    row = {"connection_id": event["requestContext"]["connectionId"], "room": room}',
            "    players.put_item(Item=row)",
            "except Exception as error:",
            '    print("not in the book:", repr(error))',
        ),
        "raised KeyError: 'queryStringParameters'",
    ),
    (
        "05.3",
        "mends the room alone",
        _door(_ASKED, "try:", f"    {_PUT}", "except Exception as error:", "    print(error)"),
        "she is in, and no row knows her",
    ),
    (
        "05.3",
        "moves the room into the try",
        _door(
            "try:",
            '    asked = {"room": event["queryStringParameters"]["room"]}',
            f"    {_PUT}",
            "except Exception as error:",
            "    print(error)",
        ),
        "ben is connected: what does the book say?",
    ),
    (
        "05.3",
        "expects a room in every query string",
        _door('asked = {"room": event.get("queryStringParameters", {"room": "hall"})["room"]}', _PUT),
        "raised KeyError: 'room'",
    ),
    (
        "05.3",
        "refuses who names no room, as the lesson does",
        _door(_ASKED, 'if "room" not in asked:', '    return {"statusCode": 400}', _PUT),
        "who names none waits in the hall",
    ),
    (
        "05.3",
        "refuses everybody",
        _door(_ASKED, "try:", f"    {_PUT}", "finally:", '    return {"statusCode": 500}'),
        "500",
    ),
    (
        "05.3",
        "lets the room be nothing",
        _door(_ASKED, _PUT.replace(', "hall")', ")")),
        "Type mismatch for Index Key room",
    ),
    (
        "05.3",
        "sends them to the cellar",
        _door(_ASKED, _PUT.replace("hall", "cellar")),
        "ben's row, and in it room 'cellar'",
    ),
    (
        "05.3",
        "refuses only where the table is gone",
        _door(
            _ASKED,
            "try:",
            f"    {_PUT}",
            "except players.meta.client.exceptions.ResourceNotFoundException:",
            '    return {"statusCode": 500}',
            "except Exception as error:",
            "    print(error)",
        ),
        "elsa connects with ?room= Expected a refusal: who cannot be written down must not get in",
    ),
    (
        "05.3",
        "sends whoever cannot be written down into the hall",
        _door(
            _ASKED,
            "try:",
            f"    {_PUT}",
            "except Exception:",
            '    players.put_item(Item={"connection_id": event["requestContext"]["connectionId"], "room": "hall"})',
        ),
        "she is in, and the book says room 'hall'",
    ),
    (
        "05.3",
        "forgets to return",
        _door(_ASKED, _PUT).replace('    return {"statusCode": 200}\n', ""),
        "lab-answer returned None, which is no answer for a proxy integration Look at what `on_connect` returns",
    ),
    # 05.4 · Move, unless you have left
    ("05.4", "mends nothing", _move(_UPDATE), "what `update_item` does where there is no row"),
    (
        "05.4",
        "looks first and writes afterwards",
        _move('if "Item" not in players.get_item(Key=key):', _TOO_LATE, _UPDATE),
        "look and write in one step",
    ),
    (
        "05.4",
        "takes the condition the wrong way round",
        _move(_EXISTS.replace("exists", "not_exists"), _UPDATE),
        "she is in the book, so her move is in time",
    ),
    (
        "05.4",
        "takes it the wrong way round, and catches the error",
        _move(
            _EXISTS.replace("exists", "not_exists"),
            "try:",
            f"    {_UPDATE}",
            "except players.meta.client.exceptions.ConditionalCheckFailedException:",
            _TOO_LATE,
        ),
        "Got 'too late' Look at the condition: what must hold, so that the row is written?",
    ),
    (
        "05.4",
        "lets the condition raise",
        _move(_EXISTS, _UPDATE),
        "ConditionalCheckFailedException",
    ),
    (
        "05.4",
        "catches everything",
        _move(_EXISTS, "try:", f"    {_UPDATE}", "except Exception:", _TOO_LATE),
        "one of them means “too late”",
    ),
    (
        "05.4",
        "catches all errors of boto3",
        _move(_EXISTS, "try:", f"    {_UPDATE}", "except ClientError as error:", "    print(error)"),
        "Got 'moved to attic'",
    ),
    (
        "05.4",
        "writes the row anew",
        _move(
            "try:",
            '    players.put_item(Item={**key, "room": room}, ConditionExpression="attribute_exists(connection_id)")',
            "except players.meta.client.exceptions.ConditionalCheckFailedException:",
            _TOO_LATE,
        ),
        "ana's row, and in it no plays",
    ),
    (
        "05.4",
        "puts the name of the field into quotes",
        _move('change["ConditionExpression"] = "attribute_exists(\'connection_id\')"', _UPDATE),
        "Cannot parse condition",
    ),
    (
        "05.4",
        "takes a ghost back",
        _move(
            'change["ReturnValues"] = "ALL_OLD"',
            'if "Attributes" not in players.update_item(Key=key, **change):',
            "    players.delete_item(Key=key)",
            _TOO_LATE,
        ),
        "a ghost row, until the next call deletes it",
    ),
    (
        "05.4",
        "answers only those who are late",
        _move(
            _EXISTS,
            "try:",
            f"    {_UPDATE}",
            "except players.meta.client.exceptions.ConditionalCheckFailedException:",
            _TOO_LATE,
        ).replace('    return {"statusCode": 200, "body": f"moved', '    moved = {"statusCode": 200, "body": f"moved'),
        "Look at what `move` returns where all went well",
    ),
    (
        "05.4",
        "calls the table as the lesson does",
        _move(
            _EXISTS,
            "try:",
            f"    {_UPDATE}",
            "except late.meta.client.exceptions.ConditionalCheckFailedException:",
            _TOO_LATE,
        ),
        "NameError: name 'late' is not defined Look at this error: the lines behind `except` run here",
    ),
    # 05.5 · A book that cleans itself
    ("05.5", "counts milliseconds", _book((_EXPIRES, "int(time.time() * 1000) + 3 * 3600_000}")), "in the year 5"),
    ("05.5", "lets rows expire now", _book((_EXPIRES, "int(time.time())}")), "that is now, while she is connected"),
    ("05.5", "lets rows expire in one hour", _book((_EXPIRES, "int(time.time()) + 3600}")), "that is in 1.0 hours"),
    ("05.5", "writes how long instead of when", _book((_EXPIRES, "3 * 3600}")), "`expires` is 10800: that is now"),
    ("05.5", "writes the date as text", _book((_EXPIRES, "str(int(time.time()) + 3 * 3600)}")), "which is no number"),
    (
        "05.5",
        "writes the date for a reader",
        _book((_EXPIRES, 'time.strftime("%Y-%m-%dT%H:%M:%S")}')),
        "the table's TTL passes it over",
    ),
    (
        "05.5",
        "writes fractions of a second",
        _book((_EXPIRES, "time.time() + 3 * 3600}")),
        "Float types are not supported",
    ),
    ("05.5", "forgets the date", _book((f', "expires": {_EXPIRES}', "}")), "the row stays for ever"),
    (
        "05.5",
        "trusts the TTL",
        _book((", FilterExpression=valid", "")),
        "who reads must look at the date",
    ),
    (
        "05.5",
        "keeps those who are over",
        _book(('Attr("expires").gt', 'Attr("expires").lt')),
        "the filter, which is the wrong way round: it lets through those whose date has passed",
    ),
    (
        "05.5",
        "compares seconds with milliseconds",
        _book(("gt(int(time.time()))", "gt(int(time.time() * 1000))")),
        "which rows does each let through?",
    ),
    (
        "05.5",
        "reads the whole table",
        _book((_QUERY, 'players.scan(FilterExpression=valid & Attr("room").eq(json.loads(event["body"])["room"]))')),
        "a Scan, which read",
    ),
    ("05.5", "forgets the index", _book(('IndexName="by_room", ', "")), "Query condition missed key schema element"),
    ("05.5", "looks for the rows at once", _book(('found["Items"]', "found")), "Look at the row “Raised”"),
    (
        "05.5",
        "looks at the clock once",
        _book(("gt(int(time.time()))", "gt(NOW)"), ("\ndef on_connect", "NOW = int(time.time())\n\ndef on_connect")),
        "what time it is when somebody asks: a global is made once",
    ),
    (
        "05.5",
        "counts instruments, not players",
        _book(('sorted(row["plays"] for row in found["Items"])', 'sorted({row["plays"] for row in found["Items"]})')),
        "each player has an entry, also where two play the same",
    ),
    (
        "05.5",
        "forgets to return at the door",
        _book(('    players.put_item(Item=row)\n    return {"statusCode": 200}', "    players.put_item(Item=row)")),
        "lab-on-connect returned None, which is no answer for a proxy integration Look at what `on_connect` returns",
    ),
    (
        "05.5",
        "forgets to return the list",
        _book(('return {"statusCode": 200, "body": json', 'said = {"statusCode": 200, "body": json')),
        "Look at what `who` returns: a list, made into text by `json.dumps`",
    ),
    (
        "05.5",
        "lets rows expire in some minutes",
        _book((_EXPIRES, "int(time.time()) + 3 * 60}")),
        "that is in 3 minutes Look at a connection may last two hours",
    ),
    ("05.5", "does not sort", _book(("sorted(row", "list(row")), "Look at   the order: sorted"),
    (
        "05.5",
        "returns whole rows",
        _book(('sorted(row["plays"] for row in found["Items"])', 'found["Items"]')),
        "Object of type Decimal is not JSON serializable",
    ),
    (
        "05.5",
        "returns a list as body",
        _book(
            ('json.dumps(sorted(row["plays"] for row in found["Items"]))', 'sorted(r["plays"] for r in found["Items"])')
        ),
        "Its `body` is a list",
    ),
    (
        "05.5",
        "asks for one room",
        _book(('json.loads(event["body"])["room"]', '"cellar"')),
        "Expected '[]' Got '[\"viola\"]'",
    ),
]
