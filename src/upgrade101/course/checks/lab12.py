"""Lab 12: one template for every hut. What it says is in ``lab12.toml``."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import boto3

from ...gateway.happenings import Called
from .. import iac
from ..asking import FORBIDDEN, finished
from ..bench import Bench, Line
from ..exercises import NotYet, exercise, trying
from ..texts import texts
from ..trial import own_lines
from ..vary import vary
from . import huts
from .huts import SNOW, WHERE, Template
from .salted import another_salt, calls_hash

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
    url = huts.deployed(template, stack, look=_WAITS if order else _WHAT_FAILED, Hut=hut)
    looks = {"other": _WAITS} if order else {"forbidden": _WAITS, "silence": _ANSWERS, "other": _BROKEN}
    with bench.line(url) as line:
        who = f"the stack {stack} was made{order}, and a hiker"
        huts.asks(bench, line, WHERE, {"hut": hut}, who=who, **looks)


_GAPS = 5
_WHAT_FAILED = "the resource that is named: what does it refer to, and what must be there before it?"
_WAITS = "what the Deployment waits for: `DependsOn`. It copies what is there when it is made"
_ANSWERS = "WhereAnswers: a route whose answer nobody has allowed stays mute"
_BROKEN = "the Target of the route, and what the Deployment waits for"


# ── 12.2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@exercise("12.2", **said["12.2"])
def serves_every_hut(answer: str, bench: Bench) -> None:
    """Make three stacks of one template, two of them with the same parameters; delete one, and ask at the others."""
    huts.read(answer)
    falk, birk = {"hut": vary(FALK), "beds": vary(24)}, {"hut": vary(BIRK), "beds": vary(60)}
    first = _hut(answer, "falk", falk)
    _asks_for_beds(bench, first, falk)
    second = _hut(answer, "birk", birk)
    _asks_for_beds(bench, second, birk)
    _expect_own_names("two stacks stand", "`Name` of the Api: `AWS::StackName` is another one for each stack")
    third = _hut(answer, "twin", falk, ", as falk has them")
    _asks_for_beds(bench, third, falk)
    _expect_own_names("the stacks falk and twin have the same parameters", _TWINS)
    trying("the stack falk is deleted")
    huts.removed("falk")
    for url, hut in ((second, birk), (third, falk)):
        _asks_for_beds(bench, url, hut, after="The stack falk is deleted. A hiker at another hut")


def _expect_own_names(tried: str, look: str) -> None:
    names = sorted(api["Name"] for api in boto3.client("apigatewayv2").get_apis()["Items"])
    if len(set(names)) < len(names):
        raise NotYet(tried, expected="APIs that can be told apart", got=" and ".join(names), look=look)


def _hut(answer: str, stack: str, hut: dict[str, Any], more: str = "") -> str:
    trying(f"the template becomes the stack {stack}, with Hut={hut['hut']!r} and Beds={hut['beds']}{more}")
    look = _TWINS if more else "what the template names by a fixed name, and which parameters it has"
    return huts.deployed(answer, stack, look=look, unresolved=_SAMS_ROUTES, Hut=hut["hut"], Beds=str(hut["beds"]))


_TWINS = "what names are made from: two huts may have the same parameters, but no two stacks have one `AWS::StackName`"
_SAMS_ROUTES = 'the references. As for SAM\'s routes, `print(iac.read("sam.yaml"))` shows what they are called'


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
    _a_season(bench, "birk", vary(BIRK), huts.unlucky(winter), f"the stack birk is updated {_WORST}", _ORDER)
    hut, new = vary("Karl hut"), f"a new hut: the stack karl is made from `winter`, {_WORST}"
    trying(new)
    with bench.line(huts.deployed(huts.unlucky(winter), "karl", look=_ORDER, Hut=hut)) as line:
        _asks_in_winter(bench, line, hut, f"{new}. A hiker", _ORDER)


def _a_season(bench: Bench, stack: str, hut: str, winter: Template, tried: str, order: str = "") -> None:
    summer = iac.read("hut.yaml")
    trying(f"the stack {stack} is made from `summer`")
    url = huts.deployed(summer, stack, Hut=hut)
    with bench.line(url) as line:
        huts.asks(bench, line, SNOW, FORBIDDEN, who="in summer, a hiker")
        huts.asks(bench, line, WHERE, {"hut": hut, "asked": "where"}, who="in summer, a hiker")
        trying(tried)
        after = huts.deployed(winter, stack, look=order or _WHAT_FAILED, Hut=hut)
        if after != url:
            look = "the names of Api and Stage: another name is another resource, with another address"
            raise NotYet(expected=f"the address stays {url}", got=after, look=look)
        _asks_in_winter(bench, line, hut, f"{tried}. On the line from summer, the hiker", order)


def _asks_in_winter(bench: Bench, line: Line, hut: str, who: str, order: str) -> None:
    """Ask for both; ``order`` is where to look if only the order can be the cause, for without it all went well."""
    for message, looks in ((SNOW, _SNOW_LOOKS), (WHERE, _WHERE_LOOKS)):
        known = {"other": order} if order else looks
        huts.asks(bench, line, message, {"hut": hut, "asked": message["action"]}, who=who, **known)


_ORDER = "what the Deployment waits for: nothing of summer's list may be lost, and what is new belongs on it"
_SNOW_LOOKS = {
    "forbidden": "which deployment the stage points at, what was there when that one was made",
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
    """Take down a hut whose neighbour has nearly its name, and whose functions have run, or not; and then another."""
    hut, birk, bell = vary("falk"), vary("birk"), f"{vary('avalanche')}-bell"
    _build(hut, {"Weather": "", "Bell": f"FunctionName: {bell}", "Lift": "", "Spare": ""}, _LIFT_LOGS)
    _build(f"{hut}-annex", {"Weather": "", "Sauna": ""})
    _build(birk, {"Sauna": ""})
    strangers = [f"/aws/lambda/{hut}-notes", _group(f"{bell}-tower")]
    for name in strangers:
        boto3.client("logs").create_log_group(logGroupName=name)
    functions, neighbours, sauna = _functions(hut), _functions(f"{hut}-annex"), _functions(birk)["Sauna"]
    _call(functions["Weather"], functions["Bell"], functions["Lift"], *neighbours.values(), sauna)
    others = sorted([*strangers, *map(_group, neighbours.values())])
    theirs = sorted(_group(functions[name]) for name in ("Weather", "Bell"))
    _takes_down(take_down, bench, hut, _GUEST_BOOK.format(hut=hut, bell=bell), theirs, [*others, _group(sauna)])
    _takes_down(take_down, bench, birk, "the same for another hut; its only function has run", [_group(sauna)], others)


def _takes_down(take_down: TakeDown, bench: Bench, hut: str, what: str, theirs: list[str], others: list[str]) -> None:
    """Take one hut down: the log groups ``theirs`` have to go, and ``others`` have to stay, as do the other stacks."""
    trying(f'take_down("{hut}", cloudformation, logs): {what}')
    stacks, before = _stacks() - {hut}, len(bench.happenings())
    clients = (boto3.client(name) for name in ("cloudformation", "logs"))
    try:
        got = finished(take_down(hut, *clients))
    except Exception as fault:
        if type(fault).__name__ != "ResourceNotFoundException":
            raise
        raise NotYet(got=" · ".join([f"{type(fault).__name__}: {fault}", *own_lines(fault)]), look=_NEVER_RAN) from None
    operations = [each.operation for each in bench.happenings()[before:] if isinstance(each, Called)]
    _expect_gone(hut, stacks)
    _expect_groups(_groups(), others)
    _expect_patience(operations)
    if not isinstance(got, list | tuple | set) or sorted(map(str, got)) != theirs:
        look = "what is returned: the log groups that were still there once the stack was gone, by their whole names"
        raise NotYet(expected=f"in any order: {theirs}", got=repr(got), look=look)


_GUEST_BOOK = (
    "Weather and Bell have run, Lift has run and its log group is in the template, Spare has never run; "
    "{hut}-annex is another hut, and {hut}-notes and {bell}-tower are somebody else's log groups"
)
_NEVER_RAN = "what becomes of a function without a log group. Some functions have never run"
_ASK_FOR_A_STACK = {"DescribeStacks", "DescribeStackEvents", "ListStacks"}


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


def _stacks() -> set[str]:
    return {each["StackName"] for each in boto3.client("cloudformation").describe_stacks()["Stacks"]}


def _expect_gone(hut: str, others: set[str]) -> None:
    there = _stacks()
    if hut in there:
        look = "`delete_stack` of the stack that is handed in, and the waiter after it"
        raise NotYet(expected=f"no stack {hut}", got="it still stands", look=look)
    if lost := sorted(others - there):
        who = " and ".join(lost)
        raise NotYet(expected=f"other stacks stand: {who}", got="gone", look="which stack is deleted: one")


def _expect_patience(operations: list[str]) -> None:
    """Raise NotYet unless somebody asked for the stack between its deletion and that of the first log group."""
    until = list(takewhile(lambda name: name != "DeleteLogGroup", operations))
    since = until[until.index("DeleteStack") :] if "DeleteStack" in until else []
    if not _ASK_FOR_A_STACK & set(since):
        raise NotYet(
            expected="log groups are deleted once the stack is gone",
            got="nobody had asked by then whether it was" if since else "they were deleted before the stack was",
            look="`delete_stack` only begins, and goes on in the background. A function that runs meanwhile makes its "
            "log group again: wait in between",
        )


def _expect_groups(there: list[str], wanted: list[str]) -> None:
    lost, left = sorted(set(wanted) - set(there)), sorted(set(there) - set(wanted))
    if lost:
        look = "whose log groups these are. A name that begins alike is no proof: the stack lists its own"
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
    _expect_names_by_content(renewed)
    _expect_names_for_tomorrow(renewed)


def _release(template: Template, hut: str) -> str:
    return huts.deployed(template, "falk", look=_REFERENCES, Hut=hut)


def _expect_the_same(made: Template, again: Template, what: str) -> None:
    if made != again:
        names = " and ".join(_deployments(made) + _deployments(again))
        look = "where the name comes from: from the template alone, not from chance, the time, or a counter"
        raise NotYet(f"{what}: renewed(template), twice", "twice the same", f"Deployments named {names}", look)


def _expect_names_by_content(renewed: Renewed) -> None:
    """Raise NotYet unless whatever changes in a template gives another name, however small it is."""
    for what, template in (("another Default of Hut", _with_default("Karl")), ("a word of as many letters", _says(7))):
        trying(f"renewed(template), before and after one change: {what}")
        names = _deployments(_renewed(renewed, _says(1))) + _deployments(_renewed(renewed, template))
        if len(set(names)) < len(names):
            raise NotYet(expected="two names", got=" and ".join(names), look=_ALL_OF_IT)
    trying(f"renewed(template) for {_MANY} templates, which differ in one word")
    many = [_deployments(_renewed(renewed, _says(number))) for number in range(_MANY)]
    if (different := len({tuple(names) for names in many})) < _MANY:
        look = "how much of the hash is in the name: a few digits soon come again"
        raise NotYet(expected=f"{_MANY} names", got=f"{different} names", look=look)


def _expect_names_for_tomorrow(renewed: Renewed) -> None:
    """Raise NotYet unless another process will give the same name."""
    trying("renewed(template), today and in tomorrow's Python")
    today = _renewed(renewed, _summer())
    with another_salt():
        tomorrow = _renewed(renewed, _summer())
    if today != tomorrow or calls_hash(renewed):
        got = "another name: `hash` is salted per process"
        raise NotYet(expected="the same template, the same name", got=got, look="`hash`: `hashlib` is not salted")


_MANY = 40
_ALL_OF_IT = "what the name is made from: all of the template and all of its text, and not its length or one section"
_REFERENCES = "every place that says `Deployment` and means the resource; the type is called so too, and keeps its name"
_OLD = "what the name is made from: whatever changes in the template must change it"


def _summer() -> Template:
    made: Template = json.loads(_summer_as_json())
    return made


@functools.cache
def _summer_as_json() -> str:
    return json.dumps(huts.read(iac.read("hut.yaml")))


def _with_default(hut: str) -> Template:
    template = _says(1)
    template["Parameters"]["Hut"]["Default"] = hut
    return template


def _says(number: int) -> Template:
    """Return the summer with another word in its answer, always of as many letters."""
    made: Template = json.loads(_summer_as_json().replace(r"\"asked\"", rf"\"asked{number:02}\""))
    return made


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
