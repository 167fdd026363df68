"""The huts of lab 12: templates that are deployed on the bench, and hikers who ask.

A template comes as text, or as the dictionary that JSON makes. It is read here before it is deployed, so that what the
lesson does not use (other types, YAML's aliases) never gets further.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import yaml
from botocore.exceptions import ClientError, WaiterError
from moto.cloudformation.exceptions import ValidationError

from ...localcloud.cloudformation import templates
from ...localcloud.cloudformation.gateway_types import TYPES
from ...localcloud.cloudformation.references import needs
from .. import iac
from ..asking import FORBIDDEN, SILENCE, described, heard, kind
from ..bench import Bench, Line
from ..exercises import NotYet, trying

Template = dict[str, Any]

HOLE = "..."
WHERE, SNOW = {"action": "where"}, {"action": "snow"}

_MOST = 20_000  # characters; the chat of lesson 11 has 8,000
_SAM = "AWS::Serverless-2016-10-31"
_TYPES = (
    *TYPES,
    "AWS::Serverless::WebSocketApi",
    "AWS::Serverless::Function",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
)
_REFUSALS = {
    "DependsOn": "`DependsOn` takes names, without `!Ref`",
    "Unrecognized parameter type": "the `Type` of the parameter: a text is a String, and what counts is a Number",
    "Outputs member": "the section `Outputs`: each output has a `Value`",
    "non alphanumeric": "which characters the name has: letters and digits, and nothing else",
}
"""Where to look for what CloudFormation says of any template."""
_DEPLOYMENT, _STAGE = "AWS::ApiGatewayV2::Deployment", "AWS::ApiGatewayV2::Stage"


def read(answer: Any) -> Template:
    """Return a template as a dictionary, long forms throughout. Raises NotYet where it is none."""
    if not isinstance(answer, str):
        raise NotYet(expected="a template: text", got=_short(repr(answer)))
    if len(answer) > _MOST:
        raise NotYet(expected=f"a template of at most {_MOST:,} characters", got=f"{len(answer):,}")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(answer)):
            raise NotYet(
                expected="a template without YAML's `*` aliases, which CloudFormation does not take", got="one"
            )
        template = templates.read(answer)
    except ValidationError as fault:
        raise _unread(answer, fault.message) from None
    except yaml.YAMLError as fault:
        said = " ".join(str(fault).split())
        raise NotYet(got=f"no YAML: {said}", look="how far each line is indented, and the quotes") from None
    except RecursionError:
        raise NotYet(got="too many brackets in brackets") from None
    return only_known(template)


def _unread(text: str, said: str) -> NotYet:
    """Return what CloudFormation says of a text that it cannot read, with the line."""
    found = re.search(r"\(line (\d+)", said)
    lines = text.splitlines()[int(found[1]) - 1 :] if found else []
    line = lines[0].strip() if lines else ""
    before, dollar, _ = re.sub(r"""".*?"|'.*?'""", "", line).partition("${")
    look = "how far each line is indented, and the `:` behind each name"
    if dollar and "{" in before:
        look = 'between `{ }` a text with `${…}` needs quotes: `{Value: !Sub "${…}"}`'
    return NotYet(got=f"{said}: {_short(line)}" if line else said, look=look)


def only_known(template: Template) -> Template:
    """Return a template if its resources are of types that this lab has a use for, else raise NotYet."""
    _expect_outputs(template.get("Outputs"))
    resources = template.get("Resources")
    types = {
        name: str(each.get("Type", ""))
        for name, each in (resources.items() if isinstance(resources, dict) else ())
        if isinstance(each, dict)
    }
    for name, type_name in types.items():
        if type_name and type_name not in _TYPES:
            got = f"{name} has the type {_short(type_name)}"
            raise NotYet(expected="resources of the types of lesson 12", got=got, look=f"the `Type` of {name}")
        if type_name.startswith("AWS::Serverless::") and not template.get("Transform"):
            raise NotYet(expected=f"Transform: {_SAM}", got=f"{name} is SAM's, and nobody translates it")
    return template


def _expect_outputs(outputs: Any) -> None:
    """Raise NotYet for a resource that has slipped below the outputs."""
    named = outputs.items() if isinstance(outputs, dict) else ()
    slipped = [str(name) for name, each in named if isinstance(each, dict) and "Type" in each]
    if slipped:
        look = "where these lines went: a resource belongs above `Outputs:`"
        raise NotYet(
            expected="outputs below `Outputs:`", got=f"resources below `Outputs:`: {', '.join(slipped)}", look=look
        )


def holes(value: Any) -> int:
    """Return how many places of a template still say ``...``.

    >>> holes({"Stage": {"DeploymentId": "...", "StageName": "dev"}, "DependsOn": ["..."]})
    2
    """
    if isinstance(value, Mapping):
        return sum(map(holes, value.values()))
    return sum(map(holes, value)) if isinstance(value, list) else value in (HOLE, "…")


def unlucky(template: Template) -> Template:
    """Return a template that is made in the worst order that it allows: what no Deployment waits for comes last.

    CloudFormation makes at the same time whatever does not wait for each other, so any order may come.

    >>> made = {"Deployment": {"Type": "AWS::ApiGatewayV2::Deployment"}, "Where": {"Type": "AWS::ApiGatewayV2::Route"}}
    >>> unlucky({"Resources": made})["Resources"]["Where"]["DependsOn"]
    ['Deployment']
    """
    resources = template["Resources"]
    last = [name for name, each in resources.items() if each.get("Type") == _DEPLOYMENT]
    in_use = {need for each in resources.values() if each.get("Type") == _STAGE for need in needs(each)}
    last = [name for name in last if name in in_use] or last
    before = set(last)
    while more := {need for name in before & set(resources) for need in needs(resources[name])} - before:
        before |= more
    made = {
        name: each if name in before else {**each, "DependsOn": sorted({*_waits(each), *last})}
        for name, each in resources.items()
    }
    return {**template, "Resources": made}


def _waits(resource: Mapping[str, Any]) -> list[str]:
    asked = resource.get("DependsOn", [])
    return [asked] if isinstance(asked, str) else list(asked)


def deployed(template: str | Template, stack: str, look: str = "", unresolved: str = "", **parameters: str) -> str:
    """Bring a stack to a template and return its address. Raises NotYet with what CloudFormation said.

    ``look`` says where to look, and ``unresolved`` where a reference names what is not there.
    """
    text = template if isinstance(template, str) else json.dumps(template)
    try:
        outputs = iac.deploy(text, stack, **parameters)
    except ClientError as refusal:
        said = refusal.response["Error"]["Message"]
        known = {**_REFUSALS, "Unresolved resource dependencies": unresolved or look}
        look = next((known[words] for words in known if words in said), look)
        raise NotYet(got=f"CloudFormation refuses it: {said}", look=look) from None
    except WaiterError:
        raise NotYet(expected=f"the stack {stack}, complete", got=next(_failures(stack), ""), look=look) from None
    if "Url" not in outputs:
        has = ", ".join(outputs) or "none"
        raise NotYet(expected="an output named Url", got=f"outputs: {has}", look="the section `Outputs`")
    if not outputs["Url"].startswith("ws"):
        raise NotYet(expected="an address: wss://…", got=_short(outputs["Url"]), look="the output `Url`")
    return outputs["Url"]


def _failures(stack: str) -> Iterator[str]:
    """Yield what failed, the first cause first."""
    told = boto3.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    for event in reversed(told):
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("FAILED") and "cancelled" not in reason:
            yield f"{event['LogicalResourceId']} {event['ResourceStatus']}: {reason}"


def removed(stack: str) -> None:
    """Delete a stack. Raises NotYet with what CloudFormation said."""
    try:
        iac.remove(stack)
    except WaiterError:
        raise NotYet(expected=f"the stack {stack} can be deleted", got=next(_failures(stack), "")) from None


def asks(
    bench: Bench, line: Line, message: Mapping[str, Any], wanted: Any, *, who: str = "a hiker", **looks: str
) -> None:
    """Ask on a line, and raise NotYet unless that comes: an object, or FORBIDDEN or SILENCE.

    ``looks`` says where to look: ``forbidden``, ``silence``, and ``other``.
    """
    text = json.dumps(message)
    trying(f"{who} sends {text}")
    frames = line.ask(text)
    if _said(frames) != wanted:
        names = {FORBIDDEN: "forbidden", SILENCE: "silence"}
        look = looks.get(names.get(kind(frames), "other"), looks.get("other", ""))
        expected = wanted if isinstance(wanted, str) else json.dumps(wanted, ensure_ascii=False)
        raise NotYet(expected=expected, got=described(bench, frames), look=look)


def _said(frames: list[str]) -> Any:
    said = heard(frames)
    try:
        return json.loads(said)
    except ValueError:
        return said


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
