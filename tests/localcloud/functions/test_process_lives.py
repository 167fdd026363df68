"""The lives of child processes: how many there are, when they end, and that nothing of them stays."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import boto3
import pytest
from house_kit import House, answer, invoke, is_alive, linux, posix, until, zip_of
from typer.testing import CliRunner

from upgrade101 import cloud
from upgrade101.__main__ import app
from upgrade101.deploy import function
from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud.functions import Functions

ECHO = "def handler(event, context):\n    return event\n"
PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"


@pytest.fixture
def house_with():
    """A cloud whose processes have settings of their own."""
    made = []

    def make(**settings):
        made.append(House(functions=Functions(run_in="processes", **settings)))
        return made[-1]

    yield make
    for house in made:
        house.close()


@posix
def test_idle_processes_end(house_with):
    house = house_with(idle_seconds=0.2)
    pid = answer(house, PID)
    until(lambda: not is_alive(pid))


@posix
def test_an_import_that_hangs_is_killed_too(house_with):
    house = house_with(init_seconds=0.5)
    got = invoke(house, "import time\ntime.sleep(60)\n" + ECHO, Timeout=2)
    assert got.error == "Sandbox.Timedout"


@posix
def test_no_more_than_so_many_run_and_the_rest_waits_its_turn(house_with):
    house = house_with(max_environments=2)
    arn = house.create("import os, time\ndef handler(event, context):\n    time.sleep(0.1)\n    return os.getpid()\n")
    pids = []
    threads = [
        threading.Thread(target=lambda: pids.append(house.cloud.functions.invoke(arn, {}).result)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(pids) == 8
    assert len(set(pids)) <= 2


@posix
def test_stopping_the_cloud_kills_what_runs(house_with):
    house = house_with()
    arn = house.create(
        "import os\ndef handler(event, context):\n    print(os.getpid())\n    while True: pass\n", Timeout=60
    )
    pids, got = [], []
    house.cloud.functions.on_log.append(lambda name, request_id, text: pids.append(int(text)))
    thread = threading.Thread(target=lambda: got.append(house.cloud.functions.invoke(arn, {})))
    thread.start()
    until(lambda: pids)
    house.close()
    thread.join(30)
    assert got[0].error == "ServiceException"
    until(lambda: not is_alive(pids[0]))


@linux
def test_no_file_and_no_process_is_left_behind(house_with):
    house = house_with()
    before = len(os.listdir("/proc/self/fd"))
    arn = house.create(
        "import os\ndef handler(event, context):\n    os._exit(1) if event else None\n    return os.getpid()\n"
    )
    for event in ({}, {"end": 1}, {}, {"end": 1}):
        house.cloud.functions.invoke(arn, event)
    until(lambda: len(os.listdir("/proc/self/fd")) <= before)
    until(lambda: not house.cloud.functions._pools._kept)


LEAVES = """
import os, subprocess, sys, time, zipfile, io, boto3
sys.path.insert(0, {tests!r})
from house_kit import House
house = House(functions="processes")
house.cloud.functions.on_log.append(lambda name, request_id, text: print(text, end="", flush=True))
source = '''
import os, re, subprocess, sys
def handler(event, context):
    print(os.getpid(), subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
    {hang}
'''
house.cloud.functions.invoke(house.create(source, Timeout=600), {{}})
print("idle", flush=True)
time.sleep(600)
"""


@posix
@pytest.mark.parametrize("hang", ["return", "while True: pass", "sum(range(10 ** 15))"])
def test_nobody_survives_a_cloud_that_is_killed(hang, monkeypatch):
    tests, own = os.path.dirname(__file__), os.pathsep.join(sys.path)
    monkeypatch.setenv("PYTHONPATH", own)
    script = LEAVES.format(tests=tests, hang=hang)
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        try:
            pids = [int(word) for word in parent.stdout.readline().split()]
            assert len(pids) == 2
            assert hang != "return" or parent.stdout.readline() == "idle\n"
            assert all(map(is_alive, pids))
        finally:
            parent.send_signal(signal.SIGKILL)
    until(lambda: not any(map(is_alive, pids)))


# ── the switch ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_notebook_chooses_processes_when_it_starts_its_cloud():
    try:
        cloud.start(functions="processes", quiet=True)
        cloud.start(quiet=True)
        cloud.start(functions="processes", quiet=True)
        with pytest.raises(ConfigurationError, match=r"functions already run in processes here .*cloud\.stop"):
            cloud.start(functions="threads", quiet=True)
        arn = function(ident, name="ident")
        assert cloud.local().functions.invoke(arn, {}).result not in (None, os.getpid())
    finally:
        cloud.stop()


def ident(event, context):
    """Say which process this is."""
    import os

    return os.getpid()


@posix
def test_serve_runs_functions_in_processes_and_takes_them_along(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    command = [sys.executable, "-W", "ignore", "-m", "upgrade101", "serve", "--port", "0", "--functions", "processes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as served:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", served.stdout.readline())[0]
            aws = boto3.Session("testing", "testing", region_name="us-east-1")
            role = aws.client("iam", endpoint_url=url).create_role(RoleName="r", AssumeRolePolicyDocument="{}")
            functions = aws.client("lambda", endpoint_url=url)
            given = {"Runtime": "python3.13", "Handler": "app.handler", "Role": role["Role"]["Arn"]}
            functions.create_function(FunctionName="pid", Code={"ZipFile": zip_of(PID)}, **given)
            pid = json.load(functions.invoke(FunctionName="pid")["Payload"])
            assert pid != served.pid
            assert is_alive(pid)
            served.send_signal(signal.SIGTERM)
            served.wait(20)
            until(lambda: not is_alive(pid))
        finally:
            served.kill()


def test_serve_refuses_another_word(capfd):
    outcome = CliRunner().invoke(app, ["serve", "--port", "0", "--functions", "fibers"])
    assert outcome.exit_code == 1
    assert "functions cannot run in 'fibers'" in capfd.readouterr().err + outcome.output


def test_a_place_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match="cannot run in 'fibers'"):
        Functions(run_in="fibers")


def test_a_python_that_cannot_be_started_is_an_error_of_the_function(house_with, monkeypatch):
    house = house_with()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    got = invoke(house, ECHO)
    assert got.error == "Runtime.InvalidEntrypoint"
    assert "/nowhere/python" in got.result["errorMessage"]
