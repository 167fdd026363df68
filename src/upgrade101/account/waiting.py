"""Waiting on AWS: until what was created can be used, not for a number of seconds; and saying so where it takes long.

On moto everything is there at once: not one call more is made, and nothing sleeps.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from botocore.exceptions import ClientError

Got = TypeVar("Got")

LONGEST = 60.0  # seconds: a new role is known everywhere after ten or so
QUIET = 2.0  # seconds that nobody wonders about

_NOT_YET = ("cannot be assumed by Lambda", "does not have permissions to call")


def is_new_role(fault: BaseException) -> bool:
    """Tell whether Lambda has refused a role, or what a role may do, because it has not heard of it yet."""
    if not isinstance(fault, ClientError) or fault.response["Error"].get("Code") != "InvalidParameterValueException":
        return False
    return any(words in fault.response["Error"].get("Message", "") for words in _NOT_YET)


def until_known(call: Callable[[], Got], *, longest: float = LONGEST) -> Got:
    """Make a call again, with growing pauses, as long as Lambda does not know a new role; return what it returns.

    Raises what the call raises: at once for other reasons, and for this one after ``longest`` seconds.
    """
    end, pause = time.monotonic() + longest, 0.5
    while True:
        try:
            return call()
        except ClientError as fault:
            if not is_new_role(fault) or time.monotonic() + pause > end:
                raise
        time.sleep(random.uniform(pause / 2, pause))
        pause = min(pause * 1.6, 4.0)


@contextmanager
def told(what: str, *, after: float = QUIET) -> Iterator[None]:
    """Say what a block waits for, where it takes longer than ``after`` seconds, and that it is over."""
    begun, lock = time.monotonic(), threading.Lock()
    said = False

    def say() -> None:
        nonlocal said
        with lock:
            said = True
            print(f"waiting for {what} …")

    timer = threading.Timer(after, say)
    timer.daemon = True
    timer.start()
    done = False
    try:
        yield
        done = True
    finally:
        timer.cancel()
        with lock:
            if said and done:
                print(f"… {what}: ready after {time.monotonic() - begun:.0f} s")
