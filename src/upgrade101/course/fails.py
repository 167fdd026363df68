"""A cell that must fail, and a notebook that runs on."""

from __future__ import annotations

from types import TracebackType


class fails:
    """Let a block fail with one of the announced errors, say which came, and go on.

    Without arguments any error will do. Another error passes through; where none comes, AssertionError says so.

    >>> with fails(ZeroDivisionError):
    ...     1 / 0
    ZeroDivisionError, as announced: division by zero
    """

    def __init__(self, *kinds: type[Exception]) -> None:
        self.kinds = kinds or (Exception,)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            wanted = " or ".join(kind.__name__ for kind in self.kinds)
            raise AssertionError(f"this should have failed with {wanted}, and nothing failed")
        if isinstance(error, self.kinds):
            print(f"{type(error).__name__}, as announced: {error}")
            return True
        return False
