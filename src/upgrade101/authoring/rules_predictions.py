"""What holds for the predictions of a lesson: asked, guessed and revealed, and never answered above the question."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..course.questions import Prediction, predictions
from ..gateway.errors import ConfigurationError
from .faults import Fault, fault
from .reading import Cell, Notebook

LEAST = {"00": 1}
ANSWER_WORDS, REASON_WORDS = 5, 10  # as many in a row, above the question, give the answer away


def least(notebook: Notebook) -> int:
    """Return how many predictions a lesson has at least."""
    return LEAST.get(notebook.number, 3)


def predictions_come_first(notebook: Notebook) -> Iterator[Fault]:
    """Hold that each prediction is asked, guessed and revealed, in this order, and is what the record says."""
    try:
        known = predictions(notebook.number)
    except ConfigurationError as error:
        yield fault(notebook, None, str(error), "mend the file")
        return
    asked = {match[1]: place for place, cell in enumerate(notebook.cells) if (match := asks(cell))}
    if len(asked) < least(notebook):
        yield fault(notebook, None, f"{len(asked)} predictions", f"at least {least(notebook)}")
    for id in sorted(known.keys() - asked.keys()):
        yield fault(
            notebook, None, f"{id} is in lesson{notebook.number}.toml and not asked here", f"**Predict {id}** …"
        )
    for id, place in asked.items():
        cell = notebook.cells[place]
        if id not in known:
            yield fault(notebook, cell, f"nothing is known about {id}", f"describe it in lesson{notebook.number}.toml")
            continue
        letters = re.findall(r"^\s*(?:[-*]\s+)?\*\*([A-Z])\b\.?\*\*", cell.source, re.MULTILINE)
        if letters != list(known[id].options):
            yield fault(
                notebook, cell, f"options {', '.join(letters) or 'none'}", f"the record has {known[id].letters}"
            )
        if known[id].section and known[id].section != _section(notebook, place):
            what = f"{id} sends learners to {known[id].section!r}"
            yield fault(
                notebook, cell, what, f"section = {_section(notebook, place)!r} in lesson{notebook.number}.toml"
            )
        yield from _guessed_and_revealed(notebook, id, place)


def asks(cell: Cell) -> re.Match[str] | None:
    """Return where a cell asks for a prediction, with its id; None where it asks for none."""
    return re.search(r"^\*\*Predict (\d\d\.[a-z])\*\*", cell.source, re.MULTILINE) if not cell.is_code else None


def _section(notebook: Notebook, place: int) -> str:
    """Return the title of the section that a cell belongs to, or ''."""
    titles = [text for cell in notebook.cells[: place + 1] for level, text in cell.headings if level == 2]
    return titles[-1] if titles else ""


def _guessed_and_revealed(notebook: Notebook, id: str, asked: int) -> Iterator[Fault]:
    guesses = [place for place, _, call in notebook.calls("predict") if call.arguments[:1] == (id,)]
    reveals = [place for place, _, call in notebook.calls("predict.reveal") if call.arguments[:1] == (id,)]
    cell = notebook.cells[asked]
    if guesses != [asked + 1]:
        yield fault(notebook, cell, "the next cell does not take the guess", f'guess = "?" and predict("{id}", guess)')
    elif not re.search(r'^guess = "\?"\s*(#.*)?$', notebook.cells[asked + 1].source, re.MULTILINE):
        yield fault(notebook, notebook.cells[asked + 1], "a guess is given away", 'guess = "?"')
    if len(reveals) != 1 or reveals[0] <= asked + 1:
        yield fault(notebook, cell, f"{id} is not revealed once, after the guess", f'predict.reveal("{id}", seen=…)')


def answers_stand_below(notebook: Notebook) -> Iterator[Fault]:
    """Hold that nothing above a question answers it: no explanation, and no run of words of one; the run decides."""
    known = _known(notebook)
    for place, cell in enumerate(notebook.cells):
        match = asks(cell)
        if match is None or match[1] not in known:
            continue
        for above in notebook.cells[:place]:
            told = _tells(above, known[match[1]])
            if told:
                yield fault(notebook, above, f"answers {match[1]}, which is asked below: “{told}”", "say it below")
        yield from _explained_too_early(notebook, match[1], place)
    for _, cell, id in _revealed(notebook):
        if _is_given(cell, id):
            yield fault(notebook, cell, f"the answer to {id} is written down", "work out seen=… from what has run")


def _known(notebook: Notebook) -> dict[str, Prediction]:
    try:
        return predictions(notebook.number)
    except ConfigurationError:  # another rule says so
        return {}


def _tells(cell: Cell, prediction: Prediction) -> str:
    """Return the words of a cell that are those of the answer, or of the explanation of any option; or ''."""
    said = _words(cell.source)
    asked = _words(" ".join([prediction.question, *(each.text for each in prediction.options.values())]))
    answer = _words(prediction.options[prediction.answer].text)
    others = [_words(each.text) for each in prediction.options.values()]
    unfair = [(answer, ANSWER_WORDS, [_words(prediction.question), *(each for each in others if each != answer)])]
    unfair += [(_words(each.why), REASON_WORDS, [asked]) for each in prediction.options.values()]
    for words, least, fair in unfair:
        for run in _runs(words, least) & _runs(said, least) - set().union(*(_runs(each, least) for each in fair)):
            return " ".join(run)
    return ""


def _words(text: str) -> list[str]:
    return re.findall(r"[\w$@]+", text.lower())


def _runs(words: list[str], length: int) -> set[tuple[str, ...]]:
    """Return every run of so many words."""
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _explained_too_early(notebook: Notebook, id: str, asked: int) -> Iterator[Fault]:
    revealed = next((place for place, _, known in _revealed(notebook) if known == id), asked)
    for place, cell in enumerate(notebook.cells[asked:revealed], asked):
        match = asks(cell) if place == asked else None
        below = cell.source[match.end() :] if match else cell.source
        if cell.kind == "markdown" and re.search(r"^\*\*Why\b", below, re.MULTILINE):
            yield fault(notebook, cell, f"explains {id} before it is revealed", "put it below predict.reveal")


def _revealed(notebook: Notebook) -> Iterator[tuple[int, Cell, str]]:
    for place, cell, call in notebook.calls("predict.reveal"):
        if call.arguments and isinstance(call.arguments[0], str):
            yield place, cell, call.arguments[0]


def _is_given(cell: Cell, id: str) -> bool:
    """Tell whether a cell hands the reveal of a prediction a constant."""
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "predict.reveal" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == id:
                return any(each.arg == "seen" and _is_letter(each.value) for each in node.keywords)
    return False


def _is_letter(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
