"""Bring what boto3 asks of an API's own host to the endpoint in ``AWS_ENDPOINT_URL``, instead of to AWS.

``AWS_ENDPOINT_URL`` moves every client but those that are given an ``endpoint_url``, and a client for ``@connections``
always is. This file is also put into the package of a function that runs on such an endpoint, where its import is all
that is needed: hence it knows nothing but botocore.
"""

import os
from urllib.parse import urlsplit, urlunsplit

from botocore.endpoint import Endpoint

_create_request = Endpoint.create_request


def at_endpoint(url: str, endpoint: str) -> str:
    """Return where an address of an API is at an endpoint: the path form, which local clouds have in common.

    >>> at_endpoint("https://a1b2c3.execute-api.us-east-1.amazonaws.com/dev/@connections/x%3D", "http://127.0.0.1:4566")
    'http://127.0.0.1:4566/_aws/execute-api/a1b2c3/dev/@connections/x%3D'
    >>> at_endpoint("https://sts.amazonaws.com/", "http://127.0.0.1:4566")
    'https://sts.amazonaws.com/'
    """
    asked, there = urlsplit(url), urlsplit(endpoint)
    api_id, _, service = (asked.hostname or "").partition(".")
    if not service.startswith("execute-api.") or not there.netloc:
        return url
    path = f"/_aws/execute-api/{api_id}{asked.path}"
    return urlunsplit((there.scheme, there.netloc, path, asked.query, ""))


def _redirected(self, params, operation_model=None):  # type: ignore[no-untyped-def]
    """Make a request for the endpoint, before it is signed."""
    there = at_endpoint(params["url"], os.environ.get("AWS_ENDPOINT_URL", ""))
    return _create_request(self, {**params, "url": there}, operation_model)


def install() -> None:
    """Redirect every client of this process, made before or after."""
    Endpoint.create_request = _redirected


def uninstall() -> None:
    """Let every client call what it is told to."""
    Endpoint.create_request = _create_request


if __name__ == "upgrade101_redirect" and os.environ.get("AWS_ENDPOINT_URL"):  # in a function's package
    install()
