"""@connections from another program, by the keys that moto's IAM and STS hand out."""

import json
from urllib.parse import quote

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from localcloud_handlers import seen

from upgrade101 import cloud, connect, websocket_api


@pytest.fixture
def api(capsys):
    cloud.start(quiet=True)
    yield websocket_api("told", {"quiet": seen})
    cloud.stop()


@pytest.fixture
def ana(api):
    """A user's keys."""
    iam = boto3.client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def call(api, keys, connection_id, method="POST", data=b"hello"):
    """Call @connections as another program does, over HTTP; return the status and the class of an error."""
    url = f"{cloud.local_url(api.url).replace('ws', 'http', 1)}/@connections/{quote(connection_id)}"
    request = AWSRequest(method, url, data=data)
    SigV4Auth(Credentials(*keys), "execute-api", "us-east-1").add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.headers.get("x-amzn-ErrorType", "")


def connection_id(ws):
    """Learn it as a client can: an error frame says it."""
    ws.send("who am I?")
    return json.loads(ws.recv(timeout=10))["connectionId"]


def allow(resource):
    statement = {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("iam").put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document)


def test_a_user_posts_once_iam_allows_it(api, ana):
    with connect(api.url) as ws:
        me = connection_id(ws)
        assert call(api, ana, me) == (403, "AccessDeniedException")
        allow(f"arn:aws:execute-api:us-east-1:123456789012:{api.api_id}/dev/POST/@connections/*")
        assert call(api, ana, me, data=b"yes") == (200, "")
        assert ws.recv(timeout=10) == "yes"
        assert call(api, ana, me, "GET", b"") == (403, "AccessDeniedException")


def test_a_guessed_secret_is_refused_and_what_nobody_knows_is_not(api, ana):
    with connect(api.url) as ws:
        me = connection_id(ws)
        assert call(api, (ana[0], "guessed"), me) == (403, "InvalidSignatureException")
        assert call(api, ("test", "guessed"), me) == (403, "InvalidSignatureException")
        for key, secret in (("test", "test"), ("AKIAOFNOBODYATALL000", "guessed")):
            assert call(api, (key, secret), me) == (200, "")
            assert ws.recv(timeout=10) == "hello"


def test_a_session_of_a_role_may_what_its_policies_say(api):
    iam = boto3.client("iam")
    arn = iam.create_role(RoleName="tells", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="tell")["Credentials"]
    keys = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
    with connect(api.url) as ws:
        me = connection_id(ws)
        assert call(api, keys, me) == (200, "")
        assert ws.recv(timeout=10) == "hello"
        assert call(api, keys[:2], me) == (403, "UnrecognizedClientException")
        statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="tells", PolicyName="p", PolicyDocument=document)
        assert call(api, keys, me) == (403, "AccessDeniedException")


def test_boto3_in_this_process_is_trusted(api, ana):
    tells = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=api.url.replace("wss", "https", 1),
        aws_access_key_id=ana[0],
        aws_secret_access_key="guessed",
    )
    with connect(api.url) as ws:
        tells.post_to_connection(ConnectionId=connection_id(ws), Data=b"hello")
        assert ws.recv(timeout=10) == "hello"
