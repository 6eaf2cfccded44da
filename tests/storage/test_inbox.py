import pytest

from flows.messages import (
    Address,
    Anchor,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Prompted,
    Said,
)
from storage.inbox import InboxStatus
from storage.unit_of_work import Work
from tests.builders import NOON, kept

PAYLOADS: list[Payload] = [
    Said("We met. 👩‍👩‍👧 שלום\x1b[31m"),
    Chose("agree", "welcome", 3),
    Chose("agree", "welcome", 3, conversation=7),
    Edited("17", "We met twice."),
    Attached("photo", "f1", "wall.png", "image/png", 1024, "The wall"),
    Commanded("summary", "2026"),
    Prompted("own", Anchor("The meetup", "2026-03-12", "https://example.org")),
    Prompted("away"),
]


def an_inbound(payload: Payload, key: str = "telegram:1") -> Inbound:
    return Inbound(
        key=key,
        address=Address("telegram", "1001"),
        said_at=NOON,
        payload=payload,
        message_id="17",
        name="Ana",
    )


def test_a_key_is_claimed_once(database):
    first = kept(database, lambda w: w.inbox.claim("telegram:1", now=NOON))
    second = kept(database, lambda w: w.inbox.claim("telegram:1", now=NOON))
    other = kept(database, lambda w: w.inbox.claim("telegram:2", now=NOON))

    assert (first, second, other) == (True, False, True)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: type(p).__name__)
def test_an_input_that_is_kept_comes_back_as_it_was(database, payload):
    inbound = an_inbound(payload)

    def keep(work: Work) -> None:
        work.inbox.claim(inbound.key, now=NOON)
        work.inbox.keep(inbound, InboxStatus.FAILED, fault="KeyError")

    kept(database, keep)

    assert database.read_now(lambda c: Work(c).inbox.open(InboxStatus.FAILED)) == [inbound]
    assert database.read_now(lambda c: Work(c).inbox.open(InboxStatus.WAITING)) == []


def test_an_input_that_is_answered_keeps_its_key_and_loses_its_words(database):
    inbound = an_inbound(Said("quillwort"))

    def keep_and_answer(work: Work) -> None:
        work.inbox.claim(inbound.key, now=NOON)
        work.inbox.keep(inbound, InboxStatus.WAITING)
        work.inbox.done(inbound.key)

    kept(database, keep_and_answer)

    rows = database.read_now(lambda c: c.exec_driver_sql("SELECT * FROM inbox").all())
    assert "quillwort" not in repr(rows)
    assert not kept(database, lambda w: w.inbox.claim(inbound.key, now=NOON))
