"""Repairs that go half the way, as learners leave them. Lambda gets this file as it stands, so it imports no more."""

import time

import boto3


def connections_of(event):
    where = event["requestContext"]
    return boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{where['domainName']}/{where['stage']}")


def people_table():
    return boto3.resource("dynamodb").Table("people")


def say_without_deleting(event, context):
    """M1: the clauses are in order, and the row stays."""
    connections = connections_of(event)
    for row in people_table().scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            print("gone:", row["name"])
    return {"statusCode": 200}


def say_and_delete_both(event, context):
    """M2: the ghost's row goes now, and the sender's too."""
    connections = connections_of(event)
    for row in people_table().scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            for gone in (row["connection_id"], event["requestContext"]["connectionId"]):
                people_table().delete_item(Key={"connection_id": gone})
    return {"statusCode": 200}


def say_and_send_the_wrong_key(event, context):
    """M3: the batch is sent, and its key is still wrapped once too often."""
    connections = connections_of(event)
    with people_table().batch_writer() as batch:
        for row in people_table().scan()["Items"]:
            try:
                connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
            except connections.exceptions.GoneException:
                batch.delete_item(Key={"Key": {"connection_id": row["connection_id"]}})
    return {"statusCode": 200}


def say_and_swallow(event, context):
    """M4: nothing is raised any more, and nothing is deleted either."""
    connections = connections_of(event)
    for row in people_table().scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except Exception as error:
            print(type(error).__name__)
    return {"statusCode": 200}


def sweep_everybody(event, context):
    """M6: nobody is overlooked, and nobody is spared."""
    for row in people_table().scan()["Items"]:
        people_table().delete_item(Key={"connection_id": row["connection_id"]})


def arrive_and_expire_now(event, context):
    """M7: seconds, but none of them ahead."""
    row = {"connection_id": event["requestContext"]["connectionId"], "name": event["queryStringParameters"]["name"]}
    people_table().put_item(Item={**row, "expires": int(time.time())})
    return {"statusCode": 200}


def say_until_the_first_gone(event, context):
    """M8: the `try` is inside the loop, and a `break` as well."""
    connections = connections_of(event)
    for row in people_table().scan()["Items"]:
        try:
            connections.post_to_connection(ConnectionId=row["connection_id"], Data=event["body"])
        except connections.exceptions.GoneException:
            break
    return {"statusCode": 200}


def arrive_and_swallow(event, context):
    """M9: everybody may come without a name, and without a row."""
    name = (event.get("queryStringParameters") or {}).get("name", "somebody")
    try:
        people_table().put_item(Item={"connection_id": event["requestContext"]["connectionId"], "name": name})
    except Exception as error:
        print(type(error).__name__)
    return {"statusCode": 200}


def arrive_by_name_only(event, context):
    """M9: no row, no connection; and no name, no connection."""
    name = event["queryStringParameters"]["name"]
    people_table().put_item(Item={"connection_id": event["requestContext"]["connectionId"], "name": name})
    return {"statusCode": 200}


def greet_without_a_net(event, context):
    """M10: the address is right, and who has left still breaks the function."""
    connections_of(event).post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data="welcome")
    return {"statusCode": 200}
