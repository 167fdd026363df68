"""Tallies as moto's CloudWatch keeps metrics.

Imported when somebody asks for metrics: moto's own module is slow to import.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Dimension, MetricAggregatedDatum, MetricDatumBase

from ...gateway.meter import Tally

NAMESPACE = "AWS/ApiGateway"


class _Datum(MetricAggregatedDatum):
    """A metric that is found by exactly its dimensions, as on AWS; moto's own by some of them, too."""

    def filter(
        self,
        namespace: str | None,
        name: str | None,
        dimensions: list[dict[str, str]],
        already_present_metrics: list[Any] | None = None,
    ) -> bool:
        statistics = already_present_metrics is None  # GetMetricStatistics asks so; ListMetrics otherwise
        if statistics and dimensions and len(dimensions) != len(self.dimensions):
            return False
        return bool(super().filter(namespace, name, dimensions, already_present_metrics))


def data(tally: Tally) -> Iterator[MetricDatumBase]:
    """Yield a stage's metrics twice, by API and by API and stage; those of a route once."""
    _, _, api_id, stage_name, route_key = tally.key
    dimensions = [{"Name": "ApiId", "Value": api_id}]
    by_stage = [*dimensions, {"Name": "Stage", "Value": stage_name}]
    if route_key:
        return _by(tally, [*by_stage, {"Name": "Route", "Value": route_key}])
    return (datum for each in (dimensions, by_stage) for datum in _by(tally, each))


def _by(tally: Tally, dimensions: list[dict[str, str]]) -> Iterator[MetricDatumBase]:
    at = datetime.fromtimestamp(tally.minute, UTC).replace(tzinfo=None)  # as moto keeps them
    counts = {
        "ConnectCount": tally.connects,
        "MessageCount": tally.messages,
        "IntegrationError": tally.integration_errors,
        "ClientError": tally.client_errors,
        "ExecutionError": tally.execution_errors,
    }
    for name, count in counts.items():
        if count:  # each request is one sample, and counts one
            yield _Datum(NAMESPACE, name, 1.0, 1.0, float(count), float(count), dimensions, at, "Count")
    if tally.calls:
        low, high, total = tally.latency_min, tally.latency_max, tally.latency_sum
        yield _Datum(
            NAMESPACE, "IntegrationLatency", low, high, float(tally.calls), total, dimensions, at, "Milliseconds"
        )


def order(self: Dimension, other: Dimension) -> bool:
    """Compare two dimensions; moto's own compares a value with a name, and loses metrics by it."""
    return (self.name or "", self.value or "") < (other.name or "", other.value or "")
