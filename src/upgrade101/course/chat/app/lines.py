"""Lines: who calls, and posts to those who are there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

AT_ONCE = 8


def caller(event: dict[str, Any]) -> str:
    """Return the connection id of who sent this."""
    connection_id: str = event["requestContext"]["connectionId"]
    return connection_id


@cache
def _connections(api_id: str, stage: str) -> Any:
    """Return the client for ``@connections``: by the API's own host, which is right with a custom domain too."""
    host = f"{api_id}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com"
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{host}/{stage}")


def tell(event: dict[str, Any], connection_ids: Iterable[str], message: dict[str, Any]) -> list[str]:
    """Post a message to each line, some at a time; return the ids of those that are gone."""
    context, ids = event["requestContext"], list(connection_ids)
    connections = _connections(context["apiId"], context["stage"])
    data = json.dumps(message, ensure_ascii=False)

    def is_there(connection_id: str) -> bool:
        try:
            connections.post_to_connection(ConnectionId=connection_id, Data=data)
        except connections.exceptions.GoneException:
            return False
        except (BotoCoreError, ClientError) as fault:
            print(f"{connection_id} was not told: {fault}")  # it will see the gap, and ask
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        there = list(pool.map(is_there, ids))
    return [connection_id for connection_id, is_here in zip(ids, there, strict=True) if not is_here]
