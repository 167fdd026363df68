"""Is this machine ready for the course? ``desk.check()`` says what was found, what is needed, and how to mend it."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from urllib.request import getproxies, proxy_bypass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .course.card import Card, Folded, Part, Prose, Table, show

COURSE = "upgrade101"
LOOPBACK = "127.0.0.1"
_PYTHON = "py" if sys.platform == "win32" else "python3"
AGAIN = f"close Jupyter, then type `{_PYTHON} start.py` in the course's folder"
_HEAD = ("", "found", "needed", "how to mend it")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing on the desk. ``fix`` is '' where it is as it should be."""

    what: str
    found: str
    needed: str
    fix: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Return the row as the table shows it."""
        return self.what, self.found, self.needed, self.fix or "nothing to do"


def check() -> None:
    """Show a table of what the course needs and what is here; what needs mending stands first.

    Nothing is installed, changed or asked from the network.
    """
    show(card([*machine(), *packages()]))


def machine() -> list[Row]:
    """Return what the course needs of Python and of this machine."""
    return [_python(), _port(), _proxy()]


def packages(distribution: str = COURSE) -> list[Row]:
    """Return one row for each package that ``distribution`` asks for, with the version that is installed."""
    required = [Requirement(text) for text in metadata.requires(distribution) or []]
    here = {"extra": "course"}
    return [_package(each) for each in required if each.marker is None or each.marker.evaluate(here)]


def card(rows: Iterable[Row]) -> Card:
    """Return what ``check`` shows: what needs mending first, the packages that fit folded away."""
    rows = list(rows)
    broken = [row for row in rows if row.fix]
    fine = [row for row in rows if not row.fix]
    if broken:
        words = "1 thing needs" if len(broken) == 1 else f"{len(broken)} things need"
        title = f"Your desk is not ready yet: {words} mending. Then restart the kernel and run this cell again."
        parts: list[Part] = [_table(broken), Folded(f"{len(fine)} as they should be", [_table(fine)])]
        return Card(title, parts if fine else parts[:1], "bad")
    return Card(f"Your desk is ready: {len(fine)} of {len(fine)} things are as they should be.", _calm(fine), "good")


def _calm(rows: list[Row]) -> list[Part]:
    names = {row.what for row in machine()}
    first, rest = [row for row in rows if row.what in names], [row for row in rows if row.what not in names]
    folded = [Folded(f"The {len(rest)} packages", [_table(rest)])] if rest else []
    return [*([_table(first)] if first else [Prose("Nothing was asked for.")]), *folded]


def _table(rows: list[Row]) -> Table:
    return Table(_HEAD, [row.cells for row in rows])


def _python() -> Row:
    needed = metadata.metadata(COURSE)["Requires-Python"] or ""
    found = platform.python_version()
    fits = SpecifierSet(needed).contains(found, prereleases=True)
    return Row("Python", f"{found}, {platform.system()}", _said(needed), "" if fits else AGAIN)


def _package(required: Requirement) -> Row:
    needed = _said(str(required.specifier))
    try:
        found = metadata.version(required.name)
    except metadata.PackageNotFoundError:
        return Row(required.name, "missing", needed, AGAIN)
    fits = required.specifier.contains(found, prereleases=True)
    return Row(required.name, found, needed, "" if fits else AGAIN)


def _said(specifiers: str) -> str:
    """Return a range in the order in which it is read.

    >>> _said("<5,>=4.4")
    '4.4 or newer, below 5'
    """
    words = {
        ">=": "{} or newer",
        "<": "below {}",
        "<=": "{} or older",
        ">": "above {}",
        "==": "exactly {}",
        "!=": "not {}",
    }
    order = list(words)
    each = sorted(SpecifierSet(specifiers), key=lambda one: order.index(one.operator) if one.operator in order else 9)
    return ", ".join(words.get(one.operator, one.operator + " {}").format(one.version) for one in each) or "any"


def _port() -> Row:
    """Open a port of this machine and dial it, as the local cloud and its clients do."""
    try:
        with socket.create_server((LOOPBACK, 0)) as server:
            socket.create_connection(server.getsockname(), timeout=2).close()
    except OSError as fault:
        fix = f"let Python open ports on {LOOPBACK} (a firewall or a sandbox forbids it)"
        return Row("a port of this machine", str(fault), f"one on {LOOPBACK}", fix)
    return Row("a port of this machine", "opened and dialled", f"one on {LOOPBACK}")


def _proxy() -> Row:
    """See to it that a proxy, where there is one, is not asked for this machine's own addresses."""
    needed = f"none for {LOOPBACK}"
    proxy = getproxies().get("http", "")
    if not proxy:
        return Row("proxy", "none", needed)
    if proxy_bypass(LOOPBACK):
        return Row("proxy", "goes past this machine", needed)
    set_it = "set" if sys.platform == "win32" else "export"
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    value = ",".join(filter(None, [known, LOOPBACK, "localhost"]))
    fix = f"close Jupyter, type `{set_it} NO_PROXY={value}`, start again from that terminal"
    return Row("proxy", "would catch this machine's own addresses", needed, fix)
