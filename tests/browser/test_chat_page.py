"""The chat's page in a real browser: two people, cut lines, a storm, a proxy; by keyboard, in light and dark."""

import socket
import sys
from collections import Counter
from pathlib import Path

import pytest

from upgrade101 import cloud, websocket_api
from upgrade101.authoring.browser import Seen, browser_page, jupyterlab
from upgrade101.course import chat
from upgrade101.course.chat import Member

SHOTS = Path(__file__).parent / "screenshots"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("browser"),
    pytest.mark.filterwarnings("default::DeprecationWarning", "default::ResourceWarning"),
]


@pytest.fixture(scope="module")
def deployed():
    """The whole chat."""
    cloud.start(quiet=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        chat.begin(quiet=True)
        import app

        yield websocket_api("chat", app.ROUTES, two_way=app.TWO_WAY, beside=chat.APP)
    chat.close()
    cloud.stop()


@pytest.fixture
def url(deployed):
    """The address of a chat in which nothing has been said yet."""
    chat.begin(quiet=True)
    return deployed.url


@pytest.fixture
def served(url):
    """The address of the page."""
    return f"http://127.0.0.1:{chat.page(url).port}/"


@pytest.fixture
def tab():
    """A browser's tab that asks for nothing beyond this machine and has nothing to complain of."""
    seen = Seen(False, [])
    with browser_page(seen, width=900, height=760) as page:
        said = []
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        page.seen, page.said = seen, said
        yield page
        assert not seen.outside
        assert not seen.console


def enter(page, address, name, room="blue"):
    page.goto(f"{address}?room={room}&name={name}")
    page.get_by_role("status").get_by_text("Connected").wait_for(timeout=20_000)


def texts(page):
    return page.locator("[role=log] li span").all_inner_texts()


def wait_for(page, text):
    page.locator("[role=log] li span", has_text=text).wait_for(timeout=20_000)


def cut_all_lines():
    """End every line without a word, as a network does."""
    gateway = cloud.local().gateway
    with gateway.loop:
        for connection in list(gateway.core.connections.values()):
            connection.line.transport.abort()


def test_two_people_talk(tab, served):
    enter(tab, served, "Ana")
    other = tab.context.new_page()
    enter(other, served, "Ben")
    tab.get_by_label("Message", exact=True).fill("hello")
    tab.get_by_role("button", name="Send").click()
    wait_for(other, "hello")
    other.get_by_label("Message", exact=True).fill("<img src=x onerror=alert(1)> & Grüße 👋")
    other.keyboard.press("Enter")
    wait_for(tab, "Grüße")
    assert texts(tab) == texts(other) == ["hello", "<img src=x onerror=alert(1)> & Grüße 👋"]
    assert tab.locator("[role=log] img").count() == 0, "what others say is text, not HTML"
    for page in (tab, other):
        page.get_by_text("In the room: Ana, Ben").wait_for()
    other.get_by_role("button", name="Leave the room").click()
    tab.get_by_text("In the room: Ana", exact=True).wait_for()


def test_the_page_needs_no_mouse(tab, served):
    tab.goto(served)
    tab.get_by_role("button", name="Enter").wait_for()
    tab.keyboard.press("Tab")
    tab.keyboard.type("Ana")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("green")
    tab.keyboard.press("Enter")
    tab.get_by_role("status").get_by_text("Connected").wait_for(timeout=20_000)
    tab.keyboard.type("typed without a mouse")  # the focus is where one writes
    tab.keyboard.press("Enter")
    wait_for(tab, "typed without a mouse")
    order = []
    for _ in range(3):
        order.append(
            tab.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )
        tab.keyboard.press("Shift+Tab")
    assert order == ["", "Messages", "Leave the room"], "the log can be reached, and scrolled, by keyboard"


def test_the_page_says_what_it_is_to_who_does_not_see_it(tab, served):
    enter(tab, served, "Ana")
    assert tab.get_by_role("heading", level=1).inner_text() == "Room chat"
    assert tab.get_by_role("region", name="Room chat").count() == 1
    log = tab.get_by_role("log", name="Messages")
    assert log.get_attribute("aria-live") == "polite"
    assert tab.get_by_role("textbox", name="Message").count() == 1
    assert tab.get_by_role("button", name="Send").count() == 1
    assert tab.get_by_role("status").inner_text() == "Connected"
    assert tab.locator("html").get_attribute("lang") == "en"


def test_a_cut_line_is_noticed_and_nothing_is_lost(tab, served, url):
    enter(tab, served, "Ana")
    with Member(url, "blue", "Ben") as ben:
        ben.say("before")
        wait_for(tab, "before")
        tab.context.set_offline(True)
        cut_all_lines()
        tab.get_by_role("status").get_by_text("The line is lost, trying again").wait_for()
        ben.say("meanwhile")
        tab.get_by_label("Message", exact=True).fill("from a tunnel")
        tab.keyboard.press("Enter")
        tab.get_by_text("from a tunnel (not confirmed yet)").wait_for()
        tab.context.set_offline(False)
        wait_for(tab, "from a tunnel")
        ben.say("after")
        wait_for(tab, "after")
        ben.catch_up()
        assert texts(tab) == ben.texts == ["before", "meanwhile", "from a tunnel", "after"]
        assert tab.locator(".waiting li").count() == 0


DIAL = """async ([addresses]) => {
    const { Chat } = await import('./chat.js');
    window.chat = new Chat({ addresses, room: 'blue', name: 'Ana', show: () => {} });
}"""


def test_where_nobody_answers_the_next_address_is_tried(tab, served, url):
    tab.clock.install()
    tab.goto(served)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tab.evaluate(DIAL, [[f"ws://127.0.0.1:{silent.getsockname()[1]}/", cloud.local_url(url)]])
        tab.clock.run_for(9_000)
        assert tab.evaluate("chat.state") == "lost"
        tab.clock.run_for(1_000)
        tab.wait_for_function("() => chat.state === 'here'", timeout=20_000)


def test_an_idle_line_gets_a_sign_of_life(tab, served):
    tab.clock.install()
    frames = []
    tab.on("websocket", lambda line: line.on("framesent", lambda frame: frames.append(frame)))
    tab.goto(f"{served}?room=blue&name=Ana")
    tab.get_by_role("status").get_by_text("Connected").wait_for(timeout=20_000)
    assert len(frames) == 1
    tab.clock.run_for(241_000)
    tab.wait_for_timeout(300)
    assert [frame.count('"join"') for frame in frames] == [1, 1], "well within the ten minutes"


@pytest.mark.parametrize("seed", [3, 7])
def test_the_page_survives_a_storm(tab, served, url, seed):
    with Member(url, "blue", "Ben") as ben:
        with cloud.chaos(seed=seed, kills=0.1, gone=0.05):
            enter(tab, served, "Ana")
            for number in range(10):
                tab.get_by_label("Message", exact=True).fill(f"Ana {number}")
                tab.keyboard.press("Enter")
                ben.say(f"Ben {number}")
        wait_for(tab, "Ana 9")
        tab.wait_for_function("() => !document.querySelector('.waiting li')", timeout=20_000)
        ben.say("the end")
        wait_for(tab, "the end")
        ben.catch_up()
        everything = [f"{name} {number}" for name in ("Ana", "Ben") for number in range(10)]
        assert Counter(ben.texts) == dict.fromkeys([*everything, "the end"], 1)
        assert texts(tab) == ben.texts


def test_what_the_chat_refuses_is_said_aloud(tab, served):
    tab.goto(served)
    tab.get_by_label("Your name").fill("   ")
    tab.get_by_role("button", name="Enter").click()
    alert = tab.get_by_role("alert")
    alert.get_by_text("name must be a text of 1 to 40 characters").wait_for(timeout=20_000)
    tab.get_by_label("Your name").fill("Ana")
    tab.get_by_role("button", name="Enter").click()
    tab.get_by_role("status").get_by_text("Connected").wait_for(timeout=20_000)
    assert alert.inner_text() == ""


CONTRASTS = """() => {
    const bright = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(Number)
            .map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
        }
    };
    return [...document.querySelectorAll('.u101-chat :is(span, b, time, p, button, input, strong, li)')]
        .filter(e => e.offsetParent && (e.textContent || e.value))
        .map(e => {
            const [a, b] = [bright(getComputedStyle(e).color), bright(background(e))];
            return [e.className || e.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
        });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_light_and_dark_can_be_read(tab, served, url, theme):
    tab.emulate_media(color_scheme=theme)
    with Member(url, "blue", "Ben") as ben:
        ben.say("Is anybody here?")
        enter(tab, served, "Ana")
        tab.get_by_label("Message", exact=True).fill("Yes, and I have just come in.")
        tab.keyboard.press("Enter")
        wait_for(tab, "just come in")
        ben.say("A long one: " + "and the words go on and on " * 8)
        wait_for(tab, "and on")
        tab.get_by_label("Message", exact=True).fill("not sent yet")
        SHOTS.mkdir(exist_ok=True)
        tab.screenshot(path=str(SHOTS / f"chat_page-{theme}.png"))
        page = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert page == ("rgb(255, 255, 255)" if theme == "light" else "rgb(17, 17, 17)")
        contrasts = tab.evaluate(CONTRASTS)
        assert len(contrasts) > 8
        assert [(what, round(ratio, 2)) for what, ratio in contrasts if ratio < 4.5] == []


def test_a_small_window_needs_no_scrolling_sideways(tab, served):
    tab.set_viewport_size({"width": 320, "height": 640})
    enter(tab, served, "Ana")
    tab.get_by_label("Message", exact=True).fill("x" * 200)
    tab.keyboard.press("Enter")
    wait_for(tab, "xxx")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320


WHERE = """async ([url, page, base]) => {
    const { addresses } = await import('./chat.js');
    return addresses(url, new URL(page), base);
}"""
LOCAL, PATH = "ws://127.0.0.1:4567/_aws/execute-api/a1/dev", "/_aws/execute-api/a1/dev"
AWS = "wss://a1.execute-api.us-east-1.amazonaws.com/dev"


@pytest.mark.parametrize(
    ("url", "page", "base", "dials"),
    [
        (LOCAL, "http://127.0.0.1:8123/", None, [LOCAL]),
        (LOCAL, "http://localhost:8888/lab/tree/11.ipynb", "/", [LOCAL, f"ws://localhost:8888/proxy/4567{PATH}"]),
        (
            LOCAL,
            "https://hub.example/user/ana/lab",
            "/user/ana/",
            [f"wss://hub.example/user/ana/proxy/4567{PATH}", LOCAL],
        ),
        (
            LOCAL,
            "https://hub.example/user/ana/proxy/8123/?room=blue",
            None,
            [f"wss://hub.example/user/ana/proxy/4567{PATH}", LOCAL],
        ),
        (LOCAL, "http://127.0.0.1:8888/proxy/absolute/8123/", None, [f"ws://127.0.0.1:8888/proxy/4567{PATH}", LOCAL]),
        (AWS, "https://hub.example/user/ana/proxy/8123/", "/user/ana/", [AWS]),
    ],
)
def test_where_the_page_dials(tab, served, url, page, base, dials):
    tab.goto(served)
    assert tab.evaluate(WHERE, [url, page, base]) == dials


def test_the_page_works_through_jupyter_server_proxy(tab, served, tmp_path):
    port = served.rstrip("/").rpartition(":")[2]
    dialled = []
    tab.on("websocket", lambda line: dialled.append(line.url))
    with jupyterlab(tmp_path) as address:
        origin, _, token = address.partition("/lab?token=")
        tab.goto(f"{origin}/proxy/{port}/?token={token}")
        tab.get_by_label("Your name").fill("Ana")
        tab.get_by_role("textbox", name="Room").fill("blue")
        tab.keyboard.press("Enter")
        tab.get_by_role("status").get_by_text("Connected").wait_for(timeout=30_000)
        tab.get_by_label("Message", exact=True).fill("through the proxy")
        tab.keyboard.press("Enter")
        wait_for(tab, "through the proxy")
        assert len(dialled) == 1
        assert dialled[0].startswith(origin.replace("http", "ws", 1) + "/proxy/")
