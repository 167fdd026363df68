"""The code of a function, unpacked once, and the modules that each execution environment makes of it.

Nothing of it is known to ``sys.modules`` or ``sys.path``: two environments have two copies of a module, and helper
modules of the same name in two zips never meet.
"""

from __future__ import annotations

import atexit
import builtins
import importlib.machinery
import importlib.util
import io
import os
import shutil
import sys
import sysconfig
import threading
import zipfile
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from . import surroundings
from .runtime import TASK_ROOT, Fault, file_shown_as
from .specs import FunctionSpec

RUNTIME_PACKAGES = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"})
"""What AWS's Python environments carry besides the standard library; ``requests`` is not among them."""

_OWN_COPIES = frozenset({"logging"})  # of the standard library: its root logger belongs to one environment
_library: dict[str, CodeType] = {}  # their code, compiled once for all functions
_LOADERS = (
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    (importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES),
    (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
)


class Code:
    """A function's zip and layers, unpacked below ``folder`` as ``var/task`` and ``opt`` when first needed."""

    def __init__(self, spec: FunctionSpec, folder: Path) -> None:
        self.folder = folder
        self.task_root = folder / "var" / "task"
        self._spec = spec
        self._unpacked = False
        self._lock = threading.Lock()
        layers = folder / "opt" / "python"
        self.path = [str(self.task_root), str(layers / "lib" / spec.runtime / "site-packages"), str(layers)]
        self._finders: dict[str, importlib.machinery.FileFinder] = {}
        self._compiled: dict[str, CodeType] = {}

    def unpack(self) -> None:
        """Unpack everything, once. Raises Fault where a zip is none."""
        with self._lock:
            if not self._unpacked:
                _unpack(self._spec.code, self.task_root)
                for layer in self._spec.layers:
                    _unpack(layer, self.folder / "opt")
                self._unpacked = True

    def remove(self) -> None:
        """Remove what was unpacked."""
        with self._lock:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._finders.clear()
            self._unpacked = False

    def find(self, name: str, path: Iterable[str]) -> ModuleSpec | None:
        """Find a module, given by its absolute name, in some folders."""
        portions: list[str] = []
        for entry in path:
            found = self._finder(entry).find_spec(name)
            if found is not None and found.loader is not None:
                return found
            portions += found.submodule_search_locations or () if found is not None else ()
        if not portions:
            return None
        namespace = ModuleSpec(name, None, is_package=True)
        namespace.submodule_search_locations = portions
        return namespace

    def _finder(self, entry: str) -> importlib.machinery.FileFinder:
        if entry not in self._finders:
            self._finders[entry] = importlib.machinery.FileFinder(str(self._place(entry)), *_LOADERS)
        return self._finders[entry]

    def _place(self, entry: str) -> Path:
        """Return where an entry of ``sys.path`` lies: relative ones count from /var/task, as on AWS."""
        if entry.startswith((TASK_ROOT, "/opt")):
            return self.folder / entry.lstrip("/")
        return self.task_root / entry  # an absolute entry stays what it is

    def execute(self, spec: ModuleSpec, module: ModuleType) -> None:
        """Run a module's body; source is compiled once for all environments."""
        loader = spec.loader
        if not isinstance(loader, importlib.machinery.SourceFileLoader):
            if loader is not None:
                loader.exec_module(module)
            return
        compiled = _library if spec.name.partition(".")[0] in _OWN_COPIES else self._compiled
        if loader.path not in compiled:
            source = loader.get_data(loader.path)
            compiled[loader.path] = loader.source_to_code(source, loader.path)
        exec(compiled[loader.path], vars(module))

    def shown_as(self, text: str) -> str:
        """Return a text with the files of this code named as on AWS: ``/var/task/app.py``."""
        return text.replace(str(self.folder), "")

    @property
    def places(self) -> tuple[tuple[str, str | None], ...]:
        """Return where files lie here, and where on AWS; nowhere for this package's own.

        Our own frames stand between the function's where it imports something.
        """
        return ((str(self.folder), ""), (_OURS, None), ("<frozen importlib", None), *_PLACES)

    def file_shown_as(self, filename: str) -> str:
        """Return the name of a file in a stack trace as AWS would show it, or '' for one of this package's own."""
        return file_shown_as(filename, self.places)


_OURS = str(Path(__file__).parent.parent)
_LIBRARY = f"/var/lang/lib/python{sys.version_info.major}.{sys.version_info.minor}"
_PLACES = (
    (sysconfig.get_path("purelib"), f"{_LIBRARY}/site-packages"),
    (sysconfig.get_path("platlib"), f"{_LIBRARY}/site-packages"),
    (sysconfig.get_path("stdlib"), _LIBRARY),
)


def _unpack(archive: bytes, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
            bundle.extractall(folder)
    except zipfile.BadZipFile as error:
        message = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise Fault("InvalidZipFileException", message) from error


class _System(ModuleType):
    """``sys`` for the code of one environment."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


class Modules:
    """The modules of one execution environment, and the ``import`` that its code uses."""

    def __init__(
        self,
        code: Code,
        output: Any,
        configure_logging: Callable[[ModuleType], None] = lambda module: None,
        also: frozenset[str] = frozenset(),
    ) -> None:
        self.code = code
        self.own: dict[str, ModuleType] = {}
        self.system = _System("sys")
        self._allowed = RUNTIME_PACKAGES | sys.stdlib_module_names | also
        self._configure_logging = configure_logging
        self._lock = threading.RLock()
        self._ready: set[str] = set()
        self._builtins = {**vars(builtins), "__import__": self._import, "print": self._print, "input": _input}
        self._path = list(code.path)
        vars(self.system).update(modules=ChainMap(self.own, sys.modules), path=self._path, stdout=output, stderr=output)

    def load(self, name: str) -> ModuleType | None:
        """Return the environment's own module of that absolute name, loaded where needed; None where it has none.

        Raises what the module raises, and ModuleNotFoundError for a missing part of an own package.
        """
        if name in self._ready:
            return self.own.get(name)
        with self._lock:  # held while a module's body runs: no other thread sees a half-loaded module
            return self.own.get(name) or self._load(name)

    def _load(self, name: str) -> ModuleType | None:
        parent_name, dot, child = name.rpartition(".")
        if not dot:
            spec = self._find_top(name)
            return None if spec is None else self._execute(spec)
        parent = self.load(parent_name)
        if parent is None:
            return None
        if name in self.own:  # the package has loaded it itself
            return self.own[name]
        if not hasattr(parent, "__path__"):
            raise ModuleNotFoundError(f"No module named {name!r}; {parent_name!r} is not a package", name=name)
        spec = self.code.find(name, parent.__path__)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return self._execute(spec, parent, child)

    def _find_top(self, name: str) -> ModuleSpec | None:
        if name in sys.builtin_module_names:
            return None
        return self.code.find(name, self._path) or (_library_spec(name) if name in _OWN_COPIES else None)

    def _execute(self, spec: ModuleSpec, parent: ModuleType | None = None, child: str = "") -> ModuleType:
        module = importlib.util.module_from_spec(spec)
        vars(module)["__builtins__"] = self._builtins
        self.own[spec.name] = module
        if parent is not None:
            setattr(parent, child, module)  # before its body runs, for packages that import in circles
        try:
            self.code.execute(spec, module)
        except BaseException:
            self.own.pop(spec.name, None)
            raise
        if spec.name == "logging":
            atexit.unregister(module.shutdown)
            self._configure_logging(module)
        self._ready.add(spec.name)
        return self.own[spec.name]

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import for the code of this environment: what builtins.__import__ is for everybody else."""
        absolute = _absolute(name, globals or {}, level)
        top = absolute.partition(".")[0]
        if top == "sys":
            return self.system
        if top == "os" and (globals or {}).get("__name__") == "logging":
            return _os_without_fork_hooks()
        module = self.load(absolute)
        if module is None:
            return self._import_from_process(absolute, top, fromlist)
        if not fromlist:
            return self.own[top]
        for item in _submodules(module, fromlist):
            self._load_submodule(f"{absolute}.{item}")
        return module

    def _import_from_process(self, absolute: str, top: str, fromlist: Sequence[str] | None) -> ModuleType:
        if top not in self._allowed:
            raise ModuleNotFoundError(f"No module named {absolute!r}", name=absolute)
        with surroundings.outside():  # it is the process that gets the module
            return builtins.__import__(absolute, None, None, fromlist or (), 0)

    def _load_submodule(self, name: str) -> None:
        try:
            self.load(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise

    def _print(self, *values: object, sep: str | None = None, end: str | None = None, **rest: Any) -> None:
        file = rest.pop("file", None)
        text = io.StringIO()
        print(*values, sep=sep, end=end, file=text, **rest)
        (self.system.stdout if file is None else file).write(text.getvalue())


def _input(prompt: object = "", /) -> str:
    raise EOFError("EOF when reading a line")  # nobody sits at the keyboard of a function


def _absolute(name: str, globals: Mapping[str, Any], level: int) -> str:
    if not level:
        return name
    package = globals.get("__package__") or ""
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    return importlib.util.resolve_name("." * level + name, package)


def _submodules(module: ModuleType, fromlist: Sequence[str]) -> list[str]:
    """Return the names in ``from module import …`` that may be modules still to be loaded."""
    if not hasattr(module, "__path__"):
        return []
    names = [name for name in fromlist if name != "*"]
    if "*" in fromlist:
        names += getattr(module, "__all__", ())
    return [name for name in names if not hasattr(module, name)]


def _library_spec(name: str) -> ModuleSpec | None:
    return importlib.util.find_spec(name)


def _os_without_fork_hooks() -> ModuleType:
    """Return ``os`` without ``register_at_fork``, which would keep every environment's ``logging`` alive for ever."""
    copy = ModuleType("os")
    vars(copy).update({name: value for name, value in vars(os).items() if name != "register_at_fork"})
    return copy
