from itertools import cycle

import pytest

from upgrade101.gateway.happenings import (
    Answered,
    Called,
    Closed,
    Happening,
    Invoked,
    Knocked,
    Managed,
    Opened,
    Received,
    Sent,
)
from upgrade101.wire import samples
from upgrade101.wire.lanes import Span, letters, story
from upgrade101.wire.steps import Arrow, Gap


def call(number: int, function: str, answered: bool = False) -> Happening:
    what = {"at": float(number), "request_id": f"{function}-{number}", "route_key": "r", "target": function}
    return Answered(**what) if answered else Invoked(integration_type="AWS_PROXY", **what)


def test_lanes_stand_in_their_order_and_only_those_that_occur() -> None:
    told = story(samples.chat(), arrows=None)
    assert [lane.name for lane in told.lanes] == [
        "client A",
        "client B",
        "client C",
        "gateway",
        "connect",
        "broadcast",
        "table",
        "@connections",
    ]
    assert [lane.name for lane in story(samples.polling()).lanes] == ["client", "gateway"]


def test_every_lane_has_a_letter_of_its_own() -> None:
    for run in (samples.chat(), samples.refused(), samples.errors()):
        marks = [lane.letter for lane in story(run, arrows=None).lanes]
        assert len(set(marks)) == len(marks)


def test_a_lane_says_which_table_gateway_and_connection_it_is() -> None:
    told = story(samples.broadcast())
    assert {lane.title: lane.subtitle for lane in told.lanes} == {
        "client A": samples.ANA,
        "client B": samples.BEN,
        "gateway": "a1b2c3d4e5/dev",
        "function": "broadcast",
        "table": "connections",
        "@connections": "management API",
    }


def test_several_tables_share_a_lane_that_names_none() -> None:
    calls = [
        Called(at=0, service="dynamodb", operation="Query", parameters={"TableName": name}, caller="f")
        for name in ("rooms", "connections")
    ]
    assert story(calls).lane("service:dynamodb").subtitle == "dynamodb"


def test_the_gateway_is_always_there() -> None:
    posts = [Managed(at=0, method="POST", status=410, connection_id="gone=")]
    assert [lane.title for lane in story(posts).lanes] == ["gateway", "@connections", "notebook"]


def test_a_long_run_is_cut_in_its_middle() -> None:
    steps = story(samples.polling(polls=24)).steps
    assert [type(step) for step in steps] == [Arrow] * 5 + [Gap] + [Arrow] * 6
    [gap] = [step for step in steps if isinstance(step, Gap)]
    assert gap.count == 37


def test_twelve_arrows_are_not_too_many() -> None:
    told = story(samples.polling(polls=6))
    assert told.arrows == len(told.steps) == 12


def test_a_long_run_is_shown_whole_on_demand() -> None:
    assert len(story(samples.polling(polls=24), arrows=None).steps) == 48


def test_the_shortest_cut_keeps_both_ends() -> None:
    first, gap, last = story(samples.polling(), arrows=3).steps
    assert (first.text, last.text) == ("GET /prod/news", '{"news": []}')
    assert isinstance(gap, Gap)


def test_last_counts_from_the_end_and_cuts_nothing() -> None:
    told = story(samples.polling(polls=24), last=20)
    assert told.arrows == len(told.steps) == 20
    assert story(samples.polling(), last=100).arrows == 16


def test_notes_do_not_count_as_arrows() -> None:
    assert story(samples.broadcast()).arrows == 10
    assert len(story(samples.broadcast()).steps) == 11


def goodbyes(count: int) -> list[Happening]:
    """Return clients who leave in order, half of them because the gateway said so."""
    return [
        Closed(at=number, code=1000, reason="", connection_id=f"{number:015d}=", **who)
        for number, who in zip(range(count), cycle([{"by": "client"}, {"by": "gateway", "answered": 1000}]))
    ]


def test_a_goodbye_costs_one_arrow_whoever_says_it() -> None:
    assert [type(step) for step in story(goodbyes(12)).steps] == [Arrow] * 24
    told = story(goodbyes(13))
    assert [type(step) for step in told.steps] == [Arrow] * 10 + [Gap] + [Arrow] * 12
    assert [step.count for step in told.steps if isinstance(step, Gap)] == [4]
    assert told.arrows == 26


@pytest.mark.parametrize("wanted", [1, 2, 3, 6])
def test_the_last_are_as_many_as_was_asked_for(wanted: int) -> None:
    told = story(goodbyes(3), last=wanted)
    assert told.arrows == len(told.steps) == wanted


def test_more_clients_than_lanes_share_the_last_and_are_named() -> None:
    ids = [f"{number:015d}=" for number in range(7)]
    run = [Received(at=0, text="hi", connection_id=name) for name in ids]
    told = story(run)
    assert [lane.title for lane in told.lanes] == [
        "client A",
        "client B",
        "client C",
        "client D",
        "3 clients",
        "gateway",
    ]
    assert told.lanes[4].subtitle == "E … I"
    assert [step.text for step in told.steps] == ["hi"] * 4 + ["(E) hi", "(H) hi", "(I) hi"]


def test_more_functions_than_lanes_share_the_last_and_are_named() -> None:
    told = story([call(number, name) for number, name in enumerate("abcd")])
    assert [lane.name for lane in told.lanes] == ["gateway", "a", "b", "2 functions"]
    assert [step.text for step in told.steps][2:] == ["(c) r event", "(d) r event"]


def test_letters_go_on_after_z() -> None:
    many = [Knocked(at=0, path="/", connection_id=str(number)) for number in range(28)]
    assert list(letters(many).values())[20:23] == ["Z", "AA", "AB"]


def test_a_line_is_open_from_101_to_the_close() -> None:
    spans = [span for span in story(samples.errors(), arrows=None).spans if span.lane.endswith(samples.ANA)]
    assert spans == [Span(f"client:{samples.ANA}", 1, 10)], "the gateway's answer to the close frame ends it"


def test_a_line_that_was_open_before_is_open_from_the_top_and_to_the_bottom() -> None:
    assert Span(f"client:{samples.ANA}", None, None) in story(samples.broadcast()).spans


def test_who_was_refused_never_had_a_line() -> None:
    assert not [span for span in story(samples.refused()).spans if span.lane.startswith("client")]


def test_who_knocks_and_waits_has_no_line_yet() -> None:
    assert not story([Knocked(at=0, path="/dev", connection_id="Xa=")]).spans


def test_a_line_that_opens_among_what_was_cut_begins_at_the_cut() -> None:
    ids = [f"{number:015d}=" for number in range(9)]
    run: list[Happening] = []
    for name in ids:
        run += [Knocked(at=0, path="/", connection_id=name), Opened(at=0, connection_id=name)]
    run += [Sent(at=0, text="hi", because="post", connection_id=ids[5])]
    assert Span(f"client:{ids[5]}", 5, None) in story(run).spans


def test_a_call_lasts_from_its_event_to_its_answer() -> None:
    assert Span("function:broadcast", 2, 10) in story(samples.broadcast()).spans


def test_calls_that_overlap_lie_side_by_side() -> None:
    run = [call(1, "f"), call(2, "f"), call(1, "f", answered=True), call(3, "f"), call(2, "f", answered=True)]
    assert set(story(run).spans) == {
        Span("function:f", 0, 2, 0),
        Span("function:f", 1, 4, 1),
        Span("function:f", 3, None, 0, goes_on=True),
    }


def test_an_answer_whose_event_was_earlier_lasts_from_the_top() -> None:
    assert story([call(1, "f", answered=True)]).spans == (Span("function:f", None, 0),)


def test_nothing_makes_an_empty_story() -> None:
    told = story([])
    assert (told.lanes, told.steps, told.arrows) == ((), (), 0)


def late(at: float, function: str = "f", request_id: str = "f-1") -> Happening:
    """Return that the gateway has stopped waiting for a function."""
    return Answered(at=at, request_id=request_id, route_key="r", target=function, error="timeout")


def post(at: float, function: str = "f") -> Happening:
    return Managed(at=at, method="GET", status=200, caller=function, connection_id="Xa=")


def bars(run: list[Happening], lane: str = "function:f", **how: int) -> list[Span]:
    return [span for span in story(run, **how).spans if span.lane == lane]


def test_a_function_for_which_nobody_waits_goes_on_out_of_sight() -> None:
    assert bars([call(1, "f"), late(2)]) == [Span("function:f", 0, None, goes_on=True)]
    assert bars([call(1, "f"), post(1.5), late(2)]) == [Span("function:f", 0, None, goes_on=True)]


def test_or_to_the_last_that_it_was_seen_to_do() -> None:
    run = [call(1, "f"), late(2), post(3), post(4), Received(at=5, text="", connection_id="Xa=")]
    assert bars(run) == [Span("function:f", 0, 3, goes_on=True)]


def test_what_a_function_does_in_another_call_makes_the_late_one_no_longer() -> None:
    again = [call(6, "f"), post(7), call(6, "f", answered=True)]
    assert set(bars([call(1, "f"), late(2), post(3), *again])) == {
        Span("function:f", 0, 2, goes_on=True),
        Span("function:f", 3, 5),
    }
    assert set(bars([call(1, "f"), late(2), *again])) == {
        Span("function:f", 0, None, goes_on=True),
        Span("function:f", 2, 4, 1),
    }


def test_a_late_function_whose_call_was_earlier_comes_from_the_top() -> None:
    assert bars([late(2), post(3)]) == [Span("function:f", None, 1, goes_on=True)]


def errand(at: float, whom: str = "messenger") -> Happening:
    parameters = {"FunctionName": whom, "InvocationType": "Event"}
    return Called(at=at, service="lambda", operation="Invoke", parameters=parameters, status=202, caller="f")


def test_a_function_that_was_sent_on_an_errand_has_a_bar() -> None:
    run = [call(1, "f"), errand(2), call(1, "f", answered=True), post(3, "messenger")]
    assert bars(run, "function:messenger") == [Span("function:messenger", 1, 3, goes_on=True)]
    assert bars(run) == [Span("function:f", 0, 2)]
    assert [lane.name for lane in story(run).lanes] == ["gateway", "f", "messenger", "@connections"]
