"""What becomes of the kernel where nobody waits for it any more."""

from typing import Any

import pytest

from upgrade101.grading.notebook import Cell, Plan, Run
from upgrade101.grading.notebook import Test as Asked
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


# ── why nothing was handed over ──────────────────────────────────────────────────────────────────────────────────────


def test_the_error_of_the_answers_own_cell_leads() -> None:
    """What follows from it comes behind it, and a cell is called by its exercise."""
    session = object.__new__(Session)
    asked = Asked("check-03-1", "03.1", ("on_order",), 2.0, ("on-order",))
    cells = [Run(4, Cell("code", "def on_order(", "on-order")), Run(5, Cell("code", "1/0"))]
    session.plan = Plan((*cells, asked))
    session._errors = {0: "SyntaxError: '(' was never closed (line 1)", 1: "ZeroDivisionError: division by zero"}
    assert session._because(2, "NameError: name 'on_order' is not defined") == (
        "the cell of 03.1: SyntaxError: '(' was never closed (line 1); so NameError: name 'on_order' is not defined"
    )
    del session._errors[0]
    assert session._because(2, "x").startswith("a cell above the check of 03.1: ZeroDivisionError")
