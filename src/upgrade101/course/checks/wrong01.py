"""Plausible wrong answers to lab 01, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_PARCEL = """
def answer(event, context):
    shelves = {"K17": 4, "M03": 2, "T88": 4}
    asked = event["queryStringParameters"] or {}
    number = asked.get("number")
    if number is None:
        return {"statusCode": 400, "body": "which number?"}
    if number not in shelves:
        return {"statusCode": 404, "body": f"no {number} here"}
    return {"statusCode": 200, "body": f"{number}: shelf {shelves[number]}"}
"""
_HOURS = """
def answer(gateway, api_id, text):
    root_id = gateway.get_rest_api(restApiId=api_id)["rootResourceId"]
    hours_id = gateway.create_resource(restApiId=api_id, parentId=root_id, pathPart="hours")["id"]
    get = {"restApiId": api_id, "resourceId": hours_id, "httpMethod": "GET"}
    gateway.put_method(**get, authorizationType="NONE")
    gateway.put_integration(**get, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**get, statusCode="200")
    answers = {"application/json": text}
    gateway.put_integration_response(**get, statusCode="200", responseTemplates=answers)
    gateway.create_deployment(restApiId=api_id, stageName="dev")
"""
_DEPLOY = '    gateway.create_deployment(restApiId=api_id, stageName="dev")\n'
_ANSWERS = """    answers = {"application/json": text}
    gateway.put_integration_response(**get, statusCode="200", responseTemplates=answers)
"""
_CLEAR = """    for each in gateway.get_resources(restApiId=api_id)["items"]:
        if each["path"] == "/parcel":
            gateway.delete_resource(restApiId=api_id, resourceId=each["id"])
"""
_PATIENCE = """
from urllib.error import HTTPError
from urllib.request import urlopen

def answer(url):
    minute, pause = 1, 1
    while minute <= 60:
        try:
            with urlopen(f"{url}&at={minute}") as found:
                return minute, found.read().decode()
        except HTTPError as refused:
            if refused.code != 404:
                raise
        minute, pause = minute + pause, min(2 * pause, 8)
"""
_STEP = "minute, pause = minute + pause, min(2 * pause, 8)"
_NEWS = """
import json

def answer(event, context):
    asked = event["queryStringParameters"]
    arrivals = {"K17": 0.5, "T88": 9.5, "M03": 11.2}
    at, since = float(asked["at"]), float(asked.get("since", 0))
    new = [number for number, minute in arrivals.items() if since < minute <= at]
    return {"statusCode": 200, "body": json.dumps(new)}
"""
_BILL = """
def answer(arrivals, interval, closing):
    requests = int(closing // interval)
    brought = [minute for minute in arrivals if minute <= requests * interval]
    late = [-minute % interval for minute in brought]
    useful = {minute + wait for minute, wait in zip(brought, late, strict=True)}
    return {
        "requests": requests,
        "useful": len(useful),
        "worst": max(late, default=0),
        "missed": len(arrivals) - len(brought),
    }
"""


def _parcel(*changes: tuple[str, str]) -> str:
    return _changed(_PARCEL, *changes)


def _hours(*changes: tuple[str, str]) -> str:
    return _changed(_HOURS, *changes)


def _patience(*changes: tuple[str, str]) -> str:
    return _changed(_PATIENCE, *changes)


def _news(*changes: tuple[str, str]) -> str:
    return _changed(_NEWS, *changes)


def _bill(*changes: tuple[str, str]) -> str:
    return _changed(_BILL, *changes)


WRONG = [
    # 01.1 · Answer at the counter
    (
        "01.1",
        "says it all with 200",
        _parcel(("400", "200"), ("404", "200")),
        "404 no Z99 here Got 200 no Z99 here",
    ),
    (
        "01.1",
        "takes a missing number for an unknown one",
        _parcel(('    if number is None:\n        return {"statusCode": 400, "body": "which number?"}\n', "")),
        "400 which number? Got 404 no None here",
    ),
    (
        "01.1",
        "looks up before it asks",
        _parcel(
            ("    if number not in shelves:\n", "    if not shelves[number]:\n"),
        ),
        "raised KeyError: 'Z99'",
    ),
    ("01.1", "insists on a number", _parcel(('asked.get("number")', 'asked["number"]')), "raised KeyError: 'number'"),
    (
        "01.1",
        "goes past the `or`",
        _parcel(('event["queryStringParameters"] or {}', 'event["queryStringParameters"]')),
        "'NoneType' object has no attribute 'get'",
    ),
    (
        "01.1",
        "returns the bare text",
        _parcel(
            ('return {"statusCode": 200, "body": f"{number}: shelf {shelves[number]}"}', 'return f"{number}: shelf"')
        ),
        "502 Internal server error: lab-answer returned 'K17: shelf'",
    ),
    (
        "01.1",
        "forgets the status",
        _parcel(('"statusCode": 200, ', "")),
        "There is no `statusCode` in it",
    ),
    (
        "01.1",
        "answers with a number",
        _parcel(('f"{number}: shelf {shelves[number]}"', "shelves[number]")),
        "Its `body` is no text",
    ),
    ("01.1", "prints and returns nothing", _parcel(("return {", "print({"), ('"}', '"})')), "lab-answer returned None"),
    (
        "01.1",
        "knows one shelf",
        _parcel(("{shelves[number]}", "4")),
        "200 M03: shelf 2 Got 200 M03: shelf 4",
    ),
    (
        "01.1",
        "knows one number that is not there",
        _parcel(('f"no {number} here"', '"no Z99 here"')),
        "no P40 here Got 404 no Z99 here Look at which number the answer names",
    ),
    (
        "01.1",
        "answers as the gateway does",
        _parcel(("404", "403")),
        "404 no Z99 here Got 403 no Z99 here",
    ),
    # 01.2 · A window without a clerk
    (
        "01.2",
        "forgets the deployment",
        _hours((_DEPLOY, "")),
        "403 Missing Authentication Token Look at the deployment: what you build is not on a stage",
    ),
    (
        "01.2",
        "deploys to a stage of its own",
        _hours(('stageName="dev"', 'stageName="prod"')),
        "the stage of the deployment: there are dev and prod now",
    ),
    (
        "01.2",
        "deploys too early",
        _hours((_DEPLOY, ""), (_ANSWERS, _DEPLOY + _ANSWERS)),
        "500 Internal server error Look at the order: a deployment takes what is there",
    ),
    (
        "01.2",
        "deploys before there is a method",
        _hours((_DEPLOY, ""), ("    get = {", _DEPLOY + "    get = {")),
        "403 Missing Authentication Token Look at the order: a deployment takes what is there",
    ),
    (
        "01.2",
        "forgets the text",
        _hours((_ANSWERS, "")),
        "500 Internal server error Look at the integration's response",
    ),
    (
        "01.2",
        "forgets the method response",
        _hours(('    gateway.put_method_response(**get, statusCode="200")\n', "")),
        "no method response: on AWS the call after it is refused",
    ),
    (
        "01.2",
        "stops after the method",
        _changed(_HOURS[: _HOURS.index("    gateway.put_integration(")] + _DEPLOY),
        "the integration: the method is there, and nothing stands behind it",
    ),
    ("01.2", "gives the verb POST", _hours(('"GET"', '"POST"')), "the method: /hours has POST, and GET is asked for"),
    (
        "01.2",
        "gives every verb",
        _hours(('"GET"', '"ANY"')),
        "403 Got 200 open 8 to 18 Look at which verb `/hours` has: GET, and no other",
    ),
    (
        "01.2",
        "has a path of its own taste",
        _hours(('pathPart="hours"', 'pathPart="opening-hours"')),
        "the resource: this API has the paths /, /opening-hours, /parcel",
    ),
    ("01.2", "writes the slash", _hours(('pathPart="hours"', 'pathPart="/hours"')), "BadRequestException"),
    (
        "01.2",
        "answers with the words of the example",
        _hours(('json": text}', 'json": "open"}')),
        "200 open 8 to 18 Got 200 open Look at the text in `responseTemplates`",
    ),
    (
        "01.2",
        "makes JSON of the text",
        "import json\n" + _hours(('json": text}', 'json": json.dumps(text)}')),
        "Look at the text in `responseTemplates`: exactly the one that is handed in, with nothing round it",
    ),
    (
        "01.2",
        "builds a new API",
        """
from upgrade101.rest import rest_api

def answer(gateway, api_id, text):
    return rest_api("window", {"GET /hours": text})
""",
        "the resource: this API has the paths /, /parcel",
    ),
    (
        "01.2",
        "clears the counter first",
        _hours(("    hours_id =", f"{_CLEAR}    hours_id =")),
        "what was there already must stay",
    ),
    # 01.3 · Ask less and less
    (
        "01.3",
        "asks each minute, as Ben does",
        _patience((_STEP, "minute += 1")),
        "20 questions, at 1, 2, 3, 4, 5, 6 … 20 Look at the pauses: 1, 2, 4 and 8",
    ),
    (
        "01.3",
        "doubles for ever",
        _patience((_STEP, "minute *= 2")),
        "the longest pause: 8 minutes, and this page makes one of 16",
    ),
    (
        "01.3",
        "grows by one",
        _patience((_STEP, "minute, pause = minute + pause, min(pause + 1, 8)")),
        "the pauses: 1, 2, 4 and 8 minutes, and then 8 each time",
    ),
    (
        "01.3",
        "begins at minute 0",
        _patience(("minute, pause = 1, 1", "minute, pause = 0, 1")),
        "the first question: at minute 1, and this page asks at 0",
    ),
    (
        "01.3",
        "writes the pause into the URL",
        _patience(("&at={minute}", "&at={pause}")),
        "`at` is a minute of the day, and no pause",
    ),
    (
        "01.3",
        "really waits",
        _patience(
            ("from urllib.error", "import time\nfrom urllib.error"),
            (_STEP, "time.sleep(pause)\n        " + _STEP),
        ),
        "still running after 4 s",
    ),
    (
        "01.3",
        "never gives up",
        _patience(("while minute <= 60:", "while True:")),
        "when to stop: the counter closes at minute 60",
    ),
    (
        "01.3",
        "asks once more after the counter has closed",
        _patience(("while minute <= 60:", "while minute <= 68:")),
        "when to stop: the counter closes at minute 60",
    ),
    (
        "01.3",
        "stops at the first 404",
        _patience(("                raise\n", "                raise\n            return None\n")),
        "1 questions, at 1 Look at when to go on: 404 means not yet",
    ),
    (
        "01.3",
        "lets the 404 out",
        _patience(("refused.code != 404", "refused.code == 404")),
        "HTTP Error 404",
    ),
    (
        "01.3",
        "goes on after every error",
        _patience(("            if refused.code != 404:\n                raise\n", "            pass\n")),
        "3 questions, at 1, 2 and 4 Got 10 questions, at 1, 2, 4, 8, 16, 24, 32, 40, 48 and 56",
    ),
    (
        "01.3",
        "gives up at every error",
        _patience(("                raise\n", "                return None\n")),
        "the error is raised: HTTPError, 500 Got None is returned",
    ),
    (
        "01.3",
        "returns the text alone",
        _patience(("return minute, found", "return found")),
        "(24, 'shelf 4') is returned Got 'shelf 4' is returned",
    ),
    (
        "01.3",
        "returns bytes",
        _patience((".read().decode()", ".read()")),
        "(24, b'shelf 4') is returned",
    ),
    (
        "01.3",
        "says nothing of the minute",
        _patience(("&at={minute}", "")),
        "HTTP Error 502",
    ),
    # 01.4 · Mend Ben's list of news
    (
        "01.4",
        "leaves all as it was",
        _news(
            ('at, since = float(asked["at"]), float(asked.get("since", 0))', 'at = asked["at"]'),
            ("since <", "at - 1 <"),
        ),
        "unsupported operand type(s) for -: 'str' and 'int'",
    ),
    (
        "01.4",
        "mends the types alone",
        _news(("since < minute", "at - 1 < minute")),
        '200 ["K17"] Got 200 []',
    ),
    ("01.4", "returns the list as it is", _news(("json.dumps(new)", "new")), "Its `body` is no text"),
    ("01.4", "makes text without JSON", _news(("json.dumps(new)", "str(new)")), "a body of text that is JSON"),
    (
        "01.4",
        "makes text with commas",
        _news(("json.dumps(new)", '", ".join(new)')),
        "a body of text that is JSON",
    ),
    (
        "01.4",
        "compares texts",
        _news(
            ('float(asked["at"])', 'asked["at"]'),
            ('float(asked.get("since", 0))', 'asked.get("since", "0")'),
            ("since < minute <= at", "since < str(minute) <= at"),
        ),
        '200 ["K17"] Got 200 ["K17", "M03"] Look at what `body` must be, and what `at` is',
    ),
    (
        "01.4",
        "insists on since",
        _news(('asked.get("since", 0)', 'asked["since"]')),
        "Look at the row “Raised”; what `body` must be",
    ),
    (
        "01.4",
        "lets the first question begin at minute 1",
        _news(('asked.get("since", 0)', 'asked.get("since", 1)')),
        "Without `since`, all until `at` is new",
    ),
    (
        "01.4",
        "puts the numbers in order",
        _news(("json.dumps(new)", "json.dumps(sorted(new))")),
        '200 ["K17", "T88", "M03"] Got 200 ["K17", "M03", "T88"] Look at the order of the list',
    ),
    (
        "01.4",
        "forgets until when",
        _news(("since < minute <= at", "since < minute")),
        '200 ["K17"] Got 200 ["K17", "T88", "M03"]',
    ),
    (
        "01.4",
        "forgets since when",
        _news(("since < minute <= at", "minute <= at")),
        '200 ["T88", "M03"] Got 200 ["K17", "T88", "M03"]',
    ),
    (
        "01.4",
        "takes what came at since again",
        _news(("since < minute", "since <= minute")),
        '200 [] Got 200 ["T88"] Look at the edges',
    ),
    (
        "01.4",
        "leaves out what comes at that minute",
        _news(("minute <= at", "minute < at")),
        '200 ["T88"] Got 200 [] Look at the edges',
    ),
    (
        "01.4",
        "cuts the minutes to whole ones",
        _news(('float(asked["at"]), float(asked.get("since", 0))', 'int(asked["at"]), int(asked.get("since", 0))')),
        "invalid literal for int() with base 10: '9.5'",
    ),
    (
        "01.4",
        "remembers what it has said",
        _news(
            ("def answer", "told = set()\n\ndef answer"),
            ("since < minute <= at]", "since < minute <= at and number not in told]\n    told.update(new)"),
        ),
        'Got 200 ["T88", "M03"] Look at the news since the question before',
    ),
    (
        "01.4",
        "remembers when it was asked last",
        _news(
            ("def answer", "last = 0\n\ndef answer"),
            ("    at, since", "    global last\n    at, since"),
            ("since < minute <= at]", "last < minute <= at]\n    last = at"),
        ),
        'Got 200 ["T88", "M03"] Look at the news since the question before',
    ),
    (
        "01.4",
        "answers with numbers and minutes",
        _news(("[number for number, minute", "[(number, minute) for number, minute")),
        'Got 200 [["K17", 0.5]]',
    ),
    # 01.5 · What asking costs
    (
        "01.5",
        "counts parcels, not questions",
        _bill(("len(useful)", "len(brought)")),
        "useful: 1 Got useful: 3",
    ),
    (
        "01.5",
        "counts the intervals in which something came",
        _bill(("len(useful)", "len({minute // interval for minute in brought})")),
        "Tried bill([8, 10], 5, 30)",
    ),
    (
        "01.5",
        "asks at minute 0 as well",
        _bill(('"requests": requests,', '"requests": requests + 1,')),
        "requests: 20 Got requests: 21",
    ),
    (
        "01.5",
        "leaves the fraction",
        _bill(("int(closing // interval)", "closing / interval")),
        "requests: 4 Got requests: 4.5",
    ),
    (
        "01.5",
        "rounds up",
        _bill(("int(closing // interval)", "-int(-closing // interval)")),
        "requests: 4 Got requests: 5",
    ),
    (
        "01.5",
        "forgets the last question",
        _bill(("int(closing // interval)", "len(range(interval, closing, interval))")),
        "requests: 20 Got requests: 19",
    ),
    (
        "01.5",
        "brings what nobody asks for",
        _bill(("if minute <= requests * interval", "")),
        "useful: 1 Got useful: 2",
    ),
    (
        "01.5",
        "takes closing for the last question",
        _bill(("requests * interval", "closing")),
        "useful: 1 Got useful: 2",
    ),
    (
        "01.5",
        "says the mean",
        _bill(("max(late, default=0)", "interval / 2")),
        "worst: 0.75 Got worst: 0.5",
    ),
    (
        "01.5",
        "takes the whole interval",
        _bill(("max(late, default=0)", "interval")),
        "worst: 0.75 Got worst: 1",
    ),
    (
        "01.5",
        "measures from the question before",
        _bill(("-minute % interval", "minute % interval")),
        "worst: 0.75 Got worst: 0.5",
    ),
    (
        "01.5",
        "thinks that parcels are in order",
        _bill(("max(late, default=0)", "late[-1] if late else 0")),
        "worst: 4",
    ),
    (
        "01.5",
        "has no answer to nothing",
        _bill(("max(late, default=0)", "max(late)")),
        "a day without parcels",
    ),
    (
        "01.5",
        "waits for the next one where it is there",
        _bill(("-minute % interval", "interval - minute % interval")),
        "a parcel at the very minute of a question",
    ),
    (
        "01.5",
        "counts nothing as missed",
        _bill(("len(arrivals) - len(brought)", "0")),
        "missed: 1 Got missed: 0 Look at parcels that come after the last question",
    ),
    (
        "01.5",
        "returns four numbers",
        _bill(
            ("    return {", "    found = {"),
            ("len(brought),\n    }", "len(brought),\n    }\n    return tuple(found.values())"),
        ),
        "a dictionary with four names",
    ),
    ("01.5", "has a name of its own", _bill(('"worst"', '"latest"')), "no 'worst' in"),
    (
        "01.5",
        "prints it",
        _bill(("    return {", "    found = {"), ("len(brought),\n    }", "len(brought),\n    }\n    print(found)")),
        "None is returned",
    ),
]
