"""The gateway of the soak: ``…strain.server threads|processes``. It is told what to do by JSON, a line at a time."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from moto.core.model_instances import model_data

from upgrade101.gateway import Limits
from upgrade101.localcloud.local import LocalCloud

from ..deployment import Deployment, package
from ..servers import announce
from .ledger import Ledger

HANDLERS = Path(__file__).parent / "handlers.py"
ROUTES = {
    "$connect": "connect",
    "$disconnect": "disconnect",
    **{name: name for name in ("echo", "fail", "hang", "junk", "leave", "post", "flood", "drop")},
}
ACCOUNT = "123456789012"
SETTLE_SECONDS = 60.0


class Strained:
    """The gateway with its books; every public method is something that may be asked."""

    def __init__(self, functions: str) -> None:
        limits = Limits(close_seconds=1.0, handshake_seconds=2.0)
        self.cloud = LocalCloud(limits=limits, functions=functions).start()
        self.ledger, self.process = Ledger(), psutil.Process()
        self.cloud.gateway.watch(self.ledger)
        self.deployment = Deployment()
        self.api_id = self.deployment.api(ROUTES, {}, HANDLERS)
        self.deployment.functions.update_function_configuration(FunctionName="hang", Timeout=1)
        self.redeployed = 0

    @property
    def url(self) -> str:
        """Return the stage's address."""
        return f"ws://127.0.0.1:{self.cloud.gateway.port}/_aws/execute-api/{self.api_id}/dev"

    def look(self) -> dict[str, Any]:
        """Return what there is now."""
        return {
            "connections": len(self.cloud.gateway.core.connections),
            "calls": len(self.cloud.gateway.core.calls),
            "threads": threading.active_count(),
            "processes": len(self.process.children(recursive=True)),
            "files": self._files(),
            "MB": round(self.process.memory_info().rss / 2**20, 1),
            **self.ledger.counts,
        }

    def _files(self) -> int:
        return int(self.process.num_handles() if os.name == "nt" else self.process.num_fds())

    def census(self) -> dict[str, Any]:
        """Wait until nothing happens any more, forget what is kept on purpose, and return what is left."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._busy() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.cloud.functions.retire(ACCOUNT)  # warm environments are kept for minutes otherwise
        self.forget()
        while self._still_ending() and time.monotonic() < deadline:
            time.sleep(0.05)
        for _ in range(3):
            gc.collect()
        return {**self.look(), "blocks": sys.getallocatedblocks(), "faults": self.ledger.faults()}

    def _busy(self) -> bool:
        core = self.cloud.gateway.core
        return bool(core.connections or core.calls or not self.cloud.functions.settle(0.0))

    def _still_ending(self) -> bool:
        return any(
            thread.name.startswith("lambda ") for thread in threading.enumerate() if "timeouts" not in thread.name
        )

    def forget(self) -> dict[str, Any]:
        """Delete the logs, which AWS keeps for ever too, and from moto's own register of all objects as well."""
        logs = self.deployment.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
        for model in model_data["logs"].values():
            model.instances_tracked.clear()  # type: ignore[attr-defined]
        return {}

    def redeploy(self) -> dict[str, Any]:
        """Change every function and deploy anew, while clients are connected."""
        self.redeployed += 1
        source = f"# version {self.redeployed}\n{HANDLERS.read_text(encoding='utf-8')}"
        for name in ("echo", "post", "connect"):
            self.deployment.functions.update_function_code(FunctionName=name, ZipFile=package(source))
        gateway = self.deployment.gateway
        gateway.create_deployment(ApiId=self.api_id)
        deployed = gateway.get_deployments(ApiId=self.api_id)["Items"]
        current = gateway.get_stage(ApiId=self.api_id, StageName="dev")["DeploymentId"]
        for old in deployed:
            if old["DeploymentId"] != current:
                gateway.delete_deployment(ApiId=self.api_id, DeploymentId=old["DeploymentId"])
        return {"redeployed": self.redeployed}


def main() -> None:
    """Start, then do what is asked until the input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    strained = Strained(sys.argv[1])
    announce(strained.url)
    for line in sys.stdin:
        print(json.dumps(getattr(strained, json.loads(line)["do"])()), flush=True)
    strained.cloud.stop()


if __name__ == "__main__":
    main()
