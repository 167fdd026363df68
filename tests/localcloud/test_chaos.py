"""A bad day on purpose: what each blow does to clients and functions, and that the day ends."""

import json
from contextlib import suppress

import chaos_handlers as handlers
import pytest
from websockets.exceptions import ConnectionClosed

from upgrade101 import cloud, connect, websocket_api
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.gateway.happenings import Closed
from upgrade101.localcloud.chaos import Chaos, Odds

NOTHING = dict.fromkeys(("kills", "gone", "delays", "duplicates", "restarts"), 0.0)


@pytest.fixture(scope="module")
def api():
    cloud.start(quiet=True)
    routes = {"echo": handlers.echo, "count": handlers.count, "$disconnect": handlers.leave}
    yield websocket_api("struck", routes, two_way=("count",))
    cloud.stop()


@pytest.fixture
def seen():
    kept = []
    undo = cloud.watch(kept.append)
    yield kept
    undo()


def ask(ws, action, times=1):
    ws.send(json.dumps({"action": action, "times": times}))


def heard(ws):
    """What arrives until the line ends or all that was asked is done, and whether it ended."""
    with suppress(ConnectionClosed):
        ws.ping(ack_on_close=True).wait(10)  # what was sent before it has arrived
    cloud.settle(10)
    texts = []
    try:
        while True:
            texts.append(ws.recv(timeout=0.3))
    except TimeoutError:
        return texts, False
    except ConnectionClosed as end:
        assert end.rcvd is None, "no close frame: the line was cut"
        return texts, True


def one_call(api, **odds):
    """What a client hears that asks for one post on a day with these odds, and the day."""
    with cloud.chaos(seed=7, **{**NOTHING, **odds}) as storm, connect(api.url) as ws:
        ask(ws, "echo")
        return *heard(ws), storm


def test_a_good_day(api):
    assert one_call(api)[:2] == (["0"], False)


def test_a_line_is_cut_when_a_message_has_arrived_and_disconnect_is_told(api, seen, capsys):
    texts, ended, storm = one_call(api, kills=1)
    assert (texts, ended) == ([], True)
    cloud.settle()
    printed = capsys.readouterr().out
    assert "left with 1006" in printed and "outcomes" in printed, "what was said before the cut is handled"
    assert [(told.code, told.by) for told in seen if isinstance(told, Closed)] == [(1006, "network")]
    assert storm.struck["kills"] == 1 and repr(storm) == "chaos, seed 7: 1 line cut"


def test_a_line_is_gone_without_a_goodbye(api, seen, capsys):
    texts, ended, storm = one_call(api, gone=1)
    assert (texts, ended) == ([], True)
    cloud.settle()
    printed = capsys.readouterr().out
    assert "outcomes gone" in printed and "left with" not in printed
    assert [told.code for told in seen if isinstance(told, Closed)] == [1006]
    assert repr(storm) == "chaos, seed 7: 1 line gone without a goodbye"


def test_a_post_can_be_answered_well_and_lost_with_its_line(api, seen):
    with connect(api.url) as ws:
        ask(ws, "echo")
        assert heard(ws) == (["0"], False)
        (connection_id,) = (told.connection_id for told in seen if type(told).__name__ == "Opened")
        with cloud.chaos(**{**NOTHING, "kills": 1}):
            answer = api.connections.post_to_connection(ConnectionId=connection_id, Data="lost")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert heard(ws) == ([], True)


def test_a_post_to_who_is_gone_without_a_goodbye_says_so(api, seen, capsys):
    with connect(api.url) as ws:
        ask(ws, "echo")
        assert heard(ws) == (["0"], False)
        (connection_id,) = (told.connection_id for told in seen if type(told).__name__ == "Opened")
        client = api.connections
        with cloud.chaos(**{**NOTHING, "gone": 1}), pytest.raises(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId=connection_id, Data="lost")
        assert heard(ws) == ([], True)
    cloud.settle()
    assert "left with" not in capsys.readouterr().out


def test_posts_are_delivered_twice(api):
    texts, ended, storm = one_call(api, duplicates=1)
    assert (texts, ended) == (["0", "0"], False)
    assert repr(storm) == "chaos, seed 7: 1 post delivered twice"


def test_posts_are_late_and_in_the_end_delivered(api):
    with cloud.chaos(**{**NOTHING, "delays": 1}, longest_ms=5) as storm, connect(api.url) as ws:
        ask(ws, "echo", times=3)
        assert heard(ws) == (["0", "1", "2"], False)
    assert repr(storm) == "chaos, seed 0: 3 posts late"


def test_a_restart_forgets_what_functions_kept_in_globals(api):
    def counted(ws):
        ask(ws, "count")
        return int(ws.recv(timeout=5))

    with connect(api.url) as ws:
        first = counted(ws)
        assert counted(ws) == first + 1
        with cloud.chaos(**{**NOTHING, "restarts": 1}) as storm:
            assert counted(ws) == 1
        assert counted(ws) == 2
    assert repr(storm) == "chaos, seed 0: 1 restart of the functions"


def test_the_same_seed_throws_the_same(api):
    def day(seed):
        with cloud.chaos(seed=seed, kills=0, gone=0, restarts=0, longest_ms=1) as storm, connect(api.url) as ws:
            for _ in range(3):
                ask(ws, "echo", times=20)
                cloud.settle()
            return storm.struck, len(heard(ws)[0])

    assert day(7) == day(7)
    assert day(7) != day(8)


def test_it_ends_with_its_block_also_where_the_block_fails(api):
    with pytest.raises(ZeroDivisionError), cloud.chaos(**{**NOTHING, "kills": 1}):
        1 / 0  # noqa: B018
    with connect(api.url) as ws:
        ask(ws, "echo")
        assert heard(ws) == (["0"], False)


def test_it_is_calm_after_so_many_blows(api):
    with cloud.chaos(**{**NOTHING, "duplicates": 1}, most=2) as storm, connect(api.url) as ws:
        ask(ws, "echo", times=4)
        assert heard(ws)[0] == ["0", "0", "1", "1", "2", "3"]
    assert storm.struck.total() == 2


def test_nothing_is_struck_before_the_block_begins(api):
    storm = cloud.chaos(**{**NOTHING, "kills": 1})
    with connect(api.url) as ws:
        ask(ws, "echo")
        assert heard(ws) == (["0"], False)
    assert repr(storm) == "chaos, seed 0: no blow fell"


def test_get_and_delete_and_strangers_are_left_alone(api, seen):
    with connect(api.url) as ws, cloud.chaos(**{**NOTHING, "kills": 1}) as storm:
        (connection_id,) = (told.connection_id for told in seen if type(told).__name__ == "Opened")
        client = api.connections
        client.get_connection(ConnectionId=connection_id)
        with pytest.raises(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId="RYGzEcSNvHcCH8A=", Data="who")
        client.delete_connection(ConnectionId=connection_id)
        with pytest.raises(ConnectionClosed) as end:
            ws.recv(timeout=2)
    assert end.value.rcvd.code == 1000
    assert not storm.struck


def test_one_storm_at_a_time(api):
    with cloud.chaos(), pytest.raises(ConfigurationError, match="there is chaos already"), cloud.chaos():
        pass
    with cloud.chaos() as storm:
        assert not storm.struck


@pytest.mark.parametrize("wrong", [{"kills": -0.1}, {"duplicates": 1.5}, {"gone": float("nan")}])
def test_what_is_no_probability_is_refused(api, wrong):
    with pytest.raises(ConfigurationError, match="is no probability"):
        cloud.chaos(**wrong)


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_what_is_no_length_of_time_is_refused_as_a_delay(api, wrong):
    with pytest.raises(ConfigurationError, match="cannot wait"):
        cloud.chaos(longest_ms=wrong)


def test_elsewhere_nothing_is_struck():
    with Chaos(None, Odds(kills=1)) as storm:
        assert repr(storm) == "chaos, seed 0: no blow fell"
