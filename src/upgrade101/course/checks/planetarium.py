"""The planetarium of lab 02, as its checks deploy it. This file is packaged as it stands: standard library only."""


def gate(event, context):  # type: ignore[no-untyped-def]
    """Let in whoever brings a ticket that has not been used, for a show that is not over."""
    ticket = (event.get("queryStringParameters") or {}).get("ticket", "used")
    return {"statusCode": 403 if ticket.endswith("used") else 410 if ticket.endswith("late") else 200}


def full(event, context):  # type: ignore[no-untyped-def]
    """Let nobody in, whatever the ticket says: every seat is taken."""
    return {"statusCode": 429}


def guide(event, context):  # type: ignore[no-untyped-def]
    """Say in which hall a show is."""
    show = event["body"]
    return {"statusCode": 200, "body": f"{show}: hall {len(show) % 3 + 1}"}
