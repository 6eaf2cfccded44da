import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import IntegrityError

from flows.conversation import (
    Answer,
    Conversation,
    ConversationId,
    EvidenceGiven,
    How,
    Origin,
    Standing,
    Status,
)
from flows.framework import Attribution, Audience
from flows.messages import Address, Anchor, Ask, Attached
from storage.database import Database
from storage.mapping import attached_of
from storage.tables import evidence
from storage.unit_of_work import Work
from tests.builders import NOON, a_conversation, a_member, an_answer, begin, kept, known, tried

MARKER = "quillwort"


def found_again(work: Work, conversation: Conversation) -> Conversation:
    """The conversation as it is read from the database, whatever its status."""
    work.flush()
    work.conversations.ask_again(conversation.id, "planned", at=NOON)
    due = work.conversations.due(known(work).id, work.communities.home().id, now=NOON)
    assert due is not None
    return due.conversation


def in_order(conversation: Conversation) -> Conversation:
    ordered = sorted(conversation.answers, key=lambda a: (a.step, a.part, a.revision))
    # No turn reads evidence, and whether anything was told stays known without it.
    begun = conversation.has_begun
    return replace(conversation, answers=tuple(ordered), evidence=(), begun=begun)


# ---- any conversation comes back as it was ----

# NUL and lone surrogates never come so far: they are refused where people write.
WORDS = st.text(
    st.characters(exclude_characters="\0", codec="utf-8"), max_size=40
) | st.sampled_from(
    [
        "👩‍👩‍👧‍👦 and 🏳️‍🌈",
        "שלום עולם مرحبا \u202eright to left\u202c",
        "\x01\x02\x1b[31mred\x1b[0m\x07\x7f\x9b2J\r\n\t\u2028",
        "x" * 100_000,
        "'); DROP TABLE answers; --",
        " e\u0301 \ufeff ",
    ]
)
NAMES = st.sampled_from(["activity", "gained", "applied", "changed"])
TIMES = st.timedeltas(timedelta(-9_000), timedelta(20_000)).map(lambda span: NOON + span)
COUNTS = st.integers(0, 2**31 - 2)  # one more is the largest that PostgreSQL keeps
IDS = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)

answers = st.builds(
    Answer,
    step=NAMES,
    part=st.integers(0, 3),
    revision=st.integers(0, 3),
    place=NAMES,
    turn=COUNTS,
    position=COUNTS,
    asked=WORDS,
    said_at=TIMES,
    text=st.none() | WORDS,
    choice=st.none() | NAMES,
    how=st.sampled_from(How),
    message_id=IDS,
    standing=st.sampled_from(Standing),
    ended_in=st.none() | COUNTS,
)
files = st.builds(
    Attached,
    kind=NAMES,
    file_id=WORDS,
    name=st.none() | WORDS,
    mime_type=IDS,
    size=st.none() | st.integers(0, 2**40),
    caption=st.none() | WORDS,
)
conversations = st.builds(
    Conversation,
    id=st.just(ConversationId(1)),
    ref=st.from_regex(r"S-[0-9]{3,9}", fullmatch=True),
    flow=NAMES,
    version=st.integers(1, 999),
    status=st.sampled_from([status for status in Status if status is not Status.DELETED]),
    place=NAMES,
    started_at=TIMES,
    turned_at=TIMES,
    trail=st.lists(NAMES, max_size=5).map(tuple),
    answers=st.lists(answers, max_size=6, unique_by=lambda a: (a.step, a.part, a.revision)).map(
        tuple
    ),
    evidence=st.lists(
        st.builds(EvidenceGiven, step=NAMES, file=files, message_id=IDS), max_size=2
    ).map(tuple),
    aside=st.none() | NAMES,
    revision=COUNTS,
    shown_example=st.booleans(),
    audience=st.frozensets(st.sampled_from(Audience)),
    attribution=st.sampled_from(Attribution),
    pseudonym=st.none() | WORDS,
    anchor=st.none()
    | st.builds(
        Anchor, activity=WORDS, date=st.none() | st.dates().map(str), link=st.none() | WORDS
    ),
    origin=st.sampled_from(Origin),
    delivered_at=st.none() | TIMES,
    active_seconds=COUNTS,
    submitted_at=st.none() | TIMES,
)


@settings(max_examples=40, deadline=None)
@given(conversation=conversations)
@example(conversation=a_conversation(answers=(an_answer(text="x" * 100_000),)))
def test_any_conversation_is_read_as_it_was_saved(lasting, conversation):
    def saved_and_read(work: Work) -> tuple[Conversation, Conversation, list[Attached]]:
        begun = begin(work, a_member(work))
        saved = replace(conversation, id=begun.id)
        work.conversations.save(begun, saved)
        read = found_again(work, saved)
        rows = work.conversations._connection.execute(select(evidence).order_by(evidence.c.id))
        return saved, read, [attached_of(row) for row in rows]

    saved, read, files = tried(lasting, saved_and_read)

    assert in_order(read) == in_order(saved)
    assert files == [each.file for each in saved.evidence]


@settings(max_examples=20, deadline=None)
@given(first=conversations, told=st.lists(answers, max_size=3), data=st.data())
def test_what_changes_from_one_turn_to_the_next_is_all_kept(lasting, first, told, data):
    known = {(a.step, a.part, a.revision) for a in first.answers}
    fresh = [a for a in told if (a.step, a.part, a.revision) not in known]
    unique = {(a.step, a.part, a.revision): a for a in fresh}.values()
    standings = data.draw(
        st.lists(
            st.sampled_from(Standing),
            min_size=len(first.answers),
            max_size=len(first.answers),
        )
    )
    aged = tuple(replace(a, standing=s) for a, s in zip(first.answers, standings, strict=True))

    def saved_twice(work: Work) -> tuple[Conversation, Conversation]:
        begun = begin(work, a_member(work))
        before = replace(first, id=begun.id)
        work.conversations.save(begun, before)
        after = replace(before, answers=(*aged, *unique), revision=before.revision + 1)
        work.conversations.save(before, after)
        return after, found_again(work, after)

    saved, read = tried(lasting, saved_twice)

    assert in_order(read) == in_order(saved)


def test_every_wording_of_an_answer_is_kept(database):
    wordings = tuple(
        an_answer(revision=n, text=f"wording {n}", standing=Standing.REPLACED, ended_in=n + 1)
        for n in range(3)
    )

    def saved_one_by_one(work: Work) -> tuple[Answer, ...]:
        conversation = begin(work, a_member(work))
        for n in range(3):
            after = replace(conversation, answers=wordings[: n + 1])
            work.conversations.save(conversation, after)
            conversation = after
        return found_again(work, conversation).answers

    read = kept(database, saved_one_by_one)

    assert [answer.text for answer in read] == ["wording 0", "wording 1", "wording 2"]


# ---- one active conversation ----


def test_a_member_has_one_active_conversation_in_a_community(database):
    def begun_twice(work: Work) -> None:
        member = a_member(work)
        begin(work, member)
        begin(work, member)

    with pytest.raises(IntegrityError):
        kept(database, begun_twice)


def test_any_number_of_conversations_are_parked_and_the_latest_turned_comes_first(database):
    def parked_three(work: Work) -> tuple[list[str], list[str], str]:
        member = a_member(work)
        refs = []
        for n in range(3):
            begun = begin(work, member, at=NOON)
            turned = NOON + timedelta(hours=(2, 0, 1)[n])
            parked = replace(begun, status=Status.PARKED, turned_at=turned)
            work.conversations.save(begun, parked)
            refs.append(begun.ref)
        work.flush()
        home = work.communities.home().id
        found = [parked.ref for parked in work.conversations.parked(member.id)]
        latest = work.conversations.latest_parked(member.id, home)
        assert latest is not None
        assert work.conversations.active(member.id, home) is None
        return refs, found, latest.ref

    refs, found, latest = kept(database, parked_three)

    assert found == [refs[0], refs[2], refs[1]]
    assert latest == refs[0]


def test_two_members_each_have_their_own_active_conversation(database):
    def begun_by_two(work: Work) -> tuple[str | None, str | None]:
        home = work.communities.home().id
        ana, bo = a_member(work, "ana"), a_member(work, "bo")
        begin(work, ana)
        begin(work, bo)
        found = (work.conversations.active(who.id, home) for who in (ana, bo))
        first, second = (each.ref if each else None for each in found)
        return first, second

    first, second = kept(database, begun_by_two)

    assert first is not None
    assert first != second


# ---- references ----


def test_references_are_unique_and_tell_no_order(database):
    def begun(work: Work) -> list[int]:
        members = [a_member(work, f"member {n}") for n in range(200)]
        return [int(begin(work, member).ref.removeprefix("S-")) for member in members]

    refs = kept(database, begun)

    assert len(set(refs)) == 200
    assert all(100 <= ref <= 9_999 for ref in refs)
    assert refs != sorted(refs)
    assert refs != sorted(refs, reverse=True)


class Loaded:
    """Chance that always draws the lowest number, and notes out of which range."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def randrange(self, low: int, high: int) -> int:
        self.ranges.append((low, high))
        return low if high == 1_000 else high - 1


def test_the_range_of_references_grows_when_it_is_full(database, monkeypatch):
    chance = Loaded()
    monkeypatch.setattr(random, "SystemRandom", lambda: chance)

    def begun(work: Work) -> list[str]:
        return [begin(work, a_member(work, name)).ref for name in ("ana", "bo", "cy")]

    refs = kept(database, begun)

    assert refs == ["S-100", "S-9999", "S-99999"]
    assert (100, 1_000) in chance.ranges
    assert (100, 10_000) in chance.ranges


# ---- deleted ----


def everything(connection: Connection) -> dict[str, str]:
    """All values of every table, as text."""
    tables = inspect(connection).get_table_names()
    return {
        table: repr(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
        for table in tables
    }


def full_of_words(work: Work) -> Conversation:
    """A conversation with the marker in every place that can hold what a person wrote."""
    begun = begin(work, a_member(work), anchor=Anchor(MARKER, MARKER, MARKER))
    file = Attached("photo", MARKER, MARKER, "image/png", 3, MARKER)
    told = replace(
        begun,
        answers=(
            an_answer(text=f"{MARKER} live"),
            an_answer(revision=1, text=f"{MARKER} replaced", standing=Standing.REPLACED),
            an_answer(part=1, text=MARKER * 5_000, asked=f"You wrote {MARKER}. Go on?"),
        ),
        evidence=(EvidenceGiven(step="activity", file=file, message_id="m"),),
        pseudonym=MARKER,
    )
    work.conversations.save(begun, told)
    question = Ask(
        text=f"You wrote: {MARKER}", options=(), step="reword/activity", revision=1, conversation=1
    )
    to = Address("terminal", "ana")
    work.outbox.put(to, [question], conversation=told.id, now=NOON)  # not sent yet
    work.flush()
    return told


def deleted(conversation: Conversation) -> Conversation:
    return replace(
        conversation,
        status=Status.DELETED,
        place="deleted",
        answers=(),
        evidence=(),
        anchor=None,
        pseudonym=None,
    )


def delete_one(database: Database) -> None:
    def doing(work: Work) -> None:
        told = full_of_words(work)
        work.conversations.save(told, deleted(told))

    kept(database, doing)


def test_a_deleted_conversation_leaves_no_word_in_any_table(database):
    kept(database, full_of_words)
    before = database.read_now(everything)

    kept(database, _delete_open)

    after = database.read_now(everything)
    assert {table for table, rows in before.items() if MARKER in rows} == {
        "answers",
        "conversations",
        "evidence",
        "outbox",
    }
    assert [table for table, rows in after.items() if MARKER in rows] == []


def _delete_open(work: Work) -> None:
    home = work.communities.home()
    told = work.conversations.active(known(work).id, home.id)
    assert told is not None
    work.conversations.save(told, deleted(told))


def test_what_was_said_after_the_deletion_is_still_sent(database):
    def doing(work: Work) -> list[str]:
        told = full_of_words(work)
        work.conversations.save(told, deleted(told))
        to = Address("terminal", "ana")
        after = Ask(text="Deleted.", options=(), step="deleted", revision=2, conversation=1)
        work.outbox.put(to, [after], conversation=told.id, now=NOON)
        work.flush()
        return [row.reply.text for row in work.outbox.waiting(to)]

    waiting = kept(database, doing)

    assert waiting == ["Deleted."]


def test_a_deleted_conversation_still_counts_as_begun(database):
    delete_one(database)

    rows = database.read_now(
        lambda c: c.exec_driver_sql("SELECT status, has_begun FROM conversations").all()
    )
    assert rows == [("deleted", 1)]


def test_a_deleted_conversation_leaves_no_word_in_the_files(on_file, path):
    def checkpoint(files: Callable[[], list[Path]]) -> int:
        # By itself, as `forget` does it: a checkpoint within a transaction is refused.
        raw = on_file._writing.raw_connection()
        try:
            raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()
        return sum(file.read_bytes().count(MARKER.encode()) for file in files())

    def files() -> list[Path]:
        return sorted(path.parent.glob(f"{path.name}*"))

    kept(on_file, full_of_words)
    while_told = checkpoint(files)
    kept(on_file, _delete_open)
    after = checkpoint(files)

    assert while_told > 1_000
    assert after == 0
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0
