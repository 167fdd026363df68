"""Deploy a chat: the finished one, or a learner's copy of its folder."""

from __future__ import annotations

import importlib
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from ...deploy import Api, websocket_api
from ...gateway.errors import ConfigurationError
from .tables import APP


def deploy(folder: str | Path = APP, name: str = "chat") -> Api:
    """Deploy the chat whose files lie in a folder, as they are now: its ``app.py`` has ``ROUTES`` and ``TWO_WAY``.

    Raises ConfigurationError where there is no such file.
    """
    place = Path(folder).resolve()
    if not (place / "app.py").is_file():
        raise ConfigurationError(
            f"there is no app.py in {folder}", hint="copy the folder chat.APP, and change the copy"
        )
    with _imported(place) as app:
        return websocket_api(name, app.ROUTES, two_way=app.TWO_WAY, beside=place)


@contextmanager
def _imported(place: Path) -> Iterator[ModuleType]:
    """Import a folder's app.py afresh, for a while; the modules that a notebook has imported stay what they are."""
    names = [path.stem for path in place.glob("*.py")]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(place))
    importlib.invalidate_caches()
    linecache.checkcache()
    try:
        yield importlib.import_module("app")
    finally:
        sys.path.remove(str(place))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
