"""Plausible wrong answers to lab 04, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_COMPLAINT = """
import json

def answer(frame):
    try:
        said = json.loads(frame)
    except ValueError:
        return None
    if isinstance(said, dict) and {"message", "connectionId", "requestId"} <= said.keys():
        return said["message"]
    return None
"""
_NAMES = '{"message", "connectionId", "requestId"} <= said.keys()'


def _complaint(*changes: tuple[str, str]) -> str:
    return _changed(_COMPLAINT, *changes)


_ADD = """
from upgrade101.deploy import invocation_uri

def answer(gateway, api_id, stage_name, arn):
    here = {"ApiId": api_id}
    calls = {"IntegrationType": "AWS_PROXY", "IntegrationUri": invocation_uri(arn)}
    integration = gateway.create_integration(**here, **calls)
    target = f"integrations/{integration['IntegrationId']}"
    two_way = {"RouteResponseSelectionExpression": "$default"}
    route = gateway.create_route(**here, RouteKey="$default", Target=target, **two_way)
    gateway.create_route_response(**here, RouteId=route["RouteId"], RouteResponseKey="$default")
    gateway.create_deployment(**here, StageName=stage_name)
"""
_RESPONSE = """    gateway.create_route_response(**here, RouteId=route["RouteId"], RouteResponseKey="$default")
"""
_ANOTHER = """    rule = {"RouteSelectionExpression": "$request.body.action"}
    made = gateway.create_api(Name="line", ProtocolType="WEBSOCKET", **rule)
"""
_DEPLOYMENT = """    gateway.create_deployment(**here, StageName=stage_name)
"""


def _add(*changes: tuple[str, str]) -> str:
    return _changed(_ADD, *changes)


_ROUTES = """
import json

def wish(event, context):
    return {"statusCode": 200, "body": "on the list: " + json.loads(event["body"])["title"]}

def anything(event, context):
    return {"statusCode": 200, "body": "we only take wishes"}

nothing = {
    "IntegrationType": "MOCK",
    "TemplateSelectionExpression": "200",
    "RequestTemplates": {"200": '{"statusCode": 200}'},
}
answer = {"wish": wish, "still_here": nothing, "$default": anything}
"""
_QUIET = """def quiet(event, context):
    return {"statusCode": 200}

answer"""


def _routes(*changes: tuple[str, str]) -> str:
    return _changed(_ROUTES, *changes)


_TAKEN = """
import json

def answer(text, keys):
    try:
        key = str(json.loads(text)["action"])
    except (KeyError, TypeError, ValueError):
        key = "$default"
    for candidate in (key, "$default"):
        if candidate in keys:
            return candidate
    return "Forbidden"
"""
_CAUGHT = "(KeyError, TypeError, ValueError)"


def _taken(*changes: tuple[str, str]) -> str:
    return _changed(_TAKEN, *changes)


_ANYTHING = """
import json

def answer(event, context):
    text = event["body"]
    if not text.strip():
        return say("what shall we play?")
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if isinstance(message, dict):
        return say(f"no action: {message.get('action', 'none')}")
    return say("on the list: " + text)

def say(text):
    return {"statusCode": 200, "body": text}
"""
_BLANK = """    if not text.strip():
        return say("what shall we play?")
"""


def _anything(*changes: tuple[str, str]) -> str:
    return _changed(_ANYTHING, *changes)


WRONG: list[tuple[str, str, str, str]] = [
    # 04.1 · Tell complaints from answers
    (
        "04.1",
        "reads everything as JSON",
        _complaint(("except ValueError", "except KeyError")),
        "Got JSONDecodeError",
    ),
    (
        "04.1",
        "takes all JSON for objects",
        _complaint(("isinstance(said, dict) and ", "")),
        "complaint('1999') Got AttributeError: 'int' object has no attribute 'keys'",
    ),
    (
        "04.1",
        "looks for the names in whatever came",
        _complaint((f"isinstance(said, dict) and {_NAMES}", '"message" in said and "requestId" in said')),
        "complaint('1999') Got TypeError",
    ),
    (
        "04.1",
        "asks for the message alone",
        _complaint((_NAMES, '"message" in said')),
        "Got 'we play it at nine'",
    ),
    (
        "04.1",
        "asks for the connection alone",
        _complaint((_NAMES, '"connectionId" in said')),
        "Got KeyError: 'message'",
    ),
    (
        "04.1",
        "searches the text for a word",
        """
        def answer(frame):
            for words in ("Forbidden", "Internal server error"):
                if words in frame:
                    return words
        """,
        "complaint('on the list: Forbidden Colours') Expected None is returned Got 'Forbidden'",
    ),
    (
        "04.1",
        "searches the text for the names",
        """
        import json

        def answer(frame):
            if all(name in frame for name in ("message", "connectionId", "requestId")):
                return json.loads(frame)["message"]
        """,
        'no such "message", "connectionId", "requestId"',
    ),
    (
        "04.1",
        "knows two wordings and no third",
        _complaint(('return said["message"]', 'return {"Forbidden": "Forbidden"}.get(said["message"])')),
        "Expected 'Internal server error' is returned Got None",
    ),
    (
        "04.1",
        "compares text with text, without the blank",
        """
        def answer(frame):
            if frame.startswith('{"message":"'):
                return frame.split('"')[3]
        """,
        "Expected 'Forbidden' is returned Got None",
    ),
    (
        "04.1",
        "returns the whole frame",
        _complaint(('said["message"]', "said")),
        "what is returned for an error frame: the text that it has under `message`",
    ),
    (
        "04.1",
        "says yes instead of what",
        _complaint(('said["message"]', "True")),
        "Expected 'Forbidden' is returned Got True",
    ),
    (
        "04.1",
        "returns the text of an answer",
        _complaint(("return None", "return frame")),
        "an error frame has all three: message, connectionId, requestId",
    ),
    # 04.2 · Mend Ben's catch-all
    (
        "04.2",
        "mends nothing",
        _add(('"$default", Target=target, **two_way', '"default", Target=target'), (_RESPONSE, ""), (_DEPLOYMENT, "")),
        "Which one takes what no other takes?",
    ),
    (
        "04.2",
        "deploys an ordinary route",
        _add(('RouteKey="$default", Target', 'RouteKey="default", Target')),
        "the API's route keys: default, wish",
    ),
    ("04.2", "does not deploy", _add((_DEPLOYMENT, "")), "what the stage shows: a deployment"),
    (
        "04.2",
        "deploys before there is a route",
        _add((_DEPLOYMENT, ""), ("    here =", "    here = {'ApiId': api_id}\n" + _DEPLOYMENT + "    here =")),
        "Does yours have the new route?",
    ),
    (
        "04.2",
        "takes a copy and shows it to nobody",
        _add((", StageName=stage_name)", ")")),
        "what the stage shows: a deployment",
    ),
    (
        "04.2",
        "makes a stage of its own",
        _add(("StageName=stage_name)", 'StageName="dev")')),
        "Got NotFoundException",
    ),
    (
        "04.2",
        "stays one-way",
        _add((", **two_way", ""), (_RESPONSE, "")),
        "Got nothing, although catch returned",
    ),
    ("04.2", "forgets the route response", _add((_RESPONSE, "")), "the route is one-way"),
    ("04.2", "forgets the response expression", _add((", **two_way", "")), "a response expression on the route"),
    (
        "04.2",
        "makes it two-way after the copy was taken",
        _add((_DEPLOYMENT, ""), (_RESPONSE, _DEPLOYMENT + _RESPONSE)),
        "and both deployed",
    ),
    (
        "04.2",
        "slips with the finger",
        _add(('RouteKey="$default", T', 'RouteKey="$defualt", T')),
        "BadRequestException",
    ),
    ("04.2", "forgets the target", _add((" Target=target,", "")), "the integration behind the route, and its `Target`"),
    (
        "04.2",
        "lets the rule find everything",
        _add(
            (_DEPLOYMENT, '    gateway.update_api(**here, RouteSelectionExpression="$default")\n' + _DEPLOYMENT),
        ),
        "the route `wish` must stay as it was, and so must the rule",
    ),
    (
        "04.2",
        "builds another API",
        _add(
            ("    here = {", f"{_ANOTHER}    here = {{"),
            ('{"ApiId": api_id}', '{"ApiId": made["ApiId"]}'),
            ("gateway.create_deployment(**here, StageName=stage_name)", "gateway.create_deployment(**here)"),
        ),
        "the API's route keys: wish.",
    ),
    # 04.3 · Stay connected for free
    (
        "04.3",
        "leads nowhere",
        _routes(('"still_here": nothing', '"still_here": None')),
        "a MOCK, and a request template",
    ),
    (
        "04.3",
        "gives the MOCK no template",
        _routes(
            ('    "TemplateSelectionExpression": "200",\n', ""),
            ('    "RequestTemplates": {"200": \'{"statusCode": 200}\'},\n', ""),
        ),
        "Got the error frame “Internal server error”",
    ),
    (
        "04.3",
        "gives the MOCK no status",
        _routes(('{"statusCode": 200}', "{}")),
        "a request template that gives the status 200",
    ),
    (
        "04.3",
        "puts the MOCK behind $default",
        _routes(('"still_here": nothing, "$default": anything', '"$default": nothing')),
        "Expected no answer Got ''",
    ),
    (
        "04.3",
        "lets $default be silent as well",
        _routes(('"$default": anything', '"$default": nothing')),
        "all else stays as it is",
    ),
    (
        "04.3",
        "lets a function say nothing",
        _routes(('nothing, "$', 'quiet, "$'), ("answer", _QUIET)),
        "Got silence, but lab-quiet ran for it",
    ),
    (
        "04.3",
        "lets a function return nothing",
        _routes(('nothing, "$', 'quiet, "$'), ("answer", _QUIET), ('return {"statusCode": 200}\n', "return None\n")),
        "lab-quiet returned None",
    ),
    (
        "04.3",
        "spells the key in another way",
        _routes(('"still_here"', '"still here"')),
        "$default took this message",
    ),
    ("04.3", "changes nothing", _routes((' "still_here": nothing,', "")), "$default took this message"),
    (
        "04.3",
        "forgets the others",
        _routes(('"wish": wish, "still_here": nothing, "$default": anything', '"still_here": nothing')),
        "a dictionary of routes, with wish and $default among them",
    ),
    (
        "04.3",
        "lets the MOCK say that it failed",
        _routes(('{"statusCode": 200}', '{"statusCode": ""}')),
        "Got the error frame “Internal server error”",
    ),
    (
        "04.3",
        "returns the integration alone",
        _routes(("answer = {", "answer = nothing or {")),
        "with wish and $default",
    ),
    (
        "04.3",
        "writes the template as a dictionary",
        _routes(("'{\"statusCode\": 200}'", '{"statusCode": 200}')),
        "Parameter validation failed",
    ),
    # 04.4 · Foresee who takes it
    ("04.4", "expects JSON", _taken((_CAUGHT, "(KeyError, TypeError)")), "Got JSONDecodeError"),
    (
        "04.4",
        "expects an object",
        _taken((_CAUGHT, "(KeyError, ValueError)")),
        "Got TypeError",
    ),
    ("04.4", "expects an action", _taken((_CAUGHT, "(TypeError, ValueError)")), "Got KeyError: 'action'"),
    (
        "04.4",
        "searches the text for the keys",
        """
        def answer(text, keys):
            for key in keys:
                if key in text:
                    return key
            return "$default" if "$default" in keys else "Forbidden"
        """,
        "the only place that the rule reads: `action`, in the message itself",
    ),
    (
        "04.4",
        "takes the bare word for a key",
        _taken(('        key = "$default"', "        key = text")),
        "text that is no JSON has no key, whatever words are in it",
    ),
    (
        "04.4",
        "forgives capitals",
        _taken(('["action"])', '["action"]).lower()')),
        "keys are compared letter by letter",
    ),
    (
        "04.4",
        "forgives blanks",
        _taken(('["action"])', '["action"]).strip()')),
        "keys are compared letter by letter",
    ),
    (
        "04.4",
        "takes the first key that begins so",
        _taken(
            (
                "if candidate in keys:\n            return candidate",
                "for known in keys:\n            if known.startswith(candidate):\n                return known",
            )
        ),
        "keys are compared letter by letter",
    ),
    (
        "04.4",
        "believes in a $default everywhere",
        _taken(('return "Forbidden"', 'return "$default"')),
        "and is there a $default?",
    ),
    (
        "04.4",
        "forgets the $default",
        _taken(('(key, "$default"):', "(key,):")),
        "what no other route takes goes to `$default`, if there is one",
    ),
    (
        "04.4",
        "calls text forbidden in any case",
        _taken(('        key = "$default"', '        return "Forbidden"')),
        "Expected '$default', as the gateway says Got 'Forbidden'",
    ),
    (
        "04.4",
        "takes a key only from text",
        _taken(
            ('key = str(json.loads(text)["action"])', 'key = json.loads(text)["action"]'),
        ),
        "a number becomes text, and then it may be a route's key",
    ),
    ("04.4", "returns nothing where nothing is found", _taken(('    return "Forbidden"\n', "")), "Got None"),
    (
        "04.4",
        "falls back on the only route there is",
        _taken(('return "Forbidden"', "return keys[0]")),
        "Expected 'Forbidden', as the gateway says Got 'wish'",
    ),
    # 04.5 · Understand what they type
    (
        "04.5",
        "expects JSON",
        _anything(("except ValueError", "except KeyError")),
        "answer raised JSONDecodeError",
    ),
    (
        "04.5",
        "expects an object where there is JSON",
        _anything(("isinstance(message, dict)", "message is not None")),
        "here it is JSON: an int",
    ),
    (
        "04.5",
        "expects an action where there is an object",
        _anything(("message.get('action', 'none')", "message['action']")),
        "here it is JSON: a dict",
    ),
    (
        "04.5",
        "takes the title from the JSON",
        _anything(('    return say("on the list: " + text)', '    return say(f"on the list: {message or text}")')),
        "a title is to stay as it was sent",
    ),
    (
        "04.5",
        "looks at the first letter",
        _anything(("isinstance(message, dict)", 'text.startswith("{")')),
        "a listener types '{Awayland}'",
    ),
    (
        "04.5",
        "searches the text for the word action",
        _anything(("isinstance(message, dict)", '"action" in text'), ("message.get(", "(message or {}).get(")),
        "a listener types 'action: man'",
    ),
    (
        "04.5",
        "forgets those who type nothing",
        _anything((_BLANK, "")),
        "Expected 'what shall we play?' Got 'on the list: '",
    ),
    (
        "04.5",
        "forgets those who type blanks",
        _anything(("not text.strip()", "not text")),
        "what `strip` leaves of nothing but blanks",
    ),
    (
        "04.5",
        "catches everything with one answer",
        """
        import json

        def answer(event, context):
            try:
                text = "no action: " + json.loads(event["body"])["action"]
            except Exception:
                text = "what shall we play?"
            return {"statusCode": 200, "body": text}
        """,
        "text that is no JSON is a title",
    ),
    (
        "04.5",
        "takes every number for a failure",
        _anything(
            ("        message = None", '        return say("on the list: " + text)'),
            ('    return say("on the list: " + text)\n\ndef', '    return say("what shall we play?")\n\ndef'),
        ),
        "Expected 'on the list: 1999' Got 'what shall we play?'",
    ),
    (
        "04.5",
        "returns a bare text",
        _anything(('return {"statusCode": 200, "body": text}', "return text")),
        "or what your function returns",
    ),
    (
        "04.5",
        "answers with a dictionary in the body",
        _anything(('"body": text}', '"body": {"text": text}}')),
        "`json.dumps` makes text of it",
    ),
    (
        "04.5",
        "does not answer titles",
        _anything(('    return say("on the list: " + text)\n', "")),
        "Got the error frame “Internal server error”",
    ),
    (
        "04.5",
        "strips and shortens the title",
        _anything(('on the list: " + text)', "on the list: \" + text.strip('\"'))")),
        "a title is to stay as it was sent",
    ),
    (
        "04.5",
        "strips the blanks of a title",
        _anything(('on the list: " + text)', 'on the list: " + text.strip())')),
        "Got 'on the list: Blue Monday'",
    ),
    (
        "04.5",
        "says Forbidden, as the gateway would",
        _anything(("f\"no action: {message.get('action', 'none')}\"", '"Forbidden"')),
        "what stands under `action`, if anything does",
    ),
]
