"""Lab 05, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks import wrong05
from upgrade101.course.checks.wrong05 import WRONG
from upgrade101.course.exercises import find
from upgrade101.course.hint import nearest_symptom

pytestmark = LAB


class TestLab05(BothWays):
    number, wrong = "05", WRONG


def test_a_half_written_answer_is_still_unwritten(check: Check) -> None:
    half = """
        def on_connect(event, context):
            return {"statusCode": 200}

        def on_disconnect(event, context):
            key = ...
            print(key)

        answer = on_connect, on_disconnect
    """
    assert check("05.1", *cell(half)["answer"]).state == "unwritten"


def test_what_the_check_provokes_stands_in_no_log(check: Check) -> None:
    verdict = check("05.3", cell(wrong05._door(wrong05._ASKED, wrong05._PUT))["answer"])
    assert verdict and "The log of your functions" not in verdict.card.text


@pytest.mark.parametrize(
    "id, said, helps",
    [
        (
            "05.2",
            "ClientError: An error occurred (ValidationException) when calling the UpdateItem operation",
            "if_not",
        ),
        ("05.5", "502 Internal server error", "no answer"),
        ("05.4", "NameError: name 'late' is not defined", "`players`"),
    ],
)
def test_a_symptom_has_its_help(id: str, said: str, helps: str) -> None:
    known = find(id).symptoms
    assert helps in known[nearest_symptom(said, known)]


TABLE = """
import json
import time

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

players = boto3.resource("dynamodb").Table("players")
"""
RIGHT = {
    "05.1 with more in the row than was asked for, and one that leaves through a client": """
        def on_connect(event, context):
            row = {**event["queryStringParameters"], "connection_id": event["requestContext"]["connectionId"]}
            players.put_item(Item={**row, "since": event["requestContext"]["connectedAt"]})
            return {"statusCode": 200}

        def on_disconnect(event, context):
            key = {"connection_id": {"S": event["requestContext"]["connectionId"]}}
            boto3.client("dynamodb").delete_item(TableName="players", Key=key)

        answer = on_connect, on_disconnect
    """,
    "05.1 by updating": """
        def on_connect(event, context):
            asked = event["queryStringParameters"]
            players.update_item(
                Key={"connection_id": event["requestContext"]["connectionId"]},
                UpdateExpression="SET room = :room, plays = :plays",
                ExpressionAttributeValues={":room": asked["room"], ":plays": asked["plays"]},
            )
            return {"statusCode": 200}

        def on_disconnect(event, context):
            with players.batch_writer() as batch:
                batch.delete_item(Key={"connection_id": event["requestContext"]["connectionId"]})
            return {"statusCode": 200}

        answer = on_connect, on_disconnect
    """,
    "05.2 reads, adds and writes one field": """
        def answer(event, context):
            key = {"connection_id": event["requestContext"]["connectionId"]}
            row = players.get_item(Key=key)["Item"]
            total = int(row.get("minutes", 0)) + json.loads(event["body"])["minutes"]
            change = {"UpdateExpression": "SET minutes = :m", "ExpressionAttributeValues": {":m": total}}
            players.update_item(Key=key, **change)
            return {"statusCode": 200, "body": f"{total} minutes"}
    """,
    "05.2 writes the whole row, and keeps what was in it": """
        def answer(event, context):
            key = {"connection_id": event["requestContext"]["connectionId"]}
            row = players.get_item(Key=key)["Item"]
            row["minutes"] = row.get("minutes", 0) + json.loads(event["body"])["minutes"]
            players.put_item(Item=row)
            return {"statusCode": 200, "body": str(row["minutes"]) + " minutes"}
    """,
    "05.3 answers 500": """
        def answer(event, context):
            asked = event.get("queryStringParameters") or {}
            row = {"connection_id": event["requestContext"]["connectionId"], "room": asked.get("room") or "hall"}
            try:
                players.put_item(Item=row)
            except Exception as error:
                print(error)
                return {"statusCode": 500}
            return {"statusCode": 200}
    """,
    "05.3 tries for the room, and raises again": """
        def answer(event, context):
            try:
                room = event["queryStringParameters"]["room"]
            except KeyError:
                room = "hall"
            try:
                players.put_item(Item={"connection_id": event["requestContext"]["connectionId"], "room": room})
            except ClientError:
                print("not in the book")
                raise
            return {"statusCode": 200}
    """,
    "05.4 with boto3's own words": """
        def answer(event, context):
            room = json.loads(event["body"])["room"]
            try:
                players.update_item(
                    Key={"connection_id": event["requestContext"]["connectionId"]},
                    UpdateExpression="SET room = :room",
                    ExpressionAttributeValues={":room": room},
                    ConditionExpression=Attr("connection_id").exists(),
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
                return {"statusCode": 200, "body": "you have left"}
            return {"statusCode": 200, "body": "moved to " + room}
    """,
    "05.4 looks as well, and has a condition on another field": """
        def answer(event, context):
            key, room = {"connection_id": event["requestContext"]["connectionId"]}, json.loads(event["body"])["room"]
            row = players.get_item(Key=key).get("Item")
            if row is None:
                return {"statusCode": 200}
            try:
                players.put_item(Item=row | {"room": room}, ConditionExpression="attribute_exists(room)")
            except players.meta.client.exceptions.ConditionalCheckFailedException:
                return {"statusCode": 200}
            return {"statusCode": 200, "body": f"moved to {room}"}
    """,
    "05.5 filters in Python": """
        def on_connect(event, context):
            me = event["requestContext"]
            expires = me["connectedAt"] // 1000 + 3 * 60 * 60
            row = {"connection_id": me["connectionId"], "expires": expires}
            players.put_item(Item=row | event["queryStringParameters"])
            return {"statusCode": 200}

        def who(event, context):
            in_room = Key("room").eq(json.loads(event["body"])["room"])
            rows = players.query(IndexName="by_room", KeyConditionExpression=in_room)["Items"]
            valid = [row["plays"] for row in rows if row["expires"] > time.time()]
            return {"statusCode": 200, "body": json.dumps(sorted(valid), separators=(",", ":"))}

        answer = on_connect, who
    """,
    "05.5 with expressions in text, page by page": """
        def on_connect(event, context):
            asked = event["queryStringParameters"]
            row = {"connection_id": event["requestContext"]["connectionId"], "room": asked["room"]}
            players.put_item(Item={**row, "plays": asked["plays"], "expires": round(time.time() + 10_800)})
            return {"statusCode": 200}

        def who(event, context):
            query = {
                "TableName": "players",
                "IndexName": "by_room",
                "KeyConditionExpression": "room = :room",
                "FilterExpression": "expires > :now",
                "ExpressionAttributeValues": {
                    ":room": {"S": json.loads(event["body"])["room"]},
                    ":now": {"N": str(event["requestContext"]["requestTimeEpoch"] // 1000)},
                },
            }
            pages = boto3.client("dynamodb").get_paginator("query").paginate(**query)
            found = [row["plays"]["S"] for page in pages for row in page["Items"]]
            return {"statusCode": 200, "body": json.dumps(sorted(found))}

        answer = on_connect, who
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(TABLE + cell_of(RIGHT[name]))["answer"])
    assert verdict, verdict.card.text


def cell_of(source: str) -> str:
    lines = source.strip("\n").splitlines()
    return "\n".join(line[8:] for line in lines)
