"""Lab 07, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong07 import WRONG

pytestmark = LAB


class TestLab07(BothWays):
    number, wrong = "07", WRONG


def test_a_half_written_answer_is_still_unwritten(check: Check) -> None:
    half = """
        def depart(event, context):
            work = ...
            return {"statusCode": 200, "body": work}

        def deliver(event, context):
            print(event)

        answer = depart, deliver
    """
    assert check("07.5", *cell(half)["answer"]).state == "unwritten"


TOP = """
import asyncio
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

passengers = boto3.resource("dynamodb").Table("passengers")

def connections_of(event):
    here = event["requestContext"]
    host = f"{here['apiId']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com"
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{host}/{here['stage']}")

def post(connections, id, text):
    try:
        connections.post_to_connection(ConnectionId=id, Data=text)
    except ClientError as error:
        if error.response["Error"]["Code"] != "GoneException":
            raise
        return False
    return True
"""
RIGHT = {
    "07.1 asks for the code of the error": """
        def answer(connections, connection_ids, text):
            return [id for id in connection_ids if not post(connections, id, text)]
    """,
    "07.1 in threads, and returns a set": """
        def answer(connections, connection_ids, text):
            with ThreadPoolExecutor() as pool:
                told = pool.map(lambda id: post(connections, id, text), connection_ids)
                return {id for id, heard in zip(connection_ids, told) if not heard}
    """,
    "07.1 with asyncio": """
        async def answer(connections, connection_ids, text):
            calls = [asyncio.to_thread(post, connections, id, text) for id in connection_ids]
            told = await asyncio.gather(*calls)
            return [id for id, heard in zip(connection_ids, told) if not heard]
    """,
    "07.2 counts whom it reached, and forgets the others": """
        def answer(event, context):
            text, told = json.loads(event["body"])["text"], []
            for row in passengers.scan()["Items"]:
                if post(connections_of(event), row["connection_id"], text):
                    told.append(row)
                else:
                    passengers.delete_item(Key={"connection_id": row["connection_id"]})
            return {"statusCode": 200, "body": str(len(told)) + " passengers"}
    """,
    "07.2 tries everybody, and fails at the end": """
        def answer(event, context):
            connections, text, told, fault = connections_of(event), json.loads(event["body"])["text"], 0, None
            for row in passengers.scan()["Items"]:
                try:
                    told += post(connections, row["connection_id"], text)
                except ClientError as error:
                    fault = error
            if fault:
                raise fault
            return {"statusCode": 200, "body": f"{told} passengers"}
    """,
    "07.2 raises an error of its own where something else goes wrong": """
        def answer(event, context):
            connections, text, told = connections_of(event), json.loads(event["body"])["text"], 0
            try:
                for row in reversed(passengers.scan()["Items"]):
                    with suppress(connections.exceptions.GoneException):
                        connections.post_to_connection(ConnectionId=row["connection_id"], Data=text.encode())
                        told += 1
            except Exception as error:
                raise RuntimeError("use the loudspeaker") from error
            return {"statusCode": 200, "body": f"{told} passengers"}
    """,
    "07.2 answers with nothing where something else goes wrong, which is no answer": """
        def answer(event, context):
            told = 0
            for row in passengers.scan()["Items"]:
                try:
                    told += post(connections_of(event), row["connection_id"], json.loads(event["body"])["text"])
                except ClientError:
                    return None
            return {"statusCode": 200, "body": f"{told} passengers"}
    """,
    "07.3 with a loop of its own": """
        def answer(event, context):
            message, more = json.loads(event["body"]), {}
            while True:
                in_room = Key("room").eq(message["room"])
                page = passengers.query(IndexName="by_room", KeyConditionExpression=in_room, **more)
                for row in page["Items"]:
                    post(connections_of(event), row["connection_id"], message["text"])
                if not page.get("LastEvaluatedKey"):
                    return {"statusCode": 200}
                more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    """,
    "07.3 through the plain client, with less of each row, and answers": """
        def answer(event, context):
            message = json.loads(event["body"])
            pages = boto3.client("dynamodb").get_paginator("query").paginate(
                TableName="passengers",
                IndexName="by_room",
                KeyConditionExpression="room = :room",
                ExpressionAttributeValues={":room": {"S": message["room"]}},
                ProjectionExpression="connection_id",
                PaginationConfig={"PageSize": 2},
            )
            told = [post(connections_of(event), row["connection_id"]["S"], message["text"])
                    for page in pages for row in page["Items"]]
            return {"statusCode": 200, "body": f"nobody reads this: {len(told)}"}
    """,
    "07.4 with asyncio": """
        def answer(event, context):
            text, connections = json.loads(event["body"])["text"], connections_of(event)

            async def tell_all(ids):
                return await asyncio.gather(*(asyncio.to_thread(post, connections, id, text) for id in ids))

            told = asyncio.run(tell_all([row["connection_id"] for row in passengers.scan()["Items"]]))
            return {"statusCode": 200, "body": f"{sum(told)} passengers"}
    """,
    "07.4 submits all, and then collects": """
        def answer(event, context):
            text, connections = json.loads(event["body"])["text"], connections_of(event)
            rows = passengers.scan()["Items"]
            with ThreadPoolExecutor(max_workers=len(rows)) as pool:
                calls = [pool.submit(post, connections, row["connection_id"], text) for row in rows]
                told = sum(call.result() for call in as_completed(calls))
            return {"statusCode": 200, "body": f"{told} passengers"}
    """,
    "07.4 with threads, each of which has a share of the list": """
        def answer(event, context):
            text, connections, told, faults = json.loads(event["body"])["text"], connections_of(event), [], []

            def work(share):
                try:
                    told.extend(row for row in share if post(connections, row["connection_id"], text))
                except ClientError as error:
                    faults.append(error)

            rows = passengers.scan()["Items"]
            threads = [threading.Thread(target=work, args=(rows[n::6],)) for n in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if faults:
                raise faults[0]
            return {"statusCode": 200, "body": f"{len(told)} passengers"}
    """,
    "07.5 sends a batch, and posts in threads": """
        def depart(event, context):
            here, text = event["requestContext"], json.loads(event["body"])["text"]
            ids = [row["connection_id"] for row in passengers.scan()["Items"]]
            shares = -(-len(ids) // 5)
            work = [[f"https://{here['domainName']}/{here['stage']}", text, *ids[n::shares]] for n in range(shares)]
            entries = [{"Id": str(n), "MessageBody": json.dumps(each)} for n, each in enumerate(work)]
            boto3.client("sqs").send_message_batch(QueueUrl=os.environ["QUEUE"], Entries=entries)
            return {"statusCode": 200, "body": f"{len(ids)} passengers"}

        def deliver(event, context):
            for record in event["Records"]:
                door, text, *ids = json.loads(record["body"])
                connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
                with ThreadPoolExecutor(5) as pool:
                    list(pool.map(lambda id: post(connections, id, text), ids))

        answer = depart, deliver
    """,
    "07.5 through the resource, with attributes, and says what failed": """
        def depart(event, context):
            here, body = event["requestContext"], json.loads(event["body"])
            ids = [row["connection_id"] for row in passengers.scan()["Items"]]
            rest, queue = list(ids), boto3.resource("sqs").Queue(os.environ["QUEUE"])
            door = {"DataType": "String", "StringValue": f"https://{here['domainName']}/{here['stage']}"}
            while rest:
                share, rest = rest[:5], rest[5:]
                queue.send_message(MessageBody=" ".join([*share, body["text"]]), MessageAttributes={"door": door})
            return {"statusCode": 200, "body": f"{len(ids)} passengers"}

        def deliver(event, context):
            for record in event["Records"]:
                door = record["messageAttributes"]["door"]["stringValue"]
                connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
                words = record["body"].split(" ")
                ids = [word for word in words if word.endswith("=")]
                for id in ids:
                    post(connections, id, " ".join(words[len(ids):]))
            return {"batchItemFailures": []}

        answer = depart, deliver
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(TOP + cell_of(RIGHT[name]))["answer"])
    assert verdict, verdict.card.text


def cell_of(source: str) -> str:
    lines = source.strip("\n").splitlines()
    return "\n".join(line[8:] for line in lines)
