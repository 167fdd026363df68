import threading

import pytest

from upgrade101.gateway.happenings import Called, Closed, Happening, Knocked, Observers, Opened, Received
from upgrade101.wire import Recorder


def received(text: str, client: str = "Xa=") -> Received:
    return Received(at=0.0, text=text, connection_id=client)


def texts(happenings: list[Happening]) -> list[str]:
    return [happening.text for happening in happenings if isinstance(happening, Received)]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_each_picture_begins_where_the_last_ended(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    assert texts(recorder.take()) == ["one"]
    recorder.observe(received("two"))
    recorder.observe(received("three"))
    assert texts(recorder.take()) == ["two", "three"]


def test_a_picture_drawn_again_shows_the_same(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    assert texts(recorder.take()) == texts(recorder.take()) == ["one"]


def test_the_notebooks_own_aws_calls_make_no_new_picture(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    recorder.take()
    recorder.observe(Called(at=0.0, service="apigatewayv2", operation="CreateRoute"))
    assert texts(recorder.take()) == ["one"]


def test_a_functions_aws_calls_do(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    recorder.take()
    recorder.observe(Called(at=0.0, service="dynamodb", operation="PutItem", caller="connect"))
    assert [type(happening) for happening in recorder.take()] == [Called]


def test_looking_does_not_turn_the_page(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    assert texts(recorder.latest()) == ["one"]
    recorder.observe(received("two"))
    assert texts(recorder.take()) == ["one", "two"]


def test_clear_forgets(recorder: Recorder) -> None:
    recorder.observe(received("one"))
    recorder.take()
    recorder.clear()
    assert recorder.take() == recorder.everything() == []


def test_everything_goes_back_to_the_beginning(recorder: Recorder) -> None:
    for text in ("one", "two"):
        recorder.observe(received(text))
        recorder.take()
    assert texts(recorder.everything()) == ["one", "two"]


def test_it_forgets_the_oldest_when_full_and_still_knows_what_is_new() -> None:
    recorder = Recorder(capacity=3)
    for number in range(5):
        recorder.observe(received(str(number)))
    assert texts(recorder.take()) == ["2", "3", "4"]
    recorder.observe(received("5"))
    assert texts(recorder.take()) == ["5"]


def test_a_picture_whose_happenings_are_forgotten_is_empty() -> None:
    recorder = Recorder(capacity=2)
    recorder.observe(received("one"))
    recorder.take()
    for _ in range(2):
        recorder.observe(Called(at=0.0, service="s3", operation="ListBuckets"))
    assert recorder.take() == []


def test_it_watches_and_stops_watching(recorder: Recorder) -> None:
    cloud = Observers()
    detach = recorder.attach(cloud.watch)
    cloud.tell(received("heard"))
    detach()
    cloud.tell(received("not heard"))
    assert texts(recorder.everything()) == ["heard"]


def test_a_second_cloud_takes_the_place_of_the_first(recorder: Recorder) -> None:
    first, second = Observers(), Observers()
    recorder.attach(first.watch)
    recorder.attach(second.watch, remark="seen from outside")
    first.tell(received("first"))
    second.tell(received("second"))
    assert texts(recorder.everything()) == ["second"]
    assert recorder.remark == "seen from outside"


def test_it_lets_things_settle_before_it_looks(recorder: Recorder) -> None:
    cloud = Observers()
    under_way = [received("late")]
    recorder.attach(cloud.watch, lambda: cloud.tell(under_way.pop()) if under_way else None)
    assert texts(recorder.take()) == ["late"]


def test_settling_happens_before_clearing_too(recorder: Recorder) -> None:
    cloud = Observers()
    under_way = [received("late")]
    recorder.attach(cloud.watch, lambda: cloud.tell(under_way.pop()) if under_way else None)
    recorder.clear()
    assert recorder.everything() == []


def test_no_happening_is_lost_between_threads() -> None:
    recorder = Recorder()
    threads = [threading.Thread(target=lambda: [recorder.observe(received("x")) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.take()) == 4_000


def test_an_open_connection_keeps_its_letter_and_a_closed_ones_is_used_again(recorder: Recorder) -> None:
    def letters() -> dict[str, str]:
        return recorder.letters(recorder.take())

    for client in ("Xa=", "Ya="):
        recorder.observe(Knocked(at=0.0, path="/dev", connection_id=client))
        recorder.observe(Opened(at=0.0, connection_id=client))
    assert letters() == {"Xa=": "A", "Ya=": "B"}
    recorder.observe(Closed(at=0.0, code=1000, reason="", by="client", connection_id="Xa="))
    assert letters() == {"Xa=": "A"}
    recorder.observe(Knocked(at=0.0, path="/dev", connection_id="Za="))
    recorder.observe(received("still here", "Ya="))
    assert letters() == {"Za=": "A", "Ya=": "B"}
    assert letters() == {"Za=": "A", "Ya=": "B"}


@pytest.fixture
def attached(recorder: Recorder) -> Recorder:
    recorder.attach(Observers().watch)
    return recorder


def connected(recorder: Recorder, *clients: str) -> None:
    for client in clients:
        recorder.observe(Knocked(at=0.0, path="/dev", connection_id=client))
        recorder.observe(Opened(at=0.0, connection_id=client))


def test_an_open_connection_keeps_its_letter_when_all_else_is_forgotten(attached: Recorder) -> None:
    connected(attached, "Xa=", "Ya=")
    attached.observe(Closed(at=0.0, code=1000, reason="", by="client", connection_id="Xa="))
    attached.clear()
    attached.clear()
    attached.observe(received("new", "Za="))
    attached.observe(received("still here", "Ya="))
    shown = attached.letters(attached.take())
    assert shown["Ya="] != shown["Za="]
    attached.clear()
    attached.observe(received("still here", "Ya="))
    assert attached.letters(attached.take()) == {"Ya=": shown["Ya="]}


def test_a_letter_is_free_again_when_its_connection_has_ended(attached: Recorder) -> None:
    connected(attached, "Xa=", "Ya=")
    assert attached.letters(attached.take()) == {"Xa=": "A", "Ya=": "B"}
    attached.clear()
    attached.observe(Closed(at=0.0, code=1000, reason="", by="client", connection_id="Xa="))
    assert attached.letters(attached.take()) == {"Xa=": "A"}
    attached.clear()
    connected(attached, "Za=")
    attached.observe(received("still here", "Ya="))
    assert attached.letters(attached.take()) == {"Za=": "A", "Ya=": "B"}


def test_connections_of_one_cloud_keep_no_letters_from_the_next(attached: Recorder) -> None:
    connected(attached, "Xa=")
    attached.clear()
    attached.attach(Observers().watch)
    connected(attached, "Ya=")
    assert attached.letters(attached.take()) == {"Ya=": "A"}


def test_one_picture_never_uses_a_letter_twice(recorder: Recorder) -> None:
    for client in ("Xa=", "Ya="):
        recorder.observe(Knocked(at=0.0, path="/dev", connection_id=client))
        recorder.letters(recorder.take())
        recorder.observe(Closed(at=0.0, code=1000, reason="", by="client", connection_id=client))
        recorder.take()
    assert recorder.letters(recorder.everything()) == {"Xa=": "A", "Ya=": "B"}


def test_a_letter_means_the_last_who_had_it(recorder: Recorder) -> None:
    for client in ("Xa=", "Ya="):
        recorder.observe(Knocked(at=0.0, path="/dev", connection_id=client))
        recorder.letters(recorder.take())
        recorder.observe(Closed(at=0.0, code=1000, reason="", by="client", connection_id=client))
        recorder.take()
    assert {told.connection_id for told in recorder.life_of("A")} == {"Ya="}
    assert {told.connection_id for told in recorder.life_of("Xa=")} == {"Xa="}
    assert recorder.life_of("C") == []
