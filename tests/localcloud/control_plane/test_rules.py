"""Each refusal of AWS, with its class, its status and its words."""

import pytest

WEBSOCKET = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:probe"
INVOCATIONS = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
STATUS = {"BadRequestException": 400, "NotFoundException": 404, "ConflictException": 409}
BAD, NONE, TWICE = STATUS


def route(**fields):
    return "create_route", {"RouteKey": "later", **fields}


def integration(**fields):
    return "create_integration", {"IntegrationType": "MOCK", **fields}


def stage(**fields):
    return "create_stage", {"StageName": "dev", **fields}


def authorizer(**fields):
    return "create_authorizer", {
        "Name": "door",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": INVOCATIONS,
        "IdentitySource": ["route.request.querystring.token"],
        **fields,
    }


REFUSALS = [
    # routes
    (route(RouteKey="echo"), TWICE, "Route with key echo already exists for this API"),
    (route(RouteKey="$mine"), BAD, "The provided route key is not formatted properly"),
    (route(Target="integrations/nope"), NONE, "Invalid Integration identifier specified nope"),
    (route(Target="lambda:f"), BAD,
     "Unexpected or malformed target in route. Correct format should be integrations/<integration_id>."),
    (route(RouteKey="$disconnect", AuthorizationType="AWS_IAM"), BAD,
     "Currently, authorization is restricted to the $connect route only"),
    (route(AuthorizationType="JWT"), BAD,
     "Currently, JWT authorization type is restricted to APIs with a protocol type of HTTP"),
    (route(AuthorizationScopes=["chat"]), BAD,
     "Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type"),
    (route(RouteResponseSelectionExpression="$request.body.x"), BAD,
     "only $default is supported as a RouteResponseSelectionExpression."),
    (route(RouteKey=""), BAD, "The provided route key is not formatted properly"),
    (route(AuthorizationType="MAYBE"), BAD, "Invalid authorizationType specified. Must be one of [NONE, AWS_IAM, "),
    (route(OperationName="x" * 65), BAD, "Invalid operationName specified. Its length must be between 1 and 64."),
    (route(RequestParameters={"token": {"Required": True}}), BAD, "Invalid RequestParameters key specified: token."),
    # integrations
    (integration(TimeoutInMillis=29_001), BAD, "Timeout should be between 50 ms and 29000 ms"),
    (integration(IntegrationType="AWS_PROXY"), BAD,
     "Invalid integration URI specified. IntegrationUri should look like arn:aws:apigateway:"),
    (integration(IntegrationType="AWS_PROXY", IntegrationUri="not-an-arn"), BAD,
     "Invalid integration URI specified"),
    (integration(IntegrationType="AWS", IntegrationUri=FUNCTION), BAD, "Invalid integration URI specified"),
    (integration(IntegrationType="HTTP", IntegrationUri="ftp://x.example"), BAD,
     "Invalid integration URI specified"),
    (integration(IntegrationType="HTTP_PROXY"), BAD, "Invalid integration URI specified"),
    (integration(IntegrationType="LAMBDA"), BAD,
     "Invalid integrationType specified. Must be one of [AWS, HTTP, MOCK, HTTP_PROXY, AWS_PROXY]"),
    (integration(PayloadFormatVersion="2.0"), BAD, "Unsupported PayloadFormatVersion: 2.0"),
    (integration(ConnectionType="VPC_LINK"), BAD,
     "ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK"),
    (integration(IntegrationMethod="FETCH"), BAD, "Invalid IntegrationMethod specified: FETCH. Must be one of [GET, "),
    (integration(CredentialsArn="role"), BAD, "Invalid ARN specified in the request: CredentialsArn role"),
    (integration(IntegrationSubtype="SQS-SendMessage"), BAD,
     "IntegrationSubtype is not supported for WEBSOCKET protocol Apis."),
    (integration(TlsConfig={"ServerNameToVerify": "x"}), BAD,
     "TlsConfig is not supported for WEBSOCKET protocol Apis."),
    (integration(ResponseParameters={"200": {"overwrite:header.x": "1"}}), BAD,
     "ResponseParameters is not supported for WEBSOCKET protocol Apis."),
    (integration(RequestParameters={"header.x": "'1'"}), BAD,
     "errors : [Invalid mapping expression specified: header.x]"),
    (integration(RequestParameters={"integration.request.header.x": "connectionId"}), BAD,
     "errors : [Invalid mapping expression specified: connectionId]"),
    (integration(PassthroughBehavior="SOMETIMES"), BAD, "Invalid passthroughBehavior specified. Must be one of ["),
    (integration(ContentHandlingStrategy="CONVERT"), BAD, "Invalid contentHandlingStrategy specified."),
    (integration(Description="x" * 1025), BAD,
     "Invalid description specified. Its length must be between 0 and 1024."),
    # authorizers
    (authorizer(AuthorizerUri=""), BAD, "Invalid authorizerUri specified. Its length must be between 1 and 2048."),
    (authorizer(AuthorizerCredentialsArn="role"), BAD,
     "Invalid ARN specified in the request: AuthorizerCredentialsArn role"),
    (authorizer(JwtConfiguration={"Issuer": "https://x.example"}), BAD,
     "JwtConfiguration cannot be set for WEBSOCKET protocol Apis."),
    (authorizer(Name="x" * 129), BAD, "Invalid name specified. Its length must be between 1 and 128."),
    (authorizer(AuthorizerType="JWT"), BAD,
     "Invalid authorizer type. Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis."),
    (authorizer(AuthorizerResultTtlInSeconds=0), BAD,
     "AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET protocol Apis."),
    (authorizer(EnableSimpleResponses=True), BAD,
     "EnableSimpleResponses cannot be set for WEBSOCKET protocol Apis."),
    (authorizer(IdentitySource=["$request.header.Auth"]), BAD,
     "Invalid request identity source expression: $request.header.Auth."),
    (authorizer(AuthorizerUri=FUNCTION), BAD, f"Invalid Authorizer URI: {FUNCTION}"),
    # models
    (("create_model", {"Name": "my-model", "Schema": "{}"}), BAD, "Model name must be alphanumeric: my-model"),
    (("create_model", {"Name": "broken", "Schema": "not json"}), BAD, "Invalid model schema specified"),
    (("create_model", {"Name": "list", "Schema": "[]"}), BAD, "Invalid model schema specified"),
    # stages
    (stage(StageName="not ok!"), BAD, "Stage name only allows a-zA-Z0-9_-"),
    (stage(StageName="x" * 129), BAD, "Invalid stageName specified. Its length must be between 1 and 128."),
    (stage(StageName="$default"), BAD, "Invalid StageName: $default is a stage name of HTTP APIs only"),
    (stage(DeploymentId="nope"), NONE, "Invalid Deployment identifier specified nope"),
    (stage(StageVariables={"a-b": "c"}), BAD,
     "Invalid stage variable name: a-b. Please use names with only word characters."),
    (stage(StageVariables={"a": "{}"}), BAD, "Invalid stage variable value of key a"),
    (stage(RouteSettings={"later": {}}), NONE,
     "Unable to find Route by key later within the provided RouteSettings"),
    (stage(DefaultRouteSettings={"LoggingLevel": "LOUD"}), BAD,
     "Invalid defaultRouteSettings.loggingLevel specified."),
    (stage(AccessLogSettings={"DestinationArn": "arn:aws:logs:x:1:log-group:l", "Format": "$context.status"}), BAD,
     "Access Log format must include either $context.requestId or $context.extendedRequestId"),
    (stage(AccessLogSettings={"DestinationArn": "arn:aws:logs:x:1:log-group:l"}), BAD,
     "AccessLogSettings.Format is required"),
    (stage(AccessLogSettings={"Format": "$context.requestId"}), BAD, "AccessLogSettings.DestinationArn is required"),
    (stage(AccessLogSettings={"DestinationArn": "/my/group", "Format": "$context.requestId"}), BAD,
     "Invalid AccessLogSettings.DestinationArn specified: /my/group. A log group is expected"),
    (stage(AccessLogSettings={"DestinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/amazon-apigateway-x",
                              "Format": "$context.requestId"}), BAD, "A log group is expected"),
    (stage(AccessLogSettings={"DestinationArn": "arn:aws:logs:x:1:log-group:l", "Format": "x" * 3073}), BAD,
     "Invalid accessLogSettings.format specified. Its length must be between 1 and 3072."),
    (stage(DefaultRouteSettings={"ThrottlingBurstLimit": -1}), BAD,
     "Invalid ThrottlingBurstLimit specified for DefaultRouteSettings: -1 is below 0"),
    (stage(RouteSettings={"echo": {"ThrottlingRateLimit": -0.5}}), BAD,
     "Invalid ThrottlingRateLimit specified for echo: -0.5 is below 0"),
    (stage(Tags={"k": ""}), BAD, "Invalid tags.k specified. Its length must be between 1 and 1600."),
    (stage(StageVariables={"a": "x" * 2049}), BAD, "Invalid stageVariables.a specified."),
    # deployments and APIs
    (("update_api", {"CredentialsArn": "arn:aws:iam::123456789012:role/r"}), BAD,
     "CredentialsArn is not supported for WEBSOCKET protocol Apis."),
    (("update_api", {"RouteKey": "$default"}), BAD, "RouteKey is not supported for WEBSOCKET protocol Apis."),
    (("update_api", {"Name": "x" * 129}), BAD, "Invalid name specified. Its length must be between 1 and 128."),
    (("update_api", {"IpAddressType": "ipv6"}), BAD, "Invalid ipAddressType specified. Must be one of ["),
    (("create_deployment", {"Description": "x" * 1025}), BAD, "Invalid description specified."),
    (("create_deployment", {"StageName": "nope"}), NONE, "Invalid Stage identifier specified nope"),
    (("update_api", {"RouteSelectionExpression": ""}), BAD, "Invalid routeSelectionExpression"),
    (("update_api", {"Name": ""}), BAD, "Name is required"),
    (("update_api", {"ApiKeySelectionExpression": "$request.body.key"}), BAD,
     "Invalid apiKeySelectionExpression"),
    (("update_api", {"CorsConfiguration": {"AllowOrigins": ["*"]}}), BAD,
     "Cors is not supported for WEBSOCKET protocolType"),
    (("delete_cors_configuration", {}), BAD, "Cors is not supported for WEBSOCKET protocolType"),
    (("reset_authorizers_cache", {"StageName": "dev"}), BAD,
     "ResetAuthorizersCache is not supported for WEBSOCKET protocol Apis."),]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS, ids=[refusal[2][:60] for refusal in REFUSALS])
def test_aws_refuses(gw, api_id, call, error, message):
    operation, fields = call
    with pytest.raises(getattr(gw.exceptions, error)) as refused:
        getattr(gw, operation)(ApiId=api_id, **fields)
    assert message in refused.value.response["Error"]["Message"]
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == STATUS[error]


def test_a_refusal_has_the_same_class_and_words_over_http(either):
    api = either.create_api(**WEBSOCKET)["ApiId"]
    either.create_route(ApiId=api, RouteKey="echo")
    with pytest.raises(either.exceptions.ConflictException, match="Route with key echo already exists for this API"):
        either.create_route(ApiId=api, RouteKey="echo")
    with pytest.raises(either.exceptions.BadRequestException, match="route key is not formatted properly"):
        either.create_route(ApiId=api, RouteKey="$mine")


def test_a_selection_expression_is_required(gw):
    with pytest.raises(gw.exceptions.BadRequestException, match="Invalid routeSelectionExpression"):
        gw.create_api(Name="x", ProtocolType="WEBSOCKET")
    assert gw.get_apis()["Items"] == []


def test_a_refused_change_changes_nothing(gw, api_id, route_ids):
    with pytest.raises(gw.exceptions.ConflictException):
        gw.update_route(ApiId=api_id, RouteId=route_ids["echo"], RouteKey="$connect", OperationName="x")
    assert gw.get_route(ApiId=api_id, RouteId=route_ids["echo"])["RouteKey"] == "echo"
    assert "OperationName" not in gw.get_route(ApiId=api_id, RouteId=route_ids["echo"])


def test_custom_authorization_needs_an_authorizer_of_this_api(gw, api_id, route_ids, authorizer):
    connect = {"ApiId": api_id, "RouteId": route_ids["$connect"], "AuthorizationType": "CUSTOM"}
    for wrong in ({}, {"AuthorizerId": "nope"}):
        with pytest.raises(gw.exceptions.BadRequestException, match="Invalid authorizer ID specified"):
            gw.update_route(**connect, **wrong)
    made = gw.create_authorizer(**authorizer)["AuthorizerId"]
    assert gw.update_route(**connect, AuthorizerId=made)["AuthorizerId"] == made
    with pytest.raises(
        gw.exceptions.ConflictException, match=r"Cannot delete authorizer 'door', is referenced in route: \$connect"
    ):
        gw.delete_authorizer(ApiId=api_id, AuthorizerId=made)
    assert "AuthorizerId" not in gw.update_route(**{**connect, "AuthorizationType": "NONE"})
    gw.delete_authorizer(ApiId=api_id, AuthorizerId=made)


def test_names_are_given_once(gw, api_id, route_ids, integration_id, authorizer):
    route_response = {"ApiId": api_id, "RouteId": route_ids["echo"], "RouteResponseKey": "$default"}
    answer = {"ApiId": api_id, "IntegrationId": integration_id, "IntegrationResponseKey": "/2../"}
    twins = [
        (gw.create_authorizer, authorizer, "BadRequestException", "must be unique. Authorizer door already exists"),
        (gw.create_model, {"ApiId": api_id, "Name": "M", "Schema": "{}"}, "ConflictException", "name M already exists"),
        (gw.create_route_response, route_response, "ConflictException", "already exists for this Route"),
        (gw.create_integration_response, answer, "ConflictException", "already exists for this Integration"),
        (gw.create_stage, {"ApiId": api_id, "StageName": "dev"}, "ConflictException", "Stage already exists"),
    ]  # fmt: skip
    for create, fields, error, message in twins:
        create(**fields)
        with pytest.raises(getattr(gw.exceptions, error), match=message):
            create(**fields)


def test_an_access_log_may_be_changed_half_by_half(gw, api_id):
    dev = {"ApiId": api_id, "StageName": "dev"}
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/chat/access"
    gw.create_stage(**dev, AccessLogSettings={"DestinationArn": group, "Format": "$context.requestId"})
    changed = gw.update_stage(**dev, AccessLogSettings={"Format": "$context.extendedRequestId"})
    assert changed["AccessLogSettings"] == {"DestinationArn": group, "Format": "$context.extendedRequestId"}


def test_an_authorizer_needs_a_function(gw, authorizer):
    del authorizer["AuthorizerUri"]
    with pytest.raises(gw.exceptions.BadRequestException, match="AuthorizerUri is a required field in an Authorizer"):
        gw.create_authorizer(**authorizer)


def test_a_client_certificate_is_not_emulated(gw, api_id):
    with pytest.raises(gw.exceptions.ClientError, match="ClientCertificateId is not emulated locally: leave it out"):
        gw.create_stage(ApiId=api_id, StageName="dev", ClientCertificateId="abc123")


@pytest.mark.parametrize("protocol", ["websocket", "REST", ""])
def test_a_protocol_that_there_is_not(gw, protocol):
    with pytest.raises(gw.exceptions.BadRequestException, match="protocolType"):
        gw.create_api(Name="x", ProtocolType=protocol, RouteSelectionExpression="$request.body.action")


@pytest.mark.parametrize("key", ["/[/", "/(?P<x/", "404", "//", "$connect"])
def test_a_response_key_that_is_no_pattern(gw, api_id, integration_id, key):
    with pytest.raises(gw.exceptions.BadRequestException, match="Invalid IntegrationResponseKey"):
        gw.create_integration_response(ApiId=api_id, IntegrationId=integration_id, IntegrationResponseKey=key)


def test_responses_have_the_keys_aws_allows(gw, api_id, route_ids, integration_id):
    with pytest.raises(gw.exceptions.BadRequestException, match=r"only \$default is supported as a RouteResponseKey"):
        gw.create_route_response(ApiId=api_id, RouteId=route_ids["echo"], RouteResponseKey="200")
    with pytest.raises(gw.exceptions.BadRequestException, match=r"Must be \$default or a /regular expression/"):
        gw.create_integration_response(ApiId=api_id, IntegrationId=integration_id, IntegrationResponseKey="200")


def test_what_is_in_use_stays(gw, api_id, route_ids, integration_id):
    with pytest.raises(gw.exceptions.ConflictException, match="referenced by the following Routes with Ids") as refused:
        gw.delete_integration(ApiId=api_id, IntegrationId=integration_id)
    assert all(route_id in str(refused.value) for route_id in route_ids.values())
    deployment = gw.create_deployment(ApiId=api_id)["DeploymentId"]
    gw.create_stage(ApiId=api_id, StageName="dev", DeploymentId=deployment)
    with pytest.raises(gw.exceptions.BadRequestException, match="Active stages pointing to this deployment"):
        gw.delete_deployment(ApiId=api_id, DeploymentId=deployment)


def test_nothing_cannot_be_deployed(gw):
    api = gw.create_api(**WEBSOCKET)["ApiId"]
    with pytest.raises(
        gw.exceptions.BadRequestException, match="At least one route is required before deploying the Api"
    ):
        gw.create_deployment(ApiId=api)


def test_a_stage_that_deploys_itself_takes_no_deployment(gw, api_id):
    deployment = gw.create_deployment(ApiId=api_id)["DeploymentId"]
    with pytest.raises(gw.exceptions.BadRequestException, match="because AutoDeploy is enabled"):
        gw.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True, DeploymentId=deployment)


@pytest.mark.parametrize(("kind", "quota"), [("Route", 300), ("Integration", 300), ("Stage", 10), ("Authorizer", 10)])
def test_a_quota_is_a_conflict_with_status_429(gw, authorizer, kind, quota):
    api = gw.create_api(**WEBSOCKET)["ApiId"]

    def create(number):
        fields = {
            "Route": {"RouteKey": f"r{number}"},
            "Integration": {"IntegrationType": "MOCK"},
            "Stage": {"StageName": f"s{number}"},
            "Authorizer": {**authorizer, "Name": f"a{number}"},
        }[kind]
        getattr(gw, f"create_{kind.lower()}")(**{**fields, "ApiId": api})

    for number in range(quota):
        create(number)
    with pytest.raises(gw.exceptions.ConflictException, match=f"Maximum number of {kind}s for this API") as refused:
        create(quota)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


@pytest.mark.parametrize(
    "uri",
    [
        INVOCATIONS,
        FUNCTION,
        "${stageVariables.uri}",
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}:${{stageVariables.alias}}/invocations",
    ],
)
def test_a_function_may_be_named_in_these_ways(gw, api_id, uri):
    made = gw.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri)
    assert made["IntegrationUri"] == uri


def test_a_service_and_a_web_address_may_be_called(gw, api_id):
    queue = "arn:aws:apigateway:us-east-1:sqs:path/123456789012/jobs"
    made = gw.create_integration(ApiId=api_id, IntegrationType="AWS", IntegrationUri=queue)
    assert made["IntegrationResponseSelectionExpression"] == "${integration.response.body.errorMessage}"
    made = gw.create_integration(
        ApiId=api_id, IntegrationType="HTTP_PROXY", IntegrationUri="http://127.0.0.1:9/${stageVariables.x}"
    )
    assert "IntegrationResponseSelectionExpression" not in made
