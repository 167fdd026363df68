"""Plausible wrong answers to lab 11, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


def _pause(*lines: str) -> str:
    body = "\n    ".join(lines)
    return f"import random\nimport time\n\ndef answer(attempt):\n    {body}\n"


_WISH = """
import itertools
import json
import threading
import time

import boto3
from boto3.dynamodb.conditions import Attr, Key

wishes = boto3.resource("dynamodb").Table("wishes")
gone_on = wishes.meta.client.exceptions.ConditionalCheckFailedException
counter = itertools.count(1)
lock = threading.Lock()

def highest():
    spring = {"KeyConditionExpression": Key("concert").eq("spring"), "ConsistentRead": True}
    newest = wishes.query(**spring, ScanIndexForward=False, Limit=1)["Items"]
    return int(newest[0]["number"]) if newest else 0

def answer(event, context):
    row = {"concert": "spring", "song": json.loads(event["body"])["song"]}
    free = Attr("number").not_exists()
    WORK
    return {"statusCode": 200, "body": json.dumps({"number": number})}
"""
_PUT = "wishes.put_item(Item=row | {'number': number}, ConditionExpression=free)"
_UNTIL_FREE = (
    "while True:",
    "    number = highest() + 1",
    "    try:",
    f"        {_PUT}",
    "        break",
    "    except gone_on:",
    "        continue",
)


def _wish(*lines: str) -> str:
    return _WISH.replace("WORK", "\n    ".join(lines))


_TELL = """
import json

import boto3
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

singers = boto3.resource("dynamodb").Table("singers")

def of_voice(voice):
    rows = singers.query(IndexName="by_room", KeyConditionExpression=Key("room").eq(voice))["Items"]
    return {row["connection_id"]: row["name"] for row in rows}

def is_there(connections, connection_id, message):
    try:
        connections.post_to_connection(ConnectionId=connection_id, Data=json.dumps(message))
    except connections.exceptions.GoneException:
        return False
    return True

def answer(event, context):
    where, text = event["requestContext"], json.loads(event["body"])["text"]
    door = f"https://{where['domainName']}/{where['stage']}"
    connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
    me = singers.get_item(Key={"connection_id": where["connectionId"]})["Item"]
    here = of_voice(me["room"])
    gone = [id for id in here if not is_there(connections, id, {"text": text})]
    for id in gone:
        singers.delete_item(Key={"connection_id": id})
    if gone:
        here = of_voice(me["room"])
        for id in here:
            is_there(connections, id, {"here": sorted(here.values())})
    return {"statusCode": 200}
"""
_CAUGHT = "except connections.exceptions.GoneException:"
_KEY = 'singers.delete_item(Key={"connection_id": id})'
_AGAIN = '    if gone:\n        here = of_voice(me["room"])\n'
_EACH = """    gone = [id for id in here if not is_there(connections, id, {"text": text})]
    for id in gone:
        singers.delete_item(Key={"connection_id": id})
"""


def _tell(*changes: tuple[str, str]) -> str:
    return _changed(_TELL, *changes)


_ONE_BY_ONE = """    gone = []
    for id in here:
        if not is_there(connections, id, {"text": text}):
            singers.delete_item(Key={"connection_id": id})
            left = of_voice(me["room"])
            for other in left:
                is_there(connections, other, {"here": sorted(left.values())})
"""
_LOOP_IN_TRY = """    gone = []
    try:
        for id in here:
            connections.post_to_connection(ConnectionId=id, Data=json.dumps({"text": text}))
    except connections.exceptions.GoneException:
        gone = [id]
        singers.delete_item(Key={"connection_id": id})
"""

_READ_ON = """
def answer(last, came):
    text_of = {message["number"]: message["text"] for message in came}
    texts = []
    while last + 1 in text_of:
        last += 1
        texts.append(text_of[last])
    return texts, any(number > last for number in text_of)
"""


def _read_on(*changes: tuple[str, str]) -> str:
    return _changed(_READ_ON, *changes)


def _read(*lines: str) -> str:
    body = "\n    ".join(lines)
    return f"def answer(last, came):\n    {body}\n"


_DELIVER = """
import hashlib
import json
import time
import uuid

from websockets.exceptions import ConnectionClosed

from upgrade101 import connect

def answer(url, name, texts):
    waiting = [{"action": "tell", "id": uuid.uuid4().hex, "name": name, "text": text} for text in texts]
    numbers = []
    while waiting:
        try:
            with connect(url) as line:
                while waiting:
                    line.send(json.dumps(waiting[0]))
                    numbers.append(json.loads(line.recv(timeout=2))["number"])
                    del waiting[0]
        except (ConnectionClosed, TimeoutError):
            time.sleep(0.02)
    return numbers
"""
_ID = "uuid.uuid4().hex"
_LIST = f'waiting = [{{"action": "tell", "id": {_ID}, "name": name, "text": text}} for text in texts]'


def _deliver(*changes: tuple[str, str]) -> str:
    return _changed(_DELIVER, *changes)


def _client(*lines: str) -> str:
    """Return a client whose body is something else; ``asked`` makes a message."""
    head = _DELIVER.partition("def answer")[0]
    asked = f'def asked(name, text):\n    return {{"action": "tell", "id": {_ID}, "name": name, "text": text}}\n\n'
    body = "\n    ".join(lines)
    return f"{head}{asked}def answer(url, name, texts):\n    {body}\n"


WRONG = [
    # 11.1 · Come back, but not all at once
    ("11.1", "leaves nothing to chance", _pause("return min(60, 2 * 2**attempt)"), "and knock together again"),
    (
        "11.1",
        "adds a little chance",
        _pause("longest = min(60, 2 * 2**attempt)", "return longest * random.uniform(0.9, 1)"),
        "one crowd still",
    ),
    ("11.1", "throws the same dice", _pause("return random.Random(attempt).uniform(0, 2)"), "knock together again"),
    (
        "11.1",
        "never stops growing",
        _pause("return random.uniform(0, 2 * 2**attempt)"),
        "it stops growing at 60 seconds",
    ),
    (
        "11.1",
        "grows by adding",
        _pause("return random.uniform(0, min(60, 2 * (attempt + 1)))"),
        "some that wait nearly 16 seconds",
    ),
    (
        "11.1",
        "begins with twice as much",
        _pause("return random.uniform(0, min(60, 2 * 2 ** (attempt + 1)))"),
        "`attempt` begins with 0",
    ),
    (
        "11.1",
        "waits by itself",
        _pause("time.sleep(random.uniform(0.6, min(0.7, 2 * 2**attempt)))"),
        "`pause` says how long, and does not wait itself",
    ),
    (
        "11.1",
        "counts with a point",
        _pause("return random.uniform(0, min(60.0, 2.0 * 2.0**attempt))"),
        "OverflowError",
    ),
    ("11.1", "forgets to return", _pause("random.uniform(0, min(60, 2 * 2**attempt))"), "Got None"),
    (
        "11.1",
        "takes something off",
        _pause("longest = min(60, 2 * 2**attempt)", "return longest / 2 + random.uniform(-longest, 0)"),
        "a pause cannot be negative",
    ),
    # 11.2 · Two wishes at the same moment
    (
        "11.1",
        "waits whole seconds",
        _pause("return random.randint(0, min(60, 2 * 2**attempt))"),
        "whole seconds are few",
    ),
    (
        "11.1",
        "leaves half of the pause to chance",
        _pause("longest = min(60, 2 * 2**attempt)", "return longest / 2 + random.uniform(0, longest / 2)"),
        "where chance begins: at 0",
    ),
    (
        "11.2",
        "looks and then writes",
        _wish("number = highest() + 1", "wishes.put_item(Item=row | {'number': number})"),
        "the wish is lost, and its singer believes in it",
    ),
    (
        "11.2",
        "takes no notice where the write fails",
        _wish(
            "while True:",
            "    number = highest() + 1",
            "    try:",
            f"        {_PUT}",
            "    except gone_on:",
            "        continue",
            "    except Exception:",
            "        pass",
            "    break",
        ),
        "between the look of a function and its write",
    ),
    (
        "11.2",
        "does not try again",
        _wish("number = highest() + 1", _PUT),
        "a number that is taken is no fault, but the sign to look again",
    ),
    (
        "11.2",
        "tries three times",
        _wish(
            "for _ in range(3):",
            "    number = highest() + 1",
            "    try:",
            f"        {_PUT}",
            "        break",
            "    except gone_on:",
            "        continue",
            "else:",
            "    raise RuntimeError('others were quicker')",
        ),
        "RuntimeError: others were quicker",
    ),
    (
        "11.2",
        "says a number that it did not get",
        _wish("number = highest() + 1", "try:", f"    {_PUT}", "except gone_on:", "    print('taken')"),
        "a number that nobody has",
    ),
    (
        "11.2",
        "looks once and tries the same number",
        _wish(
            "number = highest() + 1",
            "while True:",
            "    try:",
            f"        {_PUT}",
            "        break",
            "    except gone_on:",
            "        time.sleep(0.05)",
        ),
        "what each new try begins with: a new look",
    ),
    (
        "11.2",
        "locks in a global",
        _wish("with lock:", "    number = highest() + 1", "    wishes.put_item(Item=row | {'number': number})"),
        "the wish is lost, and its singer believes in it",
    ),
    (
        "11.2",
        "counts in a global",
        _wish("number = next(counter)", _PUT),
        "a number that is taken is no fault",
    ),
    (
        "11.2",
        "takes the time for a number",
        _wish("number = time.time_ns()", _PUT),
        "the next number is one more than the highest in the table",
    ),
    (
        "11.2",
        "begins with 0",
        _wish(*(line.replace("highest() + 1", "highest() + 1 if highest() else 0") for line in _UNTIL_FREE)),
        "the highest number of an empty list is 0",
    ),
    (
        "11.2",
        "tries again whatever happens",
        _wish(
            "while True:",
            "    try:",
            "        number = highest() + 1",
            f"        {_PUT}",
            "        break",
            "    except Exception as error:",
            "        time.sleep(0.05)",
        ),
        "it tried again and again, until Lambda stopped it",
    ),
    (
        "11.2",
        "answers although nothing is written",
        _wish(
            "try:",
            *(f"    {line}" for line in _UNTIL_FREE),
            "except Exception as error:",
            "    number = repr(error)",
        ),
        "which error sends `wish` back to look again",
    ),
    (
        "11.2",
        "skips a number to be safe",
        _wish(*(line.replace("highest() + 1", "highest() + 2") for line in _UNTIL_FREE)),
        "the next number is one more than the highest in the table",
    ),
    # 11.3 · Mend Ben's list of who is here
    (
        "11.3",
        "is as Ben left it",
        _tell(
            (_CAUGHT, "except ClientError as error:"),
            ("        return False", "        return error.status_code != 410"),
            (_KEY, 'singers.delete_item(Key={"connection_id": where["connectionId"]})'),
            (_AGAIN, "    if gone:\n"),
        ),
        "'GoneException' object has no attribute 'status_code'",
    ),
    (
        "11.3",
        "deletes the row of the speaker",
        _tell((_KEY, 'singers.delete_item(Key={"connection_id": where["connectionId"]})')),
        "Ana is here, and has no row any more",
    ),
    (
        "11.3",
        "reads the list before it is tidy",
        _tell((_AGAIN, "    if gone:\n")),
        "who has gone must not be on it",
    ),
    ("11.3", "never deletes", _tell((_KEY, "print(id)")), "'s row is still there"),
    ("11.3", "says nothing of who is here", _tell(("    if gone:", "    if False:")), "want to know who is here"),
    ("11.3", "always says who is here", _tell(("    if gone:", "    if True:")), "nobody has gone"),
    ("11.3", "says it for each who has gone", _tell((_EACH, _ONE_BY_ONE)), "how many lists: one"),
    (
        "11.3",
        "ends at the first who has gone",
        _tell((_EACH, _LOOP_IN_TRY)),
        "one who has gone is no reason to tell the others nothing",
    ),
    (
        "11.3",
        "takes every error for gone",
        _tell((_CAUGHT, "except ClientError:")),
        "is taken out, and her line is open",
    ),
    (
        "11.3",
        "tells everybody of every voice",
        _tell(
            ("singers.query(IndexName=", "singers.scan() or dict(IndexName="),
            ("singers.scan() or dict(", "(singers.scan(), dict("),
            ('.eq(voice))["Items"]', '.eq(voice)))[0]["Items"]'),
        ),
        "a bass",
    ),
    (
        "11.3",
        "tells the others, and not the speaker",
        _tell(("[id for id in here if", '[id for id in here if id != where["connectionId"] and')),
        "Ana reads",
    ),
    (
        "11.3",
        "lists ids for names",
        _tell(("sorted(here.values())", "sorted(here)")),
        "the names of those who are here, sorted",
    ),
    # 11.4 · Read past the holes
    (
        "11.4",
        "shows what comes, as it comes",
        _read("texts = [message['text'] for message in came]", "return texts, False"),
        "a message that came twice is read once",
    ),
    (
        "11.4",
        "sorts, and does not mind holes",
        _read(
            "text_of = {message['number']: message['text'] for message in came if message['number'] > last}",
            "return [text_of[number] for number in sorted(text_of)], False",
        ),
        "what must not be read yet or again",
    ),
    (
        "11.4",
        "takes one after the other, as they came",
        _read(
            "texts, missing = [], False",
            "for message in came:",
            "    if message['number'] == last + 1:",
            "        last += 1",
            "        texts.append(message['text'])",
            "    elif message['number'] > last:",
            "        missing = True",
            "return texts, missing",
        ),
        "in whatever order they came",
    ),
    (
        "11.4",
        "knows doubles by their text",
        _read(
            "texts = []",
            "for message in sorted(came, key=lambda message: message['number']):",
            "    if message['number'] == last + 1 and message['text'] not in texts:",
            "        last += 1",
            "        texts.append(message['text'])",
            "return texts, any(message['number'] > last for message in came)",
        ),
        "two messages may have the same text: only their numbers tell them apart",
    ),
    (
        "11.4",
        "begins at the lowest that came",
        _read_on(("    texts = []", "    texts, last = [], min(text_of, default=1) - 1")),
        "what must not be read yet or again",
    ),
    ("11.4", "never asks", _read_on(("any(number > last for number in text_of)", "False")), "is missing"),
    (
        "11.4",
        "asks whenever something is left over",
        _read_on(("any(number > last for number in text_of)", "len(texts) < len(came)")),
        "False: nothing is missing",
    ),
    (
        "11.4",
        "asks for what is old, too",
        _read_on(("any(number > last for number in text_of)", "len(texts) < len(text_of)")),
        "False: nothing is missing",
    ),
    ("11.4", "returns the texts alone", _read_on((", any(number > last for number in text_of)", "")), "a pair"),
    ("11.4", "returns numbers", _read_on(("text_of[last]", "last")), "the texts, not the numbers"),
    (
        "11.4",
        "says after which number to ask",
        _read_on(("any(number > last for number in text_of)", "last")),
        "True or False",
    ),
    (
        "11.4",
        "leaves out the last one before a hole",
        _read_on(("while last + 1 in text_of:", "while last + 1 in text_of and last + 2 in text_of:")),
        "up to the first hole",
    ),
    # 11.5 · Say it until it is heard
    (
        "11.5",
        "makes a new id for each try",
        _deliver(("json.dumps(waiting[0])", f'json.dumps(waiting[0] | {{"id": {_ID}}})')),
        "the room cannot know that it is the same",
    ),
    (
        "11.5",
        "does not expect a cut line",
        _client(
            "with connect(url) as line:",
            "    numbers = []",
            "    for text in texts:",
            "        line.send(json.dumps(asked(name, text)))",
            "        numbers.append(json.loads(line.recv())['number'])",
            "    return numbers",
        ),
        "ConnectionClosed",
    ),
    (
        "11.5",
        "comes back, and goes on with the next",
        _client(
            "numbers = []",
            "for text in texts:",
            "    try:",
            "        with connect(url) as line:",
            "            line.send(json.dumps(asked(name, text)))",
            "            numbers.append(json.loads(line.recv(timeout=2))['number'])",
            "    except ConnectionClosed:",
            "        time.sleep(0.02)",
            "return numbers",
        ),
        "say it again, on a new line",
    ),
    (
        "11.5",
        "sends everything at once, and hopes",
        _client(
            "numbers = []",
            "with connect(url) as line:",
            "    try:",
            "        for text in texts:",
            "            line.send(json.dumps(asked(name, text)))",
            "        for text in texts:",
            "            numbers.append(json.loads(line.recv(timeout=2))['number'])",
            "    except ConnectionClosed:",
            "        print('cut')",
            "return numbers",
        ),
        "say it again, on a new line",
    ),
    (
        "11.5",
        "counts its ids from 0",
        _deliver((_ID, "str(number)"), ("for text in texts]", "for number, text in enumerate(texts)]")),
        "an id for each text that nobody else has",
    ),
    (
        "11.5",
        "counts its ids for each singer",
        _deliver((_ID, 'f"{name}{number}"'), ("for text in texts]", "for number, text in enumerate(texts)]")),
        "an id belongs to one text of one singer",
    ),
    (
        "11.5",
        "makes ids of texts",
        _deliver((_ID, "hashlib.sha256(f'{name} {text}'.encode()).hexdigest()[:8]")),
        "equal texts are messages of their own",
    ),
    (
        "11.5",
        "has one id for everything",
        _deliver((f'"id": {_ID}', '"id": one'), ("    waiting = [", f"    one = {_ID}\n    waiting = [")),
        "an id belongs to one text of one singer",
    ),
    (
        "11.5",
        "begins from the first text again",
        _client(
            "messages = [asked(name, text) for text in texts]",
            "while True:",
            "    try:",
            "        with connect(url) as line:",
            "            numbers = []",
            "            for message in messages:",
            f"                line.send(json.dumps(message | {{'id': {_ID}}}))",
            "                numbers.append(json.loads(line.recv(timeout=2))['number'])",
            "            return numbers",
            "    except ConnectionClosed:",
            "        time.sleep(0.02)",
        ),
        "when the id is made: once for each text",
    ),
    (
        "11.5",
        "tries twice",
        _client(
            "numbers = []",
            "for message in [asked(name, text) for text in texts]:",
            "    for again in range(2):",
            "        try:",
            "            with connect(url) as line:",
            "                line.send(json.dumps(message))",
            "                numbers.append(json.loads(line.recv(timeout=2))['number'])",
            "            break",
            "        except ConnectionClosed:",
            "            time.sleep(0.02)",
            "return numbers",
        ),
        "say it again, on a new line",
    ),
    ("11.5", "returns nothing", _deliver(("    return numbers", "    print(numbers)")), "what `deliver` returns"),
    (
        "11.5",
        "returns whole receipts",
        _deliver(('line.recv(timeout=2))["number"]', "line.recv(timeout=2))")),
        "what `deliver` returns",
    ),
    (
        "11.5",
        "begins with the last text",
        _deliver(("for text in texts]", "for text in reversed(texts)]")),
        "one after the other",
    ),
]
