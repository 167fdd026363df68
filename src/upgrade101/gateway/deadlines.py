"""What becomes due when: one ordered queue per duration, so that setting, moving and dropping a deadline are O(1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from math import inf
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Deadlines(Generic[Item]):
    """Deadlines by item; time never runs backwards, so each duration's queue is in order by itself.

    >>> due = Deadlines()
    >>> due.set("a", 10.0, now=0.0)
    >>> due.set("b", 1.0, now=0.0)
    >>> due.next(), list(due.pop(now=5.0)), due.next()
    (1.0, [('b', 1.0)], 10.0)
    """

    def __init__(self) -> None:
        self.soonest = inf  # nothing is due before; what was soonest may have been dropped since
        self._queues: dict[float, OrderedDict[Item, float]] = {}
        self._durations: dict[Item, float] = {}

    def __len__(self) -> int:
        return len(self._durations)

    def set(self, item: Item, duration: float, now: float) -> None:
        """Make ``item`` due in ``duration`` seconds, whatever was set before."""
        before, when = self._durations.get(item), now + duration
        if before == duration:
            queue = self._queues[duration]
            queue.move_to_end(item)
            queue[item] = when
            return
        if before is not None:
            self.drop(item)
        self._durations[item] = duration
        known = self._queues.get(duration)
        if known is None:
            known = self._queues[duration] = OrderedDict()
        known[item] = when
        if when < self.soonest:
            self.soonest = when

    def drop(self, item: Item) -> None:
        """Forget ``item``; nothing happens where it is not known."""
        duration = self._durations.pop(item, None)
        if duration is not None:
            queue = self._queues[duration]
            del queue[item]
            if not queue:
                del self._queues[duration]
                if not self._queues:
                    self.soonest = inf

    def next(self) -> float | None:
        """Return when the next item is due."""
        return min((queue[next(iter(queue))] for queue in self._queues.values()), default=None)

    def pop(self, now: float) -> Iterator[tuple[Item, float]]:
        """Take out and yield every item due by ``now``, with when it was due; items may be set meanwhile."""
        while (when := self.next()) is not None and when <= now:
            queue = min(self._queues.values(), key=lambda queue: queue[next(iter(queue))])
            item = next(iter(queue))
            self.drop(item)
            yield item, when
        self.soonest = inf if when is None else when
