"""A process that has boto3 loaded, and forks: each fork goes behind its walls first, and is a function's then.

Loading boto3 takes most of a function's cold start, and a submission has dozens of them. Nothing of a submission's
ever runs in the process that forks. ``forking.main()`` is started in a Python of its own, with the number of a socket
and the folders of packages; see :mod:`upgrade101.grading.nursery` for the other side. Linux and standard library only.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback

from . import launch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

MOST = 128 * 1024  # bytes of what is asked
_PYTHONS_OWN = ("LC_CTYPE",)  # which it sets as it starts
CHANNELS = 4  # events, answers, the lifeline, and where the child's number and its end are told


def main(live: Callable[[], object], finder: Callable[[dict[str, str]], Any]) -> None:
    """Load what functions will need, then fork for everybody who asks; ``live`` is what a fork does."""
    line = socket.socket(fileno=int(sys.argv[1]))
    _load(finder(json.loads(sys.argv[2])))
    gc.collect()
    gc.freeze()
    line.send(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    watched: list[Any] = [line, wake]
    told: dict[int, int] = {}  # where the end of a child is told
    while True:
        ready = select.select(watched, [], [])[0]
        if wake in ready:
            os.read(wake, 4096)
            _reap(told)
        if line in ready:
            text, channels, _, _ = socket.recv_fds(line, MOST, CHANNELS)
            if not text:
                os._exit(0)
            _fork(json.loads(text), channels, told, live)


def _load(finder: Any) -> None:
    """Import boto3 and what its clients import when they are made; nothing is asked of anybody."""
    sys.meta_path.append(finder)
    os.environ.update(dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull))
    try:
        import boto3

        session = boto3.Session("none", "none", region_name="us-east-1")
        session.resource("dynamodb", endpoint_url="http://127.0.0.1:9").Table("none")
        session.client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:9")
    except ImportError:  # then functions have no boto3 either
        pass
    finally:
        sys.meta_path.remove(finder)


def _reap(told: dict[int, int]) -> None:
    while told:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(told.pop(pid), os.waitstatus_to_exitcode(status))


def _tell(number: int, what: int) -> None:
    try:
        os.write(number, what.to_bytes(4, "big", signed=True))
    except OSError:  # nobody listens any more
        pass
    finally:
        os.close(number)


def _fork(asked: dict[str, Any], channels: Sequence[int], told: dict[int, int], live: Callable[[], object]) -> None:
    *theirs, report = channels
    pid = os.fork()
    if pid == 0:
        _become(asked, theirs, live)
    for number in theirs:
        os.close(number)
    told[pid] = report
    try:
        os.write(report, pid.to_bytes(4, "big", signed=True))
    except OSError:  # its end is heard of later
        return


def _become(asked: dict[str, Any], channels: Sequence[int], live: Callable[[], object]) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, channel in enumerate(channels):
            os.dup2(channel, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.setsid()
        own = {name: os.environ[name] for name in _PYTHONS_OWN if name in os.environ}
        os.environ.clear()
        os.environ.update(own | asked["variables"])
        try:
            launch.confine(asked["spec"])
        except OSError as error:
            os.write(2, f"the sandbox cannot be made: {error}\n".encode())
            os._exit(launch.REFUSED)
        live()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
