import pytest

from upgrade101.course.card import WIDTH, Card, Code, Facts, Folded, Prose, Shown, Table, inline, show
from upgrade101.wire import draw, samples

CARD = Card(
    "03.1 **not yet** · Find the `action`",
    [
        Facts([("Tried", '{"action": "echo"}'), ("Expected", ""), ("Got", "one\n  two")]),
        Prose("First.\n\nSecond with <tags>.\n\n```python\nx = 1\n```\n\nThird."),
        Table(("id", "guess"), [("04.a", "B"), ("04.b", "`C`")]),
        Folded("More", [Code("line 3: boom")]),
    ],
    "bad",
)

TEXT = """\
03.1 not yet · Find the `action`
  Tried  {"action": "echo"}
  Got    one
           two
First.
Second with <tags>.
    x = 1
Third.
  id    guess
  04.a  B
  04.b  `C`
  More
      line 3: boom"""


def test_a_terminal_gets_everything_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    show(CARD)
    assert capsys.readouterr().out == TEXT + "\n"
    assert repr(CARD) == CARD.text


def test_a_page_gets_the_same_words() -> None:
    for words in ("Tried", "echo", "First.", "Second with &lt;tags&gt;.", "x = 1", "Third.", "04.b", "line 3: boom"):
        assert words in CARD.html
    assert "Expected" not in CARD.html
    assert CARD._repr_mimebundle_() == {"text/plain": CARD.text, "text/html": CARD.html}


def test_a_page_announces_the_card_to_who_does_not_see_it() -> None:
    assert 'role="status" aria-label="03.1 not yet · Find the `action`"' in CARD.html
    assert '<th scope="row"' in CARD.html and '<th scope="col"' in CARD.html


def test_long_words_are_wrapped_under_their_name() -> None:
    lines = Facts([("Got", "word " * 60)]).text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith("       ") for line in lines[1:])


def test_a_picture_is_shown_both_ways() -> None:
    picture = draw(samples.polling())
    assert Shown(picture).text() == picture.text
    assert Shown(picture).html() == picture.html


def test_code_inside_a_line_is_not_read_as_stress() -> None:
    assert inline("`**kwargs` is **code**") == "<code>**kwargs</code> is <strong>code</strong>"


def test_a_notebook_gets_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown: list[object] = []
    monkeypatch.setattr("upgrade101.course.card.in_ipython", lambda: True)
    monkeypatch.setattr(IPython.display, "display", shown.append)
    show(CARD)
    assert shown == [CARD]
