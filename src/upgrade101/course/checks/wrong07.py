"""Plausible wrong answers to lab 07, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_ANNOUNCE = """
from botocore.exceptions import ClientError

def answer(connections, connection_ids, text):
    gone = []
    for id in connection_ids:
        try:
            connections.post_to_connection(ConnectionId=id, Data=text)
        except connections.exceptions.GoneException:
            gone.append(id)
    return gone
"""
_CAUGHT = "except connections.exceptions.GoneException:"
_POST = "connections.post_to_connection(ConnectionId=id, Data=text)"


def _announce(*changes: tuple[str, str]) -> str:
    return _changed(_ANNOUNCE, *changes)


_LIST = [
    (
        "puts the loop into the try",
        """
        def answer(connections, connection_ids, text):
            gone = []
            try:
                for id in connection_ids:
                    connections.post_to_connection(ConnectionId=id, Data=text)
            except connections.exceptions.GoneException:
                gone.append(id)
            return gone
        """,
        "nothing. Post number 2 was answered 410, and it was the last",
    ),
    (
        "stops at the first who has gone",
        _announce(("gone.append(id)", "gone.append(id)\n            break")),
        "and it was the last",
    ),
    ("returns inside the loop", _announce(("    return gone", "        return gone")), "nobody has posted to cleo"),
    ("catches nothing", _announce((_CAUGHT, "except ZeroDivisionError:")), "GoneException: An error occurred"),
    ("catches everything", _announce((_CAUGHT, "except Exception:")), "403 does not say that ana has gone"),
    ("catches the parent", _announce((_CAUGHT, "except ClientError:")), "403 does not say that ana has gone"),
    (
        "swallows the other errors in a clause of their own",
        _announce(
            ("    return gone", "        except ClientError as error:\n            print(error)\n    return gone")
        ),
        "Expected the error itself: ForbiddenException",
    ),
    (
        "posts to the whole list at once",
        _announce((_POST, _POST.replace("=id", "=connection_ids"))),
        "Parameter validation failed",
    ),
    ("forgets to return", _announce(("    return gone\n", "")), "None is returned"),
    (
        "returns those who were told",
        _announce(("            gone.append(id)", "            continue\n        gone.append(id)")),
        "Got those of ana, cleo, eve",
    ),
    (
        "keeps the list between two calls",
        _announce(("    gone = []\n", ""), ("\ndef", "\ngone = []\n\ndef")),
        "an empty list: nobody has gone",
    ),
    ("asks, and does not post", _announce((_POST, "connections.get_connection(ConnectionId=id)")), "nobody has posted"),
    (
        "posts JSON",
        "import json\n" + _announce(("Data=text", 'Data=json.dumps({"text": text})')),
        "what is posted: the text, and nothing round it",
    ),
    (
        "tries a second time",
        _announce((_POST, f"{_POST}\n            {_POST}")),
        "how often is posted to the same passenger?",
    ),
]

# ── 07.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_DEPART = """
import json

import boto3
from botocore.exceptions import ClientError

passengers = boto3.resource("dynamodb").Table("passengers")

def answer(event, context):
    here, message = event["requestContext"], json.loads(event["body"])
    door = f"https://{here['domainName']}/{here['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    rows = passengers.scan()["Items"]
    told = 0
    for row in rows:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=message["text"])
            told += 1
        except connections.exceptions.GoneException:
            print("has gone:", row["connection_id"])
    return {"statusCode": 200, "body": f"{told} passengers"}
"""
_BENS = """
import json

import boto3

passengers = boto3.resource("dynamodb").Table("passengers")

def answer(event, context):
    here, message = event["requestContext"], json.loads(event["body"])
    door = f"https://{here['domainName']}/{here['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    rows = passengers.scan()["Items"]
    try:
        for row in rows:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=message["text"])
    except Exception as error:
        print("not told:", repr(error))
    return {"statusCode": 200, "body": f"{len(rows)} passengers"}
"""


def _depart(*changes: tuple[str, str]) -> str:
    return _changed(_DEPART, *changes)


_COUNTS = "            told += 1\n"
_GONE = '            print("has gone:", row["connection_id"])\n'
_TO_MARA = """    connections.post_to_connection(ConnectionId=here["connectionId"], Data=f"{told} passengers")
"""
_MENDED = [
    ("is Ben's still", _BENS, "nothing. Post number 1 was answered 410, and it was the last"),
    (
        "is Ben's still, and names the error",
        _changed(_BENS, ("except Exception", "except connections.exceptions.GoneException")),
        "everything between the line that raised it and the `except`",
    ),
    ("stops at the first who has gone", _depart((_GONE, _GONE + "            break\n")), "and it was the last"),
    ("catches nothing", _depart(("except connections.exceptions.GoneException", "except KeyError")), "GoneException"),
    ("counts rows", _depart(("{told}", "{len(rows)}")), "Got '4 passengers'"),
    (
        "counts before the post",
        _depart((_COUNTS, ""), ("        try:", "        told += 1\n        try:")),
        "Got '4 passengers'",
    ),
    (
        "counts those who have gone",
        _depart((_COUNTS, ""), (_GONE, _COUNTS)),
        "whom the number counts: those whose post went out",
    ),
    (
        "counts in a global",
        _depart(("    told = 0\n", "    global told\n"), ("\ndef answer", "\ntold = 0\n\ndef answer")),
        "Got '5 passengers'",
    ),
    (
        "catches everything, passenger by passenger",
        _depart(("except connections.exceptions.GoneException", "except Exception")),
        "Expected mara reads “Internal server error”",
    ),
    (
        "catches the parent",
        _depart(("except connections.exceptions.GoneException", "except ClientError")),
        "one of them means “gone”, all others must come out",
    ),
    (
        "puts another try round it all",
        _depart(
            ("    for row in rows:\n        try:", "    try:\n        for row in rows:\n          try:"),
            ("        except connections", "          except connections"),
            ("    return", "    except Exception:\n        pass\n    return"),
        ),
        "all others must come out",
    ),
    (
        "minds an error only where nobody was told",
        _depart(
            (_GONE, _GONE + "        except Exception as error:\n            print(error)\n"),
            ("    return {", '    if told == 0:\n        raise RuntimeError("nobody was told")\n    return {'),
        ),
        "Expected mara reads “Internal server error” Got mara reads '3 passengers'",
    ),
    (
        "answers 500 where something else goes wrong",
        _depart(
            (
                _GONE,
                _GONE + "        except Exception as error:\n"
                '            return {"statusCode": 500, "body": repr(error)}\n',
            )
        ),
        "a `statusCode` is not looked at here",
    ),
    (
        "lets a wrong address pass",
        _depart((_GONE, _GONE + "        except connections.exceptions.ForbiddenException:\n            pass\n")),
        "mara must know",
    ),
    (
        "posts the whole message",
        _depart(('Data=message["text"]', 'Data=event["body"]')),
        "what is posted: the text, and nothing round it",
    ),
    ("answers with a number", _depart(('f"{told} passengers"', "told")), "Its `body` is a number and must be text"),
    (
        "posts the answer to Mara, too",
        _depart(("    return {", _TO_MARA + "    return {")),
        "2 answers",
    ),
    (
        "returns nothing",
        _depart(('    return {"statusCode": 200, "body": f"{told} passengers"}\n', "")),
        "what `depart` returns",
    ),
]

# ── 07.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_HALL = """
import json
from contextlib import suppress

import boto3
from boto3.dynamodb.conditions import Attr, Key

passengers = boto3.resource("dynamodb").Table("passengers")

def waiting_in(room):
{waiting_in}

def answer(event, context):
    here, message = event["requestContext"], json.loads(event["body"])
    door = f"https://{{here['domainName']}}/{{here['stage']}}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    for id in waiting_in(message["room"]):
        with suppress(connections.exceptions.GoneException):
            connections.post_to_connection(ConnectionId=id, Data=message["text"])
    return {{"statusCode": 200}}
"""


def _hall(waiting_in: str) -> str:
    """Return the cell of the exercise with this body of ``waiting_in``."""
    return _HALL.format(waiting_in="\n".join(f"    {line}" for line in waiting_in.strip("\n").splitlines()))


_PAGES = """
wanted = {"IndexName": "by_room", "KeyConditionExpression": Key("room").eq(room)}
ids = []
while True:
    page = passengers.query(**wanted)
    ids += [row["connection_id"] for row in page["Items"]]
    if "LastEvaluatedKey" not in page:
        return ids
    wanted["ExclusiveStartKey"] = page["LastEvaluatedKey"]
"""


def _pages(*changes: tuple[str, str]) -> str:
    return _hall(_changed(_PAGES, *changes))


_IN_THE_ROOM = 'IndexName="by_room", KeyConditionExpression=Key("room").eq(room)'
_SCANS = """
pages = passengers.meta.client.get_paginator("scan").paginate(TableName="passengers"{filter})
return [row["connection_id"] for page in pages for row in page["Items"] if row["room"] == room]
"""
_ONE_HALL = [
    (
        "is Ben's still",
        _hall("""
rows = passengers.scan()["Items"]
return [row["connection_id"] for row in rows if row["room"] == room]
"""),
        "a LastEvaluatedKey, so there are more",
    ),
    (
        "asks the index, once",
        _hall(f"""
rows = passengers.query({_IN_THE_ROOM})["Items"]
return [row["connection_id"] for row in rows]
"""),
        "rows, and a LastEvaluatedKey, so there are more",
    ),
    (
        "asks for less of each row, once",
        _hall(f"""
rows = passengers.query({_IN_THE_ROOM}, ProjectionExpression="connection_id")["Items"]
return [row["connection_id"] for row in rows]
"""),
        "a LastEvaluatedKey, so there are more",
    ),
    (
        "asks for a thousand rows, once",
        _hall(f"""
rows = passengers.query({_IN_THE_ROOM}, Limit=1000)["Items"]
return [row["connection_id"] for row in rows]
"""),
        "a LastEvaluatedKey, so there are more",
    ),
    (
        "asks twice, and no more",
        _hall(f"""
page = passengers.query({_IN_THE_ROOM})
rows = page["Items"]
if "LastEvaluatedKey" in page:
    rows += passengers.query({_IN_THE_ROOM}, ExclusiveStartKey=page["LastEvaluatedKey"])["Items"]
return [row["connection_id"] for row in rows]
"""),
        "a LastEvaluatedKey, so there are more",
    ),
    ("keeps the last page only", _pages(("ids += [", "ids = [")), "nothing: nobody has posted to"),
    (
        "leaves out the last page",
        _pages(
            ('    ids += [row["connection_id"] for row in page["Items"]]\n', ""),
            (
                "        return ids\n    wanted",
                '        return ids\n    ids += [row["connection_id"] for row in page["Items"]]\n    wanted',
            ),
        ),
        "who is on the list, and who is left out",
    ),
    (
        "asks for the same page again and again",
        _pages(('    wanted["ExclusiveStartKey"] = page["LastEvaluatedKey"]\n', "")),
        "Task timed out",
    ),
    (
        "expects the key on every page",
        _pages(('if "LastEvaluatedKey" not in page', 'if not page["LastEvaluatedKey"]')),
        "KeyError: 'LastEvaluatedKey'",
    ),
    ("scans page by page", _hall(_SCANS.format(filter="")), "a Scan, which read"),
    (
        "scans page by page, with a filter",
        _hall(_SCANS.format(filter=', FilterExpression=Attr("room").eq(room)')),
        "a filter drops what was read",
    ),
    ("forgets the index", _pages(('"IndexName": "by_room", ', "")), "ValidationException"),
    (
        "filters where the key is wanted",
        _pages(("KeyConditionExpression", "FilterExpression"), ("Key(", "Attr(")),
        "ValidationException",
    ),
    ("asks for a hall called room", _pages((".eq(room)", '.eq("room")')), "nobody has posted"),
    (
        "posts to whoever asks",
        _changed(_pages(), ("ConnectionId=id", 'ConnectionId=here["connectionId"]')),
        "to whom is posted: mara is in no hall",
    ),
    (
        "takes every page twice",
        _pages(("    ids += [", '    ids += [row["connection_id"] for row in page["Items"]]\n    ids += [')),
        "how often is posted to the same passenger?",
    ),
]

# ── 07.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_MANY = """
import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3

passengers = boto3.resource("dynamodb").Table("passengers")

def tell(connections, id, text):
    try:
        connections.post_to_connection(ConnectionId=id, Data=text)
    except connections.exceptions.GoneException:
        return False
    return True

def tell_all(connections, ids, text):
{tell_all}

def answer(event, context):
    here, message = event["requestContext"], json.loads(event["body"])
    door = f"https://{{here['domainName']}}/{{here['stage']}}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    ids = [row["connection_id"] for row in passengers.scan()["Items"]]
    return {{"statusCode": 200, "body": f"{{tell_all(connections, ids, message['text'])}} passengers"}}
"""


def _many(tell_all: str) -> str:
    """Return the cell of the exercise with this body of ``tell_all``."""
    return _MANY.format(tell_all="\n".join(f"    {line}" for line in tell_all.strip("\n").splitlines()))


_RETURN = """    return {"statusCode": 200, "body": f"{tell_all(connections, ids, message['text'])} passengers"}
"""
_FIVE_HUNDRED = """        return {"statusCode": 500, "body": repr(error)}
"""
_AT_ONCE = [
    (
        "is Ben's still",
        _many("""
async def tell_later(id):
    return tell(connections, id, text)

async def all_of_them():
    return await asyncio.gather(*map(tell_later, ids))

return sum(asyncio.run(all_of_them()))
"""),
        "Got one after the other, as in a loop",
    ),
    (
        "awaits one thread after the other",
        _many("""
async def all_of_them():
    told = 0
    for id in ids:
        told += await asyncio.to_thread(tell, connections, id, text)
    return told

return asyncio.run(all_of_them())
"""),
        "which line waits, and what could have been begun before it",
    ),
    (
        "asks for each result at once",
        _many("""
with ThreadPoolExecutor(20) as pool:
    return sum(pool.submit(tell, connections, id, text).result() for id in ids)
"""),
        "Got one after the other",
    ),
    (
        "makes a pool for each",
        _many("""
told = 0
for id in ids:
    with ThreadPoolExecutor(20) as pool:
        told += pool.submit(tell, connections, id, text).result()
return told
"""),
        "Got one after the other",
    ),
    (
        "joins each thread before the next begins",
        _many("""
told = []
for id in ids:
    thread = threading.Thread(target=lambda: told.append(tell(connections, id, text)))
    thread.start()
    thread.join()
return sum(told)
"""),
        "Got one after the other",
    ),
    (
        "takes a pool of two",
        _many("""
with ThreadPoolExecutor(2) as pool:
    return sum(pool.map(lambda id: tell(connections, id, text), ids))
"""),
        "how many posts are under way at once",
    ),
    (
        "calls the function itself, and submits what it returns",
        _many("""
with ThreadPoolExecutor(20) as pool:
    return sum(waiting.result() for waiting in [pool.submit(tell(connections, id, text)) for id in ids])
"""),
        "'bool' object is not callable",
    ),
    (
        "submits, and never looks at what becomes of it",
        _many("""
with ThreadPoolExecutor(20) as pool:
    for id in ids:
        pool.submit(tell, connections, id, text)
return len(ids)
"""),
        "Got '12 passengers'",
    ),
    (
        "counts those who were told, and loses the errors",
        _many("""
with ThreadPoolExecutor(20) as pool:
    waiting = [pool.submit(tell, connections, id, text) for id in ids]
return sum(not each.exception() and each.result() for each in waiting)
"""),
        "which errors are caught, or never looked at",
    ),
    (
        "reads no result of the pool",
        _many("""
told = []
with ThreadPoolExecutor(20) as pool:
    pool.map(lambda id: told.append(tell(connections, id, text)), ids)
return sum(told)
"""),
        "an error in a thread stays there until somebody reads its result",
    ),
    (
        "answers 500 where a thread has failed",
        _changed(
            _many("""
with ThreadPoolExecutor(20) as pool:
    return sum(pool.map(lambda id: tell(connections, id, text), ids))
"""),
            (_RETURN, f"    try:\n    {_RETURN}    except Exception as error:\n{_FIVE_HUNDRED}"),
        ),
        "a `statusCode` is not looked at here",
    ),
    (
        "gathers errors as if they were results",
        _many("""
async def all_of_them():
    calls = [asyncio.to_thread(tell, connections, id, text) for id in ids]
    return await asyncio.gather(*calls, return_exceptions=True)

return sum(told is True for told in asyncio.run(all_of_them()))
"""),
        "mara must know",
    ),
    (
        "waits for no thread",
        _many("""
for id in ids:
    threading.Thread(target=tell, args=(connections, id, text)).start()
return len(ids)
"""),
        "posts went out after the answer",
    ),
    (
        "leaves the pool without waiting",
        _many("""
pool = ThreadPoolExecutor(20)
waiting = [pool.submit(tell, connections, id, text) for id in ids]
pool.shutdown(wait=False)
return sum(each.done() and each.result() for each in waiting)
"""),
        "who waits for the threads?",
    ),
    (
        "lets threads swallow their errors",
        _many("""
told = []

def work(id):
    try:
        told.append(tell(connections, id, text))
    except Exception as error:
        print(error)

threads = [threading.Thread(target=work, args=(id,)) for id in ids]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
return sum(told)
"""),
        "which errors are caught, or never looked at",
    ),
]

# ── 07.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_QUEUE = """
import json
import os

import boto3

passengers = boto3.resource("dynamodb").Table("passengers")
sqs = boto3.client("sqs")

def everyone():
    pages = passengers.meta.client.get_paginator("scan").paginate(TableName="passengers")
    return [row["connection_id"] for page in pages for row in page["Items"]]

def depart(event, context):
    here, text = event["requestContext"], json.loads(event["body"])["text"]
    door = f"https://{here['domainName']}/{here['stage']}"
    ids = everyone()
    for n in range(0, len(ids), 5):
        work = {"door": door, "text": text, "ids": ids[n : n + 5]}
        sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(work))
    return {"statusCode": 200, "body": f"{len(ids)} passengers"}

def deliver(event, context):
    for record in event["Records"]:
        work = json.loads(record["body"])
        connections = boto3.client("apigatewaymanagementapi", endpoint_url=work["door"])
        for id in work["ids"]:
            try:
                connections.post_to_connection(ConnectionId=id, Data=work["text"])
            except connections.exceptions.GoneException:
                print("has gone:", id)

answer = depart, deliver
"""


def _queue(*changes: tuple[str, str]) -> str:
    return _changed(_QUEUE, *changes)


_CUTS = "range(0, len(ids), 5)"
_SENDS = '        sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(work))\n'
_WORKS = '    for record in event["Records"]:\n'
_PASSES = 'except connections.exceptions.GoneException:\n                print("has gone:", id)'
_LEFT_TO_A_QUEUE = [
    (
        "puts the whole list into one message",
        _queue((f"for n in {_CUTS}", "for n in [0]"), ("ids[n : n + 5]", "ids")),
        "Got 1 message, for 11 passengers",
    ),
    (
        "puts the whole list into every message",
        _queue(("ids[n : n + 5]", "ids")),
        "3 messages, for 11, 11, 11 passengers",
    ),
    ("sends a message for each passenger", _queue((_CUTS, "range(len(ids))"), ("n + 5", "n + 1")), "Got 11 messages"),
    (
        "makes five shares instead of shares of five",
        _queue((f"for n in {_CUTS}", "for n in range(5)"), ("ids[n : n + 5]", "ids[n::5]")),
        "5 messages, for 3, 2, 2, 2, 2 passengers",
    ),
    (
        "makes a share too many where it comes out even",
        _queue((f"for n in {_CUTS}", "for n in range(0, len(ids) // 5 * 5 + 1, 5)")),
        "3 messages, for 5, 5, 0 passengers",
    ),
    (
        "deals the list out to a share too many",
        _queue(
            (f"for n in {_CUTS}", "shares = len(ids) // 5 + 1\n    for n in range(shares)"),
            ("ids[n : n + 5]", "ids[n::shares]"),
        ),
        "2 messages for 10 passengers, at most 5 in each",
    ),
    ("cuts one too few", _queue(("n + 5", "n + 4")), "2 passengers stand in no message"),
    ("cuts one too many", _queue(("n + 5", "n + 6")), "how the list is cut"),
    ("forgets the rest", _queue((_CUTS, "range(0, len(ids) - len(ids) % 5, 5)")), "2 messages, for 5, 5 passengers"),
    ("sends behind the loop", _queue((_SENDS, _SENDS[4:])), "Got 1 message"),
    ("sends nothing", _queue((_SENDS, "")), "Got no message"),
    (
        "posts at the desk, too",
        _queue(
            (
                _SENDS,
                _SENDS
                + '    client = boto3.client("apigatewaymanagementapi", endpoint_url=door)\n'
                + "    client.post_to_connection(ConnectionId=ids[0], Data=text)\n",
            )
        ),
        "the desk only puts work on the queue, and is free",
    ),
    (
        "does the work itself",
        _queue((_SENDS, '        deliver({"Records": [{"body": json.dumps(work)}]}, context)\n')),
        "who posts",
    ),
    ("sends a dictionary", _queue(("json.dumps(work)", "work")), "Parameter validation failed"),
    ("names the queue, not its URL", _queue(('os.environ["QUEUE"]', '"departures-queue"')), "the row “Raised”"),
    (
        "works off the first message only",
        _queue((_WORKS, '    for record in event["Records"][:1]:\n')),
        "nobody has posted to passenger",
    ),
    (
        "takes the event for the message",
        _queue((_WORKS, "    for record in [event]:\n")),
        "deliver raised KeyError: 'body'",
    ),
    (
        "takes the body for a dictionary",
        _queue(('json.loads(record["body"])', 'record["body"]')),
        "deliver raised TypeError: string indices",
    ),
    (
        "looks for the door in its own event",
        _queue(('endpoint_url=work["door"]', "endpoint_url=f\"https://{event['requestContext']['domainName']}\"")),
        "deliver raised KeyError: 'requestContext'",
    ),
    (
        "keeps the door in a global",
        _queue(
            ("\ndef depart", '\ndoor = ""\n\ndef depart'),
            ("    here, text", "    global door\n    here, text"),
            ('endpoint_url=work["door"]', "endpoint_url=door"),
        ),
        "deliver raised ValueError: Invalid endpoint",
    ),
    ("forgets the text", _queue(('"text": text, ', "")), "deliver raised KeyError: 'text'"),
    (
        "lets the gone one end the worker",
        _queue((_PASSES, "except KeyError:\n                pass")),
        "who was told already is told once more",
    ),
    (
        "tells all others, and fails then",
        _queue(
            (_WORKS, "    gone = []\n" + _WORKS),
            (_PASSES, "except connections.exceptions.GoneException as error:\n                gone.append(error)"),
            ("\nanswer", "    if gone:\n        raise gone[0]\n\nanswer"),
        ),
        "a worker that fails gets the same messages again",
    ),
    (
        "passes over every error",
        _queue((_PASSES, "except Exception:\n                pass")),
        "GoneException means “gone”, all others must come out",
    ),
    (
        "stops at the first who has gone",
        _queue((_PASSES, "except connections.exceptions.GoneException:\n                break")),
        "nobody has posted to passenger",
    ),
    ("hands in one function", _queue(("answer = depart, deliver", "answer = depart")), "two functions: check("),
]

WRONG = [
    (id, name, cell, words)
    for id, answers in {
        "07.1": _LIST,
        "07.2": _MENDED,
        "07.3": _ONE_HALL,
        "07.4": _AT_ONCE,
        "07.5": _LEFT_TO_A_QUEUE,
    }.items()
    for name, cell, words in answers
]
