"""Which resource needs which, and so the order in which they are made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import bad_template

Reference = tuple[str, str]  # a logical id, and the attribute or '' for Ref
Resources = Mapping[str, Mapping[str, Any]]

_IN_TEXT = re.compile(r"\$\{([^!}]+)\}")


def references(value: Any) -> Iterator[Reference]:
    """Yield what a part of a template refers to, by Ref, GetAtt and Sub.

    >>> sorted(references({"Fn::Sub": ["${Api}/${Name.Arn}/${stage}/${!Kept}", {"stage": {"Ref": "Stage"}}]}))
    [('Api', ''), ('Name', 'Arn'), ('Stage', '')]
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key == "Ref" and isinstance(item, str):
            yield item, ""
        elif key == "Fn::GetAtt" and isinstance(item, list):
            yield str(item[0]), item[1] if len(item) > 1 and isinstance(item[1], str) else ""
        elif key == "Fn::Sub":
            yield from _in_text(item)
        else:
            yield from references(item)


def _in_text(given: Any) -> Iterator[Reference]:
    text, names = (given[0], given[1]) if isinstance(given, list) and len(given) == 2 else (given, {})
    yield from references(names)
    for name in _IN_TEXT.findall(text) if isinstance(text, str) else ():
        logical_id, _, attribute = name.strip().partition(".")
        if name.strip() not in names:
            yield logical_id, attribute


def needs(resource: Mapping[str, Any]) -> set[str]:
    """Return the logical ids that a resource waits for; parameters may be among them."""
    asked = resource.get("DependsOn", [])
    return {name for name, _ in references(resource.get("Properties"))} | set(
        [asked] if isinstance(asked, str) else asked
    )


def in_order(resources: Resources) -> list[str]:
    """Return the logical ids as they are made: whatever waits for nothing first, in the order of the template.

    Raises ValidationError for a circle.

    >>> in_order({"Route": {"Properties": {"Target": {"Ref": "Integration"}}}, "Integration": {}, "Deployment": {}})
    ['Integration', 'Deployment', 'Route']
    """
    waiting = {name: needs(resource) & set(resources) for name, resource in resources.items()}
    done: list[str] = []
    while waiting:
        ready = [name for name, needed in waiting.items() if needed <= set(done)]
        if not ready:
            raise bad_template(f"Circular dependency between resources: [{', '.join(sorted(_circle(waiting)))}]")
        done += ready
        waiting = {name: needed for name, needed in waiting.items() if name not in ready}
    return done


def _circle(waiting: Mapping[str, set[str]]) -> set[str]:
    """Return those that wait for each other, without those that wait for them."""
    left = dict(waiting)
    while outer := [name for name in left if not any(name in needed for needed in left.values())]:
        left = {name: needed for name, needed in left.items() if name not in outer}
    return set(left)


def check(template: Mapping[str, Any]) -> None:
    """Refuse a template that refers to what it does not have; raises ValidationError."""
    resources: Resources = template["Resources"]
    known = set(resources) | set(template.get("Parameters") or {})
    for resource in resources.values():
        for wanted in sorted(needs(resource)):
            _exists(wanted, "", known, set(resources), "Resources")
        for wanted, attribute in references(resource.get("Properties")):
            _exists(wanted, attribute, known, set(resources), "Resources")
    in_order(resources)
    for wanted, attribute in references(template.get("Outputs")):
        _exists(wanted, attribute, known, set(resources), "Outputs")


def _exists(wanted: str, attribute: str, known: set[str], resources: set[str], block: str) -> None:
    if wanted.startswith("AWS::"):
        return
    if attribute and wanted not in resources:
        raise bad_template(f"Template error: instance of Fn::GetAtt references undefined resource {wanted}")
    if wanted not in known:
        raise bad_template(
            f"Template format error: Unresolved resource dependencies [{wanted}] in the {block} block of the template"
        )
