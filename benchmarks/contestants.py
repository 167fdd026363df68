"""Whom the gateway is measured against, and where they are found on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .processes import ROOT, Server, Trouble

BARE, THREAD, HOOK, GATEWAY, SERVED = "bare", "thread", "hook", "gateway", "served"
MINISTACK, OFFLINE = "ministack", "serverless-offline"


@dataclass(frozen=True)
class Contestant:
    """A server to measure: ``arguments`` makes those of its program out of the variant, ``plain`` or ``dynamodb``.

    ``pace`` is the share of a round's work that it is given, so that a slow one ends too.
    """

    name: str
    label: str
    module: str
    arguments: Callable[[str], list[str]]
    pace: float = 1.0
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self, variant: str, note_ids: bool) -> Server:
        """Start the server. Raises Trouble where it is not here or does not start."""
        return Server(self.name, self.module, self.arguments(variant), note_ids, **self.variables)


def _thread(variant: str) -> list[str]:
    return ["dynamodb" if variant == "dynamodb" else "thread"]


def _served(variant: str) -> list[str]:
    return [variant, sys.executable, "-m", "upgrade101", "serve", "--quiet", "--port", "{port}"]


def _ministack(variant: str) -> list[str]:
    return [variant, ministack()]


def _offline(variant: str) -> list[str]:
    return [variant, str(node_modules())]


CONTESTANTS = {
    each.name: each
    for each in (
        Contestant(BARE, "bare websockets", "bare", lambda _: ["inline"]),
        Contestant(THREAD, "bare, handler in a thread", "bare", _thread),
        Contestant(HOOK, "boto3 and an empty hook", "bare", lambda _: ["hook"]),
        Contestant(GATEWAY, "this gateway", "gateway", lambda variant: [variant]),
        Contestant(SERVED, "this gateway, start.py serve", "elsewhere", _served),
        Contestant(
            MINISTACK, "MiniStack", "elsewhere", _ministack, 0.1, {"PRINT": "1"}
        ),  # with what a function prints, because it waits 50 ms for the output of a silent one
        Contestant(OFFLINE, "serverless-offline", "offline", _offline, 0.2),
    )
}


@cache
def ministack() -> str:
    """Return the program. Raises Trouble where there is none."""
    found = os.environ.get("MINISTACK") or shutil.which("ministack")
    if not found:
        raise Trouble(
            "MiniStack is not installed; to measure it too: python3 -m venv FOLDER, "
            "FOLDER/bin/pip install ministack==1.5.33, and MINISTACK=FOLDER/bin/ministack in the environment"
        )
    return found


@cache
def node_modules() -> Path:
    """Return the folder that holds serverless-offline and a ``serverless``. Raises Trouble where there is none."""
    named = os.environ.get("NODE_MODULES")
    for folder in [Path(named)] if named else [ROOT / "node_modules", *_global_modules()]:
        if (folder / "serverless-offline").is_dir() and (folder / "serverless" / "bin" / "serverless.js").is_file():
            return folder.resolve()
    raise Trouble(
        "serverless-offline is not installed; to measure it too: npm install --prefix FOLDER "
        "serverless-offline@14.8.2 serverless@npm:osls, and NODE_MODULES=FOLDER/node_modules in the environment"
    )


def _global_modules() -> list[Path]:
    npm = shutil.which("npm")
    if not npm:
        return []
    said = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
    return [Path(said)] if said else []


def missing() -> dict[str, str]:
    """Return for each peer that is not here a sentence on how to install it."""
    sentences = {}
    for name, find in ((MINISTACK, ministack), (OFFLINE, node_modules)):
        try:
            find()
        except Trouble as trouble:
            sentences[name] = str(trouble)
    return sentences


def versions() -> dict[str, str]:
    """Return name and version of every package that is measured or measures."""
    found = {name: version(name) for name in ("websockets", "boto3", "moto")}
    absent = missing()
    if MINISTACK not in absent:
        found[MINISTACK] = _version_beside(ministack())
    if OFFLINE not in absent:
        package = node_modules() / OFFLINE / "package.json"
        found[OFFLINE] = json.loads(package.read_text(encoding="utf-8"))["version"]
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        found["Node"] = node.stdout.strip().removeprefix("v")
    return found


def _version_beside(program: str) -> str:
    """Return the version of the package that a program belongs to, asked of the Python beside it."""
    python = next(iter(Path(program).resolve().parent.glob("python*")), Path(sys.executable))
    ask = f"from importlib.metadata import version; print(version('{MINISTACK}'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False).stdout.strip() or "?"
