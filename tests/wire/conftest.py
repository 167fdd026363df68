from collections.abc import Callable

import pytest

from upgrade101.gateway.happenings import Happening
from upgrade101.wire import samples

RUNS: dict[str, Callable[[], list[Happening]]] = {
    "chat": samples.chat,
    "broadcast": samples.broadcast,
    "polling": samples.polling,
    "refused": samples.refused,
    "errors": samples.errors,
}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> list[Happening]:
    """One recorded run after the other."""
    return RUNS[request.param]()
