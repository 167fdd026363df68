"""Plots read in light and dark and say in words what they show."""

import re
from xml.etree import ElementTree

import pytest

from upgrade101 import plot

WORDS = 'Requests rise from 3 to 4, with "quotes" & <brackets>.'


@pytest.fixture
def rising():
    figure, axes = plot.axes("seconds", "requests")
    axes.plot([1, 2], [3, 4], color=plot.BLUE, label="polls")
    axes.annotate("four", (2, 4))
    return plot.show(figure, WORDS)


def test_a_plot_is_one_drawing_with_its_words_as_its_name(rising):
    drawing = ElementTree.fromstring(rising.svg)
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == WORDS


def test_text_is_text_in_the_ink_of_the_page(rising):
    assert "requests</text>" in rising.svg
    assert "currentColor" in rising.svg
    assert not re.search(r"(fill|stroke): ?#0(00000|10203)", rising.svg)


def test_words_added_later_are_in_the_ink_of_the_page_too(rising):
    drawing = ElementTree.fromstring(rising.svg)
    assert "fill:currentColor" in drawing.get("style")
    (four,) = [text for text in drawing.iter("{http://www.w3.org/2000/svg}text") if text.text == "four"]
    assert "fill" not in four.get("style")


def test_the_ground_is_transparent(rising):
    assert not re.search(r"fill: ?#ffffff", rising.svg)


def test_it_restyles_nothing_else_on_the_page(rising):
    assert "<style" not in rising.svg


def test_a_terminal_gets_the_words(rising):
    assert rising.text == WORDS
    assert rising._repr_mimebundle_()["text/plain"] == WORDS


def test_a_page_gets_drawing_and_words(rising):
    html = rising._repr_mimebundle_()["text/html"]
    assert rising.svg in html
    assert "&lt;brackets&gt;" in html


def test_the_same_plot_is_drawn_the_same(rising):
    figure, axes = plot.axes("seconds", "requests")
    axes.plot([1, 2], [3, 4], color=plot.BLUE, label="polls")
    axes.annotate("four", (2, 4))
    assert plot.show(figure, WORDS).svg == rising.svg


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
@pytest.mark.parametrize("colour", [plot.BLUE, plot.ORANGE, plot.GREEN, plot.VIOLET, plot.GREY])
def test_every_colour_is_seen_on_both_grounds(colour, ground):
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 3
