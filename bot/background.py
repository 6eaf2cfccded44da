"""What is done unasked: drives the duties of `bot/duties.py`, durably. The only user of DBOS.

DBOS remembers which work was begun, so that it is finished after a kill, by whoever is there. What
is to be done stands in the rows of the database alone.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from sqlalchemy import Connection

from bot import duties
from bot.app import App, now
from bot.duties import Duty
from bot.pausing import Pause
from storage.errors import StorageError
from storage.logbook import Logbook
from storage.unit_of_work import Work

if TYPE_CHECKING:
    from dbos import WorkflowStatus

VERSION = "1"
"""Of the steps of the workflow below; another one only where these change. What an older version
began and did not finish is begun anew, from the rows."""

FIRST = 5.0  # seconds until the engine is loaded: a program that ends sooner never pays for it
ENDING = 5.0  # seconds that a piece in hand has when the program is told to end
WAITED = timedelta(minutes=1)  # how long a command was left waiting that is answered by others
KEPT = timedelta(days=1)  # how long it is known what was done
MISSED = 10.0  # seconds within which a workflow begins or ends that is open and not at work
MOST = 1_000  # pieces of one workflow: all of its steps are read again when it is taken up again
MANY = 500  # finished workflows that are forgotten at once
SAID_AGAIN = 60.0  # seconds until the same warning of the library is logged again

log = structlog.get_logger()


class Background:
    """Looks each `tick` what is due, and does it piece by piece, beside everything else."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tick = app.settings.tick
        self._ends = Event()
        self._engine: _Engine | None = None
        self._looked: dict[str, int] = {}  # by duty: its slot that was looked at last
        self._failed: set[str] = set()
        self._has_erased = False
        self.pieces: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.ticked_at = 0.0
        """When the last tick went through, in seconds since 1970; 0 before the first."""

    async def run(self, ends: asyncio.Event) -> None:
        """Until `ends`, or until cancelled. A piece in hand is finished; what is left of a duty
        is done after the next start."""
        if await _comes(ends, within=min(self._tick, FIRST)):
            return
        driving = Thread(target=self._drive, name="background", daemon=True)
        driving.start()
        try:
            while not await _comes(ends, within=self._tick):
                await self._answer_waiting()
        finally:
            self._ends.set()
            await asyncio.to_thread(driving.join, ENDING + 1)

    async def _answer_waiting(self) -> None:
        """Answer what another process left waiting when it died."""
        try:
            await self._app.turns.finish_waiting(waited=WAITED)
        except Exception as error:  # the next tick does it
            log.warning("background.unanswered", fault=type(error).__name__)

    # ---- in a thread of its own ----

    def _drive(self) -> None:
        while not self._ends.is_set():
            try:
                if self._engine is None:
                    self._engine = _Engine(self._app, self._perform)
                self._look(self._engine)
            except Exception as error:  # the next tick begins anew
                log.warning("background.failed", fault=type(error).__name__)
                self._close()
            self._ends.wait(self._tick)
        self._close()

    def _close(self) -> None:
        engine, self._engine = self._engine, None
        self._looked.clear()  # what was begun may be lost with the engine; nothing is begun twice
        if engine is not None:
            engine.close()

    def _look(self, engine: "_Engine") -> None:
        self._settle()
        going = engine.going()
        for duty in duties.DUTIES:
            if self._ends.is_set():
                return
            if duty.name not in going:
                self._look_at(duty, engine)
        engine.forget()
        self.ticked_at = now().timestamp()

    def _look_at(self, duty: Duty, engine: "_Engine") -> None:
        """Begin a duty that something waits for, once in each of its slots; again at each tick
        where it failed."""
        at = now()
        slot = int(at.timestamp() // max(self._tick, duty.every.total_seconds()))
        has_failed = duty.name in self._failed
        if self._looked.get(duty.name) == slot and not has_failed:
            return
        try:
            house = self._app.house
            waits = self._app.database.read_now(lambda c: duty.waits(house, Work(c), at))
        except Exception as error:  # it must not stop the others
            self._fail(duty, error)
            return
        self._failed.discard(duty.name)  # before it begins: it may fail at once
        if waits:
            again = f".{int(at.timestamp() // self._tick)}" if has_failed else ""
            try:
                engine.begin(duty.name, f"{slot}{again}")
            except Exception:
                self._failed.add(duty.name)
                raise
        self._looked[duty.name] = slot

    # ---- a piece, in one of the engine's threads ----

    def _perform(self, name: str) -> Pause:
        """Do a piece; the pause until the next one. None also where it failed."""
        duty = next((each for each in duties.DUTIES if each.name == name), None)
        if duty is None:  # of another version
            return None
        piece = duty.piece

        def transaction(connection: Connection) -> tuple[Pause, bool]:
            work = Work(connection)
            pause = piece(self._app.house, work, now())
            work.flush()
            return pause, work.has_erased

        try:
            pause, has_erased = self._app.database.write_now(transaction)
        except Exception as error:  # whatever it is, the program goes on; the next tick tries again
            self._fail(duty, error)
            return None
        self.pieces[name] += 1
        self._has_erased |= has_erased
        self._settle()
        return pause

    def _fail(self, duty: Duty, error: Exception) -> None:
        self.failures[duty.name] += 1
        self._failed.add(duty.name)
        log.error("background.duty-failed", duty=duty.name, fault=type(error).__name__)

    def _settle(self) -> None:
        """What was erased is gone from every page."""
        if not self._has_erased:
            return
        self._has_erased = False
        try:
            self._app.journal.settle(self._app.database)
        except (StorageError, OSError) as error:  # the rows are gone; the next tick does the rest
            self._has_erased = True
            log.error("erasure.unsettled", fault=type(error).__name__)


class _Ended(BaseException):
    """The engine ends. No Exception: DBOS would write it down as how the workflow ended."""


class _Lost(Exception):
    """Work that is written down as going on here does not: its thread failed."""


class _Engine:
    """DBOS, launched once. All of this is called in threads: its `async` calls would replace the
    event loop's own threads, and take them away in the end."""

    def __init__(self, app: App, perform: Callable[[str], Pause]) -> None:
        """Raises whatever keeps it from being launched."""
        from dbos import DBOS, SetWorkflowID  # half a second: only where it is needed

        self._dbos, self._named = DBOS, SetWorkflowID
        self._perform = perform
        self._ends = Event()
        self._here: set[str] = set()  # workflows that go on in this process
        self._missed: dict[str, float] = {}  # that should, and do not: since when
        _listen()
        settings = app.settings
        self._logbook = Logbook(settings.database_url, timeout=settings.database_timeout)
        # A constant where only one process can be: what it left is its own at the next start.
        self._me = "one" if self._logbook.is_sqlite else uuid4().hex
        try:
            self._logbook.hold(self._me)
            self._launch()
        except BaseException:
            self.close()
            raise

    def _launch(self) -> None:
        self._dbos(
            config={
                "name": "storytrail",
                "system_database_engine": self._logbook.engine,
                "dbos_system_schema": self._logbook.schema,
                "executor_id": self._me,
                "application_version": VERSION,
                "log_level": "WARNING",
                "use_listen_notify": False,  # nothing is sent from workflow to workflow
                # A thread sleeps so long, and is waited for in the end.
                "notification_listener_polling_interval_sec": 0.5,
                "scheduler_polling_interval_sec": 3600,
            }
        )

        # Also what a step is called stands in the logbook.
        @self._dbos.workflow(name="duty")
        def work_off(duty: str) -> None:
            self._work_off(duty)

        self._workflow = work_off
        self._dbos.launch()

    def begin(self, duty: str, slot: str) -> None:
        """Have a duty worked off; nothing, if that was begun in this slot already, by anybody."""
        with self._named(f"{duty}-{slot}"):
            self._dbos.start_workflow(self._workflow, duty)

    def going(self) -> set[str]:
        """The duties that are being worked off anywhere. What dead processes left is taken over.

        Raises whatever is wrong with the engine: it is to be launched anew then.
        """
        self._logbook.still_holds()
        found = self._open()
        for other in {each.executor_id for each in found if each.status == "PENDING"} - {self._me}:
            self._take_over(other or "")
        mine = {
            each.workflow_id
            for each in found
            if each.status == "PENDING" and each.executor_id == self._me
        }
        at = time.monotonic()
        self._missed = {each: self._missed.get(each, at) for each in mine - self._here}
        if any(at - since > MISSED for since in self._missed.values()):
            raise _Lost
        return {each.workflow_id.rpartition("-")[0] for each in found}

    def _take_over(self, other: str) -> None:
        with self._logbook.in_place_of(other) as is_dead:
            # Looked for anew: another process may have been quicker.
            left = [each.workflow_id for each in self._open(executor_id=other)] if is_dead else []
            if left:
                self._dbos.resume_workflows(left)
                log.info("background.taken-over", workflows=len(left))

    def _open(self, **which: Any) -> "list[WorkflowStatus]":
        states = ["PENDING"] if which else ["PENDING", "ENQUEUED"]
        return self._dbos.list_workflows(
            status=states, app_version=VERSION, load_input=False, load_output=False, **which
        )

    def forget(self) -> None:
        """What is over for long, and what another version left."""
        until = (now() - KEPT).isoformat()
        for which in (
            {"completed_before": until},
            {"end_time": until, "status": ["PENDING", "ENQUEUED"]},
        ):
            old = self._dbos.list_workflows(
                limit=MANY, load_input=False, load_output=False, **which
            )
            over = [
                each.workflow_id
                for each in old
                if "status" not in which or each.app_version != VERSION
            ]
            if over:
                self._dbos.delete_workflows(over)

    # ---- the workflow: its steps are what VERSION is about ----

    def _work_off(self, duty: str) -> None:
        with self._going_on() as me:
            for _ in range(MOST):
                self._go_on()
                pause = self._dbos.run_step({"name": "piece"}, self._perform, duty)
                if pause is None:
                    return
                if pause > 0:
                    self._sleep(self._dbos.run_step({"name": "until"}, _until, pause))
            first, _, number = me.partition("+")
            with self._named(f"{first}+{int(number or 1) + 1}"):
                self._dbos.start_workflow(self._workflow, duty)

    @contextmanager
    def _going_on(self) -> Iterator[str]:
        me = self._dbos.workflow_id or ""
        self._here.add(me)
        try:
            yield me
        except Exception:
            # The logbook is away, or the work is another's by now. It stays open there.
            raise _Ended from None
        finally:
            self._here.discard(me)

    def _go_on(self) -> None:
        if self._ends.is_set():
            raise _Ended

    def _sleep(self, until: float) -> None:
        # Not DBOS.sleep, which nothing wakes: the program could not end.
        self._ends.wait(max(0, until - now().timestamp()))
        self._go_on()

    # ---- its end ----

    def close(self) -> None:
        self._ends.set()
        late = time.monotonic() + ENDING
        while self._here and time.monotonic() < late:
            time.sleep(0.01)
        self._dbos.destroy(destroy_registry=True)
        self._logbook.close()


def _until(pause: float) -> float:
    return now().timestamp() + pause


async def _comes(ends: asyncio.Event, *, within: float) -> bool:
    try:
        await asyncio.wait_for(ends.wait(), within)
    except TimeoutError:
        return False
    return True


# ---- what the library says ----


def _listen() -> None:
    """Have DBOS log through ours, and print nothing itself."""
    logger = logging.getLogger("dbos")
    logger.propagate = False
    if not logger.handlers:  # else it adds its own
        logger.addHandler(_Listener(logging.WARNING))


class _Listener(logging.Handler):
    """Logs where in the library something was said. What was said may quote a driver."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._said: dict[tuple[str, int], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        place = (record.module, record.lineno)
        at = time.monotonic()
        if at - self._said.get(place, -SAID_AGAIN) < SAID_AGAIN:
            return
        self._said[place] = at
        fault = record.exc_info[0] if record.exc_info else None
        log.warning(
            "background.engine",
            at=f"{record.module}:{record.lineno}",
            fault=fault.__name__ if fault else None,
        )
