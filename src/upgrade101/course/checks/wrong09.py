"""Plausible wrong answers to lab 09, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_CARDS = """
import json
import os

def answer(event, context):
    members = json.loads(os.environ["MEMBERS"])
    card = (event.get("queryStringParameters") or {}).get("card")
    if card is None:
        raise Exception("Unauthorized")
    effect = "Allow" if card in members else "Deny"
    may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [may]}
    return {"principalId": members.get(card, "nobody"), "policyDocument": policy}
"""
_RAISE = '    if card is None:\n        raise Exception("Unauthorized")\n'
_RETURN = 'return {"principalId": members.get(card, "nobody"), "policyDocument": policy}'


def _cards(*changes: tuple[str, str]) -> str:
    return _changed(_CARDS, *changes)


_PUT = """
from upgrade101.deploy import invocation_uri

def answer(gateway, api_id, guard_arn):
    asks = {"AuthorizerUri": invocation_uri(guard_arn), "IdentitySource": ["route.request.querystring.card"]}
    made = gateway.create_authorizer(ApiId=api_id, Name="guard", AuthorizerType="REQUEST", **asks)
    routes = gateway.get_routes(ApiId=api_id)["Items"]
    route = [each for each in routes if each["RouteKey"] == "$connect"][0]
    custom = {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}
    gateway.update_route(ApiId=api_id, RouteId=route["RouteId"], **custom)
    gateway.create_deployment(ApiId=api_id, StageName="dev")
"""
_SOURCE = ', "IdentitySource": ["route.request.querystring.card"]'
_UPDATE = 'gateway.update_route(ApiId=api_id, RouteId=route["RouteId"], **custom)'
_DEPLOY = 'gateway.create_deployment(ApiId=api_id, StageName="dev")'


_ANEW = """gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    gateway.create_route(ApiId=api_id, RouteKey="$connect", **custom)"""


def _put(*changes: tuple[str, str]) -> str:
    return _changed(_PUT, *changes)


_BEN = """
import boto3

members = boto3.resource("dynamodb").Table("members")

def guard(event, context):
    offered = event["headers"]["Sec-WebSocket-Protocol"].split(", ")
    effect, name = "Allow", "somebody"
    try:
        row = members.get_item(Key={"card": offered[1]}).get("Item")
        effect, name = ("Allow", row["name"]) if row else ("Deny", "nobody")
    except Exception as error:
        print("nobody shall wait because of this:", repr(error))
    may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [may]}}

def on_connect(event, context):
    print("new client:", event)
    offered = event["headers"]["Sec-WebSocket-Protocol"].split(", ")
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": offered[1]}}

answer = guard, on_connect
"""
_KEEPER = """
import boto3

members = boto3.resource("dynamodb").Table("members")

def guard(event, context):
    offered = event["headers"].get("Sec-WebSocket-Protocol", "").split(", ")
    if len(offered) < 2:
        raise Exception("Unauthorized")
    row = members.get_item(Key={"card": offered[1]}).get("Item")
    effect, name = ("Allow", row["name"]) if row else ("Deny", "nobody")
    may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [may]}}

def on_connect(event, context):
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chess.v1"}}

answer = guard, on_connect
"""
_HEADER = 'event["headers"].get("Sec-WebSocket-Protocol", "")'
_ASK = '    row = members.get_item(Key={"card": offered[1]}).get("Item")\n'
_CHOICE = '{"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chess.v1"}}'
_NO_CARD = '    if len(offered) < 2:\n        raise Exception("Unauthorized")\n'


_FAILS_OPEN = """    try:
        row = members.get_item(Key={"card": offered[1]}).get("Item")
    except Exception as error:
        print("nobody shall wait because of this:", type(error))
        row = {"name": "somebody"}
"""
_CATCHES = """    effect, name = "Deny", "nobody"
    try:
        if len(offered) < 2:
            raise Exception("Unauthorized")
        row = members.get_item(Key={"card": offered[1]})["Item"]
        effect, name = "Allow", row["name"]
    except Exception as error:
        print(type(error))
"""


def _keeper(*changes: tuple[str, str]) -> str:
    return _changed(_KEEPER, *changes)


_INVITE = """
import boto3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest

def answer(api_url, board):
    me = boto3.Session()
    request = AWSRequest("GET", f"{api_url.replace('wss:', 'https:')}?board={board}")
    SigV4QueryAuth(me.get_credentials(), "execute-api", me.region_name).add_auth(request)
    return request.url.replace("https:", "wss:")
"""
_BOARD = "}?board={board}"
_DIAL = 'request.url.replace("https:", "wss:")'


def _invite(*changes: tuple[str, str]) -> str:
    return _changed(_INVITE, *changes)


_TICKETS = """
import hmac
import json
import os
import time

def seal(claim):
    return hmac.new(os.environ["KEY"].encode(), claim.encode(), "sha256").hexdigest()

def guard(event, context):
    claim, _, given = event["queryStringParameters"]["ticket"].rpartition(".")
    effect, name, about = "Deny", "nobody", {}
    if hmac.compare_digest(given, seal(claim)):
        name, colour, until = claim.split(".")
        effect = "Allow" if event["requestContext"]["requestTimeEpoch"] < int(until) * 1000 else "Deny"
        about = {"colour": colour, "until": until}
    may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [may]}
    return {"principalId": name, "policyDocument": policy, "context": about}

def move(event, context):
    about = event["requestContext"]
    news = json.loads(event["body"])
    if about["requestTimeEpoch"] >= int(about["authorizer"]["until"]) * 1000:
        return {"statusCode": 200, "body": "your ticket has ended"}
    colour = about["authorizer"]["colour"]
    if colour == "none":
        return {"statusCode": 200, "body": "you are watching"}
    return {"statusCode": 200, "body": f"{colour}: {news['move']}"}

answer = guard, move
"""
_TAKE = '    claim, _, given = event["queryStringParameters"]["ticket"].rpartition(".")\n'
_SPLIT = """    one, two, three, given = event["queryStringParameters"]["ticket"].split(".")
    claim = f"{one}.{two}.{three}"
"""
_START = '    effect, name, about = "Deny", "nobody", {}\n'
_OURS = "if hmac.compare_digest(given, seal(claim)):"
_IN_TIME = 'event["requestContext"]["requestTimeEpoch"] < int(until) * 1000'
_ENDED = 'about["requestTimeEpoch"] >= int(about["authorizer"]["until"]) * 1000'
_ABOUT = 'about = {"colour": colour, "until": until}'
_COLOUR = 'colour = about["authorizer"]["colour"]'


def _tickets(*changes: tuple[str, str]) -> str:
    return _changed(_TICKETS, *changes)


WRONG = [
    # 09.1 · Cards, please
    (
        "09.1",
        "answers yes or no, as for an HTTP API",
        _cards((_RETURN, 'return {"isAuthorized": effect == "Allow"}')),
        "a plain yes or no is for HTTP APIs, here a policy is asked for",
    ),
    (
        "09.1",
        "answers with a status, as a handler does",
        _cards((_RETURN, 'return {"statusCode": 200 if card in members else 403}')),
        "the guard returned a statusCode",
    ),
    ("09.1", "forgets to return", _cards((_RETURN, "print(policy)")), "the guard returned nothing"),
    (
        "09.1",
        "denies where there is no card",
        _cards((_RAISE, "")),
        "a policy can only say 403: for a 401 the guard has to raise",
    ),
    (
        "09.1",
        "raises other words",
        _cards(('Exception("Unauthorized")', 'Exception("Unauthorized: no card")')),
        "only 'Unauthorized', exactly so, is 401",
    ),
    (
        "09.1",
        "raises a small letter",
        _cards(('Exception("Unauthorized")', 'Exception("unauthorized")')),
        "'unauthorized' is 500",
    ),
    (
        "09.1",
        "reads the card as if it were always there",
        _cards(('(event.get("queryStringParameters") or {}).get("card")', 'event["queryStringParameters"]["card"]')),
        "raised KeyError: 'card'",
    ),
    (
        "09.1",
        "says Unauthorized to a wrong card",
        _cards(("if card is None:", "if card not in members:")),
        "here is a card, and it is a wrong one: that is a Deny",
    ),
    (
        "09.1",
        "names nobody where the card is unknown",
        _cards(('members.get(card, "nobody")', "members.get(card)")),
        "`principalId` is None: it must be text, whoever knocks",
    ),
    (
        "09.1",
        "leaves principalId out",
        _cards(('"principalId": members.get(card, "nobody"), ', "")),
        "`principalId` is None",
    ),
    (
        "09.1",
        "takes the card for a name",
        _cards(('members.get(card, "nobody")', "card")),
        "the name that `members` has for this card",
    ),
    ("09.1", "lets everybody in", _cards(('"Allow" if card in members else "Deny"', '"Allow"')), "the door is open"),
    (
        "09.1",
        "writes the effect small",
        _cards(('"Allow" if', '"allow" if')),
        "IAM knows `Allow` and `Deny`, with a capital",
    ),
    (
        "09.1",
        "looks for the card among the names",
        _cards(("if card in members", "if card in members.values()")),
        "the guard said Deny to somebody who may come in",
    ),
    (
        "09.1",
        "allows to invoke the function",
        _cards(("execute-api:Invoke", "lambda:InvokeFunction")),
        "to come in is called `execute-api:Invoke`",
    ),
    (
        "09.1",
        "allows a route key",
        _cards(('event["methodArn"]', '"$connect"')),
        "which the event calls `methodArn`",
    ),
    # 09.2 · Put the guard in its place
    ("09.2", "forgets to deploy", _put((_DEPLOY, "")), "the newest is from before your change"),
    (
        "09.2",
        "deploys, but not to the stage",
        _put((', StageName="dev"', "")),
        "still shows what it did: which stage did you name?",
    ),
    (
        "09.2",
        "deploys before the change",
        _put((_DEPLOY, ""), (_UPDATE, f"{_DEPLOY}\n    {_UPDATE}")),
        "the newest is from before your change",
    ),
    (
        "09.2",
        "makes the authorizer and hangs it nowhere",
        _put((_UPDATE, "")),
        "an authorizer asks nobody until the route $connect names it",
    ),
    (
        "09.2",
        "takes the first route there is",
        _put(('[each for each in routes if each["RouteKey"] == "$connect"][0]', "routes[0]")),
        "authorization is restricted to the $connect route only",
    ),
    (
        "09.2",
        "leaves the identity source out",
        _put((_SOURCE, "")),
        'Missing required parameter in input: "IdentitySource"',
    ),
    (
        "09.2",
        "names no identity source",
        _put(('["route.request.querystring.card"]', "[]")),
        "what names the thing that the gateway itself shall look for?",
    ),
    (
        "09.2",
        "looks for a token, as in the lesson",
        _put(("querystring.card", "querystring.token")),
        "the identity source: `route.request.querystring.`",
    ),
    (
        "09.2",
        "looks for a header",
        _put(("querystring.card", "header.card")),
        "the identity source: `route.request.querystring.`",
    ),
    (
        "09.2",
        "takes the ARN for an address",
        _put(("invocation_uri(guard_arn)", "guard_arn")),
        "BadRequestException",
    ),
    (
        "09.2",
        "makes the route anew, without its function",
        _put(
            (
                _UPDATE,
                _ANEW,
            )
        ),
        "a new route begins with nothing",
    ),
    (
        "09.2",
        "asks for a token authorizer",
        _put(('AuthorizerType="REQUEST"', 'AuthorizerType="TOKEN"')),
        "AuthorizerType",
    ),
    (
        "09.2",
        "wants signatures",
        _put((_UPDATE, _UPDATE.replace("**custom", 'AuthorizationType="AWS_IAM"'))),
        "AWS_IAM asks for a signature and calls nobody",
    ),
    # 09.3 · Mend Ben's guard
    ("09.3", "as Ben has it", _BEN, "the card comes back as the name of a language"),
    (
        "09.3",
        "chooses no subprotocol",
        _keeper((_CHOICE, '{"statusCode": 200}')),
        "a browser that hears none hangs up",
    ),
    (
        "09.3",
        "chooses both",
        _keeper(('"chess.v1"', 'event["headers"]["Sec-WebSocket-Protocol"]')),
        "Got no subprotocol",
    ),
    (
        "09.3",
        "still prints the event",
        _BEN.replace("offered[1]}}", '"chess.v1"}}'),
        "an event holds all headers, and the card is in one of them",
    ),
    (
        "09.3",
        "prints what the guard is asked",
        _keeper((_ASK, f'    print("who has", offered[1])\n{_ASK}')),
        "no card in it",
    ),
    (
        "09.3",
        "prints the card of a stranger",
        _keeper((_ASK, f'{_ASK}    if row is None:\n        print("refused:", offered)\n')),
        "no card in it",
    ),
    (
        "09.3",
        "calls a member by the card",
        _keeper(('row["name"]', "offered[1]")),
        "every event and every access log repeats it",
    ),
    (
        "09.3",
        "lets in whoever it cannot look up",
        _keeper((_ASK, _FAILS_OPEN)),
        "what the guard answers where its question failed",
    ),
    (
        "09.3",
        "catches what it raises itself",
        _keeper(
            (_NO_CARD, ""),
            (_ASK, ""),
            (
                '    effect, name = ("Allow", row["name"]) if row else ("Deny", "nobody")\n',
                _CATCHES,
            ),
        ),
        "a policy can only say 403: for a 401 the guard has to raise",
    ),
    (
        "09.3",
        "expects the header of everybody",
        _keeper((_HEADER, 'event["headers"]["Sec-WebSocket-Protocol"]')),
        "raised KeyError: 'Sec-WebSocket-Protocol'",
    ),
    (
        "09.3",
        "takes the second of one",
        _keeper((_NO_CARD, '    if not offered[0]:\n        raise Exception("Unauthorized")\n')),
        "raised IndexError: list index out of range",
    ),
    (
        "09.3",
        "mends on_connect alone",
        _BEN.replace("offered[1]}}", '"chess.v1"}}').replace('print("new client:", event)', "pass"),
        "an error on the way to the card, and who catches it",
    ),
    (
        "09.3",
        "lets in who offers no card",
        _keeper(
            (_NO_CARD, ""),
            (_ASK, '    row = {"name": "a guest"} if len(offered) < 2 else ASKED\n'),
        ).replace("ASKED", 'members.get_item(Key={"card": offered[1]}).get("Item")'),
        "an error on the way to the card, and who catches it",
    ),
    (
        "09.3",
        "lets in every card",
        _keeper(('("Deny", "nobody")', '("Allow", "nobody")')),
        "the policy for a card that is not in the table",
    ),
    (
        "09.3",
        "is not sure who a stranger is",
        _keeper((_ASK, f'{_ASK}    if row is None:\n        raise Exception("Unauthorized")\n')),
        "here is a card, and it is a wrong one: that is a Deny",
    ),
    (
        "09.3",
        "asks for the wrong card",
        _keeper(("offered[1]", "offered[0]")),
        "the guard said Deny to somebody who may come in",
    ),
    (
        "09.3",
        "refuses whom the guard has let in",
        _keeper((_CHOICE, '{"statusCode": 403}')),
        "what `on_connect` does and returns",
    ),
    # 09.4 · An address for one board
    (
        "09.4",
        "adds the board after signing",
        _invite((_BOARD, "}"), (_DIAL, f'{_DIAL} + f"&board={{board}}"')),
        "what is signed is what must be dialled",
    ),
    (
        "09.4",
        "signs with headers",
        _invite(("SigV4QueryAuth(me", "SigV4Auth(me")),
        "`add_auth` puts it into the address of its request",
    ),
    (
        "09.4",
        "signs, and returns the address from before",
        _invite((_DIAL, 'f"{api_url}?board={board}"')),
        "`add_auth` puts it into the address of its request",
    ),
    (
        "09.4",
        "returns what add_auth returns",
        _invite(("    SigV4QueryAuth", "    signed = SigV4QueryAuth"), (_DIAL, "signed")),
        "Got None",
    ),
    ("09.4", "returns the request", _invite((_DIAL, "request")), "an address, as text"),
    ("09.4", "returns an address for HTTP", _invite((_DIAL, "request.url")), "`https:` is for signing only"),
    ("09.4", "forgets the board", _invite((_BOARD, "}")), "`?board=` stands in it"),
    ("09.4", "has one board for all", _invite((_BOARD, "}?board=b4")), "$connect finds board 'c11'"),
    (
        "09.4",
        "begins two query strings",
        _invite((_BOARD, "}"), (_DIAL, f'{_DIAL} + f"?board={{board}}"')),
        "one `?` begins it, `&` goes on",
    ),
    (
        "09.4",
        "signs for another service",
        _invite(("execute-api", "apigateway")),
        "the service that signs upgrades is called `execute-api`",
    ),
    ("09.4", "signs for another region", _invite(("me.region_name", '"eu-west-3"')), "the region: that of the API"),
    ("09.4", "signs a post", _invite(('"GET"', '"POST"')), "GET, and the whole address"),
    (
        "09.4",
        "gives the secret away",
        _invite((_DIAL, f'{_DIAL} + "&key=" + me.get_credentials().secret_key')),
        "a signature proves that you know the secret, without saying it",
    ),
    # 09.5 · Only players move
    (
        "09.5",
        "believes the colour in the message",
        _tickets((_COLOUR, 'colour = news.get("colour", about["authorizer"]["colour"])')),
        "the message was written by a client, the ticket by the club",
    ),
    (
        "09.5",
        "asks nobody when the ticket ends",
        _tickets((_ENDED, "False")),
        "who compares `until` with the time of this message?",
    ),
    (
        "09.5",
        "takes seconds for milliseconds at the door",
        _tickets((_IN_TIME, 'event["requestContext"]["requestTimeEpoch"] < int(until)')),
        "the guard said Deny to a good ticket",
    ),
    (
        "09.5",
        "takes seconds for milliseconds later",
        _tickets((_ENDED, 'about["requestTimeEpoch"] >= int(about["authorizer"]["until"])')),
        "`until` counts seconds, and what do you compare it with?",
    ),
    (
        "09.5",
        "compares a number with text",
        _tickets((_ENDED, 'about["requestTimeEpoch"] >= about["authorizer"]["until"]')),
        "'>=' not supported between instances of 'int' and 'str'",
    ),
    (
        "09.5",
        "does not look at the seal",
        _tickets((_OURS, "if True:")),
        "what the seal is made of: every part of the claim",
    ),
    (
        "09.5",
        "does not look at the end",
        _tickets((_IN_TIME, "True")),
        "`until`, and what time it is now",
    ),
    (
        "09.5",
        "takes every text for a ticket",
        _tickets((_TAKE, _SPLIT)),
        "not enough values to unpack",
    ),
    (
        "09.5",
        "reads the end before the seal",
        _tickets(
            (_START, f'    ended = int(claim.split(".")[-1] or 0)\n{_START}'),
            ("int(until)", "ended"),
        ),
        "invalid literal for int()",
    ),
    (
        "09.5",
        "lets in what it cannot read",
        _tickets(
            (_START, f'{_START}    if claim.count(".") != 2:\n        effect = "Allow"\n'),
        ),
        "what the guard answers where something is no ticket",
    ),
    (
        "09.5",
        "says Unauthorized to bad tickets",
        _tickets(
            (
                '    may = {"Effect"',
                '    if effect == "Deny":\n        raise Exception("Unauthorized")\n    may = {"Effect"',
            )
        ),
        "that is a Deny, and no `Unauthorized`",
    ),
    (
        "09.5",
        "puts a dictionary into the context",
        _tickets((_ABOUT, 'about = {"ticket": {"colour": colour, "until": until}}')),
        "`context` must be flat",
    ),
    (
        "09.5",
        "tells later functions nothing",
        _tickets((', "context": about', ""), (_COLOUR, 'colour = news.get("colour", "white")'), (_ENDED, "False")),
        "no colour, no until",
    ),
    (
        "09.5",
        "names the whole ticket",
        _tickets(("        name, colour, until = claim", "        name = claim\n        _, colour, until = claim")),
        "`principalId`, and `context` with two names",
    ),
    (
        "09.5",
        "keeps the ticket in a global",
        _tickets(
            ("def seal(claim):", "tickets = {}\n\ndef seal(claim):"),
            (_ABOUT, f'{_ABOUT}\n        tickets["now"] = about'),
            ('about["authorizer"]["until"]', 'tickets["now"]["until"]'),
        ),
        "KeyError: 'now'",
    ),
    (
        "09.5",
        "looks for the ticket in the message",
        _tickets((_COLOUR, 'colour = event["queryStringParameters"]["ticket"].split(".")[1]')),
        "KeyError: 'queryStringParameters'",
    ),
    (
        "09.5",
        "lets spectators move",
        _tickets(('if colour == "none":', 'if colour == "spectator":')),
        "what `move` answers to the colour `none`",
    ),
]
