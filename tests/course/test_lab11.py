"""Lab 11, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101 import cloud
from upgrade101.course.check import Check
from upgrade101.course.checks.wrong11 import WRONG

pytestmark = LAB


class TestLab11(BothWays):
    number, wrong = "11", WRONG


def test_a_check_that_brings_a_storm_takes_it_away_again(check: Check) -> None:
    source = next(source for known, name, source, _ in WRONG if name == "does not expect a cut line")
    check("11.5", cell(source)["answer"])
    with cloud.chaos(kills=1, most=1) as storm:
        assert not storm.struck


def test_who_is_quicker_is_so_each_time(check: Check) -> None:
    lossy = next(source for known, name, source, _ in WRONG if name == "looks and then writes")
    said = {" ".join(check("11.2", cell(lossy)["answer"]).card.text.split()).partition("Look at")[0] for _ in range(2)}
    assert len(said) == 1 and "another singer is quicker" in said.pop()


RIGHT = {
    "11.1 in hundredths of a second": """
        import random

        def answer(attempt):
            return round(random.random() * min(60, 2 ** (attempt + 1)), 2)
    """,
    "11.1 with a table": """
        import random

        LONGEST = [2, 4, 8, 16, 32]

        def answer(attempt):
            most = LONGEST[attempt] if attempt < len(LONGEST) else 60
            return random.randrange(0, most * 1000) / 1000
    """,
    "11.1 with numbers that have a point": """
        from random import SystemRandom

        async def answer(attempt):
            return SystemRandom().uniform(0.0, min(60.0, 2.0 * 2.0 ** min(attempt, 10)))
    """,
    "11.2 counts rows, and asks the client": """
        import json
        import random
        import time

        import boto3
        from botocore.exceptions import ClientError

        dynamodb = boto3.client("dynamodb")

        def answer(event, context):
            song = json.loads(event["body"])["song"]
            for attempt in range(40):
                time.sleep(random.uniform(0, 0.01 * attempt))
                number = dynamodb.scan(TableName="wishes", Select="COUNT", ConsistentRead=True)["Count"] + 1
                row = {"concert": {"S": "spring"}, "number": {"N": str(number)}, "song": {"S": song}}
                try:
                    dynamodb.put_item(TableName="wishes", Item=row, ConditionExpression="attribute_not_exists(song)")
                except ClientError as error:
                    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                        continue
                    raise
                return {"statusCode": 200, "body": '{"number": %d}' % number}
            return {"statusCode": 500}
    """,
    "11.2 lets DynamoDB count": """
        import json

        import boto3

        wishes = boto3.resource("dynamodb").Table("wishes")

        def answer(event, context):
            step = {"UpdateExpression": "ADD highest :one", "ExpressionAttributeValues": {":one": 1}}
            key = {"concert": "spring", "number": 0}
            number = int(wishes.update_item(Key=key, **step, ReturnValues="UPDATED_NEW")["Attributes"]["highest"])
            wishes.put_item(Item={"concert": "spring", "number": number, "song": json.loads(event["body"])["song"]})
            return {"statusCode": 200, "body": json.dumps({"number": number, "thanks": True})}
    """,
    "11.2 tries the next one, and the one after it": """
        import json

        import boto3
        from boto3.dynamodb.conditions import Attr, Key

        wishes = boto3.resource("dynamodb").Table("wishes")

        def is_mine(number, song):
            row = {"concert": "spring", "number": number, "song": song}
            try:
                wishes.put_item(Item=row, ConditionExpression=Attr("concert").not_exists())
                return True
            except wishes.meta.client.exceptions.ConditionalCheckFailedException:
                return False

        def answer(event, context):
            number, song = 1, json.loads(event["body"])["song"]
            while not is_mine(number, song):
                number += 1
            return {"statusCode": 200, "body": json.dumps({"number": number})}
    """,
    "11.3 by the status, with threads, and names crossed out": """
        import json
        from concurrent.futures import ThreadPoolExecutor

        import boto3
        from boto3.dynamodb.conditions import Key
        from botocore.exceptions import ClientError

        singers = boto3.resource("dynamodb").Table("singers")

        def answer(event, context):
            where = event["requestContext"]
            door = f"https://{where['domainName']}/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)

            def is_gone(id, message):
                try:
                    connections.post_to_connection(ConnectionId=id, Data=json.dumps(message, ensure_ascii=False))
                except ClientError as error:
                    return error.response["ResponseMetadata"]["HTTPStatusCode"] == 410
                return False

            row = singers.get_item(Key={"connection_id": where["connectionId"]}, ConsistentRead=True)["Item"]
            same = Key("room").eq(row["room"])
            rows = singers.query(IndexName="by_room", KeyConditionExpression=same)["Items"]
            text = {"text": json.loads(event["body"])["text"]}
            with ThreadPoolExecutor(4) as pool:
                gone = list(pool.map(lambda row: is_gone(row["connection_id"], text), rows))
            with singers.batch_writer() as batch:
                for row, lost in zip(rows, gone):
                    if lost:
                        batch.delete_item(Key={"connection_id": row["connection_id"]})
            if any(gone):
                left = [row for row, lost in zip(rows, gone) if not lost]
                news = {"here": sorted(row["name"] for row in left)}
                for row in left:
                    is_gone(row["connection_id"], news)
            return {"statusCode": 200}
    """,
    "11.3 goes on after every error, and reads the table again": """
        import json

        import boto3
        from boto3.dynamodb.conditions import Key

        singers = boto3.resource("dynamodb").Table("singers")

        def rows_of(room):
            found = singers.query(IndexName="by_room", KeyConditionExpression=Key("room").eq(room))["Items"]
            return sorted(found, key=lambda row: row["name"])

        def tell_all(connections, room, message):
            ghosts = []
            for row in rows_of(room):
                try:
                    connections.post_to_connection(ConnectionId=row["connection_id"], Data=json.dumps(message))
                except connections.exceptions.GoneException:
                    ghosts.append(singers.delete_item(Key={"connection_id": row["connection_id"]}))
                except Exception as error:
                    print(error)
            return ghosts

        def answer(event, context):
            where = event["requestContext"]
            door = f"https://{where['domainName']}/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            room = singers.get_item(Key={"connection_id": where["connectionId"]})["Item"]["room"]
            ghosts = tell_all(connections, room, {"text": json.loads(event["body"])["text"]})
            while ghosts:
                ghosts = tell_all(connections, room, {"here": [row["name"] for row in rows_of(room)]})
            return {"statusCode": 200}
    """,
    "11.4 sorts first": """
        def answer(last, came):
            texts, missing = [], False
            for message in sorted(came, key=lambda message: message["number"]):
                if message["number"] == last + 1:
                    last += 1
                    texts.append(message["text"])
                elif message["number"] > last:
                    missing = True
            return [texts, missing]
    """,
    "11.4 one after the other": """
        def answer(last, came):
            if all(message["number"] <= last for message in came):
                return (), False
            next_one = [message["text"] for message in came if message["number"] == last + 1]
            if not next_one:
                return (), True
            texts, missing = answer(last + 1, came)
            return (next_one[0], *texts), missing
    """,
    "11.5 a line for each try": """
        import json
        import time
        from secrets import token_hex

        from websockets.exceptions import ConnectionClosed, WebSocketException

        from upgrade101 import connect

        def say(url, message):
            with connect(url) as line:
                line.send(json.dumps(message))
                return json.loads(line.recv(timeout=3))

        def answer(url, name, texts):
            numbers = []
            for text in texts:
                message = {"action": "tell", "id": f"{name} {token_hex(8)}", "name": name, "text": text}
                receipt = {}
                while receipt.get("id") != message["id"]:
                    try:
                        receipt = say(url, message)
                    except (TimeoutError, OSError, WebSocketException):
                        time.sleep(0.01)
                numbers.append(receipt["number"])
            return tuple(numbers)
    """,
    "11.5 begins from the first one again, under the same ids": """
        import json
        import time
        import uuid

        from websockets.exceptions import ConnectionClosed

        from upgrade101 import connect

        def answer(url, name, texts):
            ids = [str(uuid.uuid1()) + name for _ in texts]
            for attempt in range(50):
                try:
                    numbers = []
                    with connect(url) as line:
                        for id, text in zip(ids, texts):
                            line.send(json.dumps({"action": "tell", "id": id, "name": name, "text": text}))
                            numbers.append(json.loads(line.recv())["number"])
                    return numbers
                except ConnectionClosed:
                    time.sleep(0.02)
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
