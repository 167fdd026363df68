"""The process as a function sees it: its own environment variables, output, modules and boto3 session.

A thread is inside an execution environment, or it is not; threads started inside are inside too, also those of pools
that live on from one invocation to the next. Everybody else sees the process as it always was. (A thread's own mark,
not a ContextVar: ``call_soon_threadsafe`` carries a context along, and the gateway's loop would end up inside.)
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any, Protocol

import boto3

_LOOKING_FOR_MODULES = {"dataclasses", "typing", "inspect", "annotationlib", "contextlib"}
"""They look up the module that a class comes from; ``contextlib`` redirects the output."""

_holders: set[object] = set()
_undo = contextlib.ExitStack()
_lock = threading.Lock()


class Inside(Protocol):
    """What an execution environment offers to the threads that are inside it."""

    @property
    def variables(self) -> dict[str, str]:
        """Its environment variables."""

    @property
    def system(self) -> ModuleType:
        """Its ``sys``: own modules, path and output, the rest the process's."""

    def import_module(self, name: str) -> ModuleType | None:
        """Return its own module of that absolute name, or nothing where it has none."""

    def session(self) -> Any:
        """Return its default boto3 session."""

    def set_session(self, session: Any) -> None:
        """Take another default boto3 session."""

    def joined(self, thread: threading.Thread) -> None:
        """Take notice of a thread started inside."""


class _Here(threading.local):
    inside: Inside | None = None


_here = _Here()


def inside() -> Inside | None:
    """Return the execution environment that this thread is inside, or nothing."""
    return _here.inside


def enter(environment: Inside) -> None:
    """Put this thread inside for good."""
    _here.inside = environment


def leave() -> None:
    """Put this thread outside for good."""
    _here.inside = None


class outside:
    """See the process as everybody else does: for callbacks that a function's thread makes to the rest of the house.

    >>> with outside():
    ...     inside() is None
    True
    """

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before, _here.inside = _here.inside, None

    def __exit__(self, *_: object) -> None:
        _here.inside = self._before


# ── what is replaced while functions can run ─────────────────────────────────────────────────────────────────────────


class _Environ(os._Environ[str]):
    """``os.environ``, for each function its own; the very same object, so that nobody holds an old one."""

    def __getitem__(self, key: str) -> str:
        here = _here.inside
        return super().__getitem__(key) if here is None else here.variables[key]

    def __setitem__(self, key: str, value: str) -> None:
        here = _here.inside
        if here is None:
            super().__setitem__(key, value)
        else:  # nothing for putenv: child processes get the variables of this process
            here.variables[_text(key)] = _text(value)

    def __delitem__(self, key: str) -> None:
        here = _here.inside
        if here is None:
            super().__delitem__(key)
        else:
            del here.variables[key]

    def __iter__(self) -> Iterator[str]:
        here = _here.inside
        return super().__iter__() if here is None else iter(list(here.variables))

    def __len__(self) -> int:
        here = _here.inside
        return super().__len__() if here is None else len(here.variables)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"str expected, not {type(value).__name__}")
    return value


class SystemView(ModuleType):
    """``sys`` for the standard library's own modules: inside a function it is the function's."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__("sys")
        super().__setattr__("_look", look)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._look(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._look(), name, value)


def _system() -> Any:
    here = _here.inside
    return sys if here is None else here.system


class RoutedStream:
    """``sys.stdout`` or ``sys.stderr``: to the function's log inside, and as ever outside."""

    def __init__(self, name: str, stream: Any) -> None:
        self.__dict__.update(_name=name, _stream=stream)

    def _target(self) -> Any:
        here = _here.inside
        return self._stream if here is None else getattr(here.system, self._name)

    def write(self, text: str) -> Any:
        """Write where this thread's output belongs."""
        return self._target().write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "write" and _here.inside is None:  # IPython wraps the write it finds here: further in, it would loop
            self.__dict__["write"] = value
        else:
            setattr(self._target(), name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._target())


def route_output() -> None:
    """See to it that ``sys.stdout`` and ``sys.stderr`` are routed, whoever has replaced them meanwhile."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is not RoutedStream and stream is not None:
            setattr(sys, name, RoutedStream(name, stream))


def _unroute_output() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is RoutedStream:
            setattr(sys, name, stream.__dict__["_stream"])


def run_inside(environment: Inside, run: Callable[[], None]) -> None:
    """Run what a thread started inside has to do; a SystemExit, also one from outside, ends it without a word."""
    enter(environment)
    with contextlib.suppress(SystemExit):
        run()


def _start(original: Callable[[threading.Thread], None], thread: threading.Thread) -> None:
    here = _here.inside
    if here is not None:
        vars(thread)["run"] = partial(run_inside, here, thread.run)
        here.joined(thread)
    original(thread)


def _import_module(original: Callable[..., ModuleType], name: str, package: str | None = None) -> ModuleType:
    here = _here.inside
    if here is not None:
        absolute = importlib.util.resolve_name(name, package)
        module = here.import_module(absolute)
        if module is not None:
            return module
    with outside():  # it is the process that gets the module
        return original(name, package)


def _default_session(original: Callable[[], Any]) -> Any:
    here = _here.inside
    return original() if here is None else here.session()


def _set_default_session(original: Callable[..., None], **settings: Any) -> None:
    here = _here.inside
    if here is None:
        original(**settings)
    else:
        here.set_session(boto3.session.Session(**settings))


def _replace(owner: Any, name: str, value: Any) -> None:
    """Set an attribute, and remember to set it back unless somebody else has replaced it since."""
    before = getattr(owner, name)

    def restore() -> None:
        if getattr(owner, name) is value:
            setattr(owner, name, before)

    setattr(owner, name, value)
    _undo.callback(restore)


def _wrap(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    before = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return wrapper(before, *args, **kwargs)

    _replace(owner, name, wrapped)


def install(holder: object) -> None:
    """Replace what is needed, once for all who hold it."""
    with _lock:
        if not _holders:
            _install()
        _holders.add(holder)


def uninstall(holder: object) -> None:
    """Put everything back when the last holder lets go; harmless for others."""
    with _lock:
        if holder in _holders:
            _holders.remove(holder)
            if not _holders:
                _undo.close()


def _install() -> None:
    _replace(os.environ, "__class__", _Environ)
    _wrap(threading.Thread, "start", _start)
    _wrap(importlib, "import_module", _import_module)
    _wrap(boto3, "_get_default_session", _default_session)
    _wrap(boto3, "setup_default_session", _set_default_session)
    for name in _LOOKING_FOR_MODULES & sys.modules.keys():
        _replace(sys.modules[name], "sys", SystemView(_system))
    route_output()
    _undo.callback(_unroute_output)
