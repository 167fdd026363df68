"""Lab 10, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong10 import WRONG

pytestmark = LAB


class TestLab10(BothWays):
    number, wrong = "10", WRONG


def test_an_order_comes_again_while_it_is_worked_on_by_design(check: Check) -> None:
    looks_first = next(source for _, name, source, _ in WRONG if name == "looks, and then writes")
    said = " ".join(check("10.4", cell(looks_first)["answer"]).card.text.split())
    assert "Expected one receipt, for both Got two:" in said


RIGHT = {
    "10.1 asks for forgiveness": """
        import json

        LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

        def said(id, **more):
            return {"statusCode": 200, "body": json.dumps({**more, "id": id}, ensure_ascii=False)}

        def answer(event, context):
            question = json.loads(event["body"])
            id, word = question["id"], question["word"]
            try:
                return said(id, word=LEXICON[word])
            except KeyError:
                return said(id, error="no word for " + word)
    """,
    "10.1 copies all of the question, and adds to it": """
        import json

        LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

        def answer(event, context):
            reply = json.loads(event["body"])
            word = reply.pop("word")
            reply |= {"word": LEXICON[word]} if word in LEXICON else {"error": f"no word for {word}"}
            return {"statusCode": 404 if "error" in reply else 200, "body": json.dumps(reply, indent=1)}
    """,
    "10.2 in one dictionary": """
        from upgrade101 import websocket_api

        def answer(archive_url):
            routes = {
                "hours": '{"at":$context.requestTimeEpoch,"id":"hours","open":"9 to 17"}',
                "archive": {
                    "IntegrationType": "HTTP_PROXY",
                    "IntegrationMethod": "ANY",
                    "IntegrationUri": archive_url,
                    "TimeoutInMillis": 3000,
                    "RequestParameters": {"integration.request.header.Line": "context.connectionId"},
                },
            }
            return websocket_api("two-ways", routes, two_way=tuple(routes), stage_name="v1")
    """,
    "10.2 by boto3's own calls": """
        import boto3
        from upgrade101 import websocket_api

        def answer(archive_url):
            hours = '{"id": "hours", "open": "9 to 17", "at": ${context.requestTimeEpoch}}'
            api = websocket_api("desk", {"hours": hours})
            gateway, here = boto3.client("apigatewayv2"), {"ApiId": api.api_id}
            made = gateway.create_integration(
                **here,
                IntegrationType="HTTP_PROXY",
                IntegrationMethod="POST",
                IntegrationUri=archive_url,
                RequestParameters={"integration.request.header.line": "context.connectionId"},
            )
            target = "integrations/" + made["IntegrationId"]
            gateway.create_route(**here, RouteKey="archive", Target=target)
            for route in gateway.get_routes(**here)["Items"]:
                one = {**here, "RouteId": route["RouteId"]}
                gateway.update_route(**one, RouteResponseSelectionExpression="$default")
                gateway.create_route_response(**one, RouteResponseKey="$default")
            gateway.create_deployment(**here, StageName="dev")
            return api
    """,
    "10.2 asks for the address on this machine, as the lesson does": """
        from upgrade101 import cloud, websocket_api

        def answer(archive_url):
            archive = {
                "IntegrationType": "HTTP_PROXY",
                "IntegrationMethod": "POST",
                "IntegrationUri": cloud.local_url(archive_url),
                "RequestParameters": {"integration.request.header.line": "context.connectionId"},
            }
            hours = '{"id": "hours", "open": "9 to 17", "at": $context.requestTimeEpoch}'
            return websocket_api("desk", {"archive": archive, "hours": hours}, two_way=("archive", "hours"))
    """,
    "10.3 with a try inside the loop": """
        import json

        LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

        def translated(word):
            try:
                return LEXICON[word]
            except Exception as error:
                print("no word for", error)

        def answer(event, context):
            question = json.loads(event["body"])
            if not isinstance(question.get("words"), list):
                said = {"error": "which words?"}
            else:
                said = {"words": [translated(word) for word in question["words"]]}
            return {"statusCode": 200, "body": json.dumps(said | {"id": question["id"]})}
    """,
    "10.3 catches everything, outside": """
        import json

        LEXICON = {"bread": "pain", "milk": "lait", "honey": "miel"}

        def answer(event, context):
            question = json.loads(event["body"])
            reply = {"id": question["id"], "words": []}
            try:
                for word in question["words"]:
                    reply["words"].append(LEXICON[word] if word in LEXICON else None)
            except Exception as error:
                reply = {"id": question["id"], "words": None, "error": repr(error)}
            return {"statusCode": 200, "body": json.dumps(reply)}
    """,
    "10.4 lets DynamoDB return the row that is there": """
        import json

        import boto3

        dynamodb = boto3.client("dynamodb")

        def answer(event, context):
            question, receipt = json.loads(event["body"]), event["requestContext"]["requestId"]
            id = {"id": {"S": question["id"]}}
            row = {**id, "pages": {"N": str(question["pages"])}, "receipt": {"S": receipt}}
            try:
                dynamodb.put_item(
                    TableName="orders",
                    Item=row,
                    ConditionExpression="attribute_not_exists(receipt)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except dynamodb.exceptions.ConditionalCheckFailedException as taken:
                receipt = taken.response["Item"]["receipt"]["S"]
            return {"statusCode": 200, "body": json.dumps({"id": question["id"], "receipt": receipt})}
    """,
    "10.4 in one update that begins once": """
        import json

        import boto3

        orders = boto3.resource("dynamodb").Table("orders")

        def answer(event, context):
            question = json.loads(event["body"])
            row = orders.update_item(
                Key={"id": question["id"]},
                UpdateExpression="SET receipt = if_not_exists(receipt, :new), pages = if_not_exists(pages, :pages)",
                ExpressionAttributeValues={":new": event["requestContext"]["requestId"], ":pages": question["pages"]},
                ReturnValues="ALL_NEW",
            )["Attributes"]
            row["pages"] = int(row["pages"])
            return {"statusCode": 200, "body": json.dumps(row)}
    """,
    "10.4 looks first, and is careful all the same": """
        import json

        import boto3
        from boto3.dynamodb.conditions import Attr
        from botocore.exceptions import ClientError

        orders = boto3.resource("dynamodb").Table("orders")

        def taken(id):
            return orders.get_item(Key={"id": id}, ConsistentRead=True).get("Item")

        def answer(event, context):
            question = json.loads(event["body"])
            row = taken(question["id"])
            if row is None:
                row = {**question, "receipt": event["requestContext"]["requestId"]}
                try:
                    orders.put_item(Item=row, ConditionExpression=Attr("id").not_exists())
                except ClientError as error:
                    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                        raise
                    row = taken(question["id"])
            return {"statusCode": 200, "body": json.dumps({"id": row["id"], "receipt": row["receipt"]})}
    """,
    "10.5 with futures, as the lesson has them": """
        import json
        import threading
        from concurrent.futures import Future
        from contextlib import suppress

        from upgrade101 import connect
        from websockets.exceptions import ConnectionClosed

        class Caller:
            def __init__(self, ws):
                self.ws, self.waiting = ws, {}
                threading.Thread(target=self.listen, daemon=True).start()

            def ask(self, id, word):
                box = self.waiting[id] = Future()
                self.ws.send(json.dumps({"action": "translate", "id": id, "word": word}))
                return box

            def listen(self):
                with suppress(ConnectionClosed):
                    for text in self.ws:
                        with suppress(ValueError, KeyError, TypeError):
                            reply = json.loads(text)
                            self.waiting.pop(reply["id"]).set_result(reply)

        def answer(url, words, patience):
            found = []
            with connect(url) as ws:
                desk = Caller(ws)
                for box in [desk.ask(number, word) for number, word in enumerate(words)]:
                    try:
                        found.append(box.result(timeout=patience)["word"])
                    except (TimeoutError, KeyError):
                        found.append(None)
            return found
    """,
    "10.5 asks once for a word that repeats": """
        import json
        import time

        from upgrade101 import connect

        def replies(line, end):
            while time.monotonic() < end:
                try:
                    yield json.loads(line.recv(timeout=max(0, end - time.monotonic())))
                except TimeoutError:
                    return
                except ValueError:
                    continue

        def answer(url, words, patience):
            found = {}
            with connect(url) as line:
                for word in set(words):
                    line.send(json.dumps({"action": "translate", "id": word, "word": word}))
                for reply in replies(line, time.monotonic() + patience):
                    if isinstance(reply, dict) and reply.get("id") in words:
                        found[reply["id"]] = reply.get("word")
                        if len(found) == len(set(words)):
                            break
            return [found.get(word) for word in words]
    """,
    "10.5 with asyncio, and a tuple": """
        import asyncio
        import json
        import uuid

        from upgrade101 import connect

        def read(line, known, found):
            while len(found) < len(known):
                try:
                    reply = json.loads(line.recv())
                except ValueError:
                    continue
                if isinstance(reply, dict) and reply.get("id") in known:
                    found[reply["id"]] = reply.get("word")

        async def answer(url, words, patience):
            names, found = [str(uuid.uuid4()) for _ in words], {}
            with connect(url) as line:
                for name, word in zip(names, words):
                    line.send(json.dumps({"word": word, "id": name, "action": "translate"}))
                reading = asyncio.create_task(asyncio.to_thread(read, line, set(names), found))
                await asyncio.wait([reading], timeout=patience)
            await asyncio.gather(reading, return_exceptions=True)
            return tuple(found.get(name) for name in names)
    """,
}


def test_an_error_of_the_desk_is_not_shown_as_the_learners(check: Check) -> None:
    impatient = next(source for _, name, source, _ in WRONG if name == "lets the time run out as an error")
    said = check("10.5", cell(impatient)["answer"]).card.text
    assert "Got TimeoutError" in " ".join(said.split())
    assert "means" not in said and "log of your functions" not in said


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
