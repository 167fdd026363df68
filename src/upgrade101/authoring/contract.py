"""What the lessons ask of AWS: every operation, by lesson and by whose it is, in ``docs/contract.json``.

Every run of a lesson in the tests is held against it; ``python3 start.py contract --record`` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .contract_kernel import FILE, FUNCTIONS, NOTEBOOK, RECORD
from .run import NO_NETWORK

__all__ = ["FILE", "FUNCTIONS", "NOTEBOOK", "Asked", "Contract", "Request", "read", "requests_in", "write"]

PAGE = "docs/contract.json"
FIRST = NO_NETWORK + RECORD
"""Code for a kernel without a network, whose requests are written into the file that FILE names."""


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """An operation that was asked for: by the ``notebook`` or by its ``functions``, of a service as botocore calls it.

    ``fault`` is what AWS's own model has against its parameters.
    """

    who: str
    service: str
    operation: str
    name: str = ""
    fault: str = ""

    @property
    def call(self) -> str:
        """Return ``dynamodb.PutItem``."""
        return f"{self.service}.{self.operation}"


@dataclass(slots=True)
class Asked:
    """What one lesson or lab asks for, and what the things are called that it names."""

    notebook: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=dict)  # by service

    def add(self, requests: Iterable[Request]) -> None:
        """Take requests in."""
        for request in requests:
            (self.functions if request.who == FUNCTIONS else self.notebook).add(request.call)
            if request.name:
                self.names.setdefault(request.service, set()).add(request.name)


Contract = dict[str, Asked]  # by lesson, ``05``, or lab, ``lab 05``


def requests_in(file: Path) -> list[Request]:
    """Return what a kernel wrote into its file; nothing where there is none."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return sorted({Request(*line.split("\t")) for line in lines})


def name_of(path: Path) -> str:
    """Return what a notebook is called in the contract.

    >>> name_of(Path("notebooks/05_connection_store.ipynb")), name_of(Path("solutions/05_x/05_x.ipynb"))
    ('05', 'lab 05')
    """
    return path.stem[:2] if path.parent.name == "notebooks" else f"lab {path.stem[:2]}"


def read(root: Path) -> Contract:
    """Return the contract as it is committed."""
    said = json.loads((root / PAGE).read_text(encoding="utf-8"))
    return {
        name: Asked(
            set(asked["notebook"]), set(asked["functions"]), {of: set(them) for of, them in asked["names"].items()}
        )
        for name, asked in said.items()
    }


def write(root: Path, contract: Mapping[str, Asked]) -> None:
    """Write the contract, sorted."""
    said = {
        name: {
            "notebook": sorted(asked.notebook),
            "functions": sorted(asked.functions),
            "names": {of: sorted(them) for of, them in sorted(asked.names.items())},
        }
        for name, asked in sorted(contract.items(), key=lambda item: (item[0].startswith("lab"), item[0]))
    }
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    (root / PAGE).write_text(text, encoding="utf-8", newline="\n")


def breaches(contract: Contract, path: Path, requests: Iterable[Request], *, is_all: bool = False) -> Iterator[str]:
    """Yield a sentence for each request that AWS's model refuses or the contract lacks.

    With ``is_all``, also for each operation that the notebook should ask for and did not; those of functions may hang
    on what happens first.
    """
    name, asked, requests = name_of(path), Asked(), list(requests)
    asked.add(requests)
    known = contract.get(name, Asked())
    refresh = "python3 start.py contract --record"
    yield from (f"{name}: {each.call} is no valid request: {each.fault}" for each in requests if each.fault)
    yield from (f"{name}: {call} is new: {refresh}" for call in sorted(asked.notebook - known.notebook))
    yield from (
        f"{name}: its functions' {call} is new: {refresh}" for call in sorted(asked.functions - known.functions)
    )
    if is_all:
        yield from (
            f"{name}: {call} is asked for no more: {refresh}" for call in sorted(known.notebook - asked.notebook)
        )
