import json
from collections.abc import Iterator
from datetime import datetime

from bot.commands.command import Call, Command, Outcome
from bot.commands.read import story_lines
from flows.messages import Send
from storage.everything import Kept

SCHEMA = "storytrail/mydata/1"


def _mydata(call: Call) -> Iterator[Outcome]:
    """Everything that is kept about the caller: a file for programs, and one for people."""
    kept = call.work.everything.of(call.member.id)
    whole = {"schema": SCHEMA, "made_at": call.now, **kept}
    yield Send(
        name="storytrail-mydata.json",
        mime_type="application/json",
        content=json.dumps(whole, ensure_ascii=False, indent=2, default=_plain) + "\n",
        text=call.word("mydata-json"),
    )
    yield Send(
        name="storytrail-mydata.txt",
        mime_type="text/plain",
        content="\n".join(_readable(call, kept)) + "\n",
        text=call.word("mydata-text"),
    )


def _readable(call: Call, kept: Kept) -> Iterator[str]:
    """The same for people: who they are here, their stories, and what they did not send."""
    yield call.word("mydata-heading", date=call.now.date())
    at = ", ".join(f"{row['platform']}:{row['user']}" for row in kept["addresses"])
    yield call.word("mydata-person", name=call.member.name, at=at)
    for row in kept["memberships"]:
        role = call.word(f"role-one-{row['role']}")
        joined = row["joined_at"].date()
        where = _named(call, row["community"])
        yield call.word("mydata-belongs", where=where, role=role, date=joined)
    for row in kept["consents"]:
        agreed = row["agreed_at"].date()
        yield call.word(
            "mydata-agreed",
            where=_named(call, row["community"]),
            version=row["version"],
            date=agreed,
        )
    sent = {row["ref"]: row["conversation_id"] for row in kept["stories"]}
    for story in call.work.story_reads.all_own(call.member.id):
        shown = list(story_lines(call, story))
        yield from ("", "----", "", *shown)
        besides = list(_told(kept, sent[story.ref], unless="\n".join(shown)))
        if besides:
            yield from ("", call.word("mydata-besides"), *besides)
    for draft in kept["conversations"]:
        told = list(_told(kept, draft["id"]))
        if draft["id"] not in sent.values() and told:
            yield from ("", "----", "", call.word("mydata-draft", date=draft["started_at"].date()))
            yield from told


def _told(kept: Kept, conversation: int, *, unless: str = "") -> Iterator[str]:
    """What was ever written in a conversation, in any wording, where it is not in `unless`."""
    answers = [row for row in kept["answers"] if row["conversation_id"] == conversation]
    files = [row for row in kept["evidence"] if row["conversation_id"] == conversation]
    for row in sorted(answers, key=lambda row: (row["position"], row["part"], row["revision"])):
        if row["text"] and row["text"] not in unless:
            yield from ("", row["asked"], row["text"])
    for row in files:
        words = "\n".join(filter(None, (row["name"], row["caption"])))
        if words:
            yield from ("", words)
    for row in kept["conversations"]:
        if row["id"] == conversation and row["pseudonym"] and row["pseudonym"] not in unless:
            yield from ("", row["pseudonym"])


def _named(call: Call, slug: str) -> str:
    community = call.work.communities.find(slug)
    return community.name if community is not None else slug


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


MYDATA = Command(name="mydata", run=_mydata, anywhere=True, reads_much=True)
