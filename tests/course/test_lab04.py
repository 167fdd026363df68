"""Lab 04, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

from typing import ClassVar, cast

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.bench import Line
from upgrade101.course.check import Check
from upgrade101.course.checks.lab04 import _timeout_frame
from upgrade101.course.checks.wrong04 import WRONG

pytestmark = LAB


class TestLab04(BothWays):
    number, wrong = "04", WRONG


def test_what_fails_on_purpose_is_not_shown_as_the_learners(check: Check) -> None:
    source = next(source for id, _, source, words in WRONG if id == "04.1")
    text = check("04.1", cell(source)["answer"]).card.text
    assert "turntable" not in text and "Raised" not in text


def test_a_timeout_that_is_noticed_too_late_is_asked_for_again() -> None:
    late, in_time = "", '{"message": "Endpoint request timed out", "connectionId":"a=", "requestId":"b="}'

    class Busy:
        frames: ClassVar = [late, late, in_time]

        def ask(self, message: str) -> list[str]:
            return [self.frames.pop(0)]

    assert _timeout_frame(cast(Line, Busy())) == in_time


RIGHT = {
    "04.1 asks for each name by itself": """
        import json

        NAMES = "message", "connectionId", "requestId"

        def answer(frame):
            try:
                said = json.loads(frame)
                if all(name in said for name in NAMES):
                    return said["message"]
            except (ValueError, TypeError):
                pass
    """,
    "04.1 catches what it does not find": """
        from json import loads

        def answer(frame):
            try:
                said = loads(frame)
                return (said["connectionId"], said["requestId"], said["message"])[-1]
            except (ValueError, TypeError, KeyError):
                return None
    """,
    "04.2 with a deployment of its own for the stage, and the response asked for later": """
        from upgrade101.deploy import invocation_uri

        def answer(gateway, api_id, stage_name, arn):
            uri = invocation_uri(arn)
            made = gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri)
            route = gateway.create_route(ApiId=api_id, RouteKey="$default")["RouteId"]
            gateway.create_route_response(ApiId=api_id, RouteId=route, RouteResponseKey="$default")
            gateway.update_route(
                ApiId=api_id,
                RouteId=route,
                Target="integrations/" + made["IntegrationId"],
                RouteResponseSelectionExpression="$default",
            )
            deployment = gateway.create_deployment(ApiId=api_id)["DeploymentId"]
            gateway.update_stage(ApiId=api_id, StageName=stage_name, DeploymentId=deployment)
            return route
    """,
    "04.2 looks the route up": """
        from upgrade101.deploy import invocation_uri

        def answer(gateway, api_id, stage_name, arn):
            here = {"ApiId": api_id}
            calls = {"IntegrationType": "AWS_PROXY", "IntegrationUri": invocation_uri(arn)}
            target = f"integrations/{gateway.create_integration(**here, **calls)['IntegrationId']}"
            gateway.create_route(
                **here, RouteKey="$default", RouteResponseSelectionExpression="$default", Target=target
            )
            for route in gateway.get_routes(**here)["Items"]:
                if route["RouteKey"] == "$default":
                    gateway.create_route_response(**here, RouteResponseKey="$default", RouteId=route["RouteId"])
            gateway.create_deployment(**here, StageName=stage_name, Description="catch the rest")
    """,
    "04.3 in one dictionary, with another name for the template": """
        import json

        def wish(event, context):
            return {"statusCode": 200, "body": "on the list: " + json.loads(event["body"])["title"]}

        def anything(event, context):
            return {"statusCode": 200, "body": "we only take wishes"}

        answer = dict(wish=wish)
        answer["$default"] = anything
        answer["still_here"] = {
            "IntegrationType": "MOCK",
            "RequestTemplates": {"fine": json.dumps({"statusCode": 204})},
            "TemplateSelectionExpression": "fine",
        }
    """,
    "04.3 with an answer that nobody gets": """
        import json

        def wish(event, context):
            return {"statusCode": 200, "body": "on the list: " + json.loads(event["body"])["title"]}

        def anything(event, context):
            return {"statusCode": 200, "body": "we only take wishes"}

        answer = {"$default": anything, "still_here": "yes, yes", "wish": wish, "now": anything}
    """,
    "04.4 question by question": """
        import json

        def answer(text, keys):
            rest = "$default" if "$default" in keys else "Forbidden"
            try:
                message = json.loads(text)
            except json.JSONDecodeError:
                return rest
            if not isinstance(message, dict) or "action" not in message:
                return rest
            action = message["action"]
            if isinstance(action, int | float) and not isinstance(action, bool):
                action = json.dumps(action)
            return action if isinstance(action, str) and action in keys else rest
    """,
    "04.4 asks the gateway's own rule": """
        from upgrade101.gateway.selection import route_key

        async def answer(text, keys):
            found = [key for key in (route_key("$request.body.action", text), "$default") if key in keys]
            return [*found, "Forbidden"][0]
    """,
    "04.5 with a function for each kind": """
        import json

        def kind_of(text):
            if text == "" or text.isspace():
                return "nothing", None
            try:
                found = json.loads(text)
            except json.JSONDecodeError:
                return "title", None
            return ("object", found) if type(found) is dict else ("title", None)

        def answer(event, context):
            kind, found = kind_of(event["body"])
            body = {
                "nothing": lambda: "what shall we play?",
                "title": lambda: f"on the list: {event['body']}",
                "object": lambda: "no action: " + str(found["action"] if "action" in found else "none"),
            }[kind]()
            return {"body": body, "statusCode": 404}
    """,
    "04.5 with one try": """
        import json

        def answer(event, context):
            text = event["body"]
            try:
                body = "no action: " + str(dict.get(json.loads(text), "action", "none"))
            except (ValueError, TypeError):
                body = "on the list: " + text if text.split() else "what shall we play?"
            return {"statusCode": 200, "body": body}
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
