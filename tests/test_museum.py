"""The museum, both halves: each broken piece fails as its story tells, and shows it on the wire; each repair holds."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from upgrade101 import cloud
from upgrade101.course import museum
from upgrade101.course.bench import fresh
from upgrade101.course.exercises import NotYet
from upgrade101.course.museum import Visit
from upgrade101.course.museum.scene import stage
from upgrade101.course.names import Unknown
from upgrade101.course.wrong import run_cells
from upgrade101.gateway.happenings import Answered, Called, Closed, Invoked, Managed, Opened, Refused, Sent


def half_repaired() -> ModuleType:
    spec = importlib.util.spec_from_file_location("half_repaired", Path(__file__).with_name("museum_half_repaired.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


half = half_repaired()
IDS = [piece.id for piece in museum.exhibits()]


@pytest.fixture(scope="module", autouse=True)
def moto() -> Iterator[None]:
    cloud.start("moto", quiet=True)
    yield
    cloud.stop()


@pytest.fixture(scope="module")
def visits() -> dict[tuple[str, bool], Visit]:
    return {(id, repaired): museum.visit(id, repaired=repaired) for id in IDS for repaired in (False, True)}


@pytest.fixture
def broken(visits: dict[tuple[str, bool], Visit], request: pytest.FixtureRequest) -> Visit:
    return visits[request.param, False]


@pytest.fixture
def repaired(visits: dict[tuple[str, bool], Visit], request: pytest.FixtureRequest) -> Visit:
    return visits[request.param, True]


def piece(id: str) -> Any:
    """Hand a test the two visits of one piece."""
    return pytest.mark.parametrize("broken, repaired", [(id, id)], indirect=True, ids=[id])


# ── what the wire log has ────────────────────────────────────────────────────────────────────────────────────────────


def told(visit: Visit, kind: type) -> list[Any]:
    return [happening for happening in visit.happenings if isinstance(happening, kind)]


def posts(visit: Visit) -> list[int]:
    """The status of each post, in order."""
    return [call.status for call in told(visit, Managed) if call.method == "POST"]


def deleted(visit: Visit) -> list[str]:
    """The connection id of each row that a function deleted, in order."""
    calls = [call for call in told(visit, Called) if call.caller and call.operation == "DeleteItem"]
    return [call.parameters["Key"]["connection_id"] for call in calls]


def gone(visit: Visit) -> list[str]:
    """The connection ids that answered 410."""
    return [call.connection_id for call in told(visit, Managed) if call.status == 410]


def errors(visit: Visit) -> list[str]:
    """The errors with which functions ended."""
    return [answer.error for answer in told(visit, Answered) if answer.error]


def error_frames(visit: Visit) -> int:
    return sum(frame.because == "error" for frame in told(visit, Sent))


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_are_ten() -> None:
    assert [f"M{number}" for number in range(1, 11)] == IDS


@pytest.mark.parametrize("id", IDS)
def test_each_tells_its_story(id: str) -> None:
    found = museum.exhibit(id.lower())
    assert found.title and found.seen_in and found.lesson.isdigit()
    assert 40 <= len(found.story.split()) <= 100
    assert found.broken.keys() == found.repaired.keys()


@pytest.mark.parametrize("id", IDS)
def test_the_broken_one_fails_and_says_where(visits: dict[tuple[str, bool], Visit], id: str) -> None:
    visit = visits[id, False]
    assert visit.found is not None
    assert visit.found.tried and visit.found.expected and visit.found.got and visit.found.look


@pytest.mark.parametrize("id", IDS)
def test_the_repaired_one_works(visits: dict[tuple[str, bool], Visit], id: str) -> None:
    visit = visits[id, True]
    assert visit.found is None, visit.text
    assert (errors(visit), error_frames(visit)) == (["TooManyRequestsException"] * (id == "M6"), 0)


def test_a_visit_shows_the_wire_log(visits: dict[tuple[str, bool], Visit]) -> None:
    visit = visits["M1", False]
    assert repr(visit).splitlines()[0] == (
        'M1 · The parent stands before the child: ana sends {"action": "say", "text": "hi"}. '
        "Expected in the table: ana; got ana, ben"
    )
    assert "[lab-say-broken] not delivered: GoneException" in visit.text
    assert "410" in visit.picture.words()
    assert visit._repr_mimebundle_().keys() == {"text/plain", "text/html"}
    assert visits["M1", True].headline.endswith(": it works")


def test_a_piece_that_is_not_there() -> None:
    with pytest.raises(Unknown, match="did you mean 'M1"):
        museum.exhibit("M11")


def test_a_lab_can_play_a_repair() -> None:
    found = museum.exhibit("M1")
    with fresh() as bench:
        found.play({**found.broken, "say": found.repaired["say"]}, bench)
    with fresh() as bench, pytest.raises(NotYet):
        found.play({**found.broken, "say": half.say_without_deleting}, bench)


def test_a_scene_hands_variables_to_functions_and_their_answers_back() -> None:
    source = """
        import os

        def call(event, context):
            return {"statusCode": 200, "body": os.environ["HALL"]}
    """
    routes = {"call": run_cells(source)["call"]}
    with fresh() as bench, stage(bench, routes, environment={"HALL": "north"}) as scene:
        assert scene.run("call") == {"statusCode": 200, "body": "north"}


# ── each by itself: what the broken one shows on the wire, and what the repaired one shows instead ───────────────────


@piece("M1")
def test_the_dead_clause_deletes_nothing(broken: Visit, repaired: Visit) -> None:
    assert sorted(posts(broken)) == [200, 410]
    assert (deleted(broken), errors(broken)) == ([], [])
    assert deleted(repaired) == gone(repaired)


@piece("M2")
def test_the_sender_is_thrown_out_instead_of_the_ghost(broken: Visit, repaired: Visit) -> None:
    senders = [call.connection_id for call in told(broken, Invoked)]
    assert deleted(broken) == senders and senders != gone(broken)
    assert deleted(repaired) == gone(repaired)
    assert posts(repaired).count(410) == 1, "the second message meets no ghost"


@piece("M3")
def test_a_batch_that_nobody_sends(broken: Visit, repaired: Visit) -> None:
    def operations(visit: Visit) -> list[str]:
        return [call.operation for call in told(visit, Called) if call.caller and call.service == "dynamodb"]

    assert 410 in posts(broken) and operations(broken) == ["Scan"]
    assert 410 in posts(repaired) and operations(repaired) == ["Scan", "BatchWriteItem"]


@piece("M4")
def test_a_status_that_is_looked_up_where_it_is_not(broken: Visit, repaired: Visit) -> None:
    assert posts(broken) == [410], "the first row's guest is gone, and there it ends"
    assert (errors(broken), error_frames(broken), deleted(broken)) == (["GoneException"], 1, [])
    assert posts(repaired) == [410, 200, 200]
    assert deleted(repaired) == gone(repaired)


@piece("M5")
def test_a_library_that_left_with_the_old_runtime(broken: Visit, repaired: Visit) -> None:
    assert (errors(broken), error_frames(broken)) == (["AttributeError"], 1)
    assert any("botocore.vendored.requests" in line for line in broken.prints)
    assert [frame.because for frame in told(repaired, Sent)] == ["reply"]


@piece("M6")
def test_a_sweep_of_the_marked_rows_only(broken: Visit, repaired: Visit) -> None:
    ana, ben, cleo = [opened.connection_id for opened in told(broken, Opened)]
    assert errors(broken) == ["TooManyRequestsException"], "this goodbye was lost"
    assert deleted(broken) == [ben] and gone(broken) == []
    ana, ben, cleo = [opened.connection_id for opened in told(repaired, Opened)]
    assert sorted(deleted(repaired)) == sorted(gone(repaired)) == sorted([ben, cleo])
    assert ana not in deleted(repaired)


@piece("M7")
def test_milliseconds_read_as_seconds(broken: Visit, repaired: Visit) -> None:
    def ahead(visit: Visit) -> float:
        """By how many hours the row outlives the moment in which it was written."""
        (call,) = [call for call in told(visit, Called) if call.caller and call.operation == "PutItem"]
        return (float(call.parameters["Item"]["expires"]) - call.at + cloud.clock.ahead) / 3600

    assert ahead(broken) > 24 * 365 * 50_000
    assert 2 < ahead(repaired) < 4
    assert [closed.code for closed in told(broken, Closed)] == [1006], "no goodbye comes"


@piece("M8")
def test_the_first_gone_guest_ends_the_loop(broken: Visit, repaired: Visit) -> None:
    assert (posts(broken), told(broken, Sent), errors(broken)) == ([410], [], [])
    assert posts(repaired) == [410, 200, 200, 200]


@piece("M9")
def test_who_brings_no_name_is_turned_away(broken: Visit, repaired: Visit) -> None:
    assert ([refused.status for refused in told(broken, Refused)], errors(broken)) == ([502], ["KeyError"])
    assert [refused.status for refused in told(repaired, Refused)] == [500], "only where no row could be written"
    assert len(told(repaired, Opened)) == 2


@piece("M10")
def test_a_variable_that_another_function_has_set(broken: Visit, repaired: Visit) -> None:
    assert (errors(broken), error_frames(broken), posts(broken)) == (["AttributeError"], 1, [])
    assert posts(repaired) == [200, 410]


# ── half a repair is none ────────────────────────────────────────────────────────────────────────────────────────────

HALF = [
    ("M1", {"say": half.say_without_deleting}, "ana, ben"),
    ("M2", {"say": half.say_and_delete_both}, "cleo"),
    ("M3", {"say": half.say_and_send_the_wrong_key}, "Internal server error"),
    ("M4", {"say": half.say_and_swallow}, "ana, ben, cleo"),
    ("M6", {"sweep": half.sweep_everybody}, "nobody"),
    ("M7", {"$connect": half.arrive_and_expire_now}, "nobody"),
    ("M8", {"say": half.say_until_the_first_gone}, "nothing"),
    ("M9", {"$connect": half.arrive_and_swallow}, "101 Switching Protocols"),
    ("M9", {"$connect": half.arrive_by_name_only}, "502"),
    ("M10", {"greet": half.greet_without_a_net}, "GoneException"),
]


@pytest.mark.parametrize(
    "id, repair, got", HALF, ids=[f"{id}-{next(iter(way.values())).__name__}" for id, way, _ in HALF]
)
def test_half_a_repair_is_found_out(id: str, repair: dict[str, Any], got: str) -> None:
    piece = museum.exhibit(id)
    found = museum.play(piece, {**piece.repaired, **repair}).found
    assert found is not None and got in found.got
