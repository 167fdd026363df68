"""The colours of the picture, for light and dark, and the dashes that tell lanes apart without any.

Every colour has a contrast of at least 4.5:1 with its background, and a test measures it.
"""

from __future__ import annotations

from .lanes import Lane

LIGHT = {
    "bg": "#ffffff",
    "ink": "#1f2328",
    "muted": "#59636e",
    "bad": "#b3261e",
    "good": "#116329",
    "client0": "#0550ae",
    "client1": "#953800",
    "client2": "#116329",
    "client3": "#6639ba",
    "client4": "#99286e",
    "gateway": "#3d444d",
    "function0": "#0b6470",
    "function1": "#5c5f00",
    "function2": "#84406a",
    "service": "#7d4e00",
    "management": "#4b45c6",
    "other": "#59636e",
}
DARK = {
    "bg": "#111111",
    "ink": "#e6edf3",
    "muted": "#a3adb8",
    "bad": "#ff8f86",
    "good": "#7ee787",
    "client0": "#79c0ff",
    "client1": "#ffa657",
    "client2": "#7ee787",
    "client3": "#d2a8ff",
    "client4": "#ff9bce",
    "gateway": "#c9d1d9",
    "function0": "#56d4dd",
    "function1": "#d3d56b",
    "function2": "#e8a9cb",
    "service": "#e3b341",
    "management": "#b1b0ff",
    "other": "#a3adb8",
}

_JUPYTER = {"bg": "--jp-layout-color0", "ink": "--jp-ui-font-color1"}
_DASHES = {
    "client0": "",
    "client1": "9 4",
    "client2": "9 3 2 3",
    "client3": "2 3",
    "client4": "12 3 2 3 2 3",
    "gateway": "",
    "function0": "6 3",
    "function1": "6 3 1 3",
    "function2": "3 4",
    "service": "1 3",
    "management": "14 4",
    "other": "4 6",
}


def colour(lane: Lane) -> str:
    """Return the name of a lane's colour."""
    match lane.kind:
        case "client":
            return f"client{lane.style % 5}"
        case "function":
            return f"function{lane.style % 3}"
        case "gateway" | "service":
            return lane.kind
        case "@connections":
            return "management"
    return "other"


def dashes(lane: Lane) -> str:
    """Return the stroke-dasharray of a lane; '' for an unbroken line."""
    return _DASHES[colour(lane)]


def style() -> str:
    """Return the picture's style sheet: the system's theme where it stands alone, the notebook's where it is inside."""
    inside = {name: f"var({variable},{{}})" for name, variable in _JUPYTER.items()}
    return "".join(
        [
            f".u101-wire{{{_variables(LIGHT)}}}",
            ".u101-box>.u101-wire{width:100%;height:auto;min-width:var(--u101-least)}",
            f"@media (prefers-color-scheme:dark){{.u101-wire{{{_variables(DARK)}}}}}",
            f"body[data-jp-theme-light=true] .u101-wire,body.vscode-light .u101-wire{{{_variables(LIGHT, inside)}}}",
            f"body[data-jp-theme-light=false] .u101-wire,body.vscode-dark .u101-wire{{{_variables(DARK, inside)}}}",
            *(f".u101-wire .f-{name}{{fill:var(--w-{name})}}" for name in LIGHT),
            *(f".u101-wire .s-{name}{{stroke:var(--w-{name})}}" for name in LIGHT),
        ]
    )


def _variables(colours: dict[str, str], inside: dict[str, str] | None = None) -> str:
    inside = inside or {}
    return "".join(f"--w-{name}:{inside.get(name, '{}').format(value)};" for name, value in colours.items())
