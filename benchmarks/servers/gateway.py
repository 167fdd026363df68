"""The local gateway in this process, as in a notebook or a test: ``…servers.gateway plain|dynamodb``."""

from __future__ import annotations

import os
import sys

from upgrade101.localcloud.local import LocalCloud

from ..deployment import DYNAMODB, KEYS, PLAIN, Deployment
from . import announce_and_wait, wanted_variables


def main() -> None:
    """Start it, deploy, and serve."""
    os.environ.update({"AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": "test"})
    cloud = LocalCloud().start()
    deployment = Deployment()
    if "dynamodb" in sys.argv:
        deployment.table()
    api_id = deployment.api(DYNAMODB if "dynamodb" in sys.argv else PLAIN, wanted_variables())
    announce_and_wait(f"ws://127.0.0.1:{cloud.gateway.port}/_aws/execute-api/{api_id}/dev")
    cloud.stop()


if __name__ == "__main__":
    main()
