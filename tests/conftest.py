"""What holds for every test: nobody leaves this machine, and no AWS account of whoever runs the tests is seen."""

import contextlib
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault in what is tested, and CI finds what it found before.
settings.register_profile(
    "upgrade101", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("upgrade101")


class LeavesThisMachine(RuntimeError):
    """Say which address a test has asked for beyond loopback."""


def refuse_beyond_loopback(host: object) -> None:
    """Raise LeavesThisMachine unless `host` is a name or an address of this machine, or none at all."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        here = ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        here = False
    if not here:
        raise LeavesThisMachine(f"a test asked for {name}; tests stay on 127.0.0.1")


@pytest.fixture(scope="session", autouse=True)
def on_this_machine() -> Iterator[None]:
    """Refuse every connection and every look-up of a name beyond loopback."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def guard(line: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple):  # a path otherwise
                refuse_beyond_loopback(address[0])
            return call(line, address)

        return guard

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        refuse_beyond_loopback(host)
        return getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def ledgers_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the ledgers of what tests create out of the folder of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPGRADE101_LEDGER", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(scope="session", autouse=True)
def without_an_account() -> Iterator[None]:
    """Take away whatever would let boto3 find an account: variables, files, the metadata of an EC2 instance."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def without_a_course() -> Iterator[None]:
    """Let a course be found by its folder alone, also where start.py runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("UPGRADE101_COURSE", raising=False)
        yield


@pytest.fixture(autouse=True)
def a_new_notebook() -> Iterator[None]:
    """Let the next test call again where a start has failed in this one, as a notebook's next kernel may."""
    yield
    if shut := sys.modules.get("upgrade101.account.shut"):
        shut.open_()


@pytest.fixture(scope="module")
def serving() -> Iterator[Callable[..., str]]:
    """Yield what serves a cloud in a process of its own, with these options, and returns its address."""
    with contextlib.ExitStack() as ends:

        def serve(*options: str) -> str:
            command = [sys.executable, "-u", "-m", "upgrade101", "serve", "--port", "0", "--quiet", *options]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            ends.callback(process.communicate, timeout=20)
            ends.callback(process.terminate)
            assert process.stdout is not None
            said = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert said is not None
            return said[0]

        yield serve


@pytest.fixture(scope="module")
def served(serving: Callable[..., str]) -> str:
    """Serve a cloud in a process of its own, and return its address."""
    return serving()


@pytest.fixture
def unseen() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Make calls in a block that the ledger does not see: the console's, another machine's, or AWS's own."""
    from upgrade101.ledger import recorder

    @contextlib.contextmanager
    def block() -> Iterator[None]:
        active, recorder._active = recorder._active, None
        try:
            yield
        finally:
            recorder._active = active

    return block


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Find Chromium and return its path; CI on Debian installs it, once however many processes run tests."""
    from upgrade101.authoring.browser import chromium
    from upgrade101.gateway.errors import ConfigurationError
    from upgrade101.ledger.locks import Lock

    lock = Lock(tmp_path_factory.getbasetemp().parent / "chromium.lock")
    while not lock.take():
        time.sleep(0.2)
    try:
        return chromium()
    except ConfigurationError as missing:
        if not os.environ.get("CI"):
            pytest.skip(str(missing))
        if shutil.which("apt-get"):
            subprocess.run(["apt-get", "update", "-qq"], check=True)
            subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True, stdout=subprocess.DEVNULL)
        return chromium()
    finally:
        lock.give_back()
