"""Sliders call the same function that a cell can call, and show what it returns."""

import pytest

from upgrade101 import scale


@pytest.fixture
def drawn(monkeypatch):
    boxes = []
    monkeypatch.setattr("IPython.display.display", boxes.append)

    def draw(users=1000, share=0.5, size=10_000, name="loop"):
        return f"{users} < {share} {size} {name}"

    scale.sliders(draw, users=(100, 5000, 100), share=(0.0, 1.0), size=[10_000, 20_000], name=["loop", "queue"])
    *controls, page = boxes[0].children
    return {control.description: control for control in controls}, page


def test_they_begin_at_the_defaults(drawn):
    controls, page = drawn
    assert list(controls) == ["users", "share", "size", "name"]
    assert page.value == "<pre>1000 &lt; 0.5 10000 loop</pre>"


def test_a_change_is_shown(drawn):
    controls, page = drawn
    controls["users"].value = 2000
    controls["size"].value = 20_000
    controls["name"].value = "queue"
    assert page.value == "<pre>2000 &lt; 0.5 20000 queue</pre>"


def test_it_is_called_when_a_slider_is_let_go(drawn):
    controls, _ = drawn
    assert (controls["users"].continuous_update, controls["users"].step) == (False, 100)


def test_menus_are_readable(drawn):
    assert drawn[0]["size"].options == (("10,000", 10_000), ("20,000", 20_000))


def test_a_plot_is_shown_as_it_is(monkeypatch):
    boxes = []
    monkeypatch.setattr("IPython.display.display", boxes.append)
    scale.sliders(lambda users=1000: scale.bars(scale.bill(minutes=users)), users=(1, 2000))
    assert 'role="img"' in boxes[0].children[-1].value
