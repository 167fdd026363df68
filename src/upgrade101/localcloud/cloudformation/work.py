"""What happens to a stack: it is created, updated, rolled back, deleted.

All is done before the request is answered; on AWS it goes on afterwards, and a waiter waits for it. The steps, their
order and their statuses are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-stack-status-codes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault, Gone
from .made import Made, Thing
from .makers import maker_of
from .parts import Parts
from .references import in_order
from .stack import Stack

_INITIATED = "Resource creation Initiated"
_ANEW = "Requested update requires the creation of a new physical resource; hence creating one."


class Stopped(Exception):
    """A resource could not be made or changed; names it."""


@dataclass(slots=True)
class Journal:
    """What an update has done so far, so that it can be undone."""

    created: list[Made] = field(default_factory=list)
    replaced: list[tuple[Made, Made]] = field(default_factory=list)
    updated: list[tuple[Made, Made]] = field(default_factory=list)


# ── create ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def create(stack: Stack, parts: Parts, text: str, on_failure: str = "ROLLBACK") -> None:
    """Make everything; where something fails, do as ``on_failure`` says: ROLLBACK, DELETE or DO_NOTHING."""
    wanted = parts.wanted()
    stack.take(parts, text, outputs=False)
    stack.tell("CREATE_IN_PROGRESS", "User Initiated")
    try:
        for name, definition in wanted.items():
            _create(stack, parts, name, definition)
        stack.take(parts, text)
        _read_outputs(stack)
    except Stopped as stopped:
        stack.take(parts, text, outputs=False)
        _after_a_failed_creation(stack, str(stopped), on_failure)
    else:
        stack.tell("CREATE_COMPLETE")


def _read_outputs(stack: Stack) -> None:
    try:
        _ = stack.outputs
    except (Fault, KeyError) as fault:
        raise Stopped(f"the outputs cannot be told: {fault}") from fault


def _create(stack: Stack, parts: Parts, name: str, definition: Mapping[str, Any]) -> Made:
    blank = Made(name, definition["Type"], definition, {}, Thing(""))
    try:
        properties = parts.resolved(definition)
        stack.tell_of(blank, "CREATE_IN_PROGRESS")
        thing = maker_of(blank.cf_resource_type).create(stack.site, name, properties)
    except (Fault, Gone) as fault:
        stack.tell_of(blank, "CREATE_FAILED", str(fault))
        raise Stopped(name) from fault
    made = Made(name, blank.cf_resource_type, definition, properties, thing)
    stack.tell_of(made, "CREATE_IN_PROGRESS", _INITIATED)
    return parts.put(stack.tell_of(made, "CREATE_COMPLETE"))


def _after_a_failed_creation(stack: Stack, failed: str, on_failure: str) -> None:
    reason = f"The following resource(s) failed to create: [{failed}]. "
    if on_failure == "DO_NOTHING":
        stack.tell("CREATE_FAILED", reason)
        return
    status = "DELETE" if on_failure == "DELETE" else "ROLLBACK"
    request = "Delete requested by user." if on_failure == "DELETE" else "Rollback requested by user."
    stack.tell(f"{status}_IN_PROGRESS", reason + request)
    failures = _delete_all(stack, stack.parts, stack.parts.made().values(), creating=True)
    if failures:
        stack.tell(f"{status}_FAILED", _failed_to_delete(failures))
    else:
        stack.tell(f"{status}_COMPLETE")


# ── delete ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def delete(stack: Stack, retained: Iterable[str] = ()) -> None:
    """Take everything away, what was made last first; ``retained`` stays, and so does what its policy keeps."""
    stack.tell("DELETE_IN_PROGRESS", "User Initiated")
    failures = _delete_all(stack, stack.parts, stack.parts.made().values(), retained=set(retained))
    if failures:
        stack.tell("DELETE_FAILED", _failed_to_delete(failures))
    else:
        stack.tell("DELETE_COMPLETE")


def last_first(things: Iterable[Made]) -> list[Made]:
    """Return resources so that none is deleted before what needs it."""
    by_name = {made.logical_resource_id: made for made in things}
    return [by_name[name] for name in reversed(in_order({name: made.definition for name, made in by_name.items()}))]


def _failed_to_delete(names: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(names)}]. "


def _delete_all(
    stack: Stack, parts: Parts, things: Iterable[Made], *, retained: set[str] | None = None, creating: bool = False
) -> list[str]:
    """Delete resources; return the names of those that could not be."""
    failures = []
    for made in last_first(things):
        name = made.logical_resource_id
        policy = made.definition.get("DeletionPolicy", "Delete")
        if name in (retained or ()) or policy == "Retain" or (policy == "RetainExceptOnCreate" and not creating):
            stack.tell_of(made, "DELETE_SKIPPED")
            parts.drop(name)
        elif _delete(stack, made):
            parts.drop(name)
        else:
            failures.append(name)
    return failures


def _delete(stack: Stack, made: Made) -> bool:
    stack.tell_of(made, "DELETE_IN_PROGRESS")
    try:
        maker_of(made.cf_resource_type).delete(stack.site, made)
    except Gone:
        pass  # somebody was quicker
    except Fault as fault:
        stack.tell_of(made, "DELETE_FAILED", str(fault))
        return False
    stack.tell_of(made, "DELETE_COMPLETE")
    return True


# ── update ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def update(stack: Stack, parts: Parts, text: str) -> None:
    """Bring the stack to another template; where something fails, go all the way back."""
    before, old_text, old = stack.parts, stack.text, stack.parts.made()
    wanted = parts.wanted()
    for made in old.values():
        parts.put(made)  # until its turn comes, a reference finds it as it is
    stack.tell("UPDATE_IN_PROGRESS", "User Initiated")
    stack.take(parts, text, outputs=False)
    journal = Journal()
    try:
        for name, definition in wanted.items():
            _bring(stack, parts, journal, name, definition)
        stack.take(parts, text)
        _read_outputs(stack)
    except Stopped as stopped:
        _roll_back(stack, journal, str(stopped))
        for made in before.made().values():
            before.put(stack.records.get(made.logical_resource_id, made))
        stack.take(before, old_text)
    else:
        _clean_up(stack, parts, journal, [made for name, made in old.items() if name not in wanted])


def _bring(stack: Stack, parts: Parts, journal: Journal, name: str, definition: Mapping[str, Any]) -> None:
    """Bring one resource to what the template wants."""
    before = parts.made().get(name)
    if before is None:
        journal.created.append(_create(stack, parts, name, definition))
        return
    maker = maker_of(definition["Type"])
    try:
        properties = parts.resolved(definition)
    except Fault as fault:
        stack.tell_of(before, "UPDATE_FAILED", str(fault))
        raise Stopped(name) from fault
    if before.cf_resource_type != definition["Type"] or maker.replaces(before.properties, properties):
        stack.tell_of(before, "UPDATE_IN_PROGRESS", _ANEW)
        journal.replaced.append((before, _anew(stack, parts, before, definition, properties)))
    elif properties != before.properties:
        journal.updated.append((before, _change(stack, parts, before, definition, properties)))
    else:
        parts.put(Made(name, before.cf_resource_type, definition, properties, before.thing, before.status))


def _anew(stack: Stack, parts: Parts, before: Made, definition: Mapping[str, Any], properties: dict[str, Any]) -> Made:
    name = before.logical_resource_id
    try:
        thing = maker_of(definition["Type"]).create(stack.site, name, properties)
    except (Fault, Gone) as fault:
        stack.tell_of(before, "UPDATE_FAILED", str(fault))
        raise Stopped(name) from fault
    made = Made(name, definition["Type"], definition, properties, thing)
    stack.tell_of(made, "UPDATE_IN_PROGRESS", _INITIATED)
    return parts.put(stack.tell_of(made, "UPDATE_COMPLETE"))


def _change(
    stack: Stack, parts: Parts, before: Made, definition: Mapping[str, Any], properties: dict[str, Any]
) -> Made:
    name = before.logical_resource_id
    stack.tell_of(before, "UPDATE_IN_PROGRESS")
    try:
        thing = maker_of(before.cf_resource_type).update(stack.site, before, properties)
    except (Fault, Gone) as fault:
        stack.tell_of(before, "UPDATE_FAILED", str(fault))
        raise Stopped(name) from fault
    made = Made(name, before.cf_resource_type, definition, properties, thing)
    return parts.put(stack.tell_of(made, "UPDATE_COMPLETE"))


def _clean_up(stack: Stack, parts: Parts, journal: Journal, removed: list[Made]) -> None:
    """Take away what the new template has no place for; a failure here does not fail the update."""
    outdated = [before for before, _ in journal.replaced]
    if outdated or removed:
        stack.tell("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    kept = parts.made()
    for made in last_first([*removed, *outdated]):
        name = made.logical_resource_id
        policy = "DeletionPolicy" if made in removed else "UpdateReplacePolicy"
        if made.definition.get(policy) == "Retain":
            stack.tell_of(made, "DELETE_SKIPPED")
        else:
            _delete(stack, made)
        if made in removed:
            parts.drop(name)
        else:
            stack.records[name] = kept[name]
    stack.tell("UPDATE_COMPLETE")


def _roll_back(stack: Stack, journal: Journal, failed: str) -> None:
    """Undo an update: changes first, newest first, and then what it had created."""
    stack.tell("UPDATE_ROLLBACK_IN_PROGRESS", f"The following resource(s) failed to update: [{failed}]. ")
    failures = [
        before.logical_resource_id for before, after in reversed(journal.updated) if not _undo(stack, before, after)
    ]
    if failures:
        stack.tell("UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{', '.join(failures)}]. ")
        return
    stack.tell("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    for made in last_first([*journal.created, *(after for _, after in journal.replaced)]):
        _delete(stack, made)
    for before, _ in journal.replaced:
        stack.tell_of(before, "UPDATE_COMPLETE")
    stack.tell("UPDATE_ROLLBACK_COMPLETE")


def _undo(stack: Stack, before: Made, after: Made) -> bool:
    stack.tell_of(after, "UPDATE_IN_PROGRESS")
    try:
        maker_of(before.cf_resource_type).update(stack.site, after, before.properties)
    except (Fault, Gone) as fault:
        stack.tell_of(after, "UPDATE_FAILED", str(fault))
        return False
    stack.tell_of(before, "UPDATE_COMPLETE")
    return True
