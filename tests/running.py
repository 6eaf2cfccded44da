"""`storytrail run` as a real process on a database, whatever it talks to."""

import contextlib
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlalchemy import Row, Select, select

from flows.conversation import Standing
from storage.tables import answers, outbox
from tests.builders import Begin, Process, closing, environment, finished, fresh, opened
from tests.warm import Forked

PATIENCE = 20
"""Seconds until something that should happen counts as missing; most of it takes milliseconds."""

UNLIMITED = {
    f"STORYTRAIL_LIMIT_{name}": "100000"
    for name in ("CHAT_BURST", "CHAT_PER_SECOND", "PER_SECOND", "GROUP_PER_MINUTE")
}

Line = tuple[str, str, str]
"""`says` or `taps`, what, and a part of the question that comes then."""

TOLD = (
    "In March Ana went to the meetup with us, and it was good to listen to the others.",
    "The checklist for the first week of newcomers.",
    "I used it with my team in April.",
    "Ana was on her own after nine days instead of three weeks, my colleagues noticed.",
    "The checklist, and also the new office.",
)
"""Five answers, none of which calls for a follow-up question."""

REST: Sequence[Line] = (
    ("taps", "I agree", "1 / 7"),
    ("says", TOLD[0], "2 / 7"),
    ("says", TOLD[1], "3 / 7"),
    ("says", TOLD[2], "4 / 7"),
    ("says", TOLD[3], "5 / 7"),
    ("says", TOLD[4], "6 / 7"),
    ("taps", "No", "7 / 7"),
    ("taps", "No need", "Who may read it?"),
    ("taps", "Send to organizers", "Thank you."),
    ("taps", "Partly", "Noted"),
)
"""An interview once somebody was welcomed, as long as it is."""


class Running:
    """The program as it runs, and runs again after it was killed."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        database: str | None = None,
        *,
        begin: Begin = Forked,
    ) -> None:
        """On a new file in the folder, unless there is a `database`, by its address."""
        self.folder = folder
        self.begin = begin
        self.path = folder / "storytrail.db" if database else fresh(folder)
        self.database: Path | str = database or self.path
        self.settings = settings
        self.log = folder / "log"
        self._process: Process | None = None
        self.url = ""
        self.printed = ""
        """What it still printed after the line that says that it runs."""

    def environment(self) -> dict[str, str]:
        usual = {
            "STORYTRAIL_LOG_LEVEL": "info",
            "STORYTRAIL_HTTP_PORT": "0",
        }
        return environment(self.database, **{**usual, **UNLIMITED, **self.settings})

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = self.begin(
                ["run"],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().decode()
        assert said.startswith("Running. "), self.log.read_text()
        self.url = said.removesuffix(".\n").rpartition(" ")[2]

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """Told to end; its exit code."""
        return self._end(signal.SIGTERM)

    def stand_still(self) -> None:
        """It does nothing any more, and its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def memory(self) -> int:
        """KiB of it that are in memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdout is not None
        with process.stdout:
            process.send_signal(how)
            try:
                return process.wait(PATIENCE)
            finally:
                process.kill()
                process.wait()
                self.printed += process.stdout.read().decode()

    # ---- what others see of it ----

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another process of the program, in the same folder, to its end."""
        done = finished(arguments, cwd=self.folder, env=self.environment(), begin=self.begin)
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(arguments, done.returncode, out, err)

    def kept(self, what: Select[Any]) -> Sequence[Row[Any]]:
        """Rows of its database."""
        with closing(opened(self.database)) as database:
            return database.read_now(lambda c: c.execute(what).all())

    def words(self) -> list[str]:
        """The answers in words that count, in the order in which they were given."""
        told = select(answers.c.text).where(
            answers.c.standing == Standing.LIVE, answers.c.text.is_not(None)
        )
        return [row.text for row in self.kept(told.order_by(answers.c.position))]

    def is_sending(self) -> bool:
        """Whether something is to be sent still, or is not known to be sent."""
        nothing = outbox.c.sent_at.is_(None) & outbox.c.failed_at.is_(None)
        return bool(self.kept(select(outbox.c.id).where(nothing)))

    def answers(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and body of its web server."""
        request = Request(f"{self.url}{path}", body, headers or {})
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metrics(self) -> dict[str, float]:
        lines = self.answers("/metrics")[1].splitlines()
        values = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in values}

    def drives(self) -> None:
        """Waits until the engine of what is done unasked is loaded, and has looked once."""
        eventually(lambda: self.metrics()["storytrail_background_tick_timestamp_seconds"])


Found = TypeVar("Found", bound=Running)


@contextmanager
def alive(found: Found) -> Iterator[Found]:
    """The program for the time of the block; nothing of it is left behind."""
    try:
        found.start()
        yield found
    finally:
        found.kill()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody else can write into this database."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def eventually(met: Callable[[], Any], timeout: float = PATIENCE) -> None:
    """Waits until something holds that the double does not see."""
    never = threading.Event()
    for _ in range(int(timeout / 0.05)):
        if met():
            return
        never.wait(0.05)
    raise AssertionError(f"did not come to hold within {timeout} s")
