"""What is seen of functions from outside: the lines of their logs, when and as far as they come."""

import boto3
import pytest
from botocore.exceptions import ClientError

from upgrade101.account.outside import Outside
from upgrade101.gateway.happenings import Called, Logged, Received

AT = 1_795_373_125.0
START = "START RequestId: {} Version: $LATEST\n"
END = "END RequestId: {}\n"
REPORT = "REPORT RequestId: {}\tDuration: 9.23 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\t\n"


class Log:
    """The log of one function, of which each look shows a bit more."""

    def __init__(self, *looks, fault=None):
        self.looks, self.fault, self.asked = list(looks), fault, 0
        self.shown = []

    def filter_log_events(self, **asked):
        self.asked += 1
        if self.fault:
            raise self.fault
        self.shown += self.looks.pop(0) if self.looks else []
        events = [
            {"logStreamName": "s", "eventId": str(number), "timestamp": int(AT * 1000) + number, "message": message}
            for number, message in enumerate(self.shown)
        ]
        return {"events": events}


@pytest.fixture
def slept(monkeypatch):
    made = []
    monkeypatch.setattr("upgrade101.account.outside.time.sleep", made.append)
    monkeypatch.setattr("upgrade101.account.outside.time.monotonic", lambda: sum(made))
    return made


@pytest.fixture
def look(monkeypatch, slept):
    """Look at a log: return what is told."""

    def looks(log, *, name="echo"):
        monkeypatch.setattr(boto3, "client", lambda service, **options: log)
        told = []
        outside = Outside(told.append, patience=4.0, pause=1.0)
        outside.note(Called(at=AT, service="lambda", operation="CreateFunction", parameters={"FunctionName": name}))
        return outside, told

    return looks


def happens(outside):
    outside.note(Received(at=AT, text="hello", connection_id="line 1"))


def whole(number=7):
    return [START.format(number), "hello\n", END.format(number), REPORT.format(number)]


class Unnumbered(Log):
    """The log of a cloud that leaves out what names an event and its stream."""

    def filter_log_events(self, **asked):
        events = super().filter_log_events(**asked)["events"]
        return {"events": [{name: each[name] for name in ("timestamp", "message")} for each in events]}


def test_events_that_are_not_numbered_are_told_once(look):
    outside, told = look(Unnumbered(whole()))
    happens(outside)
    outside.catch_up()
    outside.catch_up()
    assert [each.what for each in told] == ["started", "said", "ended"]


def test_an_invocation_is_told_line_by_line(look):
    outside, told = look(Log(whole()))
    outside.catch_up()
    assert [(each.what, each.text) for each in told] == [
        ("started", "started"),
        ("said", "hello"),
        ("ended", "ended after 9.23 ms"),
    ]
    assert {each.function for each in told} == {"echo"}
    assert [each.at - AT for each in told] == pytest.approx([0.0, 0.001, 0.003], abs=1e-4)


def test_nothing_is_told_twice(look):
    outside, told = look(Log(whole()))
    outside.catch_up()
    outside.catch_up()
    assert len(told) == 3


def test_an_invocation_that_has_begun_is_waited_for(look, slept):
    outside, told = look(Log([START.format(7)], [], [], ["hello\n"], [END.format(7), REPORT.format(7)]))
    happens(outside)
    outside.catch_up()
    assert [each.what for each in told] == ["started", "said", "ended"]
    assert 0 < len(slept) <= 5


def test_the_wait_ends_after_its_patience_and_late_lines_come_with_the_next_picture(look, slept):
    outside, told = look(Log([START.format(7)], *[[]] * 9, [REPORT.format(7)]))
    happens(outside)
    outside.catch_up()
    assert [each.what for each in told] == ["started"]
    assert sum(slept) <= 4.0
    for _ in range(9):
        outside.catch_up()
    assert [each.what for each in told] == ["started", "ended"]


def test_where_nothing_has_happened_nothing_is_waited_for(look, slept):
    outside, _ = look(Log(whole()))
    outside.catch_up()
    slept.clear()
    outside.catch_up()
    assert slept == []


def test_a_cloud_without_logs_is_waited_for_once(look, slept):
    missing = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
    outside, told = look(Log(fault=missing))
    happens(outside)
    outside.catch_up()
    assert told == [] and sum(slept) > 0
    slept.clear()
    happens(outside)
    outside.catch_up()
    assert slept == [] and "could not be read" not in outside.remark


def test_a_look_before_anybody_has_spoken_does_not_make_the_log_a_silent_one(look, slept):
    outside, told = look(Log([], [], whole()))
    outside.catch_up()
    assert slept == []
    happens(outside)
    outside.catch_up()
    assert len(told) == 3 and slept


def test_a_log_that_may_not_be_read_is_said_in_the_remark(look):
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "FilterLogEvents")
    outside, _ = look(Log(fault=denied))
    outside.catch_up()
    assert "Logs could not be read: AccessDeniedException" in outside.remark
    assert "routes" in outside.remark


def test_only_functions_of_this_notebook_are_read(slept):
    told = []
    outside = Outside(told.append)
    outside.note(Called(at=AT, service="lambda", operation="CreateFunction", parameters={}, error="Throttling"))
    outside.catch_up()
    assert told == [] and slept == []


def test_the_calls_that_read_are_nobodys():
    outside = Outside(lambda happening: None)
    mine = Called(at=AT, service="logs", operation="FilterLogEvents")
    assert not outside.takes(mine)
    outside._reader = __import__("threading").get_ident()
    assert outside.takes(mine) and not outside.takes(Received(at=AT, text="x"))


def test_a_clock_that_is_wrong_is_set_right(look, monkeypatch):
    log = Log(whole())
    plain = log.filter_log_events
    header = {"HTTPHeaders": {"date": "Sun, 22 Nov 2026 18:45:25 GMT"}}
    log.filter_log_events = lambda **asked: {**plain(**asked), "ResponseMetadata": header}
    monkeypatch.setattr("upgrade101.account.outside.time.time", lambda: AT - 3600)
    outside, told = look(log)
    outside.catch_up()
    assert isinstance(told[0], Logged) and abs(told[0].at - (AT - 3600)) < 5
