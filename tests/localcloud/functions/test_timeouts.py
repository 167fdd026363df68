"""Deadlines are kept, and threads are ended without breaking what they are in the middle of."""

import sys
import threading
import time
from types import ModuleType

from upgrade101.localcloud.functions import surroundings
from upgrade101.localcloud.functions.timeouts import Timeouts


class Patient:
    """An environment as far as deadlines know one."""

    def __init__(self, still_open=True):
        self.expired = threading.Event()
        self.thread = threading.Thread()
        self.still_open = still_open

    def give_up(self):
        return [self.thread]

    def expire(self, execution):
        self.expired.set()
        return self.still_open


def test_a_nearer_deadline_wakes_the_watcher():
    timeouts, far, near = Timeouts(), Patient(), Patient()
    timeouts.watch(far, "execution", 60)
    timeouts.watch(near, "execution", 0.01)
    assert near.expired.wait(5)
    assert not far.expired.is_set()
    timeouts.close()


def test_a_later_deadline_replaces_an_earlier_one():
    timeouts, patient, other = Timeouts(), Patient(), Patient(still_open=False)
    timeouts.watch(patient, "execution", 0.02)
    timeouts.watch(patient, "execution", 60)
    timeouts.watch(other, "execution", 0.05)
    assert other.expired.wait(5)
    assert not patient.expired.is_set()
    timeouts.close()


def test_a_deadline_that_is_met_is_forgotten():
    timeouts, patient, other = Timeouts(), Patient(), Patient()
    timeouts.watch(patient, "execution", 0.02)
    timeouts.unwatch(patient)
    timeouts.unwatch(patient)
    timeouts.watch(other, "execution", 0.05)
    assert other.expired.wait(5)
    assert not patient.expired.is_set()
    timeouts.close()


def start(run):
    thread = threading.Thread(target=surroundings.run_inside, args=(None, run), daemon=True)
    thread.start()
    return thread


def spin(until=None):
    while until is None or not until.is_set():
        time.sleep(0)


def test_a_thread_in_the_functions_own_code_is_ended():
    timeouts, thread = Timeouts(), start(spin)
    timeouts.doom([thread])
    thread.join(5)
    assert not thread.is_alive()
    timeouts.close()


def test_a_thread_in_the_middle_of_moto_is_not(monkeypatch):
    moto = ModuleType("moto.dynamodb.models")
    exec("def put(work):\n    work()\n", vars(moto))
    enough, done = threading.Event(), threading.Event()

    def work():
        moto.put(lambda: spin(enough))
        done.set()
        spin()

    timeouts, thread = Timeouts(), start(work)
    timeouts.doom([thread])
    time.sleep(0.2)
    assert thread.is_alive()
    enough.set()
    assert done.wait(5)
    thread.join(5)
    assert not thread.is_alive()
    timeouts.close()
    assert "moto.dynamodb" not in {name for name, module in sys.modules.items() if module is moto}


def test_closing_without_having_watched_is_harmless():
    timeouts = Timeouts()
    timeouts.close()
    timeouts.close()
