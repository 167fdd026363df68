"""``cloud.latency``: calls that take as long as they do on AWS, for whoever measures what waiting costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

from .localcloud.latency import CONNECTIONS, DYNAMODB, FIGURES, Figure, Latency

_CALLS = {figure.service: figure.calls for figure in FIGURES}


class Switch:
    """Make boto3's calls on the local cloud take time; off until somebody asks for it.

    with cloud.latency(connections_ms=15):        # until the end of the block
        broadcast("hello")
    cloud.latency.on()                            # until cloud.latency.off(), with the figures below

    It holds for calls of ``@connections`` and of DynamoDB, made by the notebook or by functions. Other services, other
    HTTP clients, throttles and TLS are as before. On AWS it changes nothing and says so. Raises ConfigurationError
    where no cloud is running, or for what is no length of time.
    """

    figures: tuple[Figure, ...] = FIGURES
    """What each service takes where nobody says otherwise, with source, date and how far it can be trusted."""

    def __init__(self, find: Callable[[], Latency | None]) -> None:
        self._find = find

    def __call__(
        self, connections_ms: float | None = None, dynamodb_ms: float | None = None, *, quiet: bool = False
    ) -> Until:
        """Turn it on at once, for a ``with`` block or until ``off``, and say so unless ``quiet``.

        With no figure at all the ones in ``figures`` hold; with one of them, the other service takes no time.
        """
        latency = self._find()
        if latency is None:
            _say("latency: AWS takes its own time, nothing is added", quiet)
            return Until(lambda: None)
        given = {CONNECTIONS: connections_ms, DYNAMODB: dynamodb_ms}
        wanted = {service: each for service, each in given.items() if each is not None} or self.defaults
        before = latency.set(wanted)
        _say(f"latency: {_sentence(latency)}", quiet)
        return Until(lambda: latency.restore(before))

    @property
    def defaults(self) -> dict[str, float]:
        """Return the figures as milliseconds by service."""
        return {figure.service: figure.milliseconds for figure in self.figures}

    def on(self, connections_ms: float | None = None, dynamodb_ms: float | None = None, *, quiet: bool = False) -> None:
        """Turn it on until ``off``, or until the cloud stops."""
        self(connections_ms, dynamodb_ms, quiet=quiet)

    def off(self, *, quiet: bool = False) -> None:
        """Turn it off; harmless where it is off, and on AWS."""
        latency = self._find()
        if latency is None:
            _say("latency: AWS takes its own time, nothing was added", quiet)
            return
        latency.set({})
        _say(f"latency: {_sentence(latency)}", quiet)

    @property
    def is_on(self) -> bool:
        """Tell whether calls are made to take time."""
        latency = self._find()
        return latency is not None and bool(latency.seconds)


class Until:
    """What ends with a ``with`` block."""

    def __init__(self, undo: Callable[[], None]) -> None:
        self._undo = undo

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo()

    def _ipython_display_(self) -> None:
        """Show nothing below a cell that ends in ``cloud.latency(…)``: the sentence has been printed."""


def _sentence(latency: Latency) -> str:
    seconds: Mapping[str, float] = latency.seconds
    said = [
        f"{seconds[service] * 1000:g} ms a call of {calls}" for service, calls in _CALLS.items() if seconds.get(service)
    ]
    return ", ".join(said) + " (simulated)" if said else "off, calls take as long as this machine needs"


def _say(sentence: str, quiet: bool) -> None:
    if not quiet:
        print(sentence)
