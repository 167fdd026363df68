"""``start.py contract``: record what the lessons ask of AWS, and write the policy and the page that follow from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..gateway.errors import ConfigurationError
from . import contract, permissions
from .lessons import SECTIONS, TWICE, Done, Job, Runs, lessons
from .verify import labs

POLICY, PAGE = "docs/iam-policy.json", "docs/aws-permissions.md"
BEGIN, END = "<!-- generated: python3 start.py contract -->", "<!-- end of what is generated -->"


def record(root: Path, only: Iterable[str], at_once: int, console: Console) -> int:
    """Run lessons and labs' solutions, and write down what they ask for; return the exit code.

    What is not in ``only``, and what fails, stays as it is.
    """
    jobs = _jobs(root, list(only))
    known = contract.read(root) if (root / contract.PAGE).exists() else {}
    found = {contract.name_of(job.path): contract.Asked() for job in jobs}
    wrong: dict[str, list[str]] = {}
    with Runs(jobs, at_once=at_once) as runs:
        for done in runs.as_they_end():
            name = contract.name_of(done.job.path)
            found[name].add(done.requests)
            if faults := list(_faults(done)):
                wrong[name] = wrong.get(name, []) + faults
            said = f"{name:<7} {done.job.way:<9} {len(done.requests):>4} requests"
            console.print(Text(f"{said} {done.report.seconds:6.1f} s"), soft_wrap=True)
    for sentence in (each for faults in wrong.values() for each in faults):
        console.print(Text(sentence), soft_wrap=True)
    contract.write(root, known | {name: asked for name, asked in found.items() if name not in wrong})
    return 1 if wrong else 0


def _jobs(root: Path, only: Sequence[str]) -> list[Job]:
    """Return what is run: every cell twice, which creates, meets and updates, and each section alone."""
    jobs = [Job(path, way) for path in lessons(root, only) for way in (TWICE, SECTIONS)]
    slugs = [slug for slug in labs(root) if not only or {slug, slug[:2]} & set(only)]
    return jobs + [Job(root / "solutions" / slug / f"{slug}.ipynb", TWICE) for slug in slugs]


def _faults(done: Done) -> Iterator[str]:
    name = contract.name_of(done.job.path)
    if done.failed:
        yield f"{name}, {done.job.way}: {done.failed}"
    yield from (f"{name}: {each.call} is no valid request: {each.fault}" for each in done.requests if each.fault)


# ── what follows from it ─────────────────────────────────────────────────────────────────────────────────────────────


def pages(root: Path) -> dict[Path, str]:
    """Return what policy and page should say. Raises ConfigurationError where the page has no place for its tables."""
    known = contract.read(root)
    text = (root / PAGE).read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigurationError(f"{PAGE} has lost the marks of its tables", hint=f"{BEGIN} … {END}")
    said = "\n".join(["", "", *_tables(known), "", ""])
    policy = json.dumps(permissions.policy(known), indent=2) + "\n"
    return {root / POLICY: policy, root / PAGE: f"{before}{begin}{said}{end}{after}"}


def outdated(root: Path) -> list[str]:
    """Return in sentences which of the generated pages say something else than the contract."""
    return [
        f"{path.relative_to(root).as_posix()} is not up to date: python3 start.py contract"
        for path, text in pages(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(root: Path) -> None:
    """Write policy and page."""
    for path, text in pages(root).items():
        path.write_text(text, encoding="utf-8", newline="\n")


def _tables(known: contract.Contract) -> Iterator[str]:
    """Yield the lines of both tables; what all that deploy functions need is said once."""
    deploying = {name for name, asked in known.items() if "lambda.CreateFunction" in asked.notebook}
    shared: set[str] = (
        set.intersection(*(permissions.needed(known[name]) for name in deploying)) if deploying else set()
    )
    yield "Whatever deploys a function needs these:"
    yield ""
    for line in _listed(shared).split("; "):
        yield f"- {line}"
    yield ""
    yield "| lesson | its actions |"
    yield "|---|---|"
    for name, asked in known.items():
        needed = permissions.needed(asked) if asked.notebook else set()
        own = _listed(needed - shared if name in deploying else needed)
        words = [*(["those above"] if name in deploying else []), *([own] if own else [])]
        yield f"| {name} | {', and '.join(words) or 'none: it calls nothing of AWS'} |"
    yield ""
    yield "| functions of | their role's actions |"
    yield "|---|---|"
    for name, asked in known.items():
        if asked.functions:
            yield f"| {name} | {_listed(permissions.used_by_functions(asked))} |"


def _listed(actions: Iterable[str]) -> str:
    """Return actions by service.

    >>> _listed({"sqs:SendMessage", "iam:GetRole", "iam:TagRole"})
    '`iam:GetRole`, `TagRole`; `sqs:SendMessage`'
    """
    services: dict[str, list[str]] = {}
    for action in sorted(actions):
        service, _, verb = action.partition(":")
        services.setdefault(service, []).append(verb)
    return "; ".join(f"`{service}:{'`, `'.join(verbs)}`" for service, verbs in services.items())
