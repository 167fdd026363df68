"""Plausible wrong answers to lab 10, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_TRANSLATE = """
import json

LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

def answer(event, context):
    question = json.loads(event["body"])
    said = {"id": question["id"]}
    if question["word"] in LEXICON:
        said["word"] = LEXICON[question["word"]]
    else:
        said["error"] = f"no word for {question['word']}"
    return {"statusCode": 200, "body": json.dumps(said)}
"""
_BY_HAND = """'{"id": "' + str(said["id"]) + '", "word": "' + said.get("word", "") + '"}'"""
_BAD_BY_HAND = """json.dumps(said) if "word" in said else '{"id": "q2", "error": "' + said["error"] + '"}'"""
_WORD = "\n    if question"


def _translate(*changes: tuple[str, str]) -> str:
    return _changed(_TRANSLATE, *changes)


_OPEN = """
from upgrade101 import function, websocket_api

def answer(archive_url):
    archive = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST"}
    archive["IntegrationUri"] = archive_url
    archive["RequestParameters"] = {"integration.request.header.line": "context.connectionId"}
    hours = '{"id": "hours", "open": "9 to 17", "at": $context.requestTimeEpoch}'
    routes = {"archive": archive, "hours": hours}
    return websocket_api("desk", routes, two_way=("archive", "hours"))
"""
_LINE = '    archive["RequestParameters"] = {"integration.request.header.line": "context.connectionId"}\n'
_IN_SINGLE_QUOTES = """"{'id': 'hours', 'open': '9 to 17', 'at': $context.requestTimeEpoch}\""""
_STILL_A_FUNCTION = """
import json

def hours(event, context):
    at = event["requestContext"]["requestTimeEpoch"]
    return {"statusCode": 200, "body": json.dumps({"id": "hours", "open": "9 to 17", "at": at})}

# %%
from upgrade101 import websocket_api

def answer(archive_url):
    archive = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST"}
    archive["IntegrationUri"] = archive_url
    archive["RequestParameters"] = {"integration.request.header.line": "context.connectionId"}
    return websocket_api("desk", {"archive": archive, "hours": hours}, two_way=("archive", "hours"))
"""


def _open(*changes: tuple[str, str]) -> str:
    return _changed(_OPEN, *changes)


_BEN = """
import json

LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

def answer(event, context):
    question = json.loads(event["body"])
    words = question["words"]
    found = []
    try:
        for word in words:
            found.append(LEXICON[word])
    except Exception as error:
        print("no word for", error)
    answer = {"id": question["id"], "words": found}
    return {"statusCode": 200, "body": json.dumps(answer)}
"""
_BOOK = """
import json

LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

def answer(event, context):
    question = json.loads(event["body"])
    said = {"id": question["id"]}
    try:
        said["words"] = [LEXICON.get(word) for word in question["words"]]
    except (KeyError, TypeError):
        said["error"] = "a question needs a list of words"
    return {"statusCode": 200, "body": json.dumps(said)}
"""
_FIND = "LEXICON.get(word) for word in question"
_SORRY = 'said["error"] = "a question needs a list of words"'


def _book(*changes: tuple[str, str]) -> str:
    return _changed(_BOOK, *changes)


_ORDER = """
import json

import boto3

orders = boto3.resource("dynamodb").Table("orders")
known = {}

def answer(event, context):
    question = json.loads(event["body"])
    receipt = event["requestContext"]["requestId"]
    row = {"id": question["id"], "pages": question["pages"], "receipt": receipt}
    try:
        orders.put_item(Item=row, ConditionExpression="attribute_not_exists(id)")
    except orders.meta.client.exceptions.ConditionalCheckFailedException:
        row = orders.get_item(Key={"id": question["id"]}, ConsistentRead=True)["Item"]
    said = {"id": question["id"], "receipt": row["receipt"]}
    return {"statusCode": 200, "body": json.dumps(said)}
"""
_WRITE = """    try:
        orders.put_item(Item=row, ConditionExpression="attribute_not_exists(id)")
    except orders.meta.client.exceptions.ConditionalCheckFailedException:
        row = orders.get_item(Key={"id": question["id"]}, ConsistentRead=True)["Item"]
"""
_FIRST_RECEIPT = """    row = orders.update_item(
        Key={"id": question["id"]},
        UpdateExpression="SET receipt = if_not_exists(receipt, :receipt), pages = :pages",
        ExpressionAttributeValues={":receipt": receipt, ":pages": question["pages"]},
        ReturnValues="ALL_NEW",
    )["Attributes"]
"""
_LOOK_FIRST = """    before = orders.get_item(Key={"id": question["id"]}).get("Item")
    if before:
        row = before
    else:
        orders.put_item(Item=row)
"""
_CAUGHT = 'row = orders.get_item(Key={"id": question["id"]}, ConsistentRead=True)["Item"]'


def _order(*changes: tuple[str, str]) -> str:
    return _changed(_ORDER, *changes)


_ASK = """
import json
import time
from contextlib import suppress

from upgrade101 import connect
from websockets.exceptions import ConnectionClosed

def answer(url, words, patience):
    answers = {}
    with connect(url) as line:
        for number, word in enumerate(words):
            answers[f"q{number}"] = None
            line.send(json.dumps({"action": "translate", "id": f"q{number}", "word": word}))
        end = time.monotonic() + patience
        with suppress(TimeoutError, ConnectionClosed):
            while None in answers.values():
                text = line.recv(timeout=max(0, end - time.monotonic()))
                with suppress(ValueError, KeyError, TypeError):
                    reply = json.loads(text)
                    if reply["id"] in answers:
                        answers[reply["id"]] = reply["word"]
    return list(answers.values())
"""
_IN_ORDER_OF_ARRIVAL = """
import json

from upgrade101 import connect

def answer(url, words, patience):
    with connect(url) as line:
        for number, word in enumerate(words):
            line.send(json.dumps({"action": "translate", "id": f"q{number}", "word": word}))
        found = []
        while len(found) < len(words):
            try:
                reply = json.loads(line.recv(timeout=patience))
                if reply["id"].startswith("q"):
                    found.append(reply["word"])
            except (ValueError, KeyError, TypeError):
                continue
    return found
"""
_ONE_BY_ONE = """
import json
from contextlib import suppress

from upgrade101 import connect

def answer(url, words, patience):
    found = []
    with connect(url) as line:
        for number, word in enumerate(words):
            line.send(json.dumps({"action": "translate", "id": number, "word": word}))
            found.append(None)
            while found[number] is None:
                try:
                    reply = json.loads(line.recv(timeout=patience))
                except TimeoutError:
                    break
                except ValueError:
                    continue
                if isinstance(reply, dict) and reply.get("id") == number:
                    found[number] = reply["word"]
    return found
"""
_A_LINE_EACH = """
import json
from concurrent.futures import ThreadPoolExecutor

from upgrade101 import connect

def answer(url, words, patience):
    def ask(word):
        with connect(url) as line:
            line.send(json.dumps({"action": "translate", "id": "q", "word": word}))
            while True:
                try:
                    return json.loads(line.recv(timeout=patience))["word"]
                except TimeoutError:
                    return None
                except (ValueError, KeyError, TypeError):
                    continue

    with ThreadPoolExecutor(9) as threads:
        return list(threads.map(ask, words))
"""
_PATIENT = "suppress(ValueError, KeyError, TypeError):"
_HAVE = """                    if reply["id"] in answers:
                        answers[reply["id"]] = reply["word"]
"""


def _ask(*changes: tuple[str, str]) -> str:
    return _changed(_ASK, *changes)


WRONG: list[tuple[str, str, str, str]] = [
    # 10.1 · Answer under the question's id
    (
        "10.1",
        "forgets to make text of it",
        _translate(("json.dumps(said)", "said")),
        "Its `body` is a dictionary and must be text: `json.dumps` makes text of it",
    ),
    ("10.1", "leaves the id out", _translate(('{"id": question["id"]}', "{}")), "is that of its question"),
    (
        "10.1",
        "takes the gateway's id of the request",
        _translate(('question["id"]', 'event["requestContext"]["requestId"]')),
        "exactly as it was sent",
    ),
    (
        "10.1",
        "looks for the id in the event",
        _translate(('question["id"]', 'event["id"]')),
        "lab-answer raised KeyError: 'id'",
    ),
    (
        "10.1",
        "makes text of each id",
        _translate(('question["id"]', 'str(question["id"])')),
        'Got \'{"id": "7", "word": "lait"}\'',
    ),
    (
        "10.1",
        "writes JSON by hand, and every id in quotes",
        _translate(("json.dumps(said)", _BY_HAND)),
        'Expected {"id": 7, "word": "lait"}',
    ),
    (
        "10.1",
        "writes JSON by hand, and trips over a quote",
        _translate(("json.dumps(said)", _BAD_BY_HAND)),
        "in an object, with the `id`, as `json.dumps` writes it",
    ),
    (
        "10.1",
        "numbers the answers by itself",
        _translate(("def answer", "counted = 0\n\ndef answer"), ('question["id"]', '"q1"')),
        'Expected {"id": 7, "word": "lait"} Got \'{"id": "q1"',
    ),
    (
        "10.1",
        "raises where a word is missing",
        _translate((" in LEXICON:", ":")),
        "this word is not in LEXICON. The error frame names no id",
    ),
    (
        "10.1",
        "says it by the status",
        _translate(("    else:\n", "    else:\n        return {'statusCode': 404, 'body': 'no such word'}\n")),
        "bad news travel as good news do",
    ),
    (
        "10.1",
        "says it by the status alone",
        _translate(("    else:\n", "    else:\n        return {'statusCode': 404}\n")),
        "Got '' Look at bad news travel as good news do",
    ),
    (
        "10.1",
        "hides bad news among the good",
        _translate(('said["error"]', 'said["word"]')),
        "bad news stand under `error`",
    ),
    (
        "10.1",
        "repeats the word",
        _translate(('LEXICON[question["word"]]', 'question["word"]')),
        "`word` in the answer is what LEXICON says",
    ),
    (
        "10.1",
        "returns the dictionary itself",
        _translate(('{"statusCode": 200, "body": json.dumps(said)}', "said")),
        "There is no `statusCode` in it",
    ),
    # 10.2 · Answer without a function
    (
        "10.2",
        "stays one-way",
        _open((', two_way=("archive", "hours")', "")),
        "a route is one-way unless `two_way` names",
    ),
    (
        "10.2",
        "lets only the archive answer",
        _open(('two_way=("archive", "hours")', 'two_way=("archive",)')),
        "whatever stands behind it",
    ),
    ("10.2", "returns the URL", _open(('"hours"))', '"hours")).url')), "what websocket_api returns"),
    (
        "10.2",
        "puts the time into quotes",
        _open(("$context.requestTimeEpoch}", '"$context.requestTimeEpoch"}')),
        "a number stands without quotes",
    ),
    (
        "10.2",
        "takes the time of the deployment",
        _open(
            ("def answer", "import time\n\ndef answer"),
            ("$context.requestTimeEpoch}'", "' + str(int(time.time() * 1000)) + '}'"),
        ),
        "is filled in at each request",
    ),
    (
        "10.2",
        "takes the time at which the line was opened",
        _open(("requestTimeEpoch", "connectedAt")),
        "is filled in at each request",
    ),
    (
        "10.2",
        "says MOCK and nothing more",
        _open(("hours = '{", 'hours = {"IntegrationType": "MOCK"}\n    unused = \'{')),
        "websocket_api makes a MOCK of a text, and of nothing else",
    ),
    (
        "10.2",
        "names two routes in one text",
        _open(('two_way=("archive", "hours")', 'two_way=("archive, hours",)')),
        "two_way names ['archive, hours'], which are no routes",
    ),
    (
        "10.2",
        "lets the gateway take the archive's answer apart",
        _open(('"HTTP_PROXY"', '"HTTP"')),
        "an HTTP_PROXY",
    ),
    (
        "10.2",
        "takes seconds for milliseconds",
        _open(
            ("def answer", "import time\n\ndef answer"),
            ("$context.requestTimeEpoch}'", "' + str(int(time.time())) + '}'"),
        ),
        "`$context.requestTimeEpoch` is filled in",
    ),
    (
        "10.2",
        "takes a variable by another name",
        _open(("$context.requestTimeEpoch", "$context.time")),
        "the text for `hours` must be JSON",
    ),
    (
        "10.2",
        "leaves the id of a MOCK out",
        _open(('"id": "hours", ', "")),
        "the text for `hours`: all its answers share one id",
    ),
    (
        "10.2",
        "writes Python instead of JSON",
        _open(("""'{"id": "hours", "open": "9 to 17", "at": $context.requestTimeEpoch}'""", _IN_SINGLE_QUOTES)),
        "its words stand in double quotes",
    ),
    ("10.2", "says nothing of who asks", _open((_LINE, "")), "RequestParameters map what the archive cannot know"),
    (
        "10.2",
        "maps it the other way round",
        _open(('"integration.request.header.line": "context.connectionId"', '"context.connectionId": "header.line"')),
        "BadRequestException",
    ),
    (
        "10.2",
        "writes a word into the header's place",
        _open(("integration.request.header.line", "integration.request.querystring.line")),
        "who asks? I see no header called line",
    ),
    (
        "10.2",
        "asks with GET",
        _open(('"IntegrationMethod": "POST"', '"IntegrationMethod": "GET"')),
        "does the question get there, as a POST to archive_url?",
    ),
    (
        "10.2",
        "forgets a piece of the address",
        _open(("= archive_url", '= archive_url.rpartition("/")[0]')),
        "whose id is it?",
    ),
    (
        "10.2",
        "has a typo in a route",
        _open(('{"archive": archive', '{"archives": archive'), ('("archive",', '("archives",')),
        "the names of the routes",
    ),
    ("10.2", "keeps the function", _STILL_A_FUNCTION, "hours ran the function desk-hours"),
    # 10.3 · Mend Ben's phrase book
    ("10.3", "mends nothing", _BEN, 'Expected {"id": "q2", "words": ["miel", null, "pain"]}'),
    (
        "10.3",
        "goes on, but leaves a gap out",
        _book((_FIND, "LEXICON[word] for word in question"), ('["words"]]', '["words"] if word in LEXICON]')),
        "an unknown word is null in its own place",
    ),
    (
        "10.3",
        "raises for an unknown word",
        _book(
            ("    try:\n    ", ""),
            (_FIND, "LEXICON[word] for word in question"),
            (f"    except (KeyError, TypeError):\n        {_SORRY}\n", ""),
        ),
        "an unknown word is no error of the function",
    ),
    (
        "10.3",
        "takes an unknown word for a bad question",
        _book((_FIND, "LEXICON[word] for word in question")),
        "where does the `try` begin and end?",
    ),
    (
        "10.3",
        "repeats an unknown word",
        _book(("get(word)", "get(word, word)")),
        "an unknown word is null in its own place",
    ),
    (
        "10.3",
        "writes None as text",
        _book(("get(word)", 'get(word, "null")')),
        "“null” is text here",
    ),
    (
        "10.3",
        "reads the words before the try",
        _book(("    said = ", '    words = question["words"]\n    said = '), ('question["words"]]', "words]")),
        "what is read outside of every `try`?",
    ),
    (
        "10.3",
        "expects a missing word, and no other nonsense",
        _book(("(KeyError, TypeError)", "KeyError")),
        "TypeError: 'int' object is not iterable",
    ),
    (
        "10.3",
        "takes a bad question for an empty one",
        _book(('question["words"]]', 'question.get("words", [])]')),
        "must be told so, under `error`",
    ),
    (
        "10.3",
        "says it by the status",
        _book((_SORRY, 'return {"statusCode": 400, "body": "no words"}')),
        "the client reads one object, as JSON",
    ),
    (
        "10.3",
        "logs bad news",
        _book((_SORRY, 'print("no words")')),
        'Got {"id": "q8"}',
    ),
    (
        "10.3",
        "takes no words for a mistake",
        _book(("    try:\n", '    try:\n        question["words"][0]\n'), ("TypeError)", "TypeError, IndexError)")),
        "no words are no mistake",
    ),
    (
        "10.3",
        "answers bad news without the id",
        _book((_SORRY, 'said = {"error": "no"}')),
        "the `id` of the answer is that",
    ),
    # 10.4 · Take an order once
    ("10.4", "writes every time", _order((_WRITE, "    orders.put_item(Item=row)\n")), "its receipt stands in its row"),
    (
        "10.4",
        "looks, and then writes",
        _order((_WRITE, _LOOK_FIRST)),
        "look and write in one step",
    ),
    (
        "10.4",
        "is told, and answers with its own receipt",
        _order((_CAUGHT, 'print("taken before")')),
        "an order that was taken before: its receipt stands in its row",
    ),
    (
        "10.4",
        "lets the second time raise",
        _order((_WRITE, '    orders.put_item(Item=row, ConditionExpression="attribute_not_exists(id)")\n')),
        "an order that came before is no error, and has a receipt",
    ),
    (
        "10.4",
        "turns the condition round",
        _order(("attribute_not_exists", "attribute_exists")),
        "KeyError: 'Item'",
    ),
    (
        "10.4",
        "remembers in a global",
        _order((_WRITE, "    row['receipt'] = known.setdefault(row['id'], receipt)\n    orders.put_item(Item=row)\n")),
        "only the order's id and the table last longer",
    ),
    (
        "10.4",
        "writes nothing at all",
        _order((_WRITE, "    row['receipt'] = known.setdefault(row['id'], receipt)\n")),
        "no row of this id",
    ),
    (
        "10.4",
        "counts an order for each line",
        _order(
            ('row = {"id": question["id"]', 'row = {"id": event["requestContext"]["connectionId"] + question["id"]'),
            ('Key={"id": question["id"]}', 'Key={"id": row["id"]}'),
        ),
        "no row of this id",
    ),
    (
        "10.4",
        "finds the order by its line",
        _order(
            (
                _WRITE,
                """    line = event["requestContext"]["connectionId"]
    row["line"] = line
    before = orders.get_item(Key={"id": question["id"]}).get("Item")
    if before and before["line"] == line:
        row = before
    else:
        orders.put_item(Item=row)
""",
            )
        ),
        "new code is deployed, ana has a new line, and sends",
    ),
    (
        "10.4",
        "takes the receipt of the connection",
        _order(('["requestId"]', '["connectionId"]')),
        "the receipt is the requestId of the message",
    ),
    (
        "10.4",
        "leaves the pages out",
        _order((' "pages": question["pages"],', "")),
        "what is written, and under which names",
    ),
    (
        "10.4",
        "answers with the whole row",
        _order(("json.dumps(said)", "json.dumps(row)")),
        "Object of type Decimal is not JSON serializable",
    ),
    (
        "10.4",
        "calls a repetition an error",
        _order((_CAUGHT, 'row = {"receipt": None}')),
        'Got {"id": "o-17", "receipt": null}',
    ),
    (
        "10.4",
        "keeps the first receipt, and overwrites the rest",
        _order((_CAUGHT, _CAUGHT + "\n        orders.put_item(Item={**row, 'pages': 0})")),
        "who sends an order again changes nothing in its row",
    ),
    (
        "10.4",
        "keeps the first receipt, and takes the pages of the second time",
        _order((_WRITE, _FIRST_RECEIPT)),
        "who sends an order again changes nothing in its row",
    ),
    # 10.5 · Ask for all at once
    (
        "10.5",
        "takes answers in the order in which they come",
        _IN_ORDER_OF_ARRIVAL,
        "which answer belongs to which question? Its id says so",
    ),
    ("10.5", "asks one by one", _ONE_BY_ONE, "1 of 4 had left when the first answer was due"),
    ("10.5", "opens a line for each word", _A_LINE_EACH, "Expected one line for all questions Got 4 lines"),
    (
        "10.5",
        "asks under the words",
        _ask(('answers[f"q{number}"]', "answers[word]"), ('"id": f"q{number}"', '"id": word')),
        "A word may come twice in a list",
    ),
    (
        "10.5",
        "leaves the id out",
        _ask((' "id": f"q{number}",', ""), ("time.monotonic() + patience", "time.monotonic() + min(patience, 1)")),
        "an id must not repeat on its line",
    ),
    ("10.5", "takes plain text for JSON", _ask((_PATIENT, "suppress(KeyError, TypeError):")), "Got JSONDecodeError"),
    ("10.5", "takes all JSON for objects", _ask((_PATIENT, "suppress(ValueError, KeyError):")), "Got TypeError"),
    (
        "10.5",
        "takes every object for an answer",
        _ask((_PATIENT, "suppress(ValueError, TypeError):")),
        "Got KeyError: 'id'",
    ),
    (
        "10.5",
        "believes in every id",
        _ask((_HAVE, '                    answers[reply["id"]] = reply["word"]\n')),
        "'rien'",
    ),
    (
        "10.5",
        "lets the time run out as an error",
        _ask(("suppress(TimeoutError, ConnectionClosed)", "suppress(ConnectionClosed)")),
        "Got TimeoutError",
    ),
    (
        "10.5",
        "looks for a word in bad news",
        _ask(
            (_PATIENT, "suppress(ValueError):"),
            ('if reply["id"] in', 'if isinstance(reply, dict) and reply.get("id") in'),
        ),
        "Got KeyError: 'word'",
    ),
    (
        "10.5",
        "takes bad news for a word",
        _ask(('reply["word"]', 'reply.get("word", reply.get("error"))')),
        "Got [None, 'no word for xylophone', 'miel']",
    ),
    (
        "10.5",
        "leaves out what did not come",
        _ask(("list(answers.values())", "[word for word in answers.values() if word]")),
        "Expected [None, None, 'miel'] Got ['miel']",
    ),
    (
        "10.5",
        "gives up as a whole",
        _ask(
            (
                "        with suppress(TimeoutError, ConnectionClosed):\n            while",
                "        try:\n            while",
            ),
            (
                "    return list",
                "        except TimeoutError:\n            return [None] * len(words)\n    return list",
            ),
        ),
        "Expected [None, None, 'miel'] Got [None, None, None]",
    ),
    (
        "10.5",
        "stops at the first frame that is no answer",
        _ask(
            ("TimeoutError, ConnectionClosed", "TimeoutError, ValueError, KeyError, TypeError"),
            (_PATIENT, "suppress(ConnectionClosed):"),
        ),
        "Got [None,",
    ),
    ("10.5", "returns a dictionary", _ask(("list(answers.values())", "answers")), "Got {'q0': 'pain'"),
    (
        "10.5",
        "begins its patience anew with each frame",
        _ask(("max(0, end - time.monotonic())", "patience")),
        "in which news came all the time Look at when the waiting ends",
    ),
    (
        "10.5",
        "asks a bare number for its id",
        _ask((_PATIENT, "suppress(ValueError):"), ('if reply["id"] in', 'if reply.get("id") in')),
        "Got AttributeError: 'int' object has no attribute 'get'",
    ),
    (
        "10.5",
        "always waits until the end",
        _ask(("while None in answers.values():", "while time.monotonic() < end:")),
        "still running after 8 s",
    ),
    (
        "10.5",
        "returns before the answers",
        _ask(("patience\n", "0 * patience\n")),
        "Got [None,",
    ),
]
