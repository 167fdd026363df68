"""How changes, pages and the settings of a stage behave."""

import pytest

HEADER = "integration.request.header."
QUEUE = "arn:aws:apigateway:us-east-1:sqs:path/123456789012/jobs"


def test_an_empty_string_clears_a_field(gw, api_id, route_ids):
    echo = {"ApiId": api_id, "RouteId": route_ids["echo"]}
    gw.update_route(**echo, OperationName="Echo", RouteResponseSelectionExpression="$default")
    changed = gw.update_route(**echo, Target="", OperationName="", RouteResponseSelectionExpression="")
    assert set(changed) - {"ResponseMetadata"} == {"ApiKeyRequired", "AuthorizationType", "RouteId", "RouteKey"}


def test_what_an_update_does_not_name_stays(gw, api_id, integration_id):
    changed = gw.update_integration(ApiId=api_id, IntegrationId=integration_id, TimeoutInMillis=100)
    assert changed["TimeoutInMillis"] == 100
    assert changed["IntegrationType"] == "MOCK"


def test_maps_are_changed_key_by_key(gw, api_id, integration_id):
    integration = {"ApiId": api_id, "IntegrationId": integration_id}
    gw.update_integration(
        **integration, RequestParameters={HEADER + "a": "'1'", HEADER + "b": "'2'"}, RequestTemplates={"$default": "x"}
    )
    changed = gw.update_integration(
        **integration, RequestParameters={HEADER + "a": "", HEADER + "c": "'3'"}, RequestTemplates={"one": ""}
    )
    assert changed["RequestParameters"] == {HEADER + "b": "'2'", HEADER + "c": "'3'"}
    assert changed["RequestTemplates"] == {"$default": "x", "one": ""}


def test_what_an_integration_answers_is_compared_with_follows_its_type(gw, api_id, integration_id):
    integration = {"ApiId": api_id, "IntegrationId": integration_id}
    changed = gw.update_integration(**integration, IntegrationType="AWS", IntegrationUri=QUEUE)
    assert changed["IntegrationResponseSelectionExpression"] == "${integration.response.body.errorMessage}"


def test_an_authorizer_on_a_route_that_asks_none_is_not_kept(gw, api_id, authorizer):
    made = gw.create_authorizer(**authorizer)["AuthorizerId"]
    assert "AuthorizerId" not in gw.create_route(ApiId=api_id, RouteKey="x", AuthorizerId=made)


def test_a_request_parameter_is_deleted_by_name(gw, api_id, route_ids):
    connect = {"ApiId": api_id, "RouteId": route_ids["$connect"]}
    needed = {"route.request.querystring.token": {"Required": True}, "route.request.header.Auth": {"Required": False}}
    gw.update_route(**connect, RequestParameters=needed)
    gw.delete_route_request_parameter(**connect, RequestParameterKey="route.request.header.Auth")
    assert list(gw.get_route(**connect)["RequestParameters"]) == ["route.request.querystring.token"]
    with pytest.raises(gw.exceptions.NotFoundException):
        gw.delete_route_request_parameter(**connect, RequestParameterKey="route.request.header.Auth")


def test_a_route_takes_its_responses_with_it(gw, api_id, route_ids):
    gw.create_route_response(ApiId=api_id, RouteId=route_ids["echo"], RouteResponseKey="$default")
    gw.delete_route(ApiId=api_id, RouteId=route_ids["echo"])
    with pytest.raises(gw.exceptions.NotFoundException):
        gw.get_route_responses(ApiId=api_id, RouteId=route_ids["echo"])


def test_the_settings_of_a_stage_are_laid_over_each_other(gw, api_id):
    dev = {"ApiId": api_id, "StageName": "dev"}
    gw.create_stage(**dev, StageVariables={"table": "rows", "mode": "slow"}, Description="for trying")
    changed = gw.update_stage(
        **dev,
        Description="",
        StageVariables={"mode": "fast"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5},
        RouteSettings={"echo": {"ThrottlingRateLimit": 1.5}},
    )
    assert changed["Description"] == "for trying"  # AWS ignores '' here
    assert changed["StageVariables"] == {"table": "rows", "mode": "fast"}
    assert changed["DefaultRouteSettings"]["LoggingLevel"] == "OFF"
    assert changed["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 5
    assert changed["RouteSettings"] == {"echo": {"ThrottlingRateLimit": 1.5}}


def test_the_settings_of_one_route_and_the_access_log_are_deleted_by_name(either):
    api = either.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    either.create_route(ApiId=api, RouteKey="$default")
    either.create_route(ApiId=api, RouteKey="chat/join")
    dev = {"ApiId": api, "StageName": "dev"}
    access_log = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:log", "Format": "$context.requestId"}
    slow = {"ThrottlingBurstLimit": 1}
    either.create_stage(**dev, RouteSettings={"$default": slow, "chat/join": slow}, AccessLogSettings=access_log)
    for key in ("$default", "chat/join"):
        either.delete_route_settings(**dev, RouteKey=key)
    either.delete_access_log_settings(**dev)
    stage = either.get_stage(**dev)
    assert stage["RouteSettings"] == {}
    assert "AccessLogSettings" not in stage
    with pytest.raises(either.exceptions.NotFoundException, match=r"Unable to find Route by key \$default"):
        either.delete_route_settings(**dev, RouteKey="$default")


def test_a_page_holds_25_things_and_boto3_turns_the_pages(either):
    api = either.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    keys = [f"r{number}" for number in range(60)]
    for key in keys:
        either.create_route(ApiId=api, RouteKey=key)
    assert len(either.get_routes(ApiId=api)["Items"]) == 25
    pages = either.get_paginator("get_routes").paginate(ApiId=api)
    assert [route["RouteKey"] for page in pages for route in page["Items"]] == keys


def test_things_may_be_deleted_between_two_pages(gw, api_id):
    for number in range(8):
        gw.create_model(ApiId=api_id, Name=f"M{number}", Schema="{}")
    for page in gw.get_paginator("get_models").paginate(ApiId=api_id, PaginationConfig={"PageSize": 3}):
        for model in page["Items"]:
            gw.delete_model(ApiId=api_id, ModelId=model["ModelId"])
    assert gw.get_models(ApiId=api_id)["Items"] == []


def test_the_token_of_another_list_is_refused(gw, api_id):
    token = gw.get_routes(ApiId=api_id, MaxResults="1")["NextToken"]
    for call in (gw.get_integrations, gw.get_stages):
        with pytest.raises(gw.exceptions.BadRequestException, match="Invalid nextToken"):
            call(ApiId=api_id, NextToken=token)
