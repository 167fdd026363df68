"""The chat's box in a real JupyterLab, in a real browser: two boxes talk, by keyboard, in light and dark."""

from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from upgrade101.authoring.browser import Seen, browser_page, jupyterlab

SHOTS = Path(__file__).parent / "screenshots"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("browser"),
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning"),
]

CELLS = {
    "start": """
from upgrade101 import cloud, websocket_api
from upgrade101.course import chat
cloud.start(quiet=True)
chat.begin(quiet=True)
import app
api = websocket_api("chat", app.ROUTES, two_way=app.TWO_WAY, beside=chat.APP)""",
    "ana": 'ana = chat.box(api.url, room="blue", name="Ana"); ana',
    "ben": "ben = chat.box(api.url); ben",
    "look": "print(ana)",
}


@contextmanager
def opened(folder, theme):
    """A notebook with two boxes, run; the page it is open in."""
    cells = [nbformat.v4.new_code_cell(source.strip(), id=name) for name, source in CELLS.items()]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "boxes.ipynb")
    seen = Seen(False, [])
    with jupyterlab(folder, theme=theme) as address, browser_page(seen, width=1100, height=1100) as page:
        page.goto(address.replace("/lab?", "/lab/tree/boxes.ipynb?reset&"))
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )
        assert page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        yield page
        assert not seen.outside
        assert not seen.console


def wait_for(box, text):
    box.locator("[role=log] li span", has_text=text).wait_for(timeout=20_000)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_two_boxes_of_one_notebook_talk(tmp_path, theme):
    with opened(tmp_path, theme) as page:
        ana, ben = (page.locator(".jp-Cell section.u101-chat").nth(place) for place in (0, 1))
        ana.get_by_role("status").get_by_text("Connected").wait_for(timeout=30_000)
        cells = page.locator(".jp-Cell").count()
        ben.get_by_label("Your name").click()
        page.keyboard.type("Ben dd")  # in command mode, "d d" deletes a cell
        page.keyboard.press("Tab")
        page.keyboard.type("blue")
        page.keyboard.press("Enter")
        ben.get_by_role("status").get_by_text("Connected").wait_for(timeout=30_000)
        page.keyboard.type("abxyz and 0 0, ii")  # each is a command of the notebook's, elsewhere
        page.keyboard.press("Enter")
        wait_for(ana, "abxyz and 0 0, ii")
        ana.get_by_label("Message", exact=True).fill("I read you")
        page.keyboard.press("Enter")
        wait_for(ben, "I read you")
        ana.get_by_text("In the room: Ana, Ben dd").wait_for()
        assert page.locator(".jp-Cell").count() == cells
        assert ana.evaluate("e => getComputedStyle(e).backgroundColor") == (
            "rgb(255, 255, 255)" if theme == "Light" else "rgb(17, 17, 17)"
        )
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"chat_box-{theme.lower()}.png"))
        kernel_knows(page)


def kernel_knows(page):
    """What a box has read comes back to the notebook."""
    page.evaluate(
        "() => { const it = window.jupyterapp.shell.currentWidget.content; it.activeCellIndex = it.widgets.length - 1 }"
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    shown = page.locator(".jp-Cell").last.locator(".jp-OutputArea-output").last
    shown.get_by_text("Ben dd: abxyz and 0 0, ii").wait_for(timeout=20_000)
    assert "A chat box for room blue, here; in the room: Ana, Ben dd" in shown.inner_text()


def test_a_box_that_is_taken_away_leaves_the_room(tmp_path):
    with opened(tmp_path, "Light") as page:
        ana, ben = (page.locator(".jp-Cell section.u101-chat").nth(place) for place in (0, 1))
        ana.get_by_role("status").get_by_text("Connected").wait_for(timeout=30_000)
        ben.get_by_label("Your name").fill("Ben")
        ben.get_by_role("textbox", name="Room").fill("blue")
        page.keyboard.press("Enter")
        ana.get_by_text("In the room: Ana, Ben").wait_for(timeout=20_000)
        page.evaluate("() => { const it = window.jupyterapp.shell.currentWidget.content; it.activeCellIndex = 2 }")
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-cell-output')")
        ana.get_by_text("In the room: Ana", exact=True).wait_for(timeout=20_000)
