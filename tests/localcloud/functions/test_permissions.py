"""Who may invoke a function: the resource policy, read as IAM reads it, and as API Gateway's clients feel it."""

import logging

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus

from upgrade101.localcloud.functions import permissions
from upgrade101.localcloud.functions.permissions import Permissions, may_invoke

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:chat"
CONNECT = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/$connect"
API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"


def statement(**settings):
    return {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        **settings,
    }


def source(pattern, operator="ArnLike"):
    return statement(Condition={operator: {"AWS:SourceArn": pattern}})


# ── reading a policy ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_allowed_by_no_statement():
    assert not may_invoke([], FUNCTION, CONNECT)


@pytest.mark.parametrize(
    "principal",
    [
        {"Service": "apigateway.amazonaws.com"},
        {"Service": ["lambda.amazonaws.com", "apigateway.amazonaws.com"]},
        "*",
        {"AWS": "*"},
    ],
)
def test_these_principals_mean_api_gateway(principal):
    assert may_invoke([statement(Principal=principal)], FUNCTION, CONNECT)


@pytest.mark.parametrize(
    "principal",
    [
        {"Service": "s3.amazonaws.com"},
        "123456789012",
        {"AWS": "arn:aws:iam::123456789012:root"},
        {},
        None,
        {"Service": 7},
    ],
)
def test_these_principals_are_others(principal):
    assert not may_invoke([statement(Principal=principal)], FUNCTION, CONNECT)


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("lambda:InvokeFunction", True),
        ("lambda:invokefunction", True),
        ("lambda:*", True),
        ("*", True),
        (["lambda:GetFunction", "lambda:Invoke*"], True),
        ("lambda:InvokeFunctionUrl", False),
        ("lambda:GetFunction", False),
        (None, False),
    ],
)
def test_the_action_has_to_be_invoking(action, allowed):
    assert may_invoke([statement(Action=action)], FUNCTION, CONNECT) is allowed


@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals", "StringLike"])
@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (f"{API}/dev/$connect", True),
        (f"{API}/*/$connect", True),
        (f"{API}/*", True),
        (f"{API}/*$connect", True),  # as CDK writes it
        (f"{API}/*/*connect", True),
        (f"{API}/d?v/$connect", True),
        (f"{API}/prod/$connect", False),
        (f"{API}/*/$disconnect", False),
        (f"{API}/*/$Connect", False),
        (f"{API[:-1]}x/*", False),
        (f"{API}/authorizers/*", False),
        (f"{API}/dev/.connect", False),  # a dot is a dot
    ],
)
def test_the_source_has_to_fit(operator, pattern, allowed):
    assert may_invoke([source(pattern, operator)], FUNCTION, CONNECT) is allowed


def test_an_arns_wildcard_stays_between_its_colons_and_a_strings_does_not():
    everywhere = "arn:aws:execute-api:*/$connect"
    assert not may_invoke([source(everywhere)], FUNCTION, CONNECT)
    assert may_invoke([source(everywhere, "StringLike")], FUNCTION, CONNECT)
    assert may_invoke([source("arn:aws:execute-api:*:*:*/$connect")], FUNCTION, CONNECT)


def test_a_string_that_must_be_equal_knows_no_wildcards():
    assert may_invoke([source(CONNECT, "StringEquals")], FUNCTION, CONNECT)
    assert not may_invoke([source(f"{API}/*", "StringEquals")], FUNCTION, CONNECT)
    assert may_invoke([source(CONNECT.upper(), "StringEqualsIgnoreCase")], FUNCTION, CONNECT)


def test_one_of_several_sources_is_enough():
    assert may_invoke([source([f"{API}/*/$disconnect", f"{API}/*/$connect"])], FUNCTION, CONNECT)


def test_all_conditions_must_hold():
    both = {"ArnLike": {"AWS:SourceArn": f"{API}/*"}, "StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert may_invoke([statement(Condition=both)], FUNCTION, CONNECT)
    both["StringEquals"]["aws:SourceAccount"] = "999999999999"
    assert not may_invoke([statement(Condition=both)], FUNCTION, CONNECT)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringNotEquals": {"AWS:SourceAccount": "999999999999"}}, True),
        ({"ArnNotLike": {"AWS:SourceArn": f"{API}/*"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, False),  # API Gateway belongs to no organisation
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),  # not known here
    ],
)
def test_other_conditions(condition, allowed):
    assert may_invoke([statement(Condition=condition)], FUNCTION, CONNECT) is allowed


def test_a_denial_beats_every_permission():
    denial = {**source(f"{API}/*/$connect"), "Effect": "Deny", "Sid": "no-connects"}
    assert not may_invoke([statement(), denial], FUNCTION, CONNECT)
    assert may_invoke([statement(), denial], FUNCTION, f"{API}/dev/say")
    assert "remove_permission(StatementId='no-connects')" in permissions.explain(
        [statement(), denial], FUNCTION, CONNECT
    )


def test_an_alias_has_a_policy_of_its_own_and_latest_has_none():
    live = statement(Resource=f"{FUNCTION}:live")
    assert may_invoke([live], f"{FUNCTION}:live", CONNECT)
    assert not may_invoke([live], FUNCTION, CONNECT)
    assert not may_invoke([statement()], f"{FUNCTION}:live", CONNECT)
    assert may_invoke([statement()], f"{FUNCTION}:$LATEST", CONNECT)


# ── what to do about it ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_call_that_helps_is_spelled_out():
    said = permissions.explain([], f"{FUNCTION}:live", CONNECT)
    assert said.endswith(
        'boto3.client("lambda", "us-east-1").add_permission(FunctionName="chat", Qualifier="live", '
        'StatementId="a1b2c3d4e5-connect", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com", '
        'SourceArn="arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*/$connect")'
    )
    assert 'SourceArn="' + API + '/authorizers/x1y2z3"' in permissions.grant(FUNCTION, f"{API}/authorizers/x1y2z3")
    assert 'SourceArn="' + API + '/*/GET/items/*"' in permissions.grant(FUNCTION, f"{API}/dev/GET/items/{{id}}")


class Kept:
    """A policy that counts how often it is read."""

    def __init__(self, *statements):
        self.revision, self.reads, self._statements = "r1", 0, list(statements)

    @property
    def statements(self):
        self.reads += 1
        return self._statements


def test_a_verdict_is_found_once_and_again_when_the_policy_changes():
    known, policy = Permissions(), Kept(statement())
    assert known.complaint(policy, FUNCTION, CONNECT) == ""
    first = policy.reads
    assert known.complaint(policy, FUNCTION, CONNECT) == ""
    assert policy.reads == first + 1  # its length alone
    policy.statements.clear()  # moto keeps the revision where a statement goes
    assert known.complaint(policy, FUNCTION, CONNECT)
    policy.statements.append(statement())
    policy.revision = "r2"
    assert not known.complaint(policy, FUNCTION, CONNECT)
    assert known.complaint(Kept(), FUNCTION, CONNECT)  # another function of that name


def test_what_is_known_does_not_grow_for_ever():
    known, policy = Permissions(), Kept(statement())
    for number in range(permissions._MOST_KNOWN + 10):
        known.complaint(policy, FUNCTION, f"{API}/dev/{number}")
    assert len(known._known) <= permissions._MOST_KNOWN


# ── as clients feel it ───────────────────────────────────────────────────────────────────────────────────────────────

SAYS = """
def handler(event, context):
    if event.get("type") == "REQUEST":
        everything = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        return {"principalId": "ana", "policyDocument": {"Version": "2012-10-17", "Statement": [everything]}}
    return {"statusCode": 200, "body": f"heard {event.get('body')}"}
"""


@pytest.fixture
def chat(house):
    """An API with one function behind its routes, which API Gateway may not invoke."""
    arn = house.create(SAYS, permitted=False)
    return house.api({"$connect": arn, "$disconnect": arn, "say": arn}, two_way=("say",))


def grant(house, said):
    """Make the very call that a message proposes."""
    call = said.partition("→ ")[2]
    return eval(call, {"boto3": house})


def test_without_a_permission_nobody_connects_and_the_log_says_how_to_grant_it(house, chat, caplog):
    with caplog.at_level(logging.WARNING, "upgrade101.functions"), pytest.raises(InvalidStatus) as refused:
        house.connect(chat)
    assert refused.value.response.status_code == 500
    assert house.streams("chat") == []
    (said,) = caplog.messages
    grant(house, said)
    with house.connect(chat) as ws:
        caplog.clear()
        frame = house.ask(ws, "say")
        assert frame["message"] == "Internal server error"
        grant(house, caplog.messages[-1])
        assert house.text(ws, "say") == 'heard {"action": "say"}'


def test_a_permission_taken_away_is_missed_at_once(house, chat):
    house.permit("chat", "all")
    with house.connect(chat) as ws:
        assert house.text(ws, "say")
        house.aws("lambda").remove_permission(FunctionName="chat", StatementId="all")
        assert house.ask(ws, "say")["message"] == "Internal server error"
        house.permit("chat", "say", SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{chat}/dev/say")
        assert house.text(ws, "say")


def test_the_permission_of_another_route_does_not_count(house, chat):
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{chat}"
    house.permit("chat", "connect", SourceArn=f"{arn}/*/$connect", SourceAccount="123456789012")
    with house.connect(chat) as ws:
        assert house.ask(ws, "say")["message"] == "Internal server error"


def test_the_authorizer_needs_one_too(house):
    backend = house.create(SAYS)
    door = house.create(SAYS, "door", permitted=False)
    api = house.api({"$connect": backend}, authorizer={"AuthorizerUri": house.uri(door)})
    with pytest.raises(InvalidStatus) as refused:
        house.connect(api)
    assert refused.value.response.status_code == 500
    house.permit("door", "door", SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/authorizers/*")
    house.connect(api).close()


def test_a_role_takes_the_place_of_the_permission(house, caplog):
    arn = house.create(SAYS, permitted=False)
    api = house.api({"$connect": arn}, CredentialsArn=house.role)
    house.connect(api).close()
    authorized = house.api(
        {"$connect": arn},
        authorizer={"AuthorizerUri": house.uri(arn), "AuthorizerCredentialsArn": house.role},
        CredentialsArn=house.role,
    )
    house.connect(authorized).close()
    nobody = house.api({"$connect": arn}, CredentialsArn="arn:aws:iam::123456789012:role/nobody")
    with pytest.raises(InvalidStatus) as refused:
        house.connect(nobody)
    assert refused.value.response.status_code == 500
    assert "there is no role arn:aws:iam::123456789012:role/nobody" in caplog.messages[-1]


def test_an_alias_needs_its_own(house):
    house.create(SAYS)
    functions = house.aws("lambda")
    functions.publish_version(FunctionName="chat")
    live = functions.create_alias(FunctionName="chat", Name="live", FunctionVersion="1")["AliasArn"]
    api = house.api({"$connect": live})
    with pytest.raises(InvalidStatus):
        house.connect(api)
    house.permit("chat:live", "of-the-alias")  # the qualifier may stand in the name
    house.connect(api).close()
    functions.remove_permission(FunctionName="chat", StatementId="of-the-alias", Qualifier="live")
    house.permit("chat", "again", Qualifier="live")
    house.connect(api).close()


def test_a_rest_method_needs_one_too(house, caplog):
    arn = house.create(SAYS, permitted=False)
    url = house.rest("GET", "items/{id}", arn)
    assert house.get(f"{url}/items/7") == (500, '{"message": "Internal server error"}')
    grant(house, caplog.messages[-1])
    assert house.get(f"{url}/items/7")[0] == 200


def test_boto3s_own_invoke_needs_none(house):
    house.create("def handler(event, context): return 7", permitted=False)
    assert house.aws("lambda").invoke(FunctionName="chat")["Payload"].read() == b"7"


def test_a_statement_id_is_taken_once(house):
    house.create(SAYS)
    house.permit("chat", "twice")
    with pytest.raises(ClientError) as conflict:
        house.permit("chat", "twice")
    assert conflict.value.response["Error"]["Code"] == "ResourceConflictException"
    assert "The statement id (twice) provided already exists" in str(conflict.value)
    house.aws("lambda").publish_version(FunctionName="chat")
    house.permit("chat", "twice", Qualifier="1")  # another policy
    with pytest.raises(ClientError, match="do not support adding policies for"):
        house.permit("chat", "latest", Qualifier="$LATEST")


def test_cloudformation_may_name_an_alias(house):
    house.create(SAYS)
    functions = house.aws("lambda")
    functions.publish_version(FunctionName="chat")
    live = functions.create_alias(FunctionName="chat", Name="live", FunctionVersion="1")["AliasArn"]
    properties = {"FunctionName": live, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    house.stack({"Permission": {"Type": "AWS::Lambda::Permission", "Properties": properties}})
    house.connect(house.api({"$connect": live})).close()


def test_moto_gets_its_own_way_back(house):
    stock = boto3.client("lambda")
    house.create(SAYS, permitted=False)
    house.cloud.functions.uninstall()
    try:
        for _ in range(2):
            stock.add_permission(
                FunctionName="chat",
                StatementId="s",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
            )
    finally:
        house.cloud.functions.install()
