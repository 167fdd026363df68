"""What a lesson must be: its size, its opening and its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from .faults import Fault, fault
from .reading import Cell, Notebook, count_words, links
from .rules_any import Rule
from .rules_predictions import answers_stand_below, asks, predictions_come_first

LAST = 13  # the number of the last lesson
OPENING = ("You will do", "You will be able to", "You need", "Time", "Cost")
_ROWS = {  # how each row of the opening is written
    "You will do": (r"[^A-Z].*[^.]", "one thing, by its verb: no capital, no full stop"),
    "You will be able to": (
        r"[^A-Z][^·;]*( · [^·;]+){2,4}(?<!\.)",
        "three to five things one can see, with · between them",
    ),
    "You need": (r".*[^.]", "lessons, and what of Python: no full stop"),
    "Time": (r"\d+ minutes(, and \d+ for the lab)?", "40 minutes, and 45 for the lab"),
    "Cost": (r"none, no account \(on AWS: .+\)", "none, no account (on AWS: …)"),
}


@dataclass(frozen=True, slots=True)
class Size:
    """How large a lesson may be; both ends belong to a range."""

    cells: tuple[int, int] = (40, 60)
    words: tuple[int, int] = (1500, 2500)
    ending: tuple[str, ...] = ("Break it on purpose", "On real AWS", "Key points", "Words", "Your predictions", "Next")


SIZES = {"00": Size((20, 35), (600, 1300), ("On real AWS", "Key points", "Next"))}
CODE_MEDIAN, CODE_NINE_IN_TEN, CODE_MOST, CODE_IN_A_ROW = 4, 12, 25, 2
PROSE_MEDIAN, PROSE_NINE_IN_TEN = (25, 55), 130
MOST_WORDS = {  # of a cell that begins so
    "Predict": 60,
    "Now run it": 20,
    "Why": 120,
    "On real AWS": 120,
}
TITLE_WORDS, OPENING_WORDS, IDEA_WORDS, SETUP_LINES = 60, 110, 70, 4


def size(notebook: Notebook) -> Size:
    """Return how large this lesson may be."""
    return SIZES.get(notebook.number, Size())


def has_the_right_size(notebook: Notebook) -> Iterator[Fault]:
    """Hold the number of cells and words."""
    limits = size(notebook)
    for what, is_now, (least, most) in (
        ("cells", len(notebook.cells), limits.cells),
        ("words of prose", notebook.words, limits.words),
    ):
        if not least <= is_now <= most:
            yield fault(notebook, None, f"{is_now} {what}", f"{'cut' if is_now > most else 'grow'} to {least}–{most}")


def code_is_in_small_steps(notebook: Notebook) -> Iterator[Fault]:
    """Hold the sizes of code cells, and how many may follow one another."""
    lengths = sorted(cell.lines for cell in notebook.code)
    if lengths and median(lengths) > CODE_MEDIAN:
        yield fault(notebook, None, f"the median code cell has {median(lengths):g} lines", f"at most {CODE_MEDIAN}")
    long = [cell for cell in notebook.code if cell.lines > CODE_NINE_IN_TEN]
    if len(long) * 10 > len(lengths):
        ids = ", ".join(cell.id for cell in long)
        yield fault(notebook, None, f"more than one code cell in ten is over {CODE_NINE_IN_TEN} lines ({ids})", "split")
    for cell in long:
        if cell.lines > CODE_MOST:
            yield fault(notebook, cell, f"{cell.lines} lines of code", f"at most {CODE_MOST}; split it")
    run = 0
    for cell in notebook.cells:
        run = run + 1 if cell.is_code else 0
        if run == CODE_IN_A_ROW + 1:
            yield fault(notebook, cell, "the third code cell in a row", "say in a sentence what to look at")


def prose_breathes(notebook: Notebook) -> Iterator[Fault]:
    """Hold the words of a cell: the median, and what each kind of cell may have."""
    middle = median([cell.words for cell in notebook.markdown] or [PROSE_MEDIAN[0]])
    if not PROSE_MEDIAN[0] <= middle <= PROSE_MEDIAN[1]:
        yield fault(notebook, None, f"the median cell of prose has {middle:g} words", "have 25 to 55")
    long = [cell for cell in notebook.markdown if cell.words > PROSE_NINE_IN_TEN]
    if len(long) * 10 > len(notebook.markdown):
        ids = ", ".join(cell.id for cell in long)
        what = f"more than one cell of prose in ten is over {PROSE_NINE_IN_TEN} words ({ids})"
        yield fault(notebook, None, what, "cut, or split with code in between")
    for cell in notebook.markdown:
        for lead, most in MOST_WORDS.items():
            words = count_words(_from(lead, cell))
            if words > most:
                yield fault(notebook, cell, f"{words} words after “{lead}”", f"at most {most} here")
        if _is_idea(cell) and cell.words > IDEA_WORDS:
            yield fault(notebook, cell, f"{cell.words} words to begin a section", f"at most {IDEA_WORDS} here")


def _from(lead: str, cell: Cell) -> str:
    """Return the prose from the paragraph on that begins so, or ''."""
    found = re.search(rf"^(?:#+ |\*\*)?{lead}\b", cell.source, re.MULTILINE)
    return cell.source[found.start() :] if found else ""


def _is_idea(cell: Cell) -> bool:
    opens = any(level == 2 and re.match(r"\d+ · ", text) for level, text in cell.headings)
    return opens and not asks(cell)


def opens_as_they_all_do(notebook: Notebook) -> Iterator[Fault]:
    """Hold title, table and first code cell."""
    title, table, setup = (notebook.cells + [Cell("", "markdown", "")] * 3)[:3]
    if not re.match(rf"# {notebook.number} · \S", title.source):
        yield fault(notebook, title, "the first cell is no title", f"# {notebook.number} · … as in the course's table")
    place = rf"^Lesson {notebook.number.lstrip('0') or '0'} of {LAST} · you are here: .*\*\*\S.*\*\*"
    if not re.search(place, title.source, re.MULTILINE):
        do = f"Lesson n of {LAST} · you are here: … → **this one** → …"
        yield fault(notebook, title, "the title does not say where we are", do)
    if title.words > TITLE_WORDS:
        yield fault(notebook, title, f"{title.words} words", f"at most {TITLE_WORDS} here")
    yield from _promises(notebook, table)
    if table.words > OPENING_WORDS:
        yield fault(notebook, table, f"{table.words} words", f"at most {OPENING_WORDS} here")
    if not any(call.name == "cloud.start" for call in setup.calls) or setup.lines > SETUP_LINES:
        what = "the third cell is not the start"
        yield fault(notebook, setup, what, f"imports and cloud.start(), at most {SETUP_LINES} lines")


def _promises(notebook: Notebook, table: Cell) -> Iterator[Fault]:
    """Hold the rows of the table: which there are, and how each is written."""
    rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", table.source, re.MULTILINE))
    if list(rows) != list(OPENING):
        missing = [row for row in OPENING if row not in rows]
        what = f"lacks {', '.join(missing)}" if missing else f"has the rows {', '.join(rows)}"
        yield fault(notebook, table, f"the second cell {what}", f"| **Time** | … | and so on: {', '.join(OPENING)}")
    for row, (pattern, do) in _ROWS.items():
        if row in rows and not re.fullmatch(pattern, rows[row]):
            yield fault(notebook, table, f"{row}: {rows[row]!r}", do)


def ends_as_they_all_do(notebook: Notebook) -> Iterator[Fault]:
    """Hold what the last cells are, and their order."""
    places = []
    for lead in size(notebook).ending:
        found = [place for place, cell in enumerate(notebook.cells) if _has(cell, lead)]
        if found:
            places.append(found[-1])
        else:
            yield fault(notebook, None, f"“{lead}” is missing", f"add a cell that begins **{lead}**")
    if places != sorted(places):
        yield fault(notebook, None, "the last cells are out of order", "break it · AWS · key points · words · next")
    if not any(call.arguments[:1] == (notebook.number,) for _, _, call in notebook.calls("predict.summary")):
        yield fault(notebook, None, "no summary of the predictions", f'predict.summary("{notebook.number}")')
    last = notebook.cells[-1] if notebook.cells else Cell("", "markdown", "")
    if not {"cloud.clean", "cloud.stop"} <= {call.name for call in last.calls}:
        yield fault(notebook, last, "the last cell does not close everything", "cloud.clean() and cloud.stop()")


_CHECKED = re.compile(r"checked against AWS's documentation on (\S+?)[.,;)]*(?:\s|$)", re.IGNORECASE)
_CURE = "Checked against AWS's documentation on YYYY-MM-DD."


def says_where_and_when_of_aws(notebook: Notebook) -> Iterator[Fault]:
    """Hold that what is said of AWS can be looked up, and how old it is."""
    for cell in notebook.markdown:
        if not _has(cell, "On real AWS"):
            continue
        if not any(address.startswith("https://") for is_picture, _, address in links(cell) if not is_picture):
            yield fault(notebook, cell, "no address", "link each claim to the page that makes it: [words](https://…)")
        dates = _CHECKED.findall(cell.source)
        if not dates:
            yield fault(notebook, cell, "no date", _CURE)
        for said in dates:
            if not _has_been(said):
                yield fault(notebook, cell, f"{said} is no day that has been", _CURE)


def _has_been(said: str) -> bool:
    """Tell whether a text is a date, and not of the future (tomorrow is today somewhere)."""
    try:
        return date.fromisoformat(said) <= date.today() + timedelta(days=1)
    except ValueError:
        return False


def _has(cell: Cell, lead: str) -> bool:
    """Tell whether a cell has a paragraph or a heading that begins so."""
    pattern = rf"^(?:#+ {lead}|\*\*{lead}[.:]?\*\*)"
    return cell.kind == "markdown" and bool(re.search(pattern, cell.source, re.MULTILINE))


RULES: tuple[Rule, ...] = (
    has_the_right_size,
    code_is_in_small_steps,
    prose_breathes,
    opens_as_they_all_do,
    predictions_come_first,
    answers_stand_below,
    ends_as_they_all_do,
    says_where_and_when_of_aws,
)
