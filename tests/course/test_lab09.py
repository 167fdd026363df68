"""Lab 09, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong09 import WRONG

pytestmark = LAB


class TestLab09(BothWays):
    number, wrong = "09", WRONG


def test_a_half_written_answer_is_still_unwritten(check: Check) -> None:
    half = """
        def answer(event, context):
            card = (event.get("queryStringParameters") or {}).get("card")
            may = ...
            return {"principalId": card, "policyDocument": may}
    """
    assert check("09.1", cell(half)["answer"]).state == "unwritten"


NEEDS = """
import hmac
import json
import os
import time

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
"""
DEPLOYS = "from upgrade101.deploy import invocation_uri"
RIGHT = {
    "09.1 with the whole stage allowed, and a statement that is no list": """
        def answer(event, context):
            if not event.get("queryStringParameters"):
                raise RuntimeError("Unauthorized")
            name = json.loads(os.environ["MEMBERS"]).get(event["queryStringParameters"]["card"])
            stage = event["methodArn"].rpartition("/")[0]
            may = {"Effect": "Allow", "Action": "execute-api:*", "Resource": f"{stage}/*"}
            if name is None:
                may["Effect"] = "Deny"
            return {"principalId": str(name), "policyDocument": {"Version": "2012-10-17", "Statement": may}}
    """,
    "09.1 with a policy that allows nothing": """
        def policy(*statements):
            return {"Version": "2012-10-17", "Statement": list(statements)}

        def answer(event, context):
            members = json.loads(os.environ["MEMBERS"])
            try:
                card = event["queryStringParameters"]["card"]
            except KeyError:
                raise Exception("Unauthorized")
            if card not in members:
                return {"principalId": card, "policyDocument": policy()}
            may = {"Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": [event["methodArn"]]}
            return {"principalId": members[card], "policyDocument": policy(may), "context": {"card": card}}
    """,
    "09.2 by way of the stage": """
        def answer(gateway, api_id, guard_arn):
            api = {"ApiId": api_id}
            made = gateway.create_authorizer(
                **api,
                Name="cards",
                AuthorizerType="REQUEST",
                AuthorizerUri=invocation_uri(guard_arn),
                IdentitySource=["route.request.querystring.card"],
            )
            for route in gateway.get_routes(**api)["Items"]:
                if route["RouteKey"] == "$connect":
                    gateway.update_route(
                        **api,
                        RouteId=route["RouteId"],
                        AuthorizationType="CUSTOM",
                        AuthorizerId=made["AuthorizerId"],
                    )
            deployment = gateway.create_deployment(**api)
            gateway.update_stage(**api, StageName="dev", DeploymentId=deployment["DeploymentId"])
    """,
    "09.2 with a route made anew, function included": """
        def answer(gateway, api_id, guard_arn):
            asks = {"AuthorizerUri": invocation_uri(guard_arn)}
            made = gateway.create_authorizer(
                ApiId=api_id, Name="g", AuthorizerType="REQUEST", IdentitySource=[], **asks
            )
            source = ["route.request.querystring.card"]
            gateway.update_authorizer(ApiId=api_id, AuthorizerId=made["AuthorizerId"], IdentitySource=source)
            old = {each["RouteKey"]: each for each in gateway.get_routes(ApiId=api_id)["Items"]}["$connect"]
            gateway.delete_route(ApiId=api_id, RouteId=old["RouteId"])
            gateway.create_route(
                ApiId=api_id,
                RouteKey="$connect",
                Target=old["Target"],
                AuthorizationType="CUSTOM",
                AuthorizerId=made["AuthorizerId"],
            )
            gateway.create_deployment(ApiId=api_id, StageName="dev")
    """,
    "09.3 catches on purpose, and denies": """
        members = boto3.resource("dynamodb").Table("members")

        def answer_of(name, effect, event):
            may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
            return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [may]}}

        def guard(event, context):
            offered = event["headers"].get("Sec-WebSocket-Protocol") or ""
            cards = [each.strip() for each in offered.split(",") if each.strip() not in ("", "chess.v1")]
            if not cards:
                raise Exception("Unauthorized")
            try:
                found = members.get_item(Key={"card": cards[0]})
            except ClientError as error:
                print("the table says", error.response["Error"]["Code"])
                return answer_of("nobody", "Deny", event)
            if "Item" not in found:
                return answer_of("nobody", "Deny", event)
            return answer_of(found["Item"]["name"], "Allow", event)

        def on_connect(event, context):
            return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chess.v1"}}

        answer = guard, on_connect
    """,
    "09.3 raises again, and chooses what was offered": """
        def guard(event, context):
            try:
                version, card = event["headers"]["Sec-WebSocket-Protocol"].split(", ")
            except (KeyError, ValueError):
                raise Exception("Unauthorized") from None
            table = boto3.client("dynamodb")
            try:
                row = table.get_item(TableName="members", Key={"card": {"S": card}})["Item"]
                effect, name = "Allow", row["name"]["S"]
            except KeyError:
                effect, name = "Deny", "stranger"
            may = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}
            return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [may]}}

        def on_connect(event, context):
            version, _ = event["headers"]["Sec-WebSocket-Protocol"].split(", ")
            print(version, "it is")
            return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": version}}

        answer = guard, on_connect
    """,
    "09.4 with parameters, for a minute": """
        def answer(api_url, board):
            me = boto3.Session()
            keys = me.get_credentials().get_frozen_credentials()
            request = AWSRequest(method="GET", url="https" + api_url[3:], params={"board": board})
            SigV4QueryAuth(keys, "execute-api", me.region_name, expires=60).add_auth(request)
            return "wss" + request.url[5:]
    """,
    "09.4 signs the address of a client as it stands": """
        def answer(api_url, board):
            region = api_url.split(".")[2]
            request = AWSRequest("GET", api_url + "?board=" + board)
            SigV4QueryAuth(boto3.Session().get_credentials(), "execute-api", region).add_auth(request)
            return request.url
    """,
    "09.5 by the clock of the function": """
        def seal(claim):
            return hmac.new(os.environ["KEY"].encode(), claim.encode(), "sha256").hexdigest()

        def guard(event, context):
            ticket = event["queryStringParameters"]["ticket"]
            deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
            answer = {"principalId": "?", "policyDocument": {"Version": "2012-10-17", "Statement": [deny]}}
            try:
                name, colour, until, given = ticket.split(".")
                good = given == seal(".".join([name, colour, until])) and time.time() < float(until)
            except ValueError:
                return answer
            if good:
                answer["principalId"] = name
                deny["Effect"] = "Allow"
                answer["context"] = {"colour": colour, "until": int(until), "name": name}
            return answer

        def move(event, context):
            mine = event["requestContext"]["authorizer"]
            if time.time() > float(mine["until"]):
                said = "your ticket has ended"
            elif mine["colour"] == "none":
                said = "you are watching"
            else:
                said = mine["colour"] + ": " + json.loads(event["body"])["move"]
            return {"statusCode": 200, "body": said}

        answer = guard, move
    """,
    "09.5 in seconds, spectators first": """
        def seal(claim):
            return hmac.new(os.environ["KEY"].encode(), claim.encode(), "sha256").hexdigest()

        def read(ticket, now):
            parts = ticket.split(".")
            if len(parts) != 4 or not hmac.compare_digest(seal(".".join(parts[:3])), parts[3]):
                return None
            return parts[:3] if int(parts[2]) > now // 1000 else None

        def guard(event, context):
            found = read(event["queryStringParameters"]["ticket"], event["requestContext"]["requestTimeEpoch"])
            name, colour, until = found or ("", "none", "0")
            may = [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]
            policy = {"Version": "2012-10-17", "Statement": may if found else []}
            return {"principalId": name, "policyDocument": policy, "context": {"colour": colour, "until": until}}

        def move(event, context):
            context = event["requestContext"]["authorizer"]
            answer = f"{context['colour']}: {json.loads(event['body'])['move']}"
            if context["colour"] == "none":
                answer = "you are watching"
            if event["requestContext"]["requestTimeEpoch"] // 1000 >= int(context["until"]):
                answer = "your ticket has ended"
            return {"statusCode": 200, "body": answer}

        answer = guard, move
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    lines = [line[8:] for line in RIGHT[name].strip("\n").splitlines()]
    needs = f"{NEEDS}{DEPLOYS}" if name.startswith("09.2") else NEEDS
    verdict = check(name[:4], cell("\n".join([needs, *lines]))["answer"])
    assert verdict, verdict.card.text
