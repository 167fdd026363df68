"""Guess first, on the record: ``predict`` stores a guess, ``predict.reveal`` sets it beside what the run showed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable

from .. import wire
from ..gateway.happenings import Happening
from .card import Card, Folded, Part, Prose, Table, show
from .names import Unknown, lesson_of, tidy, unknown
from .questions import Prediction, predictions
from .store import Entry, Store
from .store import store as the_store

Seen = str | Callable[[Sequence[Happening]], str]

_NO_GUESS = {"", "?", "...", "None", "Ellipsis"}


class Predict:
    """The predictions of a lesson and the guesses of a learner. ``predict("04.a", "B")`` records one."""

    def __init__(self, store: Store = the_store, place: Traversable | None = None) -> None:
        self._store = store
        self._place = place

    def __call__(self, id: str, guess: object = "?") -> None:
        """Record a guess and give nothing away.

        ``"?"`` stands for no guess. A guess may be changed until the answer is revealed. Raises Unknown where there is
        no such prediction, or no such option.
        """
        prediction = self._find(id)
        letter = self._letter(prediction, guess)
        known = self._store.entry("predictions", prediction.id)
        if not letter:
            print(f"{prediction.id}: no guess yet: replace the ? by a letter ({prediction.letters}).")
        elif known.get("revealed") and known.get("guess"):
            self._guess_again(prediction, letter, known)
        else:
            self._store.change("predictions", prediction.id, guess=letter, revealed=False)
            print(f"{prediction.id}: your guess is {letter}. Go on; the reveal will quote it.")

    def ask(self, id: str) -> None:
        """Show the question and its options."""
        prediction = self._find(id)
        options = "\n\n".join(f"**{letter}** {option.text}" for letter, option in prediction.options.items())
        show(Card(f"Predict {prediction.id}", [Prose(prediction.question), Prose(options)]))

    def reveal(self, id: str, seen: Seen | None = None) -> None:
        """Set the guess beside what the run showed, and explain every option.

        ``seen`` is the option that the run showed: its letter, or a function that finds it in the happenings of the
        last picture. Where it is not given, it is what the lesson says. Raises Unknown like ``predict``.
        """
        prediction = self._find(id)
        if callable(seen):
            seen = seen(wire.happenings())
        truth = self._letter(prediction, prediction.answer if seen is None else seen) or prediction.answer
        known = self._store.change("predictions", prediction.id, seen=truth, revealed=True)
        show(_revealed(prediction, known.get("again") or known.get("guess", ""), truth))

    def summary(self, lesson: str) -> None:
        """Show all guesses of a lesson beside what was seen, and what is worth another look."""
        lesson = lesson_of(str(lesson))
        found = predictions(lesson, self._place)
        if not found:
            raise unknown("prediction of lesson", lesson, ())
        known = self._store.section("predictions")
        show(_summary(lesson, [(prediction, known.get(id, {})) for id, prediction in found.items()]))

    def _find(self, id: str) -> Prediction:
        id = tidy(id)
        found = predictions(lesson_of(id), self._place)
        if id not in found:
            raise unknown("prediction", id, found)
        return found[id]

    def _letter(self, prediction: Prediction, guess: object) -> str:
        letter = "" if guess is None or guess is Ellipsis else str(guess).strip().upper()
        if letter in _NO_GUESS:
            return ""
        if letter not in prediction.options:
            raise Unknown(f"{prediction.id} has no option {letter!r}", hint=f"choose one of {prediction.letters}")
        return letter

    def _guess_again(self, prediction: Prediction, letter: str, known: Entry) -> None:
        self._store.change("predictions", prediction.id, again=letter if letter != known["guess"] else "")
        first = "" if letter == known["guess"] else f" Your first guess, {known['guess']}, stays on the record."
        print(f"{prediction.id}: already revealed; this time your guess is {letter}.{first}")


def _revealed(prediction: Prediction, guess: str, truth: str) -> Card:
    return Card(_verdict(prediction, guess, truth), _explanations(prediction, guess, truth))


def _verdict(prediction: Prediction, guess: str, truth: str) -> str:
    seen = f"the run showed {truth}"
    if not guess:
        return f"{prediction.id}: no guess, and {seen}"
    return (
        f"{prediction.id}: you said {guess}, and {seen}"
        if guess == truth
        else f"{prediction.id}: you said {guess}, {seen}"
    )


def _explanations(prediction: Prediction, guess: str, truth: str) -> list[Part]:
    """Return what was seen first, then the learner's own idea, then the others: each is given its due."""
    parts: list[Part] = [_option(prediction, truth, "what the run showed")]
    if guess and guess != truth:
        parts.append(_option(prediction, guess, "your guess"))
    if truth != prediction.answer:
        parts.append(
            Prose(
                f"The lesson expected {prediction.answer} here. Something differs in this run: run this section again "
                "from its top. If it stays so, believe the run."
            )
        )
    others = [letter for letter in prediction.options if letter not in (guess, truth)]
    if others:
        parts.append(Folded("The other options", [_option(prediction, letter, "") for letter in others]))
    return parts


def _option(prediction: Prediction, letter: str, what: str) -> Prose:
    option = prediction.options[letter]
    lead = f"**{letter}**, {what}: {option.text}." if what else f"**{letter}** {option.text}."
    return Prose(f"{lead.replace('..', '.')} {option.why}")


def _summary(lesson: str, guesses: Sequence[tuple[Prediction, Entry]]) -> Card:
    rows = [_summary_row(prediction, known) for prediction, known in guesses]
    guessed = [(prediction, known) for prediction, known in guesses if known.get("guess") and known.get("revealed")]
    missed = [prediction for prediction, known in guessed if known["guess"] != known["seen"]]
    parts: list[Part] = [Table(("prediction", "your guess", "the run showed", ""), rows)]
    if missed:
        places = "; ".join(_place(prediction) for prediction in missed)
        parts.append(Prose(f"Worth another look, because most people think so at first: {places}."))
    title = f"lesson {lesson}: {len(guessed) - len(missed)} of {len(guessed)} guesses matched what the run showed"
    return Card(title if guessed else f"lesson {lesson}: no guesses yet", parts)


def _summary_row(prediction: Prediction, known: Entry) -> tuple[str, str, str, str]:
    guess = known.get("guess") or "–"
    seen = known.get("seen", "–") if known.get("revealed") else "not yet run"
    return prediction.id, guess, seen, "matched" if guess == seen else ""


def _place(prediction: Prediction) -> str:
    return f"{prediction.id} (section {prediction.section})" if prediction.section else prediction.id


predict = Predict()
