"""What ``python3 start.py elsewhere`` shows, and what ``docs/other-clouds.md`` says of the list of differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..gateway.errors import ConfigurationError
from .clouds import Cloud
from .elsewhere import DIFFERENT, FAILED, OK, Difference, Done, Notebook, run

PAGE = "docs/other-clouds.md"
BEGIN, END = "<!-- differences: start.py elsewhere --write -->", "<!-- end of differences -->"


def show(notebooks: Sequence[Notebook], cloud: Cloud, listed: Sequence[Difference], console: Console) -> int:
    """Run notebooks one after the other, tell of each, then show the table; return the exit code: 1 where one failed.

    One at a time, because two would meet: their functions and tables have the same names in one account.
    """
    where = cloud.url or cloud.name
    what = "one notebook" if len(notebooks) == 1 else f"{len(notebooks)} notebooks, one after the other,"
    console.print(f"{what} on {where}; Ctrl+C ends it.", highlight=False)
    done: list[Done] = []
    code = 0
    try:
        for notebook in notebooks:
            done.append(_run(notebook, cloud, listed, console))
    except KeyboardInterrupt:
        console.print(f"stopped; {len(done)} of {len(notebooks)} had ended")
        code = 130
    except ConfigurationError as fault:
        console.print(Text(str(fault)), style="red", soft_wrap=True)
        code = 1
    tell(done, console)
    if cloud.is_kept and (code or any(each.faults for each in done)):
        console.print("What a run did not take away: python3 start.py cleanup --dry-run", highlight=False)
    return code or int(any(each.faults for each in done))


def _run(notebook: Notebook, cloud: Cloud, listed: Sequence[Difference], console: Console) -> Done:
    with console.status(notebook.path.stem) as status:
        done = run(notebook, cloud, listed, lambda ran, of: status.update(f"{_title(notebook)}: {ran} of {of} cells"))
    console.print(Text("  ".join((f"{_title(notebook):<28}", *_figures(done)))), soft_wrap=True)
    for id, fault in done.faults.items():
        console.print(Text(f"    {id}: {fault.splitlines()[0][:300]}"), style="red", soft_wrap=True)
    return done


def _title(notebook: Notebook) -> str:
    return f"{'lab ' if notebook.name.startswith('lab') else ''}{notebook.path.stem}"


def _figures(done: Done) -> list[str]:
    counts = [f"{done.count(verdict):>3} {verdict}" for verdict in (OK, DIFFERENT, FAILED)]
    return [f"{len(done.verdicts):>3} cells", *counts, f"{done.seconds:6.1f} s"]


def tell(done: Sequence[Done], console: Console) -> None:
    """Print the table."""
    table = Table("notebook", "cells", OK, DIFFERENT, FAILED, "seconds", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for each in done:
        counts = [each.count(verdict) for verdict in (OK, DIFFERENT, FAILED)]
        table.add_row(_title(each.notebook), *map(str, (len(each.verdicts), *counts)), f"{each.seconds:.1f}")
    sums = [sum(each.count(verdict) for each in done) for verdict in (OK, DIFFERENT, FAILED)]
    table.add_row("in all", *map(str, (sum(sums), *sums)), f"{sum(each.seconds for each in done):.1f}")
    console.print(table)


def markdown(listed: Iterable[Difference], cloud: str) -> str:
    """Return the table of one cloud's differences for a page."""
    rows = ["| what differs | where it shows | the way round |", "|---|---|---|"]
    for each in listed:
        if each.cloud == cloud:
            where = "; ".join(f"{name}: {', '.join(f'`{id}`' for id in ids)}" for name, ids in each.cells.items())
            often = " (not in every run)" if each.sometimes else ""
            rows.append(f"| {' | '.join(_in_a_row(part) for part in (each.what, where + often, each.instead))} |")
    return "\n".join(rows)


def _in_a_row(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def page(root: Path, listed: Sequence[Difference]) -> str:
    """Return the page with the tables as the list has them now, and everything else as it is."""
    text = (root / PAGE).read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ConfigurationError(f"{PAGE} has lost its marks", hint=f"{BEGIN} and {END}, each on a line of its own")
    tables = "\n\n".join(markdown(listed, cloud) for cloud in dict.fromkeys(each.cloud for each in listed))
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"
