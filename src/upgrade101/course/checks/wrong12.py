"""Plausible wrong answers to lab 12, and what the check must say to each: (exercise, name, cell, words it must say).

The cell is what a learner would leave in the notebook; the answer is what it calls ``answer``.
"""


def _changed(source: str, *changes: tuple[str, str]) -> str:
    """Return a right answer with some of its words replaced, each of which it must have."""
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return source


_HUT = '''
answer = """
Parameters:
  Hut: {Type: String}
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Name: !Ref AWS::StackName
      ProtocolType: WEBSOCKET
      RouteSelectionExpression: $request.body.action
  Mock:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: MOCK
      TemplateSelectionExpression: "200"
      RequestTemplates: {"200": '{"statusCode": 200}'}
  Says:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties:
      ApiId: !Ref Api
      IntegrationId: !Ref Mock
      IntegrationResponseKey: $default
      TemplateSelectionExpression: "200"
      ResponseTemplates: {"200": !Sub '{"hut": "${Hut}"}'}
  Where:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: where
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${Mock}
  WhereAnswers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref Where, RouteResponseKey: $default}
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [Says, WhereAnswers]
    Properties: {ApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev, DeploymentId: !Ref Deployment}
Outputs:
  Url: {Value: !Sub "${Api.ApiEndpoint}/${Stage}"}
"""
'''
_DEPENDS = "    DependsOn: [Says, WhereAnswers]\n"
_URL = '!Sub "${Api.ApiEndpoint}/${Stage}"'


def _hut(*changes: tuple[str, str]) -> str:
    return _changed(_HUT, *changes)


_EVERY_HUT = '''
answer = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Hut: {Type: String}
  Beds: {Type: Number}
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      Name: !Ref AWS::StackName
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        beds: {FunctionArn: !GetAtt Desk.Arn, RouteResponseSelectionExpression: $default}
  Answers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref ApiBedsRoute, RouteResponseKey: $default}
  Desk:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.desk
      Runtime: python3.13
      Environment: {Variables: {HUT: !Ref Hut, BEDS: !Ref Beds}}
      InlineCode: |
        import json, os
        def desk(event, context):
            answer = {"hut": os.environ["HUT"], "beds": int(os.environ["BEDS"])}
            return {"statusCode": 200, "body": json.dumps(answer)}
Outputs:
  Url: {Value: !Sub "wss://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev"}
"""
'''
_ANSWERS = """  Answers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref ApiBedsRoute, RouteResponseKey: $default}
"""
_HANDLER = "      Handler: index.desk\n"


def _every_hut(*changes: tuple[str, str]) -> str:
    return _changed(_EVERY_HUT, *changes)


_WINTER = '''
from upgrade101.course import iac

summer = iac.read("hut.yaml")
snow = """
  Snow:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: snow
      Target: !Sub integrations/${Mock}
      RouteResponseSelectionExpression: $default
  SnowAnswers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref Snow, RouteResponseKey: $default}
"""
answer = summer.replace("\\n\\nOutputs:", snow + "\\nOutputs:")
answer = answer.replace("  Deployment:", "  Deployment2:").replace("!Ref Deployment", "!Ref Deployment2")
answer = answer.replace("[Says, WhereAnswers]", "[Says, WhereAnswers, SnowAnswers]")
'''
_RENAMED = 'answer = answer.replace("  Deployment:", "  Deployment2:").replace("!Ref Deployment", "!Ref Deployment2")\n'
_WAITS = 'answer = answer.replace("[Says, WhereAnswers]", "[Says, WhereAnswers, SnowAnswers]")\n'
_SNOW_ANSWERS = """  SnowAnswers:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref Snow, RouteResponseKey: $default}
"""
_ANOTHER_API = """
answer = answer.replace("  Api:", "  Api2:").replace("!Ref Api", "!Ref Api2").replace("${Api.", "${Api2.")
"""
_INSTEAD = """
from upgrade101.course import iac

summer = iac.read("hut.yaml")
answer = summer.replace("RouteKey: where", "RouteKey: snow").replace("  Deployment:", "  Deployment2:")
answer = answer.replace("!Ref Deployment", "!Ref Deployment2")
"""


def _winter(*changes: tuple[str, str]) -> str:
    return _changed(_WINTER, *changes)


_TAKE_DOWN = """
import boto3

from upgrade101.course import iac

def answer(stack, cloudformation, logs):
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    functions = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    deleted = []
    for name in functions:
        try:
            logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
            deleted.append(f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            print(f"{name} left no log group")
    return deleted
"""
_ASKED = """    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    functions = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]
"""
_DELETED = """    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
"""
_TRIED = """        try:
            logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
            deleted.append(f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            print(f"{name} left no log group")
"""
_BARE = """        logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
        deleted.append(f"/aws/lambda/{name}")
"""
_BY_PREFIX = """        for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
            deleted.append(group["logGroupName"])
"""
_ONE_TRY = """    try:
        for name in functions:
            logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
            deleted.append(f"/aws/lambda/{name}")
    except logs.exceptions.ResourceNotFoundException:
        print("no log group")
"""
_REMOVE = """
from upgrade101.course import iac

def answer(stack, cloudformation, logs):
    iac.remove(stack)
    return []
"""


def _take_down(*changes: tuple[str, str]) -> str:
    return _changed(_TAKE_DOWN, *changes)


def _by_prefix(prefix: str) -> str:
    return f"""
def answer(stack, cloudformation, logs):
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    deleted = []
    for group in logs.describe_log_groups(logGroupNamePrefix={prefix})["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
        deleted.append(group["logGroupName"])
    return deleted
"""


_RENEWED = """
import hashlib
import itertools
import json
import time
import uuid

counter = itertools.count(2)

def answer(template):
    text = json.dumps(template, sort_keys=True)
    name = "Deployment" + hashlib.sha256(text.encode()).hexdigest()[:8]
    return json.loads(text.replace('"Deployment"', f'"{name}"'))
"""
_HASH = "hashlib.sha256(text.encode()).hexdigest()[:8]"
_REPLACED = """return json.loads(text.replace('"Deployment"', f'"{name}"'))"""


def _renewed(*changes: tuple[str, str]) -> str:
    return _changed(_RENEWED, *changes)


def _renamed(*lines: str) -> str:
    body = "\n    ".join(("resources = template['Resources']", *lines, "return template"))
    return _renewed((_REPLACED, body))


WRONG = [
    # ── 12.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    ("12.1", "some gaps left", _hut(("!Ref Where,", "...,"), (_URL, "...")), "2 of 5 places still do"),
    ("12.1", "waits for nothing", _hut((_DEPENDS, "")), "At least one route is required"),
    (
        "12.1",
        "waits for the route, not for its answer",
        _hut(("[Says, WhereAnswers]", "[Says, Where]")),
        "Got       nothing",
    ),
    (
        "12.1",
        "waits for the answer of the route alone",
        _hut(("[Says, WhereAnswers]", "WhereAnswers")),
        "what the Deployment waits for",
    ),
    ("12.1", "Ref in the list", _hut(("[Says, WhereAnswers]", "[!Ref Says, WhereAnswers]")), "names, without `!Ref`"),
    ("12.1", "Ref for the list", _hut(("[Says, WhereAnswers]", "!Ref WhereAnswers")), "names, without `!Ref`"),
    ("12.1", "no quotes between braces", _hut((_URL, _URL.replace('"', ""))), "needs quotes"),
    ("12.1", "waits for the MOCK", _hut(("[Says, WhereAnswers]", "[Mock, Says]")), "At least one route is required"),
    ("12.1", "waits for the stage", _hut(("[Says, WhereAnswers]", "[Stage]")), "Circular dependency"),
    ("12.1", "the bare id as a target", _hut(("!Sub integrations/${Mock}", "!Ref Mock")), "Where CREATE_FAILED"),
    (
        "12.1",
        "a name instead of an id",
        _hut(("!Sub integrations/${Mock}", "integrations/Mock")),
        "Where CREATE_FAILED",
    ),
    (
        "12.1",
        "Ref where a text needs Sub",
        _hut(("!Sub integrations/${Mock}", "!Ref integrations/Mock")),
        "Unresolved resource dependencies [integrations/Mock]",
    ),
    ("12.1", "small letters", _hut(("!Ref Where,", "!Ref where,")), "Unresolved resource dependencies [where]"),
    ("12.1", "the answer of another thing", _hut(("!Ref Where,", "!Ref Mock,")), "WhereAnswers CREATE_FAILED"),
    ("12.1", "the route's key for its id", _hut(("!Ref Where,", "where,")), "WhereAnswers CREATE_FAILED"),
    ("12.1", "a deployment by its name", _hut(("!Ref Deployment", "Deployment")), "Stage CREATE_FAILED"),
    ("12.1", "no stage in the address", _hut((_URL, "!GetAtt Api.ApiEndpoint")), "an open line"),
    ("12.1", "the id for an address", _hut((_URL, "!Ref Api")), "an address: wss://…"),
    ("12.1", "another name for the output", _hut(("  Url:", "  Address:")), "outputs: Address"),
    ("12.1", "no text", "answer = {'Resources': {}}", "a template: text"),
    ("12.1", "a line slipped", _hut(("  Stage:\n", " Stage:\n")), "YAML"),
    # ── 12.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    (
        "12.2",
        "still the Falk hut's",
        _every_hut(
            ("Parameters:\n  Hut: {Type: String}\n  Beds: {Type: Number}\n", ""),
            ("!Ref Hut", "Falk hut"),
            ("!Ref Beds", '"24"'),
        ),
        "[Hut, Beds] do not exist in the template",
    ),
    (
        "12.2",
        "one parameter",
        _every_hut(("  Beds: {Type: Number}\n", ""), ("!Ref Beds", '"24"')),
        "[Beds] do not exist",
    ),
    ("12.2", "parameters that nobody uses", _every_hut(("!Ref Beds", '"24"')), '"beds": 60'),
    ("12.2", "the hut's name stayed", _every_hut(("!Ref Hut", "Falk hut")), '"hut": "Upper Birk hut"'),
    ("12.2", "Sub without braces", _every_hut(("HUT: !Ref Hut", "HUT: !Sub Hut")), "each value that differs"),
    ("12.2", "mute still", _every_hut((_ANSWERS, "")), "what SAM does not make"),
    (
        "12.2",
        "a fixed name for the function",
        _every_hut((_HANDLER, f"      FunctionName: hut-beds\n{_HANDLER}")),
        "already exists",
    ),
    (
        "12.2",
        "the name for people as the function's",
        _every_hut((_HANDLER, f"      FunctionName: !Ref Hut\n{_HANDLER}")),
        "failed to satisfy constraint",
    ),
    ("12.2", "one name for all APIs", _every_hut(("Name: !Ref AWS::StackName", "Name: huts")), "huts and huts"),
    ("12.2", "a route that SAM calls otherwise", _every_hut(("!Ref ApiBedsRoute", "!Ref BedsRoute")), "sam.yaml"),
    ("12.2", "the route by its key", _every_hut(("!Ref ApiBedsRoute", "beds")), "Answers CREATE_FAILED"),
    (
        "12.2",
        "no transform",
        _every_hut(("Transform: AWS::Serverless-2016-10-31\n", "")),
        "nobody translates it",
    ),
    (
        "12.2",
        "the environment renamed",
        _every_hut(("HUT: !Ref Hut", "Hut: !Ref Hut")),
        "KeyError",
    ),
    *(
        ("12.2", f"the type {kind}", _every_hut(("{Type: Number}", f"{{Type: {kind}}}")), "Unrecognized parameter type")
        for kind in ("Integer", "int", "Text")
    ),
    (
        "12.2",
        "the name for people as the API's",
        _every_hut(("Name: !Ref AWS::StackName", "Name: !Ref Hut")),
        "no two stacks have one `AWS::StackName`",
    ),
    (
        "12.2",
        "a function named by its beds",
        _every_hut((_HANDLER, f'      FunctionName: !Sub "beds-${{Beds}}"\n{_HANDLER}')),
        "no two stacks have one `AWS::StackName`",
    ),
    ("12.2", "a text for a parameter", _every_hut(("{Type: String}", "String")), "Every Parameters object must"),
    # ── 12.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    (
        "12.3",
        "Ben's",
        _winter((_SNOW_ANSWERS, ""), (_RENAMED, ""), (_WAITS, "")),
        "which deployment the stage points at",
    ),
    ("12.3", "the name stayed", _winter((_RENAMED, "")), "which deployment the stage points at"),
    ("12.3", "no answer", _winter((_SNOW_ANSWERS, ""), (", SnowAnswers]", ", Snow]")), "what the route `where` has"),
    ("12.3", "waits for the old ones", _winter((_WAITS, "")), "in the worst order"),
    (
        "12.3",
        "waits for the route alone",
        _winter((", SnowAnswers]", ", Snow]")),
        "what the Deployment waits for",
    ),
    (
        "12.3",
        "waits for the new ones alone",
        _winter(("[Says, WhereAnswers, SnowAnswers]", "[SnowAnswers]")),
        "nothing of summer's list may be lost",
    ),
    (
        "12.3",
        "waits for the new ones and for what the MOCK says",
        _winter(("[Says, WhereAnswers, SnowAnswers]", "[Says, SnowAnswers]")),
        "nothing of summer's list may be lost",
    ),
    (
        "12.3",
        "somebody still says the old name",
        _winter(('.replace("!Ref Deployment", "!Ref Deployment2")', "")),
        "Unresolved resource dependencies [Deployment]",
    ),
    (
        "12.3",
        "the type and the property renamed too",
        _winter(
            ('"  Deployment:", "  Deployment2:"', '"Deployment", "Deployment2"'),
            ('.replace("!Ref Deployment", "!Ref Deployment2")', ""),
        ),
        "AWS::ApiGatewayV2::Deployment2",
    ),
    (
        "12.3",
        "another stage",
        _winter((_WAITS, f'{_WAITS}answer = answer.replace("StageName: dev", "StageName: winter")\n')),
        "the address stays",
    ),
    (
        "12.3",
        "another name for the Stage resource",
        _winter(
            (_WAITS, f'{_WAITS}answer = answer.replace("  Stage:", "  Stage2:").replace("${{Stage}}", "${{Stage2}}")\n')
        ),
        "Stage2",
    ),
    (
        "12.3",
        "another Api",
        _winter(
            (
                _WAITS,
                _WAITS + _ANOTHER_API,
            )
        ),
        "the address stays",
    ),
    (
        "12.3",
        "the old route replaced",
        _INSTEAD,
        "a release adds",
    ),
    (
        "12.3",
        "a route that leads nowhere",
        _winter(("Target: !Sub integrations/${Mock}", "Target: Mock")),
        "Snow CREATE_FAILED",
    ),
    ("12.3", "another key", _winter(("RouteKey: snow", "RouteKey: Snow")), "no route of the deployment has it"),
    (
        "12.3",
        "below the outputs",
        _winter(('summer.replace("\\n\\nOutputs:", snow + "\\nOutputs:")', "summer + snow")),
        "below `Outputs:`",
    ),
    # ── 12.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    ("12.4", "by the stack's name", _by_prefix('f"/aws/lambda/{stack}"'), "gone: /aws/lambda/falk-annex-"),
    ("12.4", "as the lesson does", _by_prefix('f"/aws/lambda/{stack}-"'), "gone: /aws/lambda/falk-annex-"),
    ("12.4", "all of Lambda's", _by_prefix('"/aws/lambda/"'), "gone: /aws/lambda/avalanche-bell-tower"),
    (
        "12.4",
        "what begins as its functions are called",
        _take_down((_TRIED, _BY_PREFIX)),
        "gone: /aws/lambda/avalanche-bell-tower",
    ),
    (
        "12.4",
        "waits for nothing",
        _take_down((_DELETED, "    cloudformation.delete_stack(StackName=stack)\n")),
        "log groups are deleted once the stack is gone",
    ),
    (
        "12.4",
        "looks at the log groups instead of waiting",
        _take_down((_DELETED, "    cloudformation.delete_stack(StackName=stack)\n    logs.describe_log_groups()\n")),
        "nobody had asked",
    ),
    (
        "12.4",
        "always the same hut",
        _take_down(("    resources =", "    stack = 'falk'\n    resources =")),
        'take_down("birk", cloudformation, logs)',
    ),
    (
        "12.4",
        "always deletes the same hut",
        _take_down((_DELETED, _DELETED.replace("StackName=stack", "StackName='falk'"))),
        "the stack that is handed in",
    ),
    (
        "12.4",
        "the stack's own list, and only what begins alike",
        _take_down(("for name in functions:", "for name in [name for name in functions if name.startswith(stack)]:")),
        "left: /aws/lambda/avalanche-bell",
    ),
    ("12.4", "asks when it is gone", _take_down((_ASKED + _DELETED, _DELETED + _ASKED)), "does not exist"),
    ("12.4", "every function has run", _take_down((_TRIED, _BARE)), "Some functions have never run"),
    (
        "12.4",
        "one try around all",
        _take_down(
            (
                "    for name in functions:\n" + _TRIED,
                _ONE_TRY,
            ),
            (
                "    deleted = []\n",
                "    deleted, functions = [], sorted(functions, key=lambda name: 'Spare' not in name)\n",
            ),
        ),
        "no log group of this hut is left",
    ),
    ("12.4", "logical ids", _take_down(('each["PhysicalResourceId"]', 'each["LogicalResourceId"]')), "left: "),
    ("12.4", "SAM's type", _take_down(("AWS::Lambda::Function", "AWS::Serverless::Function")), "left: "),
    ("12.4", "the stack stays", _take_down((_DELETED, "")), "it still stands"),
    ("12.4", "the log groups stay", _take_down((_TRIED, "        deleted.append(f'/aws/lambda/{name}')\n")), "left: "),
    (
        "12.4",
        "iac.remove and nothing else",
        _REMOVE,
        "left: ",
    ),
    ("12.4", "returns nothing", _take_down(("    return deleted\n", "")), "what is returned"),
    (
        "12.4",
        "returns the functions",
        _take_down(('deleted.append(f"/aws/lambda/{name}")', "deleted.append(name)")),
        "what is returned",
    ),
    (
        "12.4",
        "returns what never was",
        _take_down(("    return deleted\n", "    return [f'/aws/lambda/{name}' for name in functions]\n")),
        "what is returned",
    ),
    (
        "12.4",
        "the log groups first",
        _take_down((_DELETED, ""), ("    return deleted\n", f"{_DELETED}    return deleted\n")),
        "they were deleted before the stack was",
    ),
    (
        "12.4",
        "a name without its beginning",
        _take_down(('logGroupName=f"/aws/lambda/{name}"', "logGroupName=name")),
        "left: ",
    ),
    (
        "12.4",
        "every stack of the valley",
        _take_down(
            (
                _DELETED,
                "    for each in cloudformation.describe_stacks()['Stacks']:\n        iac.remove(each['StackName'])\n",
            )
        ),
        "which stack is deleted",
    ),
    # ── 12.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    ("12.5", "the template as it is", "def answer(template):\n    return template\n", "On the line from before"),
    ("12.5", "the same other name", _renewed((_HASH, '"2"')), "whatever changes in the template"),
    ("12.5", "chance", _renewed((_HASH, "uuid.uuid4().hex")), "twice the same"),
    ("12.5", "the time", _renewed((_HASH, "str(time.time_ns())")), "twice the same"),
    ("12.5", "a counter", _renewed((_HASH, "str(next(counter))")), "twice the same"),
    ("12.5", "by the number of resources", _renewed((_HASH, "str(len(template['Resources']))")), "wanted"),
    (
        "12.5",
        "by the keys of the routes",
        _renewed((_HASH, "''.join(each['Properties'].get('RouteKey', '') for each in template['Resources'].values())")),
        "whatever changes in the template",
    ),
    (
        "12.5",
        "by the names of the resources",
        _renewed((_HASH, "hashlib.sha256(str(list(template['Resources'])).encode()).hexdigest()")),
        "wanted",
    ),
    ("12.5", "by its length", _renewed((_HASH, "str(len(text))")), "not its length"),
    (
        "12.5",
        "by its resources alone",
        _renewed((_HASH, "hashlib.sha256(json.dumps(template['Resources']).encode()).hexdigest()")),
        "all of the template",
    ),
    ("12.5", "one digit of the hash", _renewed(("[:8]", "[:1]")), "40 names"),
    *(
        ("12.5", f"Python's own hash, {name}", _renewed((_HASH, how)), "`hash` is salted per process")
        for name, how in (("absolute", "str(abs(hash(text)))"), ("in hex", "f'{hash(text) & 0xFFFFFFFF:08x}'"))
    ),
    (
        "12.5",
        "every Deployment in the text",
        _renewed((_REPLACED, 'return json.loads(text.replace("Deployment", name))')),
        "resources of the types",
    ),
    ("12.5", "a hyphen", _renewed(('"Deployment" +', '"Deployment-" +')), "which characters the name has"),
    (
        "12.5",
        "nobody refers to it any more",
        _renamed("resources[name] = resources.pop('Deployment')"),
        "Unresolved resource dependencies [Deployment]",
    ),
    (
        "12.5",
        "an output forgotten",
        _renamed(
            "resources[name] = resources.pop('Deployment')",
            "resources['Stage']['Properties']['DeploymentId'] = {'Ref': name}",
        ),
        "[Deployment] in the Outputs block",
    ),
    (
        "12.5",
        "both names at once",
        _renamed("resources[name] = resources['Deployment']"),
        "whatever changes in the template",
    ),
    ("12.5", "a text", _renewed((_REPLACED, """return text.replace('"Deployment"', f'"{name}"')""")), "a dictionary"),
    (
        "12.5",
        "nothing",
        _renewed((_REPLACED, """json.loads(text.replace('"Deployment"', f'"{name}"'))""")),
        "a dictionary",
    ),
    ("12.5", "text where bytes are needed", _renewed(("text.encode()", "text")), "TypeError"),
    (
        "12.5",
        "another stage each time",
        _renewed((_REPLACED, _REPLACED.replace("""text.replace""", """text.replace('"dev"', f'"{name}"').replace"""))),
        "the address stays",
    ),
]
