"""Lab 08, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import threading

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong08 import WRONG

pytestmark = LAB


class TestLab08(BothWays):
    number, wrong = "08", WRONG


RIGHT = {
    "08.1 by what the code is not, and with another word of DynamoDB's": """
        import boto3

        def answer(event, context):
            sensors, end = boto3.resource("dynamodb").Table("sensors"), event["requestContext"]
            if end["disconnectStatusCode"] != 1000:
                key, note = {"connection_id": {"S": end["connectionId"]}}, str(end["disconnectStatusCode"])
                change = {"ended": {"Value": {"N": note}, "Action": "PUT"}}
                boto3.client("dynamodb").update_item(TableName="sensors", Key=key, AttributeUpdates=change)
                return {"statusCode": 200}
            sensors.delete_item(Key={"connection_id": end["connectionId"]})
    """,
    "08.1 reads the row and writes it back": """
        import boto3

        sensors = boto3.resource("dynamodb").Table("sensors")

        def answer(event, context):
            end = event["requestContext"]
            key = {"connection_id": end["connectionId"]}
            match end["disconnectStatusCode"]:
                case 1000:
                    sensors.delete_item(Key=key)
                case code:
                    row = sensors.get_item(Key=key)["Item"]
                    sensors.put_item(Item=row | {"ended": code, "why": end["disconnectReason"]})
            return {"statusCode": 200}
    """,
    "08.2 at the last moment": """
        def answer(age, silent):
            if age == 119:
                return "renew"
            return "beat" if silent == 9 else "wait"
    """,
    "08.2 by chance, between one hour and two": """
        import random

        def answer(age, silent):
            if age > 118 or age > 60 and random.random() < 0.05:
                return "renew"
            return random.choice(["wait", "beat"]) if 5 <= silent < 9 else "beat" if silent >= 9 else "wait"
    """,
    "08.3 looks at the date in the loop": """
        import time

        import boto3

        def answer(event, context):
            table = boto3.resource("dynamodb").Table("sensors")
            for row in table.scan(ConsistentRead=True)["Items"]:
                age = time.time() - float(row["since"])
                if age > 60 and is_gone(row):
                    table.delete_item(Key={"connection_id": row["connection_id"]})
            return {"swept": True}

        def is_gone(row):
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
            try:
                connections.get_connection(ConnectionId=row["connection_id"])
            except connections.exceptions.ClientError as error:
                return error.response["ResponseMetadata"]["HTTPStatusCode"] == 410
            return False
    """,
    "08.3 asks first and deletes in one batch": """
        import time

        import boto3
        from botocore.exceptions import ClientError

        table = boto3.resource("dynamodb").Table("sensors")

        def answer(event, context):
            rows, clients, gone = table.scan()["Items"], {}, []
            for row in rows:
                if row["at"] not in clients:
                    clients[row["at"]] = boto3.client("apigatewaymanagementapi", endpoint_url=row["at"])
                try:
                    clients[row["at"]].get_connection(ConnectionId=row["connection_id"])
                except ClientError as error:
                    if error.response["Error"]["Code"] == "GoneException" and row["since"] < int(time.time()) - 59:
                        gone.append(row["connection_id"])
            with table.batch_writer() as batch:
                for id in gone:
                    batch.delete_item(Key={"connection_id": id})
    """,
    "08.4 half of it fixed, half of it by chance": """
        import random

        def answer(tries):
            limits = [1, 2, 4, 8, 16] + [30] * tries
            return [limit / 2 + random.random() * limit / 2 for limit in limits[:tries]]
    """,
    "08.4 step by step, in whole hundredths": """
        import secrets

        def answer(tries):
            limit, found = 100, ()
            for _ in range(tries):
                found += (secrets.randbelow(limit) / 100,)
                limit = min(2 * limit, 3000)
            return found
    """,
    "08.5 asks only where there is a hole, and keeps a dictionary": """
        import json
        import time

        from upgrade101 import connect

        def answer(url, until):
            have, tries = {}, 0
            while until not in have or len(have) < until:
                try:
                    show(url, until, have)
                except Exception as error:
                    print(type(error).__name__)
                    time.sleep(0.005 * tries)
                    tries += 1
            return [have[number] for number in range(1, until + 1)]

        def show(url, until, have):
            with connect(url) as line:
                for frame in line:
                    message = json.loads(frame)
                    for one in message["missed"] if "missed" in message else [message]:
                        have[one["seq"]] = one["text"]
                    first = next(number for number in range(1, until + 2) if number not in have)
                    if first > until:
                        return
                    if first < max(have, default=0):
                        line.send(json.dumps({"action": "resume", "after": first - 1}))
    """,
    "08.5 is asynchronous, and asks for everything at the end": """
        import asyncio
        import json

        from websockets.asyncio.client import connect
        from upgrade101 import cloud

        async def answer(url, until):
            highest, readings = 0, []
            while not readings:
                try:
                    async with connect(cloud.local_url(url)) as line:
                        await line.send(json.dumps({"action": "resume", "after": 0}))
                        async for frame in line:
                            message = json.loads(frame)
                            if "missed" in message:
                                highest = max(highest, len(message["missed"]))
                                if highest >= until:
                                    readings = message["missed"][:until]
                                    break
                            elif message["seq"] >= until:
                                await line.send(json.dumps({"action": "resume", "after": 0}))
                except Exception:
                    await asyncio.sleep(0.05)
            return [reading["text"] for reading in readings]
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text


def test_a_half_written_answer_is_still_unwritten(check: Check) -> None:
    half = """
        def answer(event, context):
            code = ...
            print(code)
    """
    assert check("08.1", cell(half)["answer"]).state == "unwritten"


def test_a_display_that_never_ends_is_stopped(check: Check) -> None:
    endless = """
        import time

        def answer(url, until):
            while True:
                try:
                    time.sleep(0.01)
                except Exception:
                    continue
    """
    verdict = check("08.5", cell(endless)["answer"])
    assert "nobody has come" in verdict.card.text
    assert not [thread for thread in threading.enumerate() if thread.name == "beside a check"]
