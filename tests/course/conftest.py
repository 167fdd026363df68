import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for course_kit

from upgrade101 import cloud
from upgrade101.course import exercises as the_exercises
from upgrade101.course.bench import fresh
from upgrade101.course.check import Check
from upgrade101.course.exercises import NotYet, exercise, expect, trying
from upgrade101.course.store import Store
from upgrade101.wire import samples

LESSON = """\
[[prediction]]
id = "90.a"
section = "1 · Plain text"
question = "A client sends `hello`, and no route fits. What comes back?"
answer = "B"
options.A = { text = "Nothing", why = "Silence would hide the mistake." }
options.B = { text = "An error frame", why = "It says Forbidden and means *no route*." }
options.C = { text = "A close frame", why = "The line stays open." }

[[prediction]]
id = "90.b"
question = "And with a $default route?"
answer = "A"
options.A = { text = "It goes there", why = "That is what it is for." }
options.B = { text = "Forbidden", why = "Only where there is no $default." }
"""

RUNGS = (
    "Look at section 1.",
    "The key is in the body.",
    "`$request.body.___`",
    "Two words are missing.",
    "```\n$request.body.action\n```",
)


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "predictions"
    folder.mkdir()
    (folder / "lesson90.toml").write_text(LESSON, encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "progress.json")


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    """A local cloud for the tests of one file; what a wrong answer left open is put away with it."""
    cloud.start("moto", quiet=True)
    yield
    cloud.stop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def check(store: Store) -> Check:
    return Check(store, fresh)


class Bench:
    """A bench on which a broadcast happened."""

    def happenings(self) -> list[Any]:
        return samples.broadcast()


@contextmanager
def _broadcasts() -> Iterator[Bench]:
    yield Bench()


@pytest.fixture
def broadcasts() -> Any:
    """Benches on which a broadcast happened."""
    return _broadcasts


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab 90 with three exercises."""
    monkeypatch.setattr(the_exercises, "_registry", {})
    symptoms = {"KeyError: 'body'": "The event of $connect has no body."}

    @exercise(
        "90.1",
        "Find the action",
        showed="the key comes from the message",
        now_try="a message without an action.",
        look="lesson 90, section 1",
        hints=RUNGS,
        symptoms=symptoms,
    )
    def finds_the_action(answer: Any, bench: Any) -> None:
        trying('{"action": "echo"}')
        expect(answer({"action": "echo"}), "echo")

    @exercise("90.2", "Say which room", showed="rooms differ", hints=RUNGS, seconds=0.3, tries=1)
    def says_which_room(answer: Any, bench: Any) -> NotYet | None:
        trying("the room of Ana")
        return None if answer() == "blue" else NotYet(expected="blue", got="another room", look="section 2")

    @exercise("90.10", "Build it", showed="it stands", hints=RUNGS, takes_answer=False)
    def builds_it(answer: Any, bench: Any) -> list[NotYet]:
        return []
