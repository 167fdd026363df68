"""Pictures of the sums: their words say the numbers, and no line is told by its colour alone."""

import re

import pytest

from upgrade101 import scale

PICTURES = {
    "bars": lambda: scale.bars(scale.month(users=1000, hours=8, sends=60, audience=10)),
    "an empty bar": lambda: scale.bars(scale.bill()),
    "level": lambda: scale.level(scale.occupancy(5)),
    "curves": lambda: scale.curves([scale.simulate(design, 10_000) for design in scale.DESIGNS]),
    "growth": lambda: scale.growth(scale.grid(sizes=(1_000, 10_000, 100_000))),
    "growth of one": lambda: scale.growth(scale.grid(designs=["managed"], sizes=(1_000, 10_000))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_and_said(name):
    picture = PICTURES[name]()
    assert 'role="img"' in picture.svg
    assert re.search(r"\d", picture.words)
    assert "fill: #ffffff" not in picture.svg  # no frame that a dark page would show


def test_a_bill_in_words():
    assert "144,000,000 sent (144.00)" in PICTURES["bars"]().words


def test_who_never_gets_it_is_said():
    assert "100,000 in 15.0 min (40% never)" in PICTURES["growth"]().words
    assert "some never do" in PICTURES["growth"]().svg


def test_the_level_in_words():
    assert "reach 3,600,000 after 2.0 hours" in PICTURES["level"]().words


def test_every_design_has_its_own_line_and_marker():
    from upgrade101.scale.pictures import _LOOKS

    assert _LOOKS.keys() == scale.DESIGNS.keys()
    for place in range(3):
        assert len({look[place] for look in _LOOKS.values()}) == len(_LOOKS)
