"""What moto's CloudWatch hears of WebSocket APIs: access logs, execution logs and metrics."""

from .watch import Watch

__all__ = ["Watch"]
