"""Values of prepared statements are kept and read as SQLAlchemy keeps and reads them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.dialects import named
from storage.prepared import Prepared, together
from storage.tables import inbox

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

ADD = insert(inbox).values(named("key", "status", "received_at", "payload"))
FIND = select(inbox.c.received_at, inbox.c.payload, inbox.c.fault).where(
    inbox.c.key == bindparam("key")
)
TIMES = [
    NOW,
    NOW.replace(microsecond=7),
    NOW.replace(microsecond=999_999),
    NOW.replace(year=999),
    datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
]
PAYLOADS = [None, {}, {"words": ["été", "“so”", "\n", "🙂"], "of": None, "yes": True}]


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_kept_reads_the_same_either_way(
    database: Database, time: datetime, payload: object
) -> None:
    values = {"status": "done", "received_at": time, "payload": payload}

    def kept(connection):
        connection.execute(ADD, {"key": "slow", **values})
        Prepared(ADD).run(connection, {"key": "quick", **values})

    database.write_now(kept)

    def read(connection):
        for key in ("slow", "quick"):
            yield tuple(connection.execute(FIND, {"key": key}).one())
            yield tuple(Prepared(FIND).row(connection, {"key": key}))

    found = database.read_now(lambda connection: list(read(connection)))
    assert found == [(time.astimezone(UTC), payload, None)] * 4
    assert all(at.tzinfo is UTC for at, _, _ in found)


@pytest.mark.parametrize("time", TIMES)
def test_a_file_holds_the_same_characters_either_way(on_file: Database, time: datetime) -> None:
    values = {"status": "done", "received_at": time, "payload": {"é": [1]}}

    def kept(connection):
        connection.execute(ADD, {"key": "slow", **values})
        Prepared(ADD).run(connection, {"key": "quick", **values})

    on_file.write_now(kept)

    raw = on_file.read_now(
        lambda c: c.exec_driver_sql("SELECT received_at, payload FROM inbox").all()
    )
    assert raw[0] == raw[1]


def test_what_is_written_together_fails_as_what_is_written_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    twice = {"key": "k", "status": "done", "received_at": NOW, "payload": None}

    def kept(connection):
        with together(connection):
            for _ in range(5):
                Prepared(ADD).run_all(connection, [twice, twice])

    with pytest.raises(IntegrityError):
        database.write_now(kept)

    assert not caplog.records
    assert database.read_now(lambda c: c.execute(select(inbox.c.key)).all()) == []
    assert database.write_now(lambda c: Prepared(ADD).run(c, twice)) == 1
