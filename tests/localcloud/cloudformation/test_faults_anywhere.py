"""A fault at every single step: whatever fails, a creation leaves nothing, and an update leaves what was there."""

from typing import Any

import pytest
from stack_kit import HERE, Stacks, changed, chat, part, route, said

from upgrade101.localcloud.cloudformation import gateway_types
from upgrade101.localcloud.cloudformation.faults import Fault

CREATING, UPDATING = 11, 8  # calls of the control plane, in the two operations below


class Fails:
    """The control plane, one of whose calls fails; deletions and undoing come through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.made = 0
        self._call = gateway_types.call
        monkeypatch.setattr(gateway_types, "call", self)

    def __call__(self, site: Any, operation: str, *rest: Any) -> Any:
        if operation.startswith(("Create", "Update")):
            self.made += 1
            self.left -= 1
            if self.left == 0:
                raise Fault(f"{operation} failed on purpose")
        return self._call(site, operation, *rest)


@pytest.fixture
def control_plane(monkeypatch: pytest.MonkeyPatch) -> Fails:
    return Fails(monkeypatch)


def state(gw: Any, api_id: str) -> dict[str, Any]:
    """Everything of an API that a stack could have changed."""
    here = {"ApiId": api_id}
    integrations = gw.get_integrations(**here)["Items"]
    routes = gw.get_routes(**here)["Items"]
    stages = [{**each, "LastUpdatedDate": ""} for each in gw.get_stages(**here)["Items"]]
    return {
        "routes": routes,
        "integrations": integrations,
        "answers": [gw.get_route_responses(**here, RouteId=each["RouteId"])["Items"] for each in routes],
        "says": [
            gw.get_integration_responses(**here, IntegrationId=each["IntegrationId"])["Items"] for each in integrations
        ],
        "stages": [{**each, "LastDeploymentStatusMessage": ""} for each in stages],
        "deployments": gw.get_deployments(**here)["Items"],
    }


@pytest.mark.parametrize("step", range(1, CREATING + 1))
def test_a_creation_that_fails_anywhere_leaves_nothing(
    stacks: Stacks, gw: Any, control_plane: Fails, step: int
) -> None:
    control_plane.left = step
    assert stacks.create(chat(echo="hi", shout="HI"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert gw.get_apis()["Items"] == []


def test_a_creation_has_so_many_steps(stacks: Stacks, control_plane: Fails) -> None:
    assert stacks.create(chat(echo="hi", shout="HI"))["StackStatus"] == "CREATE_COMPLETE"
    assert control_plane.made == CREATING


def before_and_after() -> tuple[dict[str, Any], dict[str, Any]]:
    """A template, and one that changes, adds, replaces and removes."""
    template = chat(echo="old", gone="bye")
    later = changed(template, **dict.fromkeys(route("gone", "bye")), **route("echo", "new"), **route("shout", "HI"))
    needed = [name for name in later["Resources"] if name.endswith(("Route", "Answers", "Says"))]
    later = changed(
        later,
        Deployment=None,
        Deployment2=part("Deployment", **HERE) | {"DependsOn": needed},
        Stage=part("Stage", **HERE, StageName="prod", DeploymentId={"Ref": "Deployment2"}),
        Other=part("Api", Name="other", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"),
    )
    return template, later


@pytest.mark.parametrize("step", range(1, UPDATING + 1))
def test_an_update_that_fails_anywhere_leaves_what_was_there(
    stacks: Stacks, gw: Any, control_plane: Fails, step: int
) -> None:
    template, later = before_and_after()
    stack = stacks.create(template)
    seen, ids = state(gw, stack["out"]["Id"]), stacks.ids()
    control_plane.left = step
    assert stacks.update(later)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert state(gw, stack["out"]["Id"]) == seen
    assert len(gw.get_apis()["Items"]) == 1
    assert {name: stacks.ids()[name] for name in ids} == ids
    assert said(stack["out"]["Url"], "echo") == '"old"'
    assert stacks.update(later)["StackStatus"] == "UPDATE_COMPLETE"
    assert said(stacks.seen()["out"]["Url"], "shout") == '"HI"'


def test_an_update_has_so_many_steps(stacks: Stacks, control_plane: Fails) -> None:
    template, later = before_and_after()
    stacks.create(template)
    control_plane.made = 0
    assert stacks.update(later)["StackStatus"] == "UPDATE_COMPLETE"
    assert control_plane.made == UPDATING
