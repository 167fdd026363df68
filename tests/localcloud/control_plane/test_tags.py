"""Tags of APIs, stages and domains."""

import pytest

NOWHERE = "arn:aws:apigateway:us-east-1::/apis/zzzzzzzzzz"


@pytest.fixture
def arns(gw, api_id):
    gw.create_stage(ApiId=api_id, StageName="dev")
    domain = gw.create_domain_name(DomainName="ws.example.com", DomainNameConfigurations=[{}])
    api = f"arn:aws:apigateway:us-east-1::/apis/{api_id}"
    return [api, f"{api}/stages/dev", domain["DomainNameArn"]]


def test_tags_come_and_go(gw, arns):
    for arn in arns:
        answer = gw.tag_resource(ResourceArn=arn, Tags={"team": "chat", "tier": "gold", "old": "x"})
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
        gw.untag_resource(ResourceArn=arn, TagKeys=["old", "tier"])
        assert gw.get_tags(ResourceArn=arn)["Tags"] == {"team": "chat"}


def test_tags_over_http(either):
    api = either.create_api(
        Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a", Tags={"a": "1"}
    )
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api['ApiId']}"
    either.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    assert (
        either.get_tags(ResourceArn=arn)["Tags"] == either.get_api(ApiId=api["ApiId"])["Tags"] == {"a": "1", "b": "2"}
    )


def test_http_apis_have_tags_too(gw):
    api_id = gw.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api_id}"
    gw.tag_resource(ResourceArn=arn, Tags={"a": "1"})
    assert gw.get_tags(ResourceArn=arn)["Tags"] == {"a": "1"}


@pytest.mark.parametrize("suffix, error", [("", "NotFound"), ("/stages/dev", "NotFound"), ("/routes/r", "BadRequest")])
def test_an_arn_that_leads_nowhere(gw, suffix, error):
    for operation, fields in ((gw.get_tags, {}), (gw.tag_resource, {"Tags": {}}), (gw.untag_resource, {"TagKeys": []})):
        with pytest.raises(getattr(gw.exceptions, f"{error}Exception"), match="zzzzzzzzzz"):
            operation(ResourceArn=NOWHERE + suffix, **fields)


def test_a_stage_that_leads_nowhere(gw, arns):
    with pytest.raises(gw.exceptions.NotFoundException, match="Invalid Stage identifier specified nope"):
        gw.get_tags(ResourceArn=f"{arns[0]}/stages/nope")


@pytest.mark.parametrize("tags", [{"aws:x": "1"}, {"k" * 129: "1"}, {str(number): "x" for number in range(51)}])
def test_tags_that_aws_refuses(gw, arns, tags):
    for arn in arns:
        with pytest.raises(gw.exceptions.BadRequestException, match="tag"):
            gw.tag_resource(ResourceArn=arn, Tags=tags)
        assert gw.get_tags(ResourceArn=arn)["Tags"] == {}
