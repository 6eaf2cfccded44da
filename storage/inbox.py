"""What arrived, by its key: claimed once, kept where it failed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select, update

from flows.messages import Inbound
from storage.dialects import insert_or_keep
from storage.mapping import inbound_of, payload_values
from storage.tables import inbox


class InboxStatus(StrEnum):
    DONE = "done"
    WAITING = "waiting"  # claimed, its answer is being worked out
    FAILED = "failed"


_CLAIM = insert_or_keep(inbox, status=InboxStatus.DONE)
_OPEN = (
    select(inbox.c.key, inbox.c.payload)
    .where(inbox.c.status == bindparam("wanted"))
    .order_by(inbox.c.received_at)
)


class Inbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, key: str, *, now: datetime) -> bool:
        """Whether this key is new. A key that was seen before stays as it is."""
        found = self._connection.execute(
            _CLAIM[self._connection.dialect.name], {"key": key, "received_at": now}
        )
        return found.rowcount == 1

    def keep(self, inbound: Inbound, status: InboxStatus, *, fault: str | None = None) -> bool:
        """Keep the input itself with its key, to be answered or looked at later.

        False where it is kept under `status` already.
        """
        values = {"status": status, "payload": payload_values(inbound), "fault": fault}
        new = (inbox.c.key == inbound.key) & (inbox.c.status != status)
        return self._connection.execute(update(inbox).where(new).values(values)).rowcount > 0

    def done(self, key: str) -> bool:
        """The input is answered: what was kept of it goes. False where it was answered before."""
        values = {"status": InboxStatus.DONE, "payload": None, "fault": None}
        open_still = (inbox.c.key == key) & (inbox.c.status != InboxStatus.DONE)
        return self._connection.execute(update(inbox).where(open_still).values(values)).rowcount > 0

    def open(self, status: InboxStatus) -> list[Inbound]:
        """The inputs kept under `status`, oldest first."""
        rows = self._connection.execute(_OPEN, {"wanted": status})
        return [inbound_of(row.key, row.payload) for row in rows]
