"""The bot's own openings: a story is asked for, or how one went on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import talking
from bot.house import House
from bot.limits import BROADCAST
from bot.scene import Scene, scene_in, scene_of
from flows.conversation import Conversation, ConversationId, Origin, Status, Turn
from flows.engine import OWN
from flows.messages import Anchor, Ask, Inbound, Prompted, Reply, Say
from storage.communities import CommunityId
from storage.deliveries import DeliveryId
from storage.members import MemberId
from storage.unit_of_work import Work

BUSY = timedelta(hours=1)
"""Whoever was in the middle of something so lately is not asked for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What goes out: whose share of a round it is, and until when anybody wants it."""

    delivery: DeliveryId | None = None
    until: datetime | None = None


def scene_unasked(
    house: House, work: Work, member: MemberId, community: CommunityId, *, now: datetime
) -> Scene | None:
    """Somebody who did not write now, in a community that they belong to; their row is locked.
    None where they cannot be written to, or belong there no more."""
    address = work.members.reach(member, platforms=house.serves)
    role = work.members.role(member, community)
    there = work.communities.known(community)
    if address is None or role is None or there is None:
        return None
    nothing = Inbound(key="", address=address, said_at=now, payload=Prompted(OWN))
    return scene_in(scene_of(house, work, nothing, now=now), there, role)


def is_busy(scene: Scene) -> bool:
    """Whether they are in the middle of something, in any community. A prompt that nobody took up
    is nothing."""
    return any(
        scene.now - each.turned_at < BUSY and (each.has_begun or not each.prompted)
        for each in scene.work.conversations.active_of(scene.member.id)
    )


def ask_for_story(
    scene: Scene, opening: Opening, *, anchor: Anchor | None, asker: str
) -> Conversation:
    """The first question of a story; a draft is offered instead where there is one.

    What comes back is the conversation that it opens.
    """
    scene = _made_room(scene)
    draft = scene.conversation or scene.work.conversations.latest_parked(
        scene.member.id, scene.community.id
    )
    if draft is not None and draft.has_begun:
        asked = replace(draft, status=Status.ACTIVE, prompted=True)
        turn = scene.engine(draft).advance(asked, scene.hearing(AWAY).inbound, scene.now)
        return _put(scene, draft, turn, opening)
    begun, turn = talking.first_question(
        scene, Origin.PROMPT, anchor, consented=True, prompted=True
    )
    key = "prompt-from" if asker else "prompt-from-nobody"
    return _put(scene, begun, turn, opening, leads_in=scene.say(key, asker=asker))


def ask_how_it_went(scene: Scene, conversation: ConversationId, entry: str) -> None:
    """A story that was sent is asked about again, by an entry of its flow."""
    scene = _made_room(scene)
    sent = scene.work.conversations.load(conversation)  # which may have been open until now
    turn = scene.engine(sent).advance(sent, scene.hearing(Prompted(entry)).inbound, scene.now)
    _put(scene, sent, turn, Opening())


def offer_draft(scene: Scene, draft: Conversation) -> None:
    """Whether to go on with a story that is open. That it was offered is no turn of its teller's:
    it stays untouched since when it was."""
    scene = _made_room(scene)
    turn = scene.engine(draft).advance(draft, scene.hearing(AWAY).inbound, scene.now)
    offered = replace(turn.conversation, turned_at=draft.turned_at)
    _put(scene, draft, replace(turn, conversation=offered), Opening())


def remind(scene: Scene, asked: Conversation, *, until: datetime) -> None:
    """The open question once more, which nobody answered."""
    _turn_to(scene)
    turn = scene.engine(asked).again(replace(asked, revision=asked.revision + 1))
    _put(scene, asked, turn, Opening(until=until), leads_in=scene.say("prompt-nudge"))


AWAY = Prompted("away")
"""A story that was begun is offered."""


def _made_room(scene: Scene) -> Scene:
    """With nothing open but what was begun: a question that nobody answered is let go, a story
    that was sent stays as it was sent."""
    _turn_to(scene)
    open_now = scene.conversation
    if open_now is None or open_now.is_draft:
        return scene
    talking.close(scene, open_now)
    return replace(scene, conversation=None)


def _turn_to(scene: Scene) -> None:
    """What they write from now on is for this community, and for what it asks: what a command
    asked is no longer in front."""
    scene.work.members.change(scene.member.id, community_id=scene.community.id)
    scene.work.questions.put_in_front(scene.member.id, None)


def _put(
    scene: Scene,
    before: Conversation,
    turn: Turn,
    opening: Opening,
    *,
    leads_in: Say | None = None,
) -> Conversation:
    scene.work.conversations.save(before, turn.conversation)
    scene.work.outbox.put(
        scene.inbound.address,
        _led_in(turn.replies, leads_in),
        conversation=turn.conversation.id,
        now=scene.now,
        priority=BROADCAST,
        delivery=opening.delivery,
        expires_at=opening.until,
    )
    return turn.conversation


def _led_in(replies: Sequence[Reply], said: Say | None) -> list[Reply]:
    """One message: who asks, and the question."""
    return [
        replace(reply, text=f"{said.text}\n\n{reply.text}")
        if said is not None and isinstance(reply, Ask)
        else reply
        for reply in replies
    ]
