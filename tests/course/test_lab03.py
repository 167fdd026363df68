"""Lab 03, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong03 import WRONG

pytestmark = LAB


class TestLab03(BothWays):
    number, wrong = "03", WRONG


@pytest.mark.parametrize(
    "rule",
    [
        "${request.body.shop.name}/${request.body.do}",
        "$request.body.shop.name/$request.body.do",
        "${request.body.shop.name}/$request.body.do",
    ],
)
def test_another_spelling_is_as_good(check: Check, rule: str) -> None:
    assert check("03.2", rule)


def test_another_design_is_as_good(check: Check) -> None:
    automatic = """
        from upgrade101.deploy import invocation_uri

        def answer(gateway, functions):
            rule = "${request.body.do}"
            api = gateway.create_api(Name="b", ProtocolType="WEBSOCKET", RouteSelectionExpression=rule)["ApiId"]
            gateway.create_stage(ApiId=api, StageName="v1", AutoDeploy=True)
            for name in ("hours", "order"):
                uri = invocation_uri(functions[name])
                made = gateway.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri)
                route = gateway.create_route(
                    ApiId=api,
                    RouteKey=name,
                    Target="integrations/" + made["IntegrationId"],
                    RouteResponseSelectionExpression="$default",
                )
                gateway.create_route_response(ApiId=api, RouteId=route["RouteId"], RouteResponseKey="$default")
            return gateway.get_api(ApiId=api)["ApiEndpoint"] + "/v1"
    """
    assert check("03.5", cell(automatic)["answer"])
