"""Which stage is meant, and what is deployed there now: the core's questions to the port ``definitions``.

A port that raises is written into the log; nobody comes in then, and who is in stays with what was deployed before.
"""

from __future__ import annotations

import logging

from .address import Address, locate
from .connection import Connection
from .definition import NOTHING, Deployment, Stage
from .happenings import failed
from .ports import Definitions

log = logging.getLogger("upgrade101.gateway")


class Stages:
    """All stages that can be reached."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions

    def locate(self, host: str, target: str) -> Address | None:
        """Return where a request wants to go, or nothing where that is no WebSocket API's address."""
        try:
            return locate(host, target, self.definitions.domain)
        except Exception as fault:
            failed(log, "the definitions port", host, fault)
            return None

    def at(self, address: Address) -> Stage | None:
        """Return the stage that can be reached at an address, or nothing."""
        try:
            stage = self.definitions.stage(address.api_id, address.stage_name)
        except Exception as fault:
            failed(log, "the definitions port", f"{address.api_id}/{address.stage_name}", fault)
            return None
        if stage is None or address.domain_name or not stage.deployment.disable_execute_api_endpoint:
            return stage
        log.info("API %s is not reached at its default endpoint: DisableExecuteApiEndpoint is set", stage.api_id)
        return None

    def deployed(self, connection: Connection) -> Deployment:
        """Return what is deployed now: open connections follow their stage, and a deleted one has no routes."""
        try:
            stage = self.definitions.stage(connection.stage.api_id, connection.stage.stage_name)
        except Exception as fault:
            failed(log, "the definitions port", connection.stage.stage_name, fault)
            stage = connection.stage
        if stage is None:
            return NOTHING
        connection.stage = stage
        return stage.deployment
