"""Sliders for a function's arguments: what can be typed in a cell can be pulled as well."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from inspect import signature
from typing import Any


def sliders(draw: Callable[..., Any], **ranges: tuple[float, ...] | list[Any]) -> None:
    """Show a control for each named argument of ``draw``, and below them what it returns; again after each change.

    A range is ``(least, most)`` or ``(least, most, step)`` for a slider, or a list for a menu. The controls begin at
    the defaults of ``draw``. It is called when a slider is let go, not on the way.
    """
    from IPython.display import display
    from ipywidgets import HTML, VBox  # type: ignore[import-untyped]

    defaults = {name: each.default for name, each in signature(draw).parameters.items()}
    controls = {name: _control(name, range, defaults[name]) for name, range in ranges.items()}
    page = HTML()

    def update(change: object = None) -> None:
        page.value = _html(draw(**{name: control.value for name, control in controls.items()}))

    for control in controls.values():
        control.observe(update, names="value")
    update()
    display(VBox([*controls.values(), page]))  # type: ignore[no-untyped-call]


def _control(name: str, range: tuple[float, ...] | list[Any], value: Any) -> Any:
    from ipywidgets import Dropdown, FloatSlider, IntSlider

    named = {"description": name, "value": value, "style": {"description_width": "6.5em"}}
    if isinstance(range, list):
        return Dropdown(
            options=[(f"{each:,}" if isinstance(each, int) else str(each), each) for each in range], **named
        )
    kind = IntSlider if all(isinstance(each, int) for each in range) else FloatSlider
    least, most, *step = range
    return kind(min=least, max=most, continuous_update=False, **dict(zip(["step"], step, strict=False)), **named)


def _html(shown: Any) -> str:
    """Return what a page shows of a value: its own HTML where it has some."""
    return str(shown.html) if hasattr(shown, "html") else f"<pre>{escape(str(shown))}</pre>"
