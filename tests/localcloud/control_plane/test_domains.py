"""Custom domains and API mappings, as the control plane keeps them."""

import re

import pytest
from botocore.exceptions import ClientError

from upgrade101.localcloud.control_plane import domains
from upgrade101.localcloud.control_plane.deployments import Definitions

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
NAME = "ws.example.com"


@pytest.fixture
def stage(gw, api_id):
    gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)
    return {"ApiId": api_id, "Stage": "dev"}


@pytest.fixture
def domain(gw):
    return gw.create_domain_name(DomainName=NAME, DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}])


def mapping_of(gw, stage, key=""):
    return gw.create_api_mapping(DomainName=NAME, ApiMappingKey=key, **stage)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_domain_is_shown_as_on_aws(either):
    made = either.create_domain_name(
        DomainName=NAME, DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}], Tags={"team": "chat"}
    )
    (configuration,) = made["DomainNameConfigurations"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["DomainName"], made["ApiMappingSelectionExpression"]) == (NAME, "$request.basepath")
    assert (made["RoutingMode"], made["Tags"]) == ("API_MAPPING_ONLY", {"team": "chat"})
    assert made["DomainNameArn"] == f"arn:aws:apigateway:us-east-1::/domainnames/{NAME}"
    assert re.fullmatch(
        r"d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com", configuration["ApiGatewayDomainName"]
    )
    assert configuration["CertificateArn"] == CERTIFICATE
    settings = ("DomainNameStatus", "EndpointType", "IpAddressType", "SecurityPolicy")
    assert [configuration[name] for name in settings] == ["AVAILABLE", "REGIONAL", "ipv4", "TLS_1_2"]
    del made["ResponseMetadata"]
    got = either.get_domain_name(DomainName=NAME)
    assert {name: got[name] for name in made} == made
    assert [each["DomainName"] for each in either.get_domain_names()["Items"]] == [NAME]


def test_a_domain_changes_and_goes(gw, domain, stage):
    mapping_of(gw, stage)
    other = CERTIFICATE.replace("/1", "/2")
    updated = gw.update_domain_name(DomainName=NAME, DomainNameConfigurations=[{"CertificateArn": other}])
    assert updated["DomainNameConfigurations"][0]["CertificateArn"] == other
    gw.delete_domain_name(DomainName=NAME)
    for operation in (gw.get_domain_name, gw.delete_domain_name, gw.get_api_mappings):
        assert refusal(operation, DomainName=NAME) == ("NotFoundException", "Invalid domain name identifier specified")
    assert domains.find(NAME) is None
    gw.create_domain_name(DomainName=NAME, DomainNameConfigurations=[{}])
    assert gw.get_api_mappings(DomainName=NAME)["Items"] == []


def test_domains_go_with_motos_data(gw, domain, stage):
    from moto.apigatewayv2.models import apigatewayv2_backends

    mapping_of(gw, stage)
    apigatewayv2_backends["123456789012"]["us-east-1"].reset()
    assert domains.find(NAME) is None


def test_mappings_come_and_change_and_go(either):
    api_id = either.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a")["ApiId"]
    either.create_route(ApiId=api_id, RouteKey="$default")
    for name in ("dev", "prod"):
        either.create_stage(ApiId=api_id, StageName=name, AutoDeploy=True)
    either.create_domain_name(DomainName=NAME, DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}])
    root = either.create_api_mapping(DomainName=NAME, ApiId=api_id, Stage="prod")
    made = either.create_api_mapping(DomainName=NAME, ApiId=api_id, Stage="dev", ApiMappingKey="chat")
    assert (root["ApiMappingKey"], made["ApiMappingKey"]) == ("", "chat")
    assert Definitions().domain(NAME) == {"": (api_id, "prod"), "chat": (api_id, "dev")}
    one = {"DomainName": NAME, "ApiMappingId": made["ApiMappingId"]}
    moved = either.update_api_mapping(**one, ApiId=api_id, Stage="prod")
    assert (moved["ApiMappingKey"], moved["Stage"]) == ("chat", "prod")
    renamed = either.update_api_mapping(**one, ApiId=api_id, ApiMappingKey="talk")
    assert (renamed["ApiMappingKey"], renamed["Stage"]) == ("talk", "prod")
    assert either.get_api_mapping(**one)["ApiMappingKey"] == "talk"
    assert [each["ApiMappingKey"] for each in either.get_api_mappings(DomainName=NAME)["Items"]] == ["", "talk"]
    either.delete_api_mapping(**one)
    assert refusal(either.get_api_mapping, **one)[0] == "NotFoundException"
    assert Definitions().domain(NAME) == {"": (api_id, "prod")}


def test_lists_have_pages(gw):
    for letter in "abc":
        gw.create_domain_name(DomainName=f"{letter}.example.com", DomainNameConfigurations=[{}])
    first = gw.get_domain_names(MaxResults="2")
    second = gw.get_domain_names(MaxResults="2", NextToken=first["NextToken"])
    names = [each["DomainName"] for each in first["Items"] + second["Items"]]
    assert names == ["a.example.com", "b.example.com", "c.example.com"]
    assert "NextToken" not in second


def test_a_wildcard_stands_for_one_label(gw, stage):
    gw.create_domain_name(DomainName="*.example.com", DomainNameConfigurations=[{}])
    gw.create_api_mapping(DomainName="*.example.com", **stage)
    assert Definitions().domain("eu.example.com") == {"": (stage["ApiId"], "dev")}
    assert Definitions().domain("a.b.example.com") is None
    assert Definitions().domain("example.com") is None


@pytest.mark.parametrize(
    "given, code, message",
    [
        ({"DomainName": "WS.example.com"}, "BadRequest", "Invalid domainName WS.example.com: lower-case letters, "),
        ({"DomainName": "ws_1.example.com"}, "BadRequest", "Invalid domainName ws_1.example.com"),
        ({"DomainName": "localhost"}, "BadRequest", "Invalid domainName localhost"),
        ({"DomainName": "x" * 513}, "BadRequest", "Invalid domainName specified. Its length must be between 1 and 512"),
        ({"DomainNameConfigurations": []}, "BadRequest", "Invalid input. Expected one domain name configuration"),
        ({"DomainNameConfigurations": [{}, {}]}, "BadRequest", "Invalid input. Expected one domain name configuration"),
        (
            {"DomainNameConfigurations": [{"EndpointType": "EDGE"}]},
            "BadRequest",
            "EDGE endpoint type is not supported for APIGatewayV2 domainName",
        ),
        (
            {"DomainNameConfigurations": [{"SecurityPolicy": "TLS_1_0"}]},
            "BadRequest",
            "Only REGIONAL domain names with a security policy of TLS 1.2 can be managed",
        ),
        (
            {"DomainNameConfigurations": [{"CertificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")}]},
            "BadRequest",
            "Invalid certificate ARN: arn:aws:acm:eu-west-1:123456789012:certificate/1. Certificate must be in",
        ),
        (
            {"MutualTlsAuthentication": {"TruststoreUri": "s3://b/k"}},
            "NotImplemented",
            "MutualTlsAuthentication is not emulated locally: leave it out",
        ),
        (
            {"RoutingMode": "ROUTING_RULE_ONLY"},
            "NotImplemented",
            "RoutingMode ROUTING_RULE_ONLY is not emulated locally",
        ),
    ],
)
def test_domains_that_aws_or_we_refuse(either, given, code, message):
    whole = {"DomainName": NAME, "DomainNameConfigurations": [{}]} | given
    answered = refusal(either.create_domain_name, **whole)
    assert answered[0] == f"{code}Exception"
    assert answered[1].startswith(message)
    assert either.get_domain_names()["Items"] == []


def test_a_name_is_taken_once(gw, domain):
    again = refusal(gw.create_domain_name, DomainName=NAME, DomainNameConfigurations=[{}])
    assert again == ("BadRequestException", "The domain name you provided already exists.")


@pytest.mark.parametrize(
    "given, code, message",
    [
        ({"ApiId": "zzzzzzzzzz"}, "BadRequest", "Invalid API identifier specified 123456789012:zzzzzzzzzz"),
        ({"Stage": "nowhere"}, "BadRequest", "Invalid stage identifier specified nowhere"),
        ({"ApiMappingKey": "/chat"}, "BadRequest", "API mapping key should not start or end with a '/'"),
        ({"ApiMappingKey": "chat/"}, "BadRequest", "API mapping key should not start or end with a '/'"),
        ({"ApiMappingKey": "a//b"}, "BadRequest", "API mapping key should not start or end with a '/'"),
        ({"ApiMappingKey": "a b"}, "BadRequest", "An ApiMapping key may contain only letters, numbers and one of"),
        ({"ApiMappingKey": "x" * 301}, "BadRequest", "An ApiMapping key may contain only letters, numbers and one of"),
        ({"ApiMappingKey": "taken"}, "Conflict", "ApiMapping key already exists for this domain name"),
        ({"DomainName": "other.example.com"}, "NotFound", "Invalid domain name identifier specified"),
    ],
)
def test_mappings_that_aws_refuses(gw, domain, stage, given, code, message):
    mapping_of(gw, stage, "taken")
    answered = refusal(gw.create_api_mapping, **({"DomainName": NAME, "ApiMappingKey": "chat", **stage} | given))
    assert answered[0] == f"{code}Exception"
    assert answered[1].startswith(message)


def test_an_update_may_keep_its_key_and_not_take_anothers(gw, domain, stage):
    mapping_of(gw, stage, "taken")
    mine = {"DomainName": NAME, "ApiMappingId": mapping_of(gw, stage)["ApiMappingId"], "ApiId": stage["ApiId"]}
    assert gw.update_api_mapping(**mine, ApiMappingKey="")["ApiMappingKey"] == ""
    assert refusal(gw.update_api_mapping, **mine, ApiMappingKey="taken")[0] == "ConflictException"


def test_websocket_apis_share_a_domain_with_no_others(gw, domain, stage):
    mapping_of(gw, stage)
    http = gw.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    gw.create_stage(ApiId=http, StageName="dev")
    code, message = refusal(gw.create_api_mapping, DomainName=NAME, ApiId=http, Stage="dev", ApiMappingKey="http")
    assert code == "BadRequestException"
    assert "WebSocket APIs can only be attached to a domain name with other WebSocket APIs" in message


def test_what_is_mapped_is_not_deleted(gw, domain, stage):
    mapping = mapping_of(gw, stage)
    gw.create_stage(ApiId=stage["ApiId"], StageName="unmapped", AutoDeploy=True)
    remedy = "Please remove all API mappings for the API from your custom domain names."
    assert refusal(gw.delete_api, ApiId=stage["ApiId"]) == (
        "BadRequestException",
        f"Deleting API {stage['ApiId']} failed. {remedy}",
    )
    code, message = refusal(gw.delete_stage, ApiId=stage["ApiId"], StageName="dev")
    assert (code, message[:26]) == ("BadRequestException", "Deleting stage dev failed.")
    gw.delete_stage(ApiId=stage["ApiId"], StageName="unmapped")
    gw.delete_api_mapping(DomainName=NAME, ApiMappingId=mapping["ApiMappingId"])
    gw.delete_api(ApiId=stage["ApiId"])


def test_routing_rules_are_not_emulated(gw, domain):
    code, message = refusal(gw.list_routing_rules, DomainName=NAME)
    assert code == "NotImplementedException"
    assert message.startswith("ListRoutingRules is not emulated locally: use create_api_mapping")
