"""Erasing what has had its time: stories that were taken back, drafts, and ids of platforms."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.house import NOWHERE, House
from bot.scene import scene_in, scene_with
from flows.asking import QUOTE_LENGTH
from flows.record import quotation
from storage.audit import Action, Entry
from storage.erasure import KEEPS_WITHDRAWN
from storage.retention import NOTICE, Draft
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many of each went, and how many tellers were told that a draft will."""

    stories: int
    drafts: int
    told: int
    platform_ids: int
    inputs: int


def purge(house: House, work: Work, *, now: datetime) -> Purged:
    """Everything that is due by `now`, in one transaction. The erased stories are audited."""
    withdrawn = work.erasure.withdrawn_until(now - KEEPS_WITHDRAWN)
    for conversation in withdrawn:
        story = work.stories.of_conversation(conversation)
        work.erasure.erase_conversation(conversation, now=now)
        if story is not None:
            entry = Entry(action=Action.STORY_ERASED, community=story.community, ref=story.ref)
            work.audit.add(entry, now=now)
    expired = _erase_drafts(house, work, now)
    purged = Purged(
        stories=len(withdrawn),
        drafts=expired,
        told=_tell_of_drafts(house, work, now),
        platform_ids=_drop_platform_ids(house, work, now),
        inputs=work.expiring.drop_inputs(now - timedelta(days=house.retention.inputs)),
    )
    work.flush()
    return purged


def _erase_drafts(house: House, work: Work, now: datetime) -> int:
    if house.keeps_drafts is None:
        return 0
    expired = work.expiring.drafts_to_erase(now - NOTICE)
    for draft in expired:
        work.erasure.erase_conversation(draft.id, now=now)
        work.audit.add(Entry(action=Action.DRAFT_EXPIRED, community=draft.community), now=now)
    return len(expired)


def _tell_of_drafts(house: House, work: Work, now: datetime) -> int:
    if house.keeps_drafts is None:
        return 0
    idle = work.expiring.drafts_to_tell(now - (house.keeps_drafts - NOTICE))
    for draft in idle:
        _tell(house, work, draft, now)
        work.expiring.told(draft, now=now)
    return len(idle)


def _tell(house: House, work: Work, draft: Draft, now: datetime) -> None:
    theirs = scene_with(house, work, draft.member, now=now)
    if theirs is None:
        return
    community = work.communities.known(draft.community) or NOWHERE
    there = scene_in(theirs, community, None)
    words = next((a.text for a in work.conversations.load(draft.id).live if a.text), "")
    about = quotation(words, QUOTE_LENGTH)
    key = "draft-expires" if about else "draft-expires-plain"
    said = there.say(key, about=about, on=(now + NOTICE).date())
    work.outbox.put(theirs.inbound.address, [said], conversation=draft.id, now=now)


def _drop_platform_ids(house: House, work: Work, now: datetime) -> int:
    days = house.retention.platform_ids
    return work.expiring.drop_platform_ids(now - timedelta(days=days)) if days is not None else 0
