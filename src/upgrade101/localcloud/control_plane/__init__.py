"""The control plane of WebSocket APIs: moto's, with deployments that are snapshots and with AWS's refusals."""

from .service import install, uninstall

__all__ = ["install", "uninstall"]
