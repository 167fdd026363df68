"""boto3 sessions for functions: each has its own default session, with the credentials of its role."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import boto3
import botocore.loaders
import botocore.session


@functools.cache
def _loader() -> Any:
    """Return the reader of botocore's service models, shared: reading DynamoDB's alone takes 60 ms."""
    return botocore.loaders.create_loader()


def new_session() -> Any:
    """Return a boto3 session that makes its clients one at a time: boto3's sessions are not made for threads."""
    core = botocore.session.get_session()
    loader = _loader()
    core.register_component("data_loader", loader)
    session = boto3.session.Session(botocore_session=core)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # every boto3 session appends its own folder
    lock = threading.RLock()
    for name in ("client", "resource"):
        setattr(session, name, _one_at_a_time(lock, getattr(session, name)))
    return session


def _one_at_a_time(lock: threading.RLock, make: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return make(*args, **kwargs)

    return made
