"""Turns that wait share one commit: on SQLite a commit costs more than all that a turn writes."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from storage.database import Database

I = TypeVar("I")  # noqa: E741  what goes in
O = TypeVar("O")  # noqa: E741  what comes out

MOST = 64
"""Turns in one commit at the most, so that the first of them does not wait long for the last."""


class MustRunSingly(Exception):
    """One turn of a batch failed after it had written something: the batch is taken apart."""


Run = Callable[[Connection, Sequence[I]], Sequence[O | Exception]]
"""Does several at once; for each what came out, or the error that dropped it alone."""


class Batcher(Generic[I, O]):
    """Takes everything that waits into one transaction, whenever a writer is free."""

    def __init__(self, database: Database, run: Run[I, O]) -> None:
        self._database = database
        self._run = run
        # Several writers, as on PostgreSQL, commit beside one another: each takes one.
        self._most = MOST if database.is_sqlite else 1
        self._waiting: deque[tuple[I, asyncio.Future[O]]] = deque()

    async def submit(self, item: I) -> O:
        """What came out of `item` once it is committed; raises what dropped it."""
        future: asyncio.Future[O] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._database.submit(self._flush)
        return await future

    def _flush(self) -> None:
        taken: list[tuple[I, asyncio.Future[O]]] = []
        while self._waiting and len(taken) < self._most:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:  # another writer was quicker
                break
        if not taken:
            return
        outcomes = self._outcomes([item for item, _ in taken])
        futures = [future for _, future in taken]
        # One crossing back for all of them; where the loop has ended, nobody waits any more.
        with suppress(RuntimeError):
            taken[0][1].get_loop().call_soon_threadsafe(_resolve, futures, outcomes)

    def _outcomes(self, items: list[I]) -> Sequence[O | BaseException]:
        try:
            return self._together(items)
        except (IntegrityError, MustRunSingly) as error:
            return [self._alone(item) for item in items] if len(items) > 1 else [error]
        except BaseException as error:
            # Busy, full, or a failing disk: it is so for all of them.
            return [error] * len(items)

    def _together(self, items: list[I]) -> Sequence[O | Exception]:
        return self._database.write_here(lambda connection: self._run(connection, items))

    def _alone(self, item: I) -> O | BaseException:
        try:
            return self._together([item])[0]
        except BaseException as error:
            return error


def _resolve(futures: Sequence["asyncio.Future[O]"], outcomes: Sequence[O | BaseException]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.cancelled():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
