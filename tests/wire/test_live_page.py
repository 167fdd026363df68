"""The page's half of the live wire log, in a real browser: first alone, then in JupyterLab while a cell blocks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page as Tab

from upgrade101 import wire
from upgrade101.authoring.browser import Seen, browser_page, jupyterlab
from upgrade101.wire import Picture, samples
from upgrade101.wire.live_page import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser")]

ASK = """key => {
    const view = document.querySelector(`.u101-live[data-live="${key}"]`);
    const news = document.querySelector('.u101-news');
    const part = name => view.querySelector(`[data-part=${name}]`);
    return {
        seen: view.offsetHeight > 0,
        news: news ? news.offsetHeight > 0 : null,
        status: part('status').textContent,
        picture: part('picture').querySelector('svg')?.getAttribute('aria-label') ?? '',
        words: part('words').textContent,
        heard: [...part('heard').children].map(line => line.textContent),
        open: view.querySelector('details').open,
        focused: document.activeElement === part('pause'),
        pressed: part('pause').getAttribute('aria-pressed'),
    };
}"""
ADD = """id => document.body.insertAdjacentHTML('beforeend', `<div class="jp-OutputArea-child" id="${id}"></div>`)"""
FILL = """([id, html]) => {
    const host = document.getElementById(id);
    host.innerHTML = html;
    for (const old of host.querySelectorAll('script')) {
        const script = document.createElement('script');
        script.textContent = old.textContent;
        old.replaceWith(script);
    }
}"""


class Outputs(Page):
    """A live view whose outputs go to a tab, as a notebook would put them there."""

    def __init__(self, tab: Tab) -> None:
        super().__init__()
        self.tab = tab

    def _display(self, part: str, bundle: dict[str, str]) -> None:
        self.tab.evaluate(ADD, part)
        self._update(part, bundle)

    def _update(self, part: str, bundle: dict[str, Any]) -> None:
        self.tab.evaluate(FILL, [part, bundle["text/html"]])

    def ask(self) -> dict[str, Any]:
        """Return what there is to see and to hear."""
        return dict(self.tab.evaluate(ASK, self.key))


@pytest.fixture
def seen() -> Seen:
    return Seen(False, [])


@pytest.fixture
def outputs(seen: Seen) -> Iterator[Outputs]:
    with browser_page(seen) as tab:
        page = Outputs(tab)
        page.open()
        yield page
    assert not seen.console and not seen.outside


def picture(arrows: int) -> Picture:
    return wire.draw(samples.polling(20)[:arrows])


def steps(first: int, last: int) -> list[tuple[int, str]]:
    return [(number, f"step {number}.") for number in range(first, last + 1)]


def test_the_news_move_into_a_view_that_stays(outputs: Outputs) -> None:
    assert outputs.ask()["status"] == "live · nothing has happened yet"
    for arrows in (2, 4):
        outputs.show(picture(arrows), f"{arrows} arrows", steps(1, arrows))
        now = outputs.ask()
        assert (now["seen"], now["news"], now["status"]) == (True, False, f"live · {arrows} arrows")
        assert now["picture"].startswith(f"Wire log: {arrows} arrows")
        assert now["words"] == picture(arrows).text


def test_what_the_reader_opened_stays_open_and_focus_stays(outputs: Outputs) -> None:
    outputs.show(picture(2), "2 arrows", [])
    outputs.tab.locator(".u101-live summary").click()
    outputs.tab.locator(".u101-live button").focus()
    outputs.show(picture(4), "4 arrows", [])
    now = outputs.ask()
    assert now["open"] and now["focused"]


def test_it_can_be_paused(outputs: Outputs) -> None:
    outputs.show(picture(2), "2 arrows", steps(1, 2))
    outputs.tab.get_by_role("button", name="Pause").press("Enter")
    outputs.show(picture(4), "4 arrows", steps(3, 4))
    paused = outputs.ask()
    assert (paused["status"], paused["pressed"]) == ("paused · 4 arrows", "true")
    assert paused["picture"].startswith("Wire log: 2 arrows")
    outputs.tab.get_by_role("button", name="Go on").press("Enter")
    assert outputs.ask()["picture"].startswith("Wire log: 4 arrows")


def test_ears_hear_what_is_new_politely(outputs: Outputs) -> None:
    log = outputs.tab.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"
    outputs.show(picture(2), "2 arrows", steps(1, 2))
    log.get_by_text("step 2.").wait_for(state="attached")
    assert outputs.ask()["heard"] == ["step 1.", "step 2."]
    for last in (4, 9):
        outputs.show(picture(2), "more", steps(last - 1, last + 2))
    log.get_by_text("step 11.").wait_for(state="attached")
    assert outputs.ask()["heard"] == ["8 new steps, the last:", "step 11."], "in one breath, and each step once"


def test_an_ordinary_picture_is_left(outputs: Outputs) -> None:
    outputs.show(picture(2), "2 arrows", [])
    outputs.close(picture(4), "ended")
    assert outputs.tab.locator(".u101-live, .u101-news, script, button").count() == 0
    assert outputs.tab.get_by_role("img").count() == 1


def test_without_scripts_the_news_themselves_are_seen(seen: Seen) -> None:
    page = Page()
    news = page._news(picture(2), "2 arrows", steps(1, 2))
    with browser_page(seen) as tab:
        tab.set_content(page._view() + news)
        assert tab.locator(".u101-live").is_hidden()
        assert tab.locator(".u101-news svg").is_visible()
        assert "live · 2 arrows" in tab.locator("body").inner_text()


# ── in JupyterLab ────────────────────────────────────────────────────────────────────────────────────────────────────

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
BEGIN = """
from upgrade101 import wire
from upgrade101.wire import samples
wire.live()
"""
BLOCK = """
import pathlib, time
for happening in samples.broadcast():
    wire.recorder.observe(happening)
waited_until = time.monotonic() + 60
while not pathlib.Path("seen").exists():
    assert time.monotonic() < waited_until, "the page has not shown it"
    time.sleep(0.05)
"""
RUN = """index => { const book = window.jupyterapp.shell.currentWidget.content; book.activeCellIndex = index;
    window.ran = null; window.jupyterapp.commands.execute('notebook:run-cell').then(
        passed => { window.ran = [passed] }, fault => { window.ran = [false, String(fault)] }) }"""
IDLE = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning")
def test_it_is_seen_while_a_cell_blocks(seen: Seen, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in (BEGIN, BLOCK, "wire.live().stop()")]
    book = tmp_path / "desk" / "live.ipynb"
    book.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), book)
    with jupyterlab(book.parent) as address, browser_page(seen) as tab:
        tab.set_default_timeout(90_000)
        tab.goto(address.replace("/lab?", "/lab/tree/live.ipynb?reset&"))
        tab.wait_for_function(IDLE)

        def run(index: int, wait: bool = True) -> None:
            tab.evaluate(RUN, index)
            if wait:
                tab.wait_for_function("() => window.ran !== null")
                assert tab.evaluate("() => window.ran") == [True]

        run(0)
        assert tab.locator(".u101-live").inner_text().startswith("live · nothing has happened yet")
        run(1, wait=False)
        tab.locator(".u101-live svg[aria-label^='Wire log: 10 arrows']").wait_for()
        assert tab.evaluate("() => window.ran") is None, "the cell still blocks"
        assert tab.locator(".u101-news").is_hidden()
        (book.parent / "seen").touch()
        tab.wait_for_function("() => window.ran !== null")
        run(2)
        tab.wait_for_function("() => document.querySelectorAll('.u101-live').length === 0")
        assert tab.locator(".jp-OutputArea svg[aria-label^='Wire log: 10 arrows']").count() == 1
        tab.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert not seen.outside and not seen.console
    kept = json.loads(book.read_text(encoding="utf-8"))["cells"][0]["outputs"]
    assert "<script" not in json.dumps(kept) and "wire log: 10 arrows" in json.dumps(kept)
