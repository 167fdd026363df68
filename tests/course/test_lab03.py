"""Lab 03, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

from collections.abc import Iterator

import pytest
from course_kit import cell

from upgrade101 import cloud
from upgrade101.course.bench import fresh
from upgrade101.course.check import Check
from upgrade101.course.checks.wrong03 import WRONG
from upgrade101.course.exercises import RUNGS, exercises
from upgrade101.course.store import Store


@pytest.fixture(scope="module", autouse=True)
def moto() -> Iterator[None]:
    cloud.start("moto", quiet=True)
    yield
    cloud.stop()


@pytest.fixture
def check(store: Store) -> Check:
    return Check(store, fresh)


@pytest.mark.parametrize(("id", "name", "source", "words"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_answer_is_told_what_is_wrong(check: Check, id: str, name: str, source: str, words: str) -> None:
    verdict = check(id, cell(source)["answer"])
    assert verdict.state == "not yet", verdict.card.text
    assert words in " ".join(verdict.card.text.split()) or words in verdict.card.text


def test_every_exercise_has_a_handful_of_wrong_answers() -> None:
    for exercise in exercises("03"):
        assert sum(id == exercise.id for id, *_ in WRONG) >= 5, exercise.id


def test_every_exercise_has_all_its_words() -> None:
    for exercise in exercises("03"):
        assert len([hint for hint in exercise.hints if hint.strip()]) == RUNGS
        assert exercise.showed and exercise.now_try and exercise.look and exercise.symptoms


def test_nothing_of_a_check_reaches_the_learners_cloud(check: Check) -> None:
    before = cloud.ledger.entries()
    for id in ("03.1", "03.3", "03.4", "03.5"):
        source = next(source for known, _, source, _ in WRONG if known == id)
        check(id, cell(source)["answer"])
    assert cloud.ledger.entries() == before


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
