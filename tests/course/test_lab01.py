"""Lab 01, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import json
from pathlib import Path

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong01 import WRONG

pytestmark = LAB


class TestLab01(BothWays):
    number, wrong = "01", WRONG


def test_an_answer_that_is_none_is_not_called_an_error(check: Check) -> None:
    source = next(source for _, name, source, _ in WRONG if name == "answers with a number")
    text = check("01.1", cell(source)["answer"]).card.text
    assert "Raised" not in text and "returned {'statusCode': 200, 'body': 4}" in text


def test_the_stubs_are_known_as_such(check: Check) -> None:
    notebook = Path(__file__).parents[2] / "labs" / "01_request_response" / "01_request_response.ipynb"
    sources = {one["id"]: "".join(one["source"]) for one in json.loads(notebook.read_text("utf-8"))["cells"]}
    stubs = {"01.1": "parcel", "01.2": "add-hours", "01.3": "ask-with-patience", "01.5": "bill"}
    for id, name in stubs.items():
        assert check(id, cell(sources[name])[name.replace("-", "_")]).state == "unwritten", id


RIGHT = {
    "01.1 tries, and with headers": """
        import json

        def answer(event, context):
            asked = event["queryStringParameters"] or {}
            if "number" not in asked:
                return dict(statusCode=400, body="which number?", headers={"Content-Type": "text/plain"})
            shelves = {"K17": 4, "M03": 2, "T88": 4}
            try:
                return {"statusCode": 200, "body": "%s: shelf %d" % (asked["number"], shelves[asked["number"]])}
            except KeyError:
                return {"statusCode": "404", "body": "no " + asked["number"] + " here"}
    """,
    "01.1 by cases": """
        SHELVES = {"K17": 4, "M03": 2, "T88": 4}

        def reply(status, text):
            return {"statusCode": status, "body": text}

        def answer(event, context):
            match event["queryStringParameters"]:
                case {"number": number} if number in SHELVES:
                    return reply(200, f"{number}: shelf {SHELVES[number]}")
                case {"number": number}:
                    return reply(404, f"no {number} here")
            return reply(400, "which number?")
    """,
    "01.2 without a dictionary, and with the deployment put on the stage afterwards": """
        def answer(gateway, api_id, text):
            root = next(each for each in gateway.get_resources(restApiId=api_id)["items"] if each["path"] == "/")
            made = gateway.create_resource(restApiId=api_id, parentId=root["id"], pathPart="hours")
            what = dict(restApiId=api_id, resourceId=made["id"], httpMethod="GET")
            gateway.put_method(authorizationType="NONE", apiKeyRequired=False, **what)
            gateway.put_method_response(statusCode="200", **what)
            json = "application/json"
            gateway.put_integration(type="MOCK", requestTemplates={json: '{"statusCode":200}'}, **what)
            gateway.put_integration_response(
                statusCode="200", selectionPattern="", responseTemplates={json: text}, **what
            )
            deployed = gateway.create_deployment(restApiId=api_id)["id"]
            change = {"op": "replace", "path": "/deploymentId", "value": deployed}
            gateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=[change])
    """,
    "01.2 by the path, and deploys twice": """
        def answer(gateway, api_id, text):
            paths = {each["path"]: each["id"] for each in gateway.get_resources(restApiId=api_id)["items"]}
            hours = gateway.create_resource(restApiId=api_id, parentId=paths["/"], pathPart="hours")["id"]
            at = (("restApiId", api_id), ("resourceId", hours), ("httpMethod", "GET"))
            gateway.put_method(**dict(at), authorizationType="NONE")
            template = {"application/json": '{"statusCode": 200}'}
            gateway.put_integration(**dict(at), type="MOCK", requestTemplates=template)
            gateway.create_deployment(restApiId=api_id, stageName="dev")
            gateway.put_method_response(**dict(at), statusCode="200")
            texts = {"application/json": text, "text/plain": text}
            gateway.put_integration_response(**dict(at), statusCode="200", responseTemplates=texts)
            gateway.create_deployment(restApiId=api_id, stageName="dev", description="with the hours")
            return "done"
    """,
    "01.3 with a list of pauses": """
        from itertools import accumulate, chain, repeat
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        def answer(url):
            for minute in accumulate(chain([1, 1, 2, 4], repeat(8))):
                if minute > 60:
                    return None
                try:
                    found = urlopen(Request(url + "&at=" + str(minute)))
                except HTTPError as refused:
                    if refused.code == 404:
                        continue
                    raise
                return [minute, found.read().decode("utf-8")]
    """,
    "01.3 calls itself, with an error of its own": """
        from urllib.error import HTTPError
        from urllib.request import urlopen

        def answer(url, minute=1, pause=1):
            if minute > 60:
                return None
            try:
                return minute, str(urlopen(f"{url}&at={minute}.0").read(), "utf-8")
            except HTTPError as refused:
                if refused.code != 404:
                    raise RuntimeError(f"the counter says {refused.code}") from refused
            return answer(url, minute + pause, 8 if pause >= 4 else pause * 2)
    """,
    "01.4 with a loop, and an empty since": """
        import json

        def answer(event, context):
            asked = {"since": "0", **event["queryStringParameters"]}
            arrivals = [(0.5, "K17"), (9.5, "T88"), (11.2, "M03")]
            found = []
            for minute, number in arrivals:
                if minute > float(asked["since"]) and minute <= float(asked["at"]):
                    found.append(number)
            return {"statusCode": 200, "body": json.dumps(found, separators=(",", ":"))}
    """,
    "01.4 with what is known taken away": """
        import json

        ARRIVALS = {"K17": 0.5, "T88": 9.5, "M03": 11.2}

        def until(minute):
            return [number for number in ARRIVALS if ARRIVALS[number] <= float(minute)]

        def answer(event, context):
            query = event["queryStringParameters"]
            known = until(query["since"]) if "since" in query else []
            new = [number for number in until(query["at"]) if number not in known]
            return {"statusCode": 200, "body": json.dumps(new, indent=2), "headers": {"X-Count": str(len(new))}}
    """,
    "01.5 walks through the day": """
        def answer(arrivals, interval, closing):
            requests, useful, worst, known, asked = 0, 0, 0, 0, interval
            waiting = sorted(arrivals)
            while asked <= closing:
                requests += 1
                new = [minute for minute in waiting if minute <= asked]
                if new:
                    useful += 1
                    worst = max(worst, asked - new[0])
                    waiting = waiting[len(new):]
                asked += interval
            return {"worst": worst, "useful": useful, "requests": requests, "missed": len(waiting), "news": known}
    """,
    "01.5 with floats": """
        from math import ceil, floor

        def answer(arrivals, interval, closing):
            requests = floor(closing / interval)
            asked = [ceil(minute / interval) for minute in arrivals if ceil(minute / interval) <= requests]
            late = [ceil(minute / interval) * float(interval) - minute for minute in arrivals
                    if ceil(minute / interval) <= requests]
            return dict(
                requests=float(requests), useful=len(set(asked)), worst=max([0.0, *late]),
                missed=len(arrivals) - len(asked),
            )
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
