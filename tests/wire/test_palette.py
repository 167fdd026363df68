import pytest

from upgrade101.wire import samples
from upgrade101.wire.lanes import Lane, story
from upgrade101.wire.palette import DARK, LIGHT, colour, dashes, style


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_stands_out_from_its_background(palette: dict[str, str]) -> None:
    for name, value in palette.items():
        if name != "bg":
            assert contrast(value, palette["bg"]) >= 4.5, name


def test_light_and_dark_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_lanes_differ_without_colour() -> None:
    for run in (samples.chat(), samples.refused()):
        lanes = story(run, arrows=None).lanes
        signs = {(lane.kind == "gateway", dashes(lane), lane.letter) for lane in lanes}
        assert len(signs) == len(lanes)
        patterns = [dashes(lane) for lane in lanes if lane.kind != "gateway"]
        assert len(set(patterns)) == len(patterns)


@pytest.mark.parametrize("kind", ["client", "gateway", "function", "service", "@connections", "backend", "notebook"])
def test_every_kind_of_lane_has_a_colour(kind: str) -> None:
    for number in range(12):
        assert colour(Lane(kind, kind, "X", "x", style=number)) in LIGHT


def test_inside_a_notebook_the_notebooks_own_background_is_used() -> None:
    assert "--w-bg:var(--jp-layout-color0,#111111)" in style()
