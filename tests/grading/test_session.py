"""What becomes of the kernel where nobody waits for it any more."""

from typing import Any

import pytest

from upgrade101.grading.session import Session


class GivenUp(BaseException):
    """Put into the thread of a check whose time is over."""


class BusyKernel:
    """A kernel that is at work when its caller gives up."""

    def __init__(self) -> None:
        self.closed = False

    def run(self, code: str, *, seconds: float) -> Any:
        raise GivenUp

    def close(self) -> None:
        self.closed = True


def test_a_call_that_was_given_up_ends_the_kernel_that_is_still_at_it() -> None:
    session, kernel = object.__new__(Session), BusyKernel()
    session._kernel, session._place = kernel, 0  # type: ignore[assignment]
    with pytest.raises(GivenUp):
        session._in_kernel("listen(url, 9)", 1.0)
    assert kernel.closed and session._kernel is None
