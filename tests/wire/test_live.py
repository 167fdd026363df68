import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

import upgrade101
from upgrade101 import wire
from upgrade101.gateway.happenings import Called, Happening, Observers, Received
from upgrade101.wire import Live, Picture, Recorder, samples
from upgrade101.wire.live_page import Page, Terminal

PATIENCE = 30.0  # seconds; for what happens within milliseconds on an idle machine


class Paper:
    """A screen that remembers what was on it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.shown: list[Picture] = []
        self.steps: list[tuple[int, str]] = []
        self.last: Picture | None = None
        self.is_new = threading.Event()

    def open(self) -> None:
        self.log.append("open")

    def show(self, picture: Picture, headline: str, steps: Sequence[tuple[int, str]]) -> None:
        self.log.append(headline)
        self.shown.append(picture)
        self.steps += steps
        self.is_new.set()

    def close(self, picture: Picture, headline: str) -> None:
        self.log.append(headline)
        self.last = picture
        self.is_new.set()

    def wait(self) -> None:
        assert self.is_new.wait(PATIENCE), "nothing new was shown"
        self.is_new.clear()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def begin(recorder: Recorder) -> Iterator[Callable[..., tuple[Live, Paper]]]:
    begun: list[Live] = []

    def begin(running: Callable[[], bool] = lambda: True) -> tuple[Live, Paper]:
        paper = Paper()
        begun.append(Live(recorder, paper, running).start())  # type: ignore[arg-type]
        return begun[-1], paper

    yield begin
    for live in begun:
        live.stop()


Begin = Callable[..., tuple[Live, Paper]]


def tell(recorder: Recorder, happenings: Sequence[Happening]) -> None:
    for happening in happenings:
        recorder.observe(happening)


def test_it_shows_what_happens_without_being_asked(recorder: Recorder, begin: Begin) -> None:
    _, paper = begin()
    tell(recorder, samples.broadcast())
    paper.wait()
    assert paper.shown[-1].story.arrows == 10
    assert "{" in paper.shown[-1].text and paper.log[:2] == ["open", "10 arrows in 11 ms"]


def test_what_happened_before_is_not_shown(recorder: Recorder, begin: Begin) -> None:
    tell(recorder, samples.polling())
    live, paper = begin()
    tell(recorder, samples.broadcast())
    paper.wait()
    assert list(live.happenings) == samples.broadcast()


def test_it_goes_on_and_counts_from_its_beginning(recorder: Recorder, begin: Begin) -> None:
    _, paper = begin()
    run = samples.polling(20)
    tell(recorder, run[:30])
    paper.wait()
    tell(recorder, run[30:])
    while paper.shown[-1].story.arrows < 40:
        paper.wait()
    last = paper.shown[-1]
    assert last.text.startswith("wire log: 40 arrows in 4.81 s")
    assert sum("→" in line for line in last.text.splitlines()) == 12, "the last twelve are seen"
    assert "4.81 s" in last.text.splitlines()[-1], "times count from the beginning of the view"


def test_who_listens_hears_each_step_once(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    run = samples.polling(4)
    for part in (run[:3], run[3:]):
        tell(recorder, part)
        paper.wait()
    live.stop()
    assert [number for number, _ in paper.steps] == list(range(1, 9))
    assert paper.steps[1][1] == '3.1 ms: gateway to client: {"news": []}, 200.'


def test_it_leaves_the_picture_of_all_that_happened(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    tell(recorder, samples.chat())
    live.stop()
    assert paper.last is not None and paper.last.story.arrows == 25
    assert paper.log[-1] == "ended · 25 arrows in 72 ms"
    assert not live.is_live
    tell(recorder, samples.polling())
    assert len(live.happenings) == len(samples.chat())


def test_it_ends_once(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    live.stop()
    live.stop()
    with live:
        pass
    assert paper.log == ["open", "ended · 0 arrows in 0 ms"]


def test_a_block_ends_it(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    with live:
        tell(recorder, samples.polling(1))
    assert paper.log[-1] == "ended · 2 arrows in 3.1 ms"


def test_it_ends_with_the_cloud_and_its_thread_too(recorder: Recorder, begin: Begin) -> None:
    cloud = {"runs": True}
    live, paper = begin(lambda: cloud["runs"])
    tell(recorder, samples.polling(1))
    paper.wait()
    assert live._thread.is_alive()
    cloud["runs"] = False
    live._thread.join(PATIENCE)
    assert not live._thread.is_alive()
    assert paper.log[-1].startswith("ended")


def test_it_may_begin_before_the_cloud_does(recorder: Recorder, begin: Begin) -> None:
    cloud = {"runs": False}
    live, paper = begin(lambda: cloud["runs"])
    for _ in range(2):
        tell(recorder, samples.polling(1))
        paper.wait()
    assert live.is_live


def test_what_makes_no_arrow_makes_no_picture(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    recorder.observe(Called(at=0.0, service="apigatewayv2", operation="CreateRoute"))
    live.stop()
    assert paper.log == ["open", "ended · 0 arrows in 0 ms"]


def test_a_screen_that_fails_costs_nothing_but_the_picture(
    recorder: Recorder, begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    live, paper = begin()
    paper.show = None  # type: ignore[assignment,method-assign]
    tell(recorder, samples.polling(1))
    live.stop()
    assert "could not be drawn" in caplog.text
    assert paper.log[-1] == "ended · 2 arrows in 3.1 ms"


def test_many_happenings_make_few_pictures(recorder: Recorder, begin: Begin) -> None:
    live, paper = begin()
    for number in range(3_000):
        recorder.observe(Received(at=number / 1000, text=str(number), connection_id="Xa="))
    live.stop()
    assert paper.last is not None and paper.last.story.arrows == 3_000
    assert len(paper.shown) < 100


# ── where there is no page ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_terminal_gets_a_line_for_each_step(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    with Live(recorder, Terminal(), lambda: True).start():
        tell(recorder, samples.polling(2))
    assert capsys.readouterr().out.splitlines() == [
        "0 ms: client to gateway: GET /prod/news.",
        '3.1 ms: gateway to client: {"news": []}, 200.',
        "253 ms: client to gateway: GET /prod/news.",
        '256 ms: gateway to client: {"news": []}, 200.',
        "wire log: ended · 4 arrows in 256 ms",
    ]


def test_the_next_one_ends_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Observers()
    wire.clear()
    wire.recorder.attach(cloud.watch)
    try:
        first = wire.live()
        second = wire.live()
        assert (first.is_live, second.is_live) == (False, True)
        for happening in samples.polling(1):
            cloud.tell(happening)
        second.stop()
        assert wire.show().story.arrows == 2, "watching does not turn the page"
    finally:
        wire.clear()
        wire.recorder.attach(upgrade101.cloud.watch, upgrade101.cloud.settle)  # as it was
    assert capsys.readouterr().out.count("ended") == 2


def test_a_page_says_nothing_that_could_be_taken_for_markup() -> None:
    hostile = [Received(at=0, text="</script><script>alert(1)</script>", connection_id="Xa=")]
    page = Page()._news(wire.draw(hostile), "</p><script>", [(1, "</li><script>")])
    assert page.count("<script>") == 1


def test_as_the_value_of_a_cell_it_shows_nothing_twice() -> None:
    from IPython.core.formatters import DisplayFormatter

    live = Live(Recorder(), Terminal(), lambda: True)
    assert DisplayFormatter().format(live) == ({}, {})  # type: ignore[no-untyped-call]
