"""CloudWatch, asked by boto3 about WebSocket APIs that ran a moment ago."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from localcloud_handlers import one
from moto.cloudwatch.models import Dimension
from websockets.exceptions import InvalidStatus

from upgrade101 import cloud, connect, websocket_api
from upgrade101.localcloud.monitoring.watch import _destination

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/chat/access"
FORMAT = '{"type":"$context.eventType","key":"$context.routeKey","status":$context.status,"id":"$context.requestId"}'
MOCK = {"IntegrationType": "MOCK", "RequestTemplates": {"$default": '{"statusCode": 200}'}}


@pytest.fixture
def started(capsys):
    cloud.start(quiet=True)
    yield boto3.client("apigatewayv2")
    cloud.stop()


@pytest.fixture
def api(started):
    return websocket_api("watched", {"$connect": one, "$default": one, "$disconnect": one}, two_way=("$default",))


def configure(started, api, **settings):
    started.update_stage(ApiId=api.api_id, StageName="dev", **settings)


def talk(api, *texts):
    with connect(api.url) as ws:
        for text in texts:
            ws.send(text)
            ws.recv(timeout=10)
    assert cloud.settle()


def logged(group):
    return [event["message"] for event in boto3.client("logs").filter_log_events(logGroupName=group)["events"]]


def metric(name, period=60, stat="Sum", **dimensions):
    now = datetime.now(UTC)
    asked = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=name,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(seconds=1),
        Period=period,
        Statistics=[stat],
    )
    return sum(point[stat] for point in asked["Datapoints"])


def test_an_access_log_has_a_line_per_request_as_soon_as_it_is_asked_for(started, api):
    configure(started, api, AccessLogSettings={"DestinationArn": GROUP, "Format": FORMAT})
    talk(api, "hello", "again")
    lines = [json.loads(line) for line in logged("/chat/access")]
    assert [(line["type"], line["key"], line["status"]) for line in lines] == [
        ("CONNECT", "$connect", 200),
        ("MESSAGE", "$default", 200),
        ("MESSAGE", "$default", 200),
        ("DISCONNECT", "$disconnect", 200),
    ]
    assert len({line["id"] for line in lines}) == 4


def test_the_log_ends_with_its_settings(started, api):
    configure(started, api, AccessLogSettings={"DestinationArn": GROUP, "Format": FORMAT})
    talk(api)
    started.delete_access_log_settings(ApiId=api.api_id, StageName="dev")
    talk(api)
    assert len(logged("/chat/access")) == 2


def test_refusals_are_logged_too(started):
    api = websocket_api("refusing", {"$connect": MOCK, "other": MOCK}, two_way=("other",))
    configure(started, api, AccessLogSettings={"DestinationArn": GROUP + ":*", "Format": FORMAT})
    with connect(api.url) as ws:
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10))["message"] == "Forbidden"
    cloud.settle()
    assert [json.loads(line)["status"] for line in logged("/chat/access")] == [200, 403, 200]


def test_an_execution_log_is_at_the_stages_own_group(started, api):
    configure(started, api, DefaultRouteSettings={"LoggingLevel": "INFO"})
    talk(api, "hello")
    lines = logged(f"/aws/apigateway/{api.api_id}/dev")
    assert [line.partition(") ")[2] for line in lines if "WebSocket Request Route" in line] == [
        "WebSocket Request Route: [$connect]",
        "WebSocket Request Route: [$default]",
        "WebSocket Request Route: [$disconnect]",
    ]


def test_metrics_of_an_api_and_its_stages(started, api):
    started.create_stage(ApiId=api.api_id, StageName="other", AutoDeploy=True)
    talk(api, "one", "two")
    with connect(api.url.replace("/dev", "/other")):
        pass
    cloud.settle()
    assert metric("ConnectCount", ApiId=api.api_id) == 2
    assert metric("ConnectCount", ApiId=api.api_id, Stage="dev") == 1
    assert metric("ConnectCount", Stage="other", ApiId=api.api_id) == 1
    assert metric("MessageCount", ApiId=api.api_id) == 4
    assert metric("IntegrationLatency", stat="SampleCount", ApiId=api.api_id, Stage="dev") == 4
    assert 0 < metric("IntegrationLatency", stat="Average", ApiId=api.api_id, Stage="dev") < 10_000
    assert metric("ClientError", ApiId=api.api_id) == 0


def test_a_metric_without_dimensions_is_the_sum_of_all(started, api):
    talk(api, "one", "two")
    assert metric("MessageCount") == 2 * metric("MessageCount", ApiId=api.api_id)  # by API, and by API and stage


def test_metric_data_whatever_the_order_of_dimensions(started, api):
    talk(api, "hello")
    now = datetime.now(UTC)
    pairs = [("ApiId", api.api_id), ("Stage", "dev")]
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ApiGateway",
                    "MetricName": "MessageCount",
                    "Dimensions": [{"Name": name, "Value": value} for name, value in order],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for number, order in enumerate((pairs, pairs[::-1]))
    ]
    answered = boto3.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(minutes=10), EndTime=now + timedelta(minutes=1)
    )
    assert [sum(each["Values"]) for each in answered["MetricDataResults"]] == [2, 2]


def test_routes_have_metrics_where_the_stage_says_so(started, api):
    configure(started, api, DefaultRouteSettings={"DetailedMetricsEnabled": True})
    talk(api, "hello")
    listed = boto3.client("cloudwatch").list_metrics(Namespace="AWS/ApiGateway", MetricName="MessageCount")["Metrics"]
    assert [[each["Name"] for each in one["Dimensions"]] for one in listed] == [
        ["ApiId"],
        ["ApiId", "Stage"],
        ["ApiId", "Stage", "Route"],
    ]
    assert metric("MessageCount", ApiId=api.api_id, Stage="dev", Route="$default") == 1


def test_errors_are_counted(started):
    api = websocket_api("failing", {"other": one})
    with connect(api.url) as ws:
        ws.send("hello")
        ws.recv(timeout=10)
    assert metric("ClientError", ApiId=api.api_id, Stage="dev") == 1
    boto3.client("lambda").delete_function(FunctionName="failing-one")
    with connect(api.url) as ws:
        ws.send('{"action": "other"}')
        ws.recv(timeout=10)
    assert metric("ExecutionError", ApiId=api.api_id, Stage="dev") == 1
    with pytest.raises(InvalidStatus), connect(api.url.replace("/dev", "/nowhere")):
        pass
    assert metric("ClientError", ApiId=api.api_id) == 1


def test_metrics_are_at_real_time_however_far_the_clock_was_advanced(started, api):
    cloud.clock.advance(hours=5)
    talk(api, "hello")
    assert metric("MessageCount", ApiId=api.api_id) == 2


def test_another_account_and_region_see_nothing(started, api):
    talk(api, "hello")
    assert boto3.client("cloudwatch", region_name="eu-west-1").list_metrics(Namespace="AWS/ApiGateway")["Metrics"] == []


def test_motos_own_order_comes_back(capsys):
    before = Dimension.__lt__
    cloud.start(quiet=True)
    boto3.client("cloudwatch").list_metrics()
    assert Dimension.__lt__ is not before
    cloud.stop()
    assert Dimension.__lt__ is before


@pytest.mark.parametrize(
    "arn", ["", "x", "arn:aws:firehose:us-east-1:1:deliverystream/amazon-apigateway-x", GROUP[:40]]
)
def test_what_is_no_log_group(arn):
    assert _destination(arn) is None
