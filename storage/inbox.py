"""What arrived, by its key: claimed once, kept where it failed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from flows.messages import Inbound
from storage.dialects import among, insert_or_keep, named
from storage.mapping import inbound_of, payload_values
from storage.prepared import Prepared
from storage.tables import inbox


class InboxStatus(StrEnum):
    DONE = "done"
    WAITING = "waiting"  # claimed, its answer is being worked out
    FAILED = "failed"


_CLAIM = Prepared(insert_or_keep(inbox, **named("key", "received_at"), status=InboxStatus.DONE))
_SEEN = Prepared(select(inbox.c.key).where(inbox.c.key.in_(among("keys"))))
_ADD = Prepared(insert(inbox).values(named("key", "received_at", "status")))
_OPEN = (
    select(inbox.c.key, inbox.c.payload)
    .where(inbox.c.status == bindparam("wanted"))
    .order_by(inbox.c.received_at)
)
_OPEN_SINCE = _OPEN.where(inbox.c.received_at < bindparam("before"))


class Inbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen: set[str] | None = None
        self.claims: list[dict[str, Any]] = []

    def preload(self, keys: Sequence[str]) -> None:
        """Look which of these were seen before, all at once. Whoever does holds the write lock."""
        self._seen = {row.key for row in _SEEN.rows(self._connection, {"keys": list(keys)})}

    def claim(self, key: str, *, now: datetime) -> bool:
        """Whether this key is new. A key that was seen before stays as it is."""
        if self._seen is not None:
            if key in self._seen:
                return False
            self._seen.add(key)
            self.claims.append({"key": key, "received_at": now, "status": InboxStatus.DONE})
            return True
        return _CLAIM.run(self._connection, {"key": key, "received_at": now}) == 1

    def flush(self) -> None:
        if self.claims:
            _ADD.run_all(self._connection, self.claims)
            self.claims = []

    def keep(self, inbound: Inbound, status: InboxStatus, *, fault: str | None = None) -> bool:
        """Keep the input itself with its key, to be answered or looked at later.

        False where it is kept under `status` already.
        """
        self.flush()
        values = {
            "status": status,
            "payload": payload_values(inbound),
            "fault": fault,
            "platform": inbound.address.platform,
            "user": inbound.address.user,
        }
        new = (inbox.c.key == inbound.key) & (inbox.c.status != status)
        return self._connection.execute(update(inbox).where(new).values(values)).rowcount > 0

    def done(self, key: str) -> bool:
        """The input is answered: what was kept of it goes. False where it was answered before."""
        values = {
            "status": InboxStatus.DONE,
            "payload": None,
            "fault": None,
            "platform": None,
            "user": None,
        }
        open_still = (inbox.c.key == key) & (inbox.c.status != InboxStatus.DONE)
        return self._connection.execute(update(inbox).where(open_still).values(values)).rowcount > 0

    def open(self, status: InboxStatus, *, before: datetime | None = None) -> list[Inbound]:
        """The inputs kept under `status`, oldest first; only those that came `before` then."""
        if before is None:
            rows = self._connection.execute(_OPEN, {"wanted": status})
        else:
            rows = self._connection.execute(_OPEN_SINCE, {"wanted": status, "before": before})
        return [inbound_of(row.key, row.payload) for row in rows]
