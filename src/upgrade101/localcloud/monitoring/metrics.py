"""The metrics of AWS/ApiGateway in moto's CloudWatch, reckoned when somebody asks for them.

moto asks every ``CloudWatchMetricProvider`` whenever it answers, as it does for its own S3 metrics. So nothing has to
be stored, and what was counted a moment ago is there. Known to fit moto 5.1.18 to 5.2.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.common_models import CloudWatchMetricProvider

from ...gateway.meter import Tally

Read = Callable[[], list[Tally]]
_meters: list[Read] = []
_before: list[tuple[Any, Any]] = []


class WebSocketMetrics(CloudWatchMetricProvider):
    """What the gateways of this process have counted."""

    @staticmethod
    def get_cloudwatch_metrics(account_id: str, region: str) -> list[Any]:
        """Return the metrics of one account and region."""
        if not _meters:
            return []
        from moto.cloudwatch.models import Dimension

        from .metric_data import data, order

        if not _before:
            _before.append((Dimension, Dimension.__lt__))
            Dimension.__lt__ = order  # type: ignore[method-assign]
        tallies = [tally for read in tuple(_meters) for tally in read() if tally.key[:2] == (account_id, region)]
        return [datum for tally in tallies for datum in data(tally)]


def install(read: Read) -> None:
    """Show moto's CloudWatch what a gateway counts; harmless where it does so already."""
    if read not in _meters:
        _meters.append(read)


def uninstall(read: Read) -> None:
    """Take a gateway's counts out again; harmless where that has been done."""
    if read in _meters:
        _meters.remove(read)
    if not _meters and _before:
        dimension, compare = _before.pop()
        dimension.__lt__ = compare
