"""Plausible wrong answers to lab 03, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""

_OPEN_SHOP = """
from upgrade101.deploy import invocation_uri

def answer(gateway, functions):
    api = gateway.create_api(Name="bakery", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.do")
    here = {"ApiId": api["ApiId"]}
    for action, arn in functions.items():
        made = gateway.create_integration(**here, IntegrationType="AWS_PROXY", IntegrationUri=invocation_uri(arn))
        target = f"integrations/{made['IntegrationId']}"
        two_way = {"RouteResponseSelectionExpression": "$default"}
        route = gateway.create_route(**here, RouteKey=action, Target=target, **two_way)
        gateway.create_route_response(**here, RouteId=route["RouteId"], RouteResponseKey="$default")
    deployment = gateway.create_deployment(**here)
    gateway.create_stage(**here, StageName="v1", DeploymentId=deployment["DeploymentId"])
    return f"{api['ApiEndpoint']}/v1"
"""


def _shop(*changes: tuple[str, str]) -> str:
    source = _OPEN_SHOP
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    return source


_LINE = """
import json

def greet(event, context):
    message = json.loads(event["body"])
    return {"statusCode": 200, "body": "good morning, " + NAME}

# %%
from upgrade101 import websocket_api

def answer():
    return API
"""


def _line(name: str, api: str) -> str:
    """Return two cells: what opens the line stands in the second one, as in the lab."""
    return _LINE.replace("NAME", name).replace("API", api)


_ANSWERS = 'gateway.create_route_response(**here, RouteId=route["RouteId"], RouteResponseKey="$default")'

WRONG: list[tuple[str, str, str, str]] = [
    # 03.1 · Answer a message
    (
        "03.1",
        "returns a bare text",
        """
        import json

        def answer(event, context):
            return json.loads(event["body"])["item"] + " is in the oven"
        """,
        "returned 'rye is in the oven', which is no answer for a proxy integration",
    ),
    (
        "03.1",
        "forgets to return",
        """
        import json

        def answer(event, context):
            {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}
        """,
        "returned None, which is no answer",
    ),
    (
        "03.1",
        "takes the event for the message",
        """
        def answer(event, context):
            return {"statusCode": 200, "body": event["item"] + " is in the oven"}
        """,
        "raised KeyError: 'item'",
    ),
    (
        "03.1",
        "does not parse",
        """
        def answer(event, context):
            return {"statusCode": 200, "body": event["body"]["item"] + " is in the oven"}
        """,
        "raised TypeError: string indices must be integers",
    ),
    (
        "03.1",
        "answers always the same",
        """
        def answer(event, context):
            return {"statusCode": 200, "body": "rye is in the oven"}
        """,
        "'poppy seed roll is in the oven'",
    ),
    (
        "03.1",
        "puts JSON into the body",
        """
        import json

        def answer(event, context):
            item = json.loads(event["body"])["item"]
            return {"statusCode": 200, "body": json.dumps(item + " is in the oven")}
        """,
        "Got       '\"rye is in the oven\"'",
    ),
    (
        "03.1",
        "returns a dictionary as body",
        """
        import json

        def answer(event, context):
            return {"statusCode": 200, "body": {"text": json.loads(event["body"])["item"] + " is in the oven"}}
        """,
        "Its `body` is a dictionary and must be text: `json.dumps` makes text of it",
    ),
    (
        "03.1",
        "forgets the status code",
        """
        import json

        def answer(event, context):
            return {"body": json.loads(event["body"])["item"] + " is in the oven"}
        """,
        "There is no `statusCode` in it",
    ),
    (
        "03.1",
        "forgets an import",
        """
        def answer(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}
        """,
        "raised NameError: name 'json' is not defined",
    ),
    # 03.2 · Write the rule
    (
        "03.2",
        "forgets the dollars",
        'answer = "request.body.shop.name/request.body.do"',
        "the missing `$` before `request.body.shop.name`",
    ),
    (
        "03.2",
        "forgets the dollars before the braces",
        'answer = "{request.body.shop.name}/{request.body.do}"',
        "Look at   the missing `$` before `{request.body.shop.name}`",
    ),
    (
        "03.2",
        "forgets one dollar of two",
        'answer = "${request.body.shop.name}/request.body.do"',
        "Look at   the missing `$` before `request.body.do`",
    ),
    ("03.2", "stops one level too high", 'answer = "${request.body.shop}/${request.body.do}"', "“Forbidden”"),
    (
        "03.2",
        "looks one level too high",
        'answer = "${request.body.name}/${request.body.do}"',
        "found the key '/order'",
    ),
    ("03.2", "reads one word only", 'answer = "$request.body.do"', "found the key 'order'"),
    ("03.2", "forgets the slash", 'answer = "${request.body.shop.name}${request.body.do}"', "the key 'northorder'"),
    ("03.2", "turns the words round", 'answer = "${request.body.do}/${request.body.shop.name}"', "key 'order/north'"),
    ("03.2", "writes the key of one message", 'answer = "north/order"', "'south/order'"),
    ("03.2", "forgets the body", 'answer = "${request.shop.name}/${request.do}"', "the rule found the key '/'"),
    (
        "03.2",
        "writes the dollar twice",
        'answer = "${$request.body.shop.name}/${$request.body.do}"',
        "one `$` for each variable, before the brace",
    ),
    ("03.2", "gives no text", "answer = 7", "a text, in quotes"),
    # 03.3 · One function for each action
    (
        "03.3",
        "leads every route to the controller",
        """
        import json

        def controller(event, context):
            message = json.loads(event["body"])
            text = {
                "order": message.get("item", "") + " is in the oven",
                "hours": "open from 6 to 14",
                "cancel": message.get("item", "") + " is cancelled",
            }[message["action"]]
            return {"statusCode": 200, "body": text}

        answer = {"order": controller, "hours": controller, "cancel": controller}
        """,
        "not one function each: order ran lab-controller, hours ran lab-controller",
    ),
    (
        "03.3",
        "keeps the controller behind $default",
        """
        def controller(event, context):
            texts = {"order": "rye is in the oven", "hours": "open from 6 to 14", "cancel": "rye is cancelled"}
            action = next((action for action in texts if action in event["body"]), "order")
            return {"statusCode": 200, "body": texts[action]}

        answer = {"$default": controller}
        """,
        "an action that nobody offers should find no route",
    ),
    (
        "03.3",
        "forgets an action",
        """
        import json

        def on_order(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}

        def on_hours(event, context):
            return {"statusCode": 200, "body": "open from 6 to 14"}

        answer = {"order": on_order, "hours": on_hours}
        """,
        "the rule found the key 'cancel', and no route of the deployment has it",
    ),
    (
        "03.3",
        "spells a key with a capital",
        """
        def on_hours(event, context):
            return {"statusCode": 200, "body": "open from 6 to 14"}

        answer = {"Order": on_hours, "hours": on_hours, "cancel": on_hours}
        """,
        "the rule found the key 'order'",
    ),
    (
        "03.3",
        "exchanges two functions",
        """
        import json

        def on_order(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}

        def on_hours(event, context):
            return {"statusCode": 200, "body": "open from 6 to 14"}

        def on_cancel(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is cancelled"}

        answer = {"order": on_cancel, "hours": on_hours, "cancel": on_order}
        """,
        "the function behind 'order'",
    ),
    (
        "03.3",
        "calls a function instead of naming it",
        """
        def on_order(event, context):
            return {"statusCode": 200, "body": "rye is in the oven"}

        answer = {"order": on_order({}, None), "hours": on_order({}, None), "cancel": on_order({}, None)}
        """,
        "name the function, without brackets",
    ),
    (
        "03.3",
        "writes lambdas",
        """
        import json

        def on_order(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is in the oven"}

        def on_cancel(event, context):
            return {"statusCode": 200, "body": json.loads(event["body"])["item"] + " is cancelled"}

        hours = lambda event, context: {"statusCode": 200, "body": "open from 6 to 14"}
        answer = {"order": on_order, "hours": hours, "cancel": on_cancel}
        """,
        "use `def`, Lambda asks for the name",
    ),
    ("03.3", "gives a list", "def a(event, context):\n    return 1\nanswer = [a]", "a dictionary: route keys"),
    # 03.4 · Repair Ben's line
    (
        "03.4",
        "mends nothing",
        _line('message["name"]', 'websocket_api("bakery", {"greet": greet}, selection="request.body.action")'),
        "the rule found the key 'request.body.action'",
    ),
    (
        "03.4",
        "mends the rule alone",
        _line('message["name"]', 'websocket_api("bakery", {"greet": greet})'),
        "nothing, although bakery-greet returned",
    ),
    (
        "03.4",
        "mends rule and answer, and forgets the stranger",
        _line('message["name"]', 'websocket_api("bakery", {"greet": greet}, two_way=("greet",))'),
        "bakery-greet raised KeyError: 'name'",
    ),
    (
        "03.4",
        "forgets the comma",
        _line('message.get("name", "stranger")', 'websocket_api("bakery", {"greet": greet}, two_way=("greet"))'),
        'two_way wants a tuple of keys → two_way=("greet",) Look at the argument `two_way`',
    ),
    (
        "03.4",
        "names another route",
        _line('message.get("name", "stranger")', 'websocket_api("bakery", {"greet": greet}, two_way=("hello",))'),
        "the routes: ['greet'] Look at the argument `two_way`",
    ),
    (
        "03.4",
        "greets a stranger in words of its own",
        _line('message.get("name", "a stranger")', 'websocket_api("bakery", {"greet": greet}, two_way=("greet",))'),
        "Look at what `greet` answers without a name",
    ),
    (
        "03.4",
        "greets nobody by name",
        _line('"stranger"', 'websocket_api("bakery", {"greet": greet}, two_way=("greet",))'),
        "Got       'good morning, stranger'",
    ),
    (
        "03.4",
        "greets None",
        _line('str(message.get("name"))', 'websocket_api("bakery", {"greet": greet}, two_way=("greet",))'),
        "Got       'good morning, None'",
    ),
    (
        "03.4",
        "forgets to return the API",
        _line('message.get("name", "stranger")', 'print(websocket_api("bakery", {"greet": greet}))'),
        "the `return` of `open_line`",
    ),
    # 03.5 · Build the bakery by hand
    (
        "03.5",
        "deploys too early",
        _shop(("    for action", "    d = gateway.create_deployment(**here)\n    for action")),
        "At least one route is required",
    ),
    (
        "03.5",
        "forgets the second route in the copy",
        _shop(
            ("    for action, arn in functions.items():", "    for action, arn in list(functions.items())[:1]:"),
        ),
        "the rule found the key 'hours'",
    ),
    (
        "03.5",
        "forgets the route responses",
        _shop(
            (
                f"        {_ANSWERS}\n",
                "",
            )
        ),
        "nothing, although order returned",
    ),
    (
        "03.5",
        "forgets the response expression",
        _shop((", **two_way)", ")")),
        "nothing, although order returned",
    ),
    ("03.5", "reads another word", _shop(("$request.body.do", "$request.body.action")), "the rule found no key"),
    ("03.5", "calls the stage dev", _shop(('"v1"', '"dev"'), ("/v1", "/dev")), "'v1'"),
    ("03.5", "gives the URL of a stage that is not there", _shop(('"v1"', '"dev"')), "403 Forbidden"),
    (
        "03.5",
        "points the stage at nothing",
        _shop((', DeploymentId=deployment["DeploymentId"])', ")")),
        "403 Forbidden",
    ),
    (
        "03.5",
        "returns the id",
        _shop(("return f\"{api['ApiEndpoint']}/v1\"", 'return api["ApiId"]')),
        "a URL: wss://…/v1",
    ),
    ("03.5", "integrates another way", _shop(("AWS_PROXY", "MOCK")), "“Internal server error”"),
    (
        "03.5",
        "forgets the slash before the id",
        _shop(("integrations/", "integration/")),
        "integrations/<integration_id>",
    ),
    (
        "03.5",
        "leads everything else somewhere",
        _shop(
            (
                "    deployment =",
                '    gateway.create_route(**here, RouteKey="$default", Target=target)\n    deployment =',
            )
        ),
        "the error frame “Forbidden”: no route",
    ),
]
