"""``python3 start.py soak``: minutes of clients who misbehave and functions that fail, then the books are read.

What is looked for in the end: connections, threads, processes, files and memory that were not given back, messages
without an answer, connections without their one ``$disconnect``, tracebacks in the log.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from .processes import Child, Trouble, raise_the_number_of_files

console = Console(highlight=False, markup=False, soft_wrap=True)

AT_ONCE = 7  # guests in a process
CROWDS = 3  # the last of which is killed again and again
REDEPLOY_SECONDS, KILL_SECONDS = 3.0, 4.0
GIVEN_BACK = ("connections", "calls", "processes")
SPARE_THREADS, SPARE_FILES = 2, 3
BLOCKS_PER_MESSAGE, SPARE_BLOCKS, SPARE_MB = 1.0, 25_000, 100


class Server(Child):
    """The gateway under strain."""

    def __init__(self, functions: str) -> None:
        super().__init__("strain.server", functions)
        self.url = str(self.read()["url"])

    def ask(self, do: str) -> dict[str, Any]:
        """Have it do something and return what it says."""
        self.say({"do": do})
        return dict(self.read())


@dataclass
class Soak:
    """One soak: its dice, and what it has found."""

    seed: int
    functions: str
    dice: random.Random = field(init=False)
    faults: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    killed: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def run(self, seconds: float) -> bool:
        """Strain a gateway for so long, print what happens, and tell whether all is well."""
        server = Server(self.functions)
        try:
            self._strain(server, min(5.0, seconds / 4), quiet=True)
            before = server.ask("census")
            self._strain(server, seconds, quiet=False)
            after = server.ask("census")
        except Trouble as trouble:
            self.faults.append(f"the gateway: {trouble}")
            return self._sum_up({}, {})
        finally:
            server.stop()
        self._compare(before, after)
        self._read_log(server.said())
        return self._sum_up(before, after)

    # ── the strain ───────────────────────────────────────────────────────────────────────────────────────────────

    def _strain(self, server: Server, seconds: float, *, quiet: bool) -> None:
        crowds = [self._crowd(server) for _ in range(CROWDS)]
        began = time.monotonic()
        told, redeployed, killed = began, began, began
        try:
            while (now := time.monotonic()) - began < seconds:
                time.sleep(0.2)
                if now - redeployed > REDEPLOY_SECONDS:
                    redeployed = now
                    server.ask("redeploy")
                    server.ask("forget")
                if now - killed > KILL_SECONDS:
                    killed = now
                    self._kill_one(server, crowds)
                if not quiet and now - told > 5:
                    told = now
                    self._tell(now - began, seconds, server.ask("look"))
        finally:
            for crowd in crowds:
                self._dismiss(crowd)

    def _crowd(self, server: Server) -> Child:
        return Child("strain.guests", server.url, str(self.dice.randrange(10**9)), str(AT_ONCE))

    def _kill_one(self, server: Server, crowds: list[Child]) -> None:
        """Kill a process of clients in the middle of everything, and let another come."""
        victim = crowds.pop()
        victim.process.kill()
        victim.stop()
        self.killed += 1
        crowds.append(self._crowd(server))

    def _dismiss(self, crowd: Child) -> None:
        crowd.close_input()
        try:
            report = crowd.read()
            self.faults += report["faults"]
            for what, many in report["seen"].items():
                self.seen[what] = self.seen.get(what, 0) + many
        except Trouble as trouble:
            self.faults.append(f"the clients: {trouble}")
        finally:
            crowd.stop()

    def _tell(self, now: float, seconds: float, look: dict[str, Any]) -> None:
        console.print(
            f"{now:4.0f} of {seconds:.0f} s: {look.get('Opened', 0):,} connections, "
            f"{look.get('messages', 0):,} messages, {self.killed} crowds killed; "
            f"now {look['connections']} connections, {look['threads']} threads, {look['processes']} processes, "
            f"{look['files']} files, {look['MB']} MB"
        )

    # ── the books ────────────────────────────────────────────────────────────────────────────────────────────────

    def _compare(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.faults += after["faults"]
        self.faults += [f"{after[name]} {name} left" for name in GIVEN_BACK if after[name]]
        for name, spare in (("threads", SPARE_THREADS), ("files", SPARE_FILES), ("MB", SPARE_MB)):
            if after[name] > before[name] + spare:
                self.faults.append(f"{name}: {before[name]} before, {after[name]} after")
        messages = after.get("messages", 0) - before.get("messages", 0)
        grown = after["blocks"] - before["blocks"]
        if grown > SPARE_BLOCKS + BLOCKS_PER_MESSAGE * messages:
            self.faults.append(f"memory: {grown:,} more blocks after {messages:,} messages")

    def _read_log(self, text: str) -> None:
        if "Traceback" in text:
            self.faults.append(f"a traceback in the log: {text[text.index('Traceback') :][:2000]}")
        self.faults += [f"the log: {line}" for line in text.splitlines() if " ERROR " in line or " CRITICAL " in line]

    def _sum_up(self, before: dict[str, Any], after: dict[str, Any]) -> bool:
        if after:
            names = ("connections", "calls", "threads", "processes", "files", "MB", "blocks")
            console.print("before: " + ", ".join(f"{before[name]:,} {name}" for name in names))
            console.print("after:  " + ", ".join(f"{after[name]:,} {name}" for name in names))
            told = (
                "Opened",
                "Refused",
                "Received",
                "Invoked",
                "Answered",
                "sent reply",
                "sent error",
                "Managed",
                "Closed",
            )
            console.print("told by the gateway: " + ", ".join(f"{after.get(name, 0):,} {name}" for name in told))
            seen = ", ".join(f"{name} {many:,}" for name, many in sorted(self.seen.items()))
            console.print(f"seen by the clients that were not killed: {seen}")
        kinds = sorted(set(self.faults))
        for fault in kinds[:40]:
            console.print(f"fault ({self.faults.count(fault)}): {fault}")
        console.print(f"seed {self.seed}: {len(self.faults)} faults")
        return not self.faults


def soak(minutes: float, seed: int | None, functions: str) -> int:
    """Soak for so long, the functions in ``threads`` or ``processes``; return the exit code."""
    raise_the_number_of_files()
    seed = random.randrange(10**6) if seed is None else seed
    console.print(f"soak of {minutes * 60:.0f} s, seed {seed}, functions in {functions}")
    return 0 if Soak(seed, functions).run(minutes * 60) else 1
