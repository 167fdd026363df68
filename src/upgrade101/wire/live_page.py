"""How the live wire log gets to a page: a view that stays, and news that are moved into it.

Both are ordinary HTML outputs with a display id, which a kernel may update from any thread, also while a cell blocks;
no widget is needed. Where a page runs no scripts the news themselves are shown; where it shows no HTML, their words.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from .picture import PRE, Picture, boxed

_STATUS = "font-family:var(--jp-ui-font-family,sans-serif);font-size:13px;color:var(--jp-ui-font-color1);margin:4px 0"
_BUTTON = (
    "font:inherit;color:inherit;background:transparent;border:1px solid currentColor;border-radius:4px;"
    "margin-left:12px;padding:1px 10px;cursor:pointer"
)
_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"
_WORDS = "<details><summary>The same in words</summary>"


class Page:
    """The outputs of one live view in a notebook."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(4)

    def open(self) -> None:
        """Put the view below the running cell."""
        self._display(
            "view", {"text/plain": "", "text/html": f"{self._view()}<script>{_script()}{self._call()}</script>"}
        )
        self._display("news", {"text/plain": "", "text/html": ""})

    def show(self, picture: Picture, headline: str, steps: Sequence[tuple[int, str]]) -> None:
        """Show how things stand; ``steps`` are sentences for ears, with their numbers."""
        page = self._news(picture, headline, steps)
        self._update("news", {"text/plain": picture.text, "text/html": page})

    def close(self, picture: Picture, headline: str) -> None:
        """Leave an ordinary picture, which the notebook keeps."""
        self._update("view", picture._repr_mimebundle_())
        self._update("news", {"text/plain": "", "text/html": ""})

    def _display(self, part: str, bundle: dict[str, str]) -> None:
        from IPython.display import display

        display(bundle, raw=True, display_id=f"u101-{self.key}-{part}")  # type: ignore[no-untyped-call]

    def _update(self, part: str, bundle: dict[str, Any]) -> None:
        from IPython.display import update_display

        update_display(bundle, raw=True, display_id=f"u101-{self.key}-{part}")  # type: ignore[no-untyped-call]

    def _view(self) -> str:
        return (
            f'<div class="u101-live" data-live="{self.key}" role="group" aria-label="Wire log while it happens" hidden>'
            f'<p style="{_STATUS}"><span data-part="status"></span>'
            f'<button type="button" data-part="pause" aria-pressed="false" style="{_BUTTON}">Pause</button></p>'
            f'<div data-part="picture"></div>{_WORDS}<pre data-part="words" style="{PRE}"></pre></details>'
            f'<div data-part="heard" role="log" aria-live="polite" style="{_UNSEEN}"></div></div>'
        )

    def _news(self, picture: Picture, headline: str, steps: Sequence[tuple[int, str]]) -> str:
        heard = "".join(f'<li data-number="{number}">{escape(said)}</li>' for number, said in steps)
        return (
            f'<div class="u101-news" data-live="{self.key}">'
            f'<p style="{_STATUS}">live · <span data-part="headline">{escape(headline)}</span></p>'
            f'<div data-part="picture">{boxed(picture.svg)}</div>'
            f'{_WORDS}<pre data-part="words" style="{PRE}">{escape(picture.text)}</pre></details>'
            f'<ul data-part="steps" hidden>{heard}</ul></div>'
            f"<script>{self._call()}</script>"
        )

    def _call(self) -> str:
        return f'window.u101Live?.("{self.key}")'


class Terminal:
    """A live view where nothing can be redrawn: one line for each step."""

    def open(self) -> None:
        """Say nothing before something happens."""

    def show(self, picture: Picture, headline: str, steps: Sequence[tuple[int, str]]) -> None:
        """Print what is new."""
        for _, said in steps:
            print(said, flush=True)

    def close(self, picture: Picture, headline: str) -> None:
        """Say how much it was."""
        print(f"wire log: {headline}", flush=True)


Screen = Page | Terminal


def screen() -> Screen:
    """Return the page of a notebook, or the terminal where Python was not started by Jupyter."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return Terminal()
    return Page() if hasattr(get_ipython(), "kernel") else Terminal()


@cache
def _script() -> str:
    return files(__package__).joinpath("live.js").read_text(encoding="utf-8")
