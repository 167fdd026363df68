"""Lab 13, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import random

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101 import scale
from upgrade101.course.check import Check
from upgrade101.course.checks import sums13
from upgrade101.course.checks.wrong13 import WRONG
from upgrade101.course.vary import varied

pytestmark = LAB


class TestLab13(BothWays):
    number, wrong = "13", WRONG


def test_a_half_written_answer_is_still_unwritten(check: Check) -> None:
    half = """
        def simplest(displays, seconds, changed):
            return None

        def shards_for(displays, seconds, changed):
            ...

        answer = simplest, shards_for
    """
    assert check("13.5", *cell(half)["answer"]).state == "unwritten"


def test_the_sum_is_a_lower_bound_of_what_the_simulation_needs() -> None:
    for displays, seconds in ((50_000, 20), (10_300, 60), (100_000, 900)):
        fewest = sums13.fewest_shards(displays, seconds, scale.settings())
        least = sums13.shards_by_sum(displays, seconds, scale.settings())
        assert fewest is not None and least <= fewest <= 1.05 * least + 1


def test_an_error_that_was_wanted_stays_out_of_the_log(check: Check) -> None:
    said = check("13.3", cell(RIGHT["13.3 deletes at once"])["answer"]).card.text
    assert "done ✓" in said and "ForbiddenException" not in said


RIGHT = {
    "13.1 by hand": """
        from upgrade101 import scale

        def answer(received, sent, changed):
            piece, total = scale.settings(**changed).meter_bytes, 0
            for text in received + sent:
                size = len(bytes(text, "utf-8"))
                total += max(1, size // piece + bool(size % piece))
            return total
    """,
    "13.1 with ceil": """
        import math

        from upgrade101 import scale

        def pieces(text, numbers):
            return math.ceil(len(text.encode("utf-8")) / numbers.meter_bytes) or 1

        def answer(received, sent, changed):
            numbers = scale.settings(**changed)
            return sum(pieces(text, numbers) for text in received) + sum(pieces(text, numbers) for text in sent)
    """,
    "13.2 in three bills, to the cent": """
        from upgrade101 import scale

        DAYS = 30

        def answer(buses, displays, hours, sends, size, beat, changed):
            numbers = scale.settings(**changed)
            units = scale.units(size, numbers.meter_bytes)
            here = displays * DAYS * 1440 / beat
            messages = buses * hours * DAYS * sends * units * (1 + displays) + here
            minutes = buses * hours * DAYS * 60 + displays * DAYS * 1440
            return round(scale.message_dollars(messages, numbers) + scale.minute_dollars(minutes, numbers), 4)
    """,
    "13.2 as two chats": """
        from upgrade101 import scale

        def answer(buses, displays, hours, sends, size, beat, changed):
            numbers = scale.settings(**changed)
            moving = scale.month(
                users=buses, hours=hours, sends=sends, audience=displays, size=size, numbers=numbers
            )
            silent = scale.month(users=displays, hours=24, sends=60 / beat, audience=0, numbers=numbers)
            messages = moving.messages + silent.messages
            return scale.bill(incoming=messages, minutes=moving.minutes + silent.minutes, numbers=numbers).dollars
    """,
    "13.3 deletes at once": """
        import json

        import boto3
        from botocore.exceptions import ClientError

        displays = boto3.resource("dynamodb").Table("displays")

        def answer(event, context):
            where, text = event["requestContext"], json.loads(event["body"])["text"]
            door = f"https://{where['domainName']}/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            for row in displays.scan()["Items"]:
                key = {"connection_id": row["connection_id"]}
                try:
                    connections.post_to_connection(ConnectionId=row["connection_id"], Data=text.encode())
                except ClientError as error:
                    if error.response["ResponseMetadata"]["HTTPStatusCode"] != 410:
                        raise
                    displays.delete_item(Key=key)
            return {"statusCode": 200}
    """,
    "13.3 collects the gone, and reads page by page": """
        import json

        import boto3

        table = boto3.resource("dynamodb").Table("displays")

        def rows():
            for page in table.meta.client.get_paginator("scan").paginate(TableName="displays"):
                yield from page["Items"]

        def is_gone(connections, id, text):
            try:
                connections.post_to_connection(ConnectionId=id, Data=text)
            except connections.exceptions.GoneException:
                return True
            return False

        def answer(event, context):
            where, text = event["requestContext"], json.loads(event["body"])["text"]
            connections = boto3.client(
                "apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}"
            )
            gone = [row["connection_id"] for row in rows() if is_gone(connections, row["connection_id"], text)]
            with table.batch_writer() as batch:
                for id in gone:
                    batch.delete_item(Key={"connection_id": id})
            return {"statusCode": 200}
    """,
    "13.4 in minutes": """
        from upgrade101 import scale

        def answer(updates, beat, changed):
            numbers = scale.settings(**changed)
            a_minute = updates / 60 + 1 / beat
            served = numbers.requests_per_second * 60 / a_minute
            return min(int(scale.most_connections(numbers)), int(served))
    """,
    "13.4 by shares": """
        from upgrade101 import scale

        def answer(updates, beat, changed):
            numbers = scale.settings(**changed)
            share_of_door = 1 / numbers.connection_seconds / numbers.new_connections_per_second
            share_of_requests = (updates + 60 / beat) / 3600 / numbers.requests_per_second
            return 1 / max(share_of_door, share_of_requests) // 1
    """,
    "13.5 by simulation alone": """
        from upgrade101 import scale

        def does(design, displays, seconds, numbers):
            outcome = scale.simulate(design, displays, numbers)
            return outcome.delivered == displays and outcome.last_seconds <= seconds

        def simplest(displays, seconds, changed):
            found = [each for each in scale.DESIGNS if does(each, displays, seconds, scale.settings(**changed))]
            return found[0] if found else None

        def shards_for(displays, seconds, changed):
            numbers = scale.settings(**changed)
            if displays > numbers.requests_per_second * seconds:
                return None
            few, many = 0, numbers.functions_at_once
            if not does("shards", displays, seconds, scale.settings(**changed, shards=many)):
                return None
            while many - few > 1:
                middle = (few + many) // 2
                if does("shards", displays, seconds, scale.settings(**changed, shards=middle)):
                    many = middle
                else:
                    few = middle
            return many

        answer = simplest, shards_for
    """,
    "13.5 with the table's time in the sum": """
        from upgrade101 import scale

        def simplest(displays, seconds, changed):
            numbers = scale.settings(**changed)
            for outcome in scale.grid(sizes=[displays], numbers=numbers):
                if outcome.lost == 0 and outcome.last_seconds <= seconds:
                    return outcome.design

        async def shards_for(displays, seconds, changed):
            numbers = scale.settings(**changed)
            time = min(seconds, numbers.function_seconds) - numbers.notice_seconds - numbers.page_seconds
            a_second = numbers.at_once / numbers.post_seconds
            shards = int(displays / (a_second * time)) + 1
            too_many = shards > numbers.functions_at_once
            if too_many or shards * min(a_second, displays) > numbers.requests_per_second:
                return None
            return shards

        answer = simplest, shards_for
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", [name for name in RIGHT if name[:4] != "13.3"])
def test_with_other_numbers_too(check: Check, name: str, seed: int) -> None:
    with varied(random.Random(seed)):
        verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
