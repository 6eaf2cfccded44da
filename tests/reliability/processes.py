"""`storytrail chat --jsonl` as a real process, and twenty people who talk with it."""

import json
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.builders import Begin, environment
from tests.warm import Forked

PATIENCE = 60  # seconds until a silent process counts as stuck

Line = dict[str, Any]


class Process:
    """One running `storytrail chat --jsonl`. Its lines come through a queue as they are printed."""

    def __init__(self, database: str, log: Path, begin: Begin = Forked, /, **settings: str) -> None:
        self._log = log.open("ab")
        self._process = begin(
            ["chat", "--jsonl"],
            cwd=log.parent,
            env=environment(database, STORYTRAIL_LOG_LEVEL="info", **settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._lines: queue.Queue[Line | None] = queue.Queue()
        self._is_over = False
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, line: Line) -> None:
        """Write a line; a process that is gone does not hear it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def hear(self, patience: float = PATIENCE) -> Line | None:
        """The next line that it prints; None at its end. Raises queue.Empty where it is silent."""
        line = self._lines.get(timeout=patience)
        self._is_over = line is None
        return line

    def kill(self) -> list[Line]:
        """SIGKILL; the lines that it had still printed."""
        self._process.send_signal(signal.SIGKILL)
        return self._rest()

    def end(self) -> tuple[int, list[Line]]:
        """Close its input and wait: its exit code, and what it had still to say."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        rest = self._rest()
        return self._process.wait(PATIENCE), rest

    def _rest(self) -> list[Line]:
        found: list[Line] = []
        if self._log.closed:
            return found
        while not self._is_over and (line := self.hear()) is not None:
            found.append(line)
        self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        return found

    def _read(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            # The last line of a killed process may be cut off: nobody could have read it.
            if raw.endswith(b"\n"):
                self._lines.put(json.loads(raw))
        self._lines.put(None)


@dataclass
class Person:
    """Somebody with a script, who sends a line again until it was acknowledged."""

    name: str
    lines: list[Line]
    heard: list[Line] = field(default_factory=list)

    @property
    def next(self) -> Line | None:
        return self.lines[0] if self.lines else None


def a_person(number: int) -> Person:
    """One whole interview: ten answers and taps, each of them to be told from all others."""
    name = f"p{number}"
    said: list[tuple[str, str]] = [
        ("text", "/start"),
        ("choice", "agree"),
        *(("text", words) for words in told_by(name)),
        ("choice", "no"),
        ("choice", "no-need"),
        ("choice", "organizers"),
        ("choice", "partly"),
    ]
    lines = [
        {"key": f"{name}-{place}", kind: words, "as": name}
        for place, (kind, words) in enumerate(said)
    ]
    return Person(name, lines)


def told_by(name: str) -> tuple[str, ...]:
    """The five answers of a person, none of which calls for a follow-up question."""
    return (
        f"In March {name} went to the meetup with us, and it was good to listen to the others.",
        f"The checklist of {name} for the first week of newcomers.",
        f"I used it with {name} in April.",
        f"{name} was on their own after nine days instead of three weeks, my colleagues noticed.",
        f"The checklist, and also the new office of {name}.",
    )


def questions() -> Iterator[str]:
    """The places at which such an interview asks, in their order."""
    yield from ("welcome", "activity", "gained", "applied", "changed", "because")
    yield from ("counterfactual", "loop", "review", "thanks")
