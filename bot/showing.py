"""How one message of the outbox comes to stand in a chat: below the others, or in place of one.

At most one question of a chat has buttons: those of earlier ones are taken away before the next.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import cast

import structlog

from bot.limits import BROADCAST, REPLY, Chat, Limits
from bot.marks import Marking
from bot.platforms.platform import (
    EditsMessages,
    Platform,
    PlatformError,
    Refused,
    RetryLater,
    SharesOnce,
)
from flows.messages import Address, Noted, Say
from storage.errors import LeaseLost
from storage.leases import Lease
from storage.outbox import ASIDE, Sent, Shown, Waiting
from storage.unit_of_work import Work

log = structlog.get_logger()


class Showing:
    """Used by the courier alone, which has waited for the message's turn by then."""

    def __init__(
        self,
        writes: Marking,
        platform: Platform,
        limits: Limits,
        now: Callable[[], datetime],
        lease: Lease,
    ) -> None:
        self._lease = lease
        self._writes = writes
        self._platform = platform
        can_edit = hasattr(platform, "edit") and hasattr(platform, "close")
        self._editing = cast(EditsMessages, platform) if can_edit else None
        shares = hasattr(platform, "update_shared")
        self._sharing = cast(SharesOnce, platform) if shares else None
        self._limits = limits
        self._now = now
        self._closing: dict[int, asyncio.Task[None]] = {}

    @property
    def closing(self) -> Collection["asyncio.Task[None]"]:
        """What is still at taking buttons away."""
        return self._closing.values()

    async def show(
        self, to: Address, row: Waiting, shown: Sequence[Shown]
    ) -> tuple[Sent, list[int]]:
        """What the platform says of it, and the rows that have no buttons any more by that.

        `shown` are those that have some, the newest last. Raises PlatformError, LeaseLost.
        """
        self._lease.check()
        if row.subject is not None and row.place is not None and shown:
            return await self._share_anew(to, row, row.place, shown[-1]), []
        if row.subject is not None and row.in_place:
            return await self._bring_up_to_date(to, row, shown), []
        if row.asks is None or row.place is not None:
            if self._editing is not None and ends(row):
                self._close(self._editing, to, shown)
            return await self._platform.send(to, row.reply, place=row.place), []
        if self._editing is None:
            return await self._platform.send(to, row.reply), [each.id for each in shown]
        last = shown[-1] if shown else None
        if row.in_place and last is not None and _is_same(row, last):
            try:
                await self._editing.edit(to, last.message_id, row.reply)
            except Refused:  # it is too old, or gone
                await self._turn(to, row)
            else:
                self._close(self._editing, to, shown[:-1])
                return Sent(last.message_id, self._now()), [last.id]
        self._close(self._editing, to, shown)
        return await self._platform.send(to, row.reply), []

    async def _share_anew(self, to: Address, row: Waiting, place: str, last: Shown) -> Sent:
        """What was shared before, in the place of that where the platform can."""
        if self._sharing is not None and isinstance(row.reply, Say):
            try:
                await self._sharing.update_shared(to, last.message_id, row.reply, place)
            except Refused:  # it is gone, or spans another number of messages now
                await self._turn(to, row)
            else:
                return Sent(last.message_id, self._now())
        return await self._platform.send(to, row.reply, place=place)

    async def _bring_up_to_date(self, to: Address, row: Waiting, shown: Sequence[Shown]) -> Sent:
        """In the place of what was said before, or not at all: nobody asked for it anew."""
        if self._editing is None or not shown:
            return Sent(None, self._now(), messages=0)
        try:
            await self._editing.edit(to, shown[-1].message_id, row.reply)
        except Refused:  # it is gone, or reads the same
            return Sent(None, self._now())
        return Sent(shown[-1].message_id, self._now())

    async def _turn(self, to: Address, row: Waiting) -> None:
        """Until it may be said in another way than was tried. Raises LeaseLost."""
        await self._limits.turn(chat_of(to, row), REPLY)
        self._lease.check()

    def _close(self, editing: EditsMessages, to: Address, shown: Sequence[Shown]) -> None:
        """Take their buttons away, beside all else: a question never waits for that."""
        for each in shown:
            if each.id not in self._closing:
                closing = asyncio.create_task(self._close_one(editing, to, each))
                self._closing[each.id] = closing
                closing.add_done_callback(partial(self._is_closed, each.id))

    def _is_closed(self, row: int, _: object) -> None:
        del self._closing[row]

    async def _close_one(self, editing: EditsMessages, to: Address, shown: Shown) -> None:
        """What fails here is tried again before the next question."""
        chat = Chat(to.user, within=to.workspace)
        try:
            # Platforms count this as they count messages.
            slot = await self._limits.turn(chat, BROADCAST)
            self._lease.check()
            try:
                with contextlib.suppress(Refused):  # it is gone, and so are its buttons
                    await editing.close(to, shown.message_id)
            finally:
                if slot is not None:
                    slot.answered()
            await self._writes.submit(lambda c: Work(c).outbox.closed([shown.id]))
        except RetryLater as error:
            self._limits.hold(chat, error.seconds, all_of_it=error.is_for_all)
        except (PlatformError, LeaseLost):
            pass
        except Exception as error:
            log.warning("delivery.unclosed", platform=to.platform, fault=type(error).__name__)


def ends(row: Waiting) -> bool:
    """Whether the interview is over by this, so that no button of it counts any more."""
    return isinstance(row.reply, Say | Noted) and row.reply.ends


def chat_of(to: Address, row: Waiting) -> Chat:
    """A group counts as one chat, whatever the topic; so does a channel, whatever the thread."""
    if row.place is None or row.place.startswith(ASIDE):
        return Chat(to.user, within=to.workspace)
    between = "#" if to.workspace else "/"
    return Chat(row.place.partition(between)[0], is_group=True, within=to.workspace)


def _is_same(row: Waiting, shown: Shown) -> bool:
    return (row.conversation, row.asks) == (shown.conversation, shown.asks)
