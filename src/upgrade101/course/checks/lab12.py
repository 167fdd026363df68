"""Lab 12: one template for every hut. What it says is in ``lab12.toml``."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3

from .. import iac
from ..asking import FORBIDDEN, finished
from ..bench import Bench, Line
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..vary import vary
from . import huts
from .huts import SNOW, WHERE, Template

said = texts("12")

FALK, BIRK = "Falk hut", "Upper Birk hut"
_WORST = "in the worst order that the template allows"


# ── 12.1 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("12.1", **said["12.1"])
def fills_the_gaps(answer: str, bench: Bench) -> None:
    """Deploy the template for a hut and ask, once as it comes and once in the worst order."""
    template = huts.read(answer)
    left = huts.holes(template)
    if left >= _GAPS:
        raise NotImplementedError
    if left:
        raise NotYet(expected="nothing says `...` any more", got=f"{left} of {_GAPS} places still do")
    _is_asked(bench, "falk", vary(FALK), template, "")
    _is_asked(bench, "birk", vary(BIRK), huts.unlucky(template), f", {_WORST}")


def _is_asked(bench: Bench, stack: str, hut: str, template: Template, order: str) -> None:
    trying(f"the stack {stack} is made{order}, with Hut={hut!r}")
    url = huts.deployed(template, stack, look=_WHAT_FAILED, Hut=hut)
    with bench.line(url) as line:
        who = f"the stack {stack} was made{order}, and a hiker"
        unheard = _WAITS if order else _ANSWERS
        huts.asks(bench, line, WHERE, {"hut": hut}, who=who, forbidden=_WAITS, silence=unheard, other=_BROKEN)


_GAPS = 5
_WHAT_FAILED = "the resource that is named: what does it refer to, and what must be there before it?"
_WAITS = "`DependsOn` of the Deployment: it copies what is there when it is made, and waits for nothing else"
_ANSWERS = "WhereAnswers: a route whose answer nobody has allowed stays mute"
_BROKEN = "the Target of the route, and what the Deployment waits for"


# ── 12.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("12.2", **said["12.2"])
def serves_every_hut(answer: str, bench: Bench) -> None:
    """Make two stacks of one template, ask at both, delete one, and ask at the other."""
    huts.read(answer)
    falk, birk = {"hut": vary(FALK), "beds": vary(24)}, {"hut": vary(BIRK), "beds": vary(60)}
    first = _hut(answer, "falk", falk)
    _asks_for_beds(bench, first, falk)
    second = _hut(answer, "birk", birk)
    _asks_for_beds(bench, second, birk)
    names = sorted(api["Name"] for api in boto3.client("apigatewayv2").get_apis()["Items"])
    if len(set(names)) < len(names):
        look = "`Name` of the Api: `AWS::StackName` is another one for each stack"
        raise NotYet("two stacks stand", expected="two APIs that can be told apart", got=" and ".join(names), look=look)
    trying("the stack falk is deleted")
    huts.removed("falk")
    _asks_for_beds(bench, second, birk, after="The Falk hut is closed and its stack is deleted. A hiker")


def _hut(answer: str, stack: str, hut: dict[str, Any]) -> str:
    trying(f"the template becomes the stack {stack}, with Hut={hut['hut']!r} and Beds={hut['beds']}")
    look = "what the template names by a fixed name, and which parameters it has"
    return huts.deployed(answer, stack, look=look, Hut=hut["hut"], Beds=str(hut["beds"]))


def _asks_for_beds(bench: Bench, url: str, hut: dict[str, Any], after: str = "a hiker") -> None:
    with bench.line(url) as line:
        huts.asks(
            bench,
            line,
            {"action": "beds"},
            hut,
            who=after,
            silence="what SAM does not make: a `RouteResponse` for the route",
            other="`Environment`: each value that differs from hut to hut comes from a parameter",
        )


# ── 12.3 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("12.3", **said["12.3"])
def opens_the_route_in_winter(answer: str, bench: Bench) -> None:
    """Update a stack while a line is open, and another in the worst order; ask on the way, before and after."""
    winter = huts.read(answer)
    _a_season(bench, "falk", vary(FALK), winter, "the stack falk is updated")
    _a_season(bench, "birk", vary(BIRK), huts.unlucky(winter), f"the stack birk is updated {_WORST}")
    hut, new = vary("Karl hut"), f"a new hut: the stack karl is made from `winter`, {_WORST}"
    trying(new)
    with bench.line(huts.deployed(huts.unlucky(winter), "karl", look=_WHAT_FAILED, Hut=hut)) as line:
        _asks_in_winter(bench, line, hut, f"{new}. A hiker")


def _a_season(bench: Bench, stack: str, hut: str, winter: Template, tried: str) -> None:
    summer = iac.read("hut.yaml")
    trying(f"the stack {stack} is made from `summer`")
    url = huts.deployed(summer, stack, Hut=hut)
    with bench.line(url) as line:
        huts.asks(bench, line, SNOW, FORBIDDEN, who="in summer, a hiker")
        huts.asks(bench, line, WHERE, {"hut": hut, "asked": "where"}, who="in summer, a hiker")
        trying(tried)
        after = huts.deployed(winter, stack, look=_WHAT_FAILED, Hut=hut)
        if after != url:
            look = "the names of Api and Stage: another name is another resource, with another address"
            raise NotYet(expected=f"the address stays {url}", got=after, look=look)
        _asks_in_winter(bench, line, hut, f"{tried}. On the line from summer, the hiker")


def _asks_in_winter(bench: Bench, line: Line, hut: str, who: str) -> None:
    for message, looks in ((SNOW, _SNOW_LOOKS), (WHERE, _WHERE_LOOKS)):
        huts.asks(bench, line, message, {"hut": hut, "asked": message["action"]}, who=who, **looks)


_SNOW_LOOKS = {
    "forbidden": "which deployment the stage points at, what was there when that one was made, and under which key",
    "silence": "what the route `where` has and the route `snow` lacks, and whether the Deployment waits for that",
    "other": "the Target of the new route",
}
_WHERE_LOOKS = {
    "forbidden": "what became of the route `where`: a release adds, and takes nothing away",
    "silence": "`DependsOn` of the Deployment: what it waited for in summer, it must wait for still",
    "other": "`DependsOn` of the Deployment: what it waited for in summer, it must wait for still",
}


# ── 12.4 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

TakeDown = Callable[[str, Any, Any], list[str]]

_CABINS = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: lambda.amazonaws.com}}]
      ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
"""
_CABIN = """
  {name}:
    Type: AWS::Lambda::Function
    Properties:
      {fixed}
      Handler: index.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: "def handler(event, context): return 1"
"""
_LIFT_LOGS = """
  LiftLogs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/aws/lambda/${Lift}"}
"""


@exercise("12.4", **said["12.4"])
def takes_a_hut_down(take_down: TakeDown, bench: Bench) -> None:
    """Take down a hut whose neighbour has nearly its name, and whose functions have run, or not."""
    hut, bell = vary("falk"), f"{vary('avalanche')}-bell"
    _build(hut, {"Weather": "", "Bell": f"FunctionName: {bell}", "Lift": "", "Spare": ""}, _LIFT_LOGS)
    _build(f"{hut}-annex", {"Weather": "", "Sauna": ""})
    notes = f"/aws/lambda/{hut}-notes"
    boto3.client("logs").create_log_group(logGroupName=notes)
    functions = _functions(hut)
    _call(functions["Weather"], functions["Bell"], functions["Lift"], *_functions(f"{hut}-annex").values())
    theirs = sorted(_group(functions[name]) for name in ("Weather", "Bell"))
    others = sorted([notes, *(_group(name) for name in _functions(f"{hut}-annex").values())])
    call = f'take_down("{hut}", cloudformation, logs)'
    trying(f"{call}: {_GUEST_BOOK.format(hut=hut)}")
    clients = (boto3.client(name) for name in ("cloudformation", "logs"))
    got = finished(take_down(hut, *clients))
    _expect_gone(hut)
    _expect_groups(_groups(), others)
    if not isinstance(got, list | tuple | set) or sorted(map(str, got)) != theirs:
        look = "what is returned: the log groups that were still there once the stack was gone, by their whole names"
        raise NotYet(expected=f"in any order: {theirs}", got=repr(got), look=look)


_GUEST_BOOK = (
    "Weather and Bell have run, Lift has run and its log group is in the template, Spare has never run; "
    "{hut}-annex is another hut, and {hut}-notes somebody else's log group"
)


def _build(stack: str, functions: dict[str, str], more: str = "") -> None:
    made = [_CABIN.format(name=name, fixed=fixed) for name, fixed in functions.items()]
    iac.deploy("".join([_CABINS, *made, more]), stack)


def _functions(stack: str) -> dict[str, str]:
    """Return the names of a stack's functions, by logical id."""
    resources = boto3.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    kind = "AWS::Lambda::Function"
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources if each["ResourceType"] == kind}


def _call(*names: str) -> None:
    for name in names:
        boto3.client("lambda").invoke(FunctionName=name)
    _groups()  # whoever asks CloudWatch Logs has it keep what was logged so far


def _group(function_name: str) -> str:
    return f"/aws/lambda/{function_name}"


def _groups() -> list[str]:
    return sorted(each["logGroupName"] for each in boto3.client("logs").describe_log_groups()["logGroups"])


def _expect_gone(hut: str) -> None:
    there = [each["StackName"] for each in boto3.client("cloudformation").describe_stacks()["Stacks"]]
    if hut in there:
        raise NotYet(expected=f"no stack {hut}", got="it still stands", look="`delete_stack`, and the waiter after it")
    if f"{hut}-annex" not in there:
        raise NotYet(expected=f"the stack {hut}-annex stands", got="it is gone", look="which stack is deleted: one")


def _expect_groups(there: list[str], wanted: list[str]) -> None:
    lost, left = sorted(set(wanted) - set(there)), sorted(set(there) - set(wanted))
    if lost:
        look = "whose log groups these are. A name that begins alike is no proof; the stack's own list is one"
        raise NotYet(expected="somebody else's log groups stay", got=f"gone: {', '.join(lost)}", look=look)
    if left:
        look = "which functions the stack had, and by which name: some names are given, others are made"
        raise NotYet(expected="no log group of this hut is left", got=f"left: {', '.join(left)}", look=look)


# ── 12.5 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Renewed = Callable[[Template], Template]


@exercise("12.5", **said["12.5"])
def renews_by_itself(renewed: Renewed, bench: Bench) -> None:
    """Release a season after the other on one open line, and each of them twice."""
    hut = vary(FALK)
    trying("the first release: renewed(template) is deployed")
    url = _release(_renewed(renewed, _summer()), hut)
    with bench.line(url) as line:
        for what, template, answers in _releases():
            trying(f"{what}: renewed(template) is deployed")
            made = _renewed(renewed, template)
            if _release(made, hut) != url:
                raise NotYet(expected=f"the address stays {url}", got="another one", look="Api and Stage: keep them")
            for action, answer in answers.items():
                wanted = answer if isinstance(answer, str) else {"hut": hut, **answer}
                who = f"{what}. On the line from before, a hiker"
                huts.asks(bench, line, {"action": action}, wanted, who=who, other=_OLD, forbidden=_OLD)
            _expect_the_same(made, _renewed(renewed, template), what)


def _release(template: Template, hut: str) -> str:
    return huts.deployed(template, "falk", look=_REFERENCES, Hut=hut)


def _expect_the_same(made: Template, again: Template, what: str) -> None:
    if made != again:
        names = " and ".join(_deployments(made) + _deployments(again))
        look = "where the name comes from: from the template alone, not from chance, the time, or a counter"
        raise NotYet(f"{what}: renewed(template), twice", "twice the same", f"Deployments named {names}", look)


_REFERENCES = "every place that says `Deployment` and means the resource; the type is called so too, and keeps its name"
_OLD = "what the name is made from: whatever changes in the template must change it"


def _summer() -> Template:
    return copy.deepcopy(huts.read(iac.read("hut.yaml")))


def _releases() -> Iterator[tuple[str, Template, dict[str, Any]]]:
    """Yield what a release is called, its template, and what is answered after it."""
    where = {"asked": "where"}
    yield "the summer", _summer(), {"where": where, "snow": FORBIDDEN}
    winter = _with_snow(_summer())
    yield "a route more", winter, {"where": where, "snow": {"asked": "snow"}}
    spring = json.loads(json.dumps(winter).replace(r"\"asked\"", r"\"wanted\""))
    yield "another answer, and the same routes", spring, {"where": {"wanted": "where"}, "snow": {"wanted": "snow"}}
    yield "the summer again", _summer(), {"where": where}  # the route is deleted after the Deployment is made


def _with_snow(template: Template) -> Template:
    resources = template["Resources"]
    for name in ("Where", "WhereAnswers"):
        text = json.dumps(resources[name]).replace('"Where"', '"Snow"').replace('"where"', '"snow"')
        resources[name.replace("Where", "Snow")] = json.loads(text)
    resources["Deployment"]["DependsOn"].append("SnowAnswers")
    return template


def _renewed(renewed: Renewed, template: Template) -> Template:
    got = finished(renewed(copy.deepcopy(template)))
    if not isinstance(got, dict):
        raise NotYet(expected="a template: a dictionary", got=repr(got)[:80], look="what `renewed` returns")
    made: Template = huts.only_known(got)
    return made


def _deployments(template: Template) -> list[str]:
    resources = template.get("Resources", {})
    return [name for name, each in resources.items() if str(each.get("Type", "")).endswith("::Deployment")]
