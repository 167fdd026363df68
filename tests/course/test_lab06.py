"""Lab 06, both ways: what is right is done, and what is plausible and wrong is told what is wrong."""

import pytest
from course_kit import LAB, BothWays, cell

from upgrade101.course.check import Check
from upgrade101.course.checks.wrong06 import WRONG

pytestmark = LAB


class TestLab06(BothWays):
    number, wrong = "06", WRONG


def test_the_greeter_is_quicker_than_the_door_by_design(check: Check) -> None:
    hopeful = next(source for _, name, source, _ in WRONG if name == "does not try again")
    said = check("06.4", cell(hopeful)["answer"]).card.text
    assert "a post to @connections was answered 410" in " ".join(said.split())


def test_errors_that_were_wanted_stay_out_of_the_log(check: Check) -> None:
    for id in ("06.3", "06.4"):
        right = next(source for name, source in RIGHT.items() if name.startswith(id))
        said = check(id, cell(right)["answer"]).card.text
        assert "done ✓" in said and "ForbiddenException" not in said


def test_a_refused_signature_leaves_no_puzzle_in_the_log(check: Check) -> None:
    unsigned = next(source for _, name, source, _ in WRONG if name == "does not sign")
    assert "assumed-role" not in check("06.2", cell(unsigned)["answer"]).card.text


RIGHT = {
    "06.1 by the status, and in bytes": """
        from botocore.exceptions import ClientError

        def answer(connections, connection_id, text):
            try:
                connections.post_to_connection(Data=text.encode(), ConnectionId=connection_id)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 410:
                    return False
                raise
            else:
                return True
    """,
    "06.1 asks first, and expects the worst all the same": """
        def answer(connections, connection_id, text):
            gone = connections.exceptions.GoneException
            try:
                connections.get_connection(ConnectionId=connection_id)
                connections.post_to_connection(ConnectionId=connection_id, Data=text)
                return True
            except gone:
                return False
    """,
    "06.2 with the region and the host from the URL": """
        from urllib.parse import quote, urlsplit

        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        def answer(api_url, connection_id, region):
            parts = urlsplit(api_url)
            path = parts.path + "/@connections/" + quote(connection_id, safe="")
            request = AWSRequest(method="DELETE", url="https://" + parts.netloc + path, data="")
            keys = boto3.Session().get_credentials().get_frozen_credentials()
            SigV4Auth(keys, "execute-api", parts.netloc.split(".")[2]).add_auth(request)
            return request.method, request.url, request.headers
    """,
    "06.2 with the @ quoted, and prepared": """
        from urllib.parse import quote

        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        def answer(api_url, connection_id, region):
            url = "https" + api_url.removeprefix("wss") + quote(f"/@connections/{connection_id}")
            request = AWSRequest("DELETE", url)
            SigV4Auth(boto3.Session().get_credentials(), "execute-api", region).add_auth(request)
            return "DELETE", request.prepare().url, dict(request.prepare().headers)
    """,
    "06.3 with a client for each address, kept in ring's own globals": """
        import boto3

        clients = {}

        def client_of(event):
            where = event["requestContext"]
            region = boto3.Session().region_name
            door = f"https://{where['apiId']}.execute-api.{region}.amazonaws.com/{where['stage']}"
            if door not in clients:
                clients[door] = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            return clients[door]

        def on_connect(event, context):
            return {"statusCode": 200}

        def ring(event, context):
            post = client_of(event).post_to_connection
            try:
                post(ConnectionId=event["requestContext"]["connectionId"], Data="we are coming")
            except client_of(event).exceptions.GoneException:
                return {"statusCode": 410}
            return {"statusCode": 200}

        answer = on_connect, ring
    """,
    "06.3 with one client in a global of ring, made at the first ring": """
        import os

        import boto3

        connections = None

        def on_connect(event, context):
            return {"statusCode": 200}

        def ring(event, context):
            global connections
            where = event["requestContext"]
            if connections is None:
                host = f"{where['apiId']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com"
                door = f"https://{host}/{where['stage']}"
                connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            try:
                connections.post_to_connection(ConnectionId=where["connectionId"], Data="we are coming")
            except connections.exceptions.GoneException:
                print("has left")
            return {"statusCode": 200}

        answer = on_connect, ring
    """,
    "06.3 knows that a custom domain has no stage in its path": """
        import boto3

        def on_connect(event, context):
            return {"statusCode": 200}

        def ring(event, context):
            where = event["requestContext"]
            door = f"https://{where['domainName']}"
            if door.endswith(".amazonaws.com"):
                door += f"/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            try:
                connections.post_to_connection(ConnectionId=where["connectionId"], Data="we are coming")
            except connections.exceptions.GoneException:
                print("has left")
            return {"statusCode": 200}

        answer = on_connect, ring
    """,
    "06.3 asks API Gateway for the address": """
        import boto3
        from botocore.exceptions import ClientError

        def on_connect(event, context):
            print("somebody has come")
            return {"statusCode": 204}

        def ring(event, context):
            where = event["requestContext"]
            api = boto3.client("apigatewayv2").get_api(ApiId=where["apiId"])["ApiEndpoint"].replace("wss", "https")
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=f"{api}/{where['stage']}")
            try:
                connections.post_to_connection(ConnectionId=where["connectionId"], Data=b"we are coming")
            except ClientError as error:
                if error.response["Error"]["Code"] != "GoneException":
                    raise
            return {"statusCode": 200}

        answer = on_connect, ring
    """,
    "06.4 asks until the line is there, and then posts": """
        import json
        import time

        import boto3

        def on_connect(event, context):
            asked = event["requestContext"]
            text = "welcome, " + event["queryStringParameters"]["name"]
            errand = {"text": text, "to": asked["connectionId"], "at": [asked["apiId"], asked["stage"]]}
            send = boto3.Session(region_name="us-east-1").client("lambda").invoke
            send(FunctionName="greeter", InvocationType="Event", Payload=json.dumps(errand).encode())
            return {"statusCode": 200}

        def greeter(event, context):
            api, stage = event["at"]
            door = f"https://{api}.execute-api.us-east-1.amazonaws.com/{stage}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            until = time.monotonic() + 2
            while time.monotonic() < until:
                try:
                    connections.get_connection(ConnectionId=event["to"])
                except connections.exceptions.GoneException:
                    time.sleep(0.02)
                else:
                    return connections.post_to_connection(ConnectionId=event["to"], Data=event["text"]) and None

        answer = on_connect, greeter
    """,
    "06.4 gives up with an error": """
        import json
        import time

        import boto3

        def on_connect(event, context):
            boto3.client("lambda").invoke(FunctionName="greeter", InvocationType="Event", Payload=json.dumps(event))
            return {"statusCode": 200}

        def greeter(event, context):
            where = event["requestContext"]
            door = f"https://{where['domainName']}/{where['stage']}"
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=door)
            text = "welcome, " + event["queryStringParameters"]["name"]
            for left in reversed(range(8)):
                try:
                    return connections.post_to_connection(ConnectionId=where["connectionId"], Data=text) and None
                except connections.exceptions.GoneException:
                    if not left:
                        raise
                    time.sleep(0.2)

        answer = on_connect, greeter
    """,
    "06.4 sends itself": """
        import json
        import os
        import time

        import boto3

        def greeter(event, context):
            raise RuntimeError("nobody sends me")

        def on_connect(event, context):
            if "requestContext" not in event:
                return greet(event)
            name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
            where = event["requestContext"]
            door = f"https://{where['domainName']}/{where['stage']}"
            errand = {"door": door, "id": where["connectionId"], **event["queryStringParameters"]}
            sent = boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(errand))
            return {"statusCode": 200 if sent["StatusCode"] == 202 else 500}

        def greet(event):
            connections = boto3.client("apigatewaymanagementapi", endpoint_url=event["door"])
            for wait in (0.01, 0.02, 0.04, 0.08, 0.16, 0.32):
                try:
                    connections.post_to_connection(ConnectionId=event["id"], Data="welcome, " + event["name"])
                    break
                except connections.exceptions.GoneException:
                    time.sleep(wait)
            return {"statusCode": 200}

        answer = on_connect, greeter
    """,
    "06.5 asks everybody first, and returns a set": """
        def answer(connections, connection_ids, since):
            active = {}
            for id in connection_ids:
                try:
                    active[id] = connections.get_connection(ConnectionId=id)["LastActiveAt"]
                except connections.exceptions.GoneException:
                    print("gone already")
            silent = {id for id, last in active.items() if last < since}
            for id in silent:
                try:
                    connections.post_to_connection(ConnectionId=id, Data=b"we are closing")
                    connections.delete_connection(ConnectionId=id)
                except connections.exceptions.GoneException:
                    pass
            return active.keys() - silent
    """,
    "06.5 in functions, with the time as a number": """
        def last(connections, id):
            return connections.get_connection(ConnectionId=id)["LastActiveAt"].timestamp()

        def stays(connections, id, since):
            try:
                if last(connections, id) > since.timestamp():
                    return True
                connections.post_to_connection(ConnectionId=id, Data="we are closing")
                connections.delete_connection(ConnectionId=id)
            except connections.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "GoneException":
                    raise
            return False

        def answer(connections, connection_ids, since):
            return [id for id in connection_ids if stays(connections, id, since)]
    """,
}


@pytest.mark.parametrize("name", RIGHT)
def test_another_design_is_as_good(check: Check, name: str) -> None:
    verdict = check(name[:4], cell(RIGHT[name])["answer"])
    assert verdict, verdict.card.text
