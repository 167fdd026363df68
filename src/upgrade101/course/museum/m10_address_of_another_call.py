"""M10 · The address kept from another call.

The function makes its client for `@connections` at `$connect`, keeps it in a global variable, and uses it on every
route. In the first test one execution environment serves both calls, and it works. In any other environment, a second
one or that of another function, the variable is still empty. And when the guest has left by the time of the greeting,
nobody catches the error. Make the address from the event at hand, and expect people to leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from .scene import Scene

SEEN_IN = "aws-samples/serverless-patterns, acknowledging a connection (2025)"
LESSON = "06"

connections: Any = None


def connections_of(event: Any) -> Any:
    """Return a client for `@connections` of the stage that the event is from."""
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def arrive_broken(event: Any, context: Any) -> Any:
    """Let everybody in, and remember how to reach them."""
    global connections
    connections = connections_of(event)
    return {"statusCode": 200}


def greet_broken(event: Any, context: Any) -> Any:
    """Greet by the client that `$connect` left behind."""
    connections.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data="welcome")
    return {"statusCode": 200}


def arrive_repaired(event: Any, context: Any) -> Any:
    """Let everybody in."""
    return {"statusCode": 200}


def greet_repaired(event: Any, context: Any) -> Any:
    """Greet by a client made from this event, unless the guest has left."""
    mine = connections_of(event)
    try:
        mine.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data="welcome")
    except mine.exceptions.GoneException:
        print("already gone")
    return {"statusCode": 200}


broken = {"$connect": arrive_broken, "greet": greet_broken}
repaired = {"$connect": arrive_repaired, "greet": greet_repaired}


def scenario(scene: Scene) -> None:
    """Ana asks to be greeted. Ben asks as well, and has left before his turn comes."""
    ana, ben = scene.enter("ana"), scene.enter("ben")
    ana.says(action="greet")
    scene.expect_heard(ana, "welcome", look="in which function, and in which environment, the variable was set")
    late = scene.event_of("greet")
    scene.leave(ben)
    late["requestContext"]["connectionId"] = ben.connection_id
    scene.run("greet", late)
