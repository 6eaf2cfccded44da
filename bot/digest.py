"""Once a week, for organizers who want it: what came in, what waits, what failed. Numbers only."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.house import House
from bot.limits import BROADCAST
from bot.pausing import Pause
from bot.scene import Scene, scene_in, scene_with
from flows.hours import next_allowed, next_monday
from flows.messages import Say
from storage.digests import Digest
from storage.members import Role
from storage.standing import Failed, Waiting
from storage.unit_of_work import Work

FEW = 20
"""Digests that are put into the outbox in one transaction."""

WEEK = timedelta(days=7)


def is_due(house: House, work: Work, now: datetime) -> bool:
    return bool(_due(work, now))


def send(house: House, work: Work, now: datetime) -> Pause:
    """Some of those that are due. After weeks in which nothing was sent, it is one for all."""
    due = _due(work, now)
    for digest in due[:FEW]:
        work.digests.next_at(digest.member, digest.community, next_monday(now, digest.zone))
        _send(house, work, digest, now)
    return 0 if len(due) > FEW else None


def _due(work: Work, now: datetime) -> list[Digest]:
    found = work.digests.due(now)
    return [each for each in found if next_allowed(now, each.hours, each.zone) == now]


def _send(house: House, work: Work, digest: Digest, now: datetime) -> None:
    theirs = scene_with(house, work, digest.member, now=now)
    community = work.communities.known(digest.community)
    if theirs is None or community is None:
        return
    scene = scene_in(theirs, community, Role.ORGANIZER)
    said = told(scene, since=digest.due_at - WEEK)
    address = scene.inbound.address
    work.outbox.put(address, [said], conversation=None, now=now, priority=BROADCAST)


def told(scene: Scene, *, since: datetime) -> Say:
    """The numbers of a community since then, one line each; one line in all without any."""
    work, here, now = scene.work, scene.community.id, scene.now
    sent, readable = work.standing.came(here, since=since, until=now)
    waiting = work.standing.waiting([here], until=now + WEEK)
    failed = work.standing.failed([here], since=since)
    if not (sent or waiting or failed):
        return _capital(scene.say("digest-nothing", since=since))
    lines = [scene.say("digest-heading", since=since).text]
    lines.append(scene.say("digest-came", sent=sent, open=readable).text)
    lines += _line(scene, "digest-waiting", _waiting(waiting))
    lines += _line(scene, "digest-failed", _failed(failed))
    lines.append(scene.say("digest-outro").text)
    return _capital(scene.say("lines", lines="\n".join(lines)))


def _line(scene: Scene, key: str, counted: Iterator[tuple[str, int]]) -> Iterator[str]:
    parts = [scene.say(part, count=count).text for part, count in counted if count]
    if parts:
        yield scene.say(key, parts="; ".join(parts)).text


def _waiting(waiting: Waiting) -> Iterator[tuple[str, int]]:
    yield "digest-drafts", waiting.drafts
    yield "digest-prompts", waiting.prompts
    yield "digest-check-backs", waiting.check_backs


def _failed(failed: Failed) -> Iterator[tuple[str, int]]:
    yield "digest-inputs", failed.inputs
    yield "digest-messages", failed.messages
    yield "digest-people", failed.people
    yield "digest-rounds", failed.rounds


def _capital(said: Say) -> Say:
    """A name that carries its article may begin a sentence."""
    return replace(said, text=said.text[:1].upper() + said.text[1:])
