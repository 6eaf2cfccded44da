"""The interview's turns: begun, taken up, advanced, saved."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.answering import prompt_answered
from bot.commands.command import Command
from bot.platforms.buttons import is_digest, meant
from bot.scene import Scene, scene_in, scene_with
from flows.conversation import Answer, Conversation, Origin, Status, Turn
from flows.definition import Kind
from flows.engine import OWN
from flows.framework import Audience
from flows.messages import (
    Anchor,
    Ask,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Prompted,
    Reply,
    Review,
    Said,
    Say,
)
from flows.story import Story
from storage.members import MemberId
from storage.outbox import ASIDE
from storage.stories import StoryStatus


def talk(scene: Scene) -> bool:
    """Words, taps and files, as the open interview takes them; whether nothing is open now."""
    if scene.conversation is not None and _begins_anew(scene):
        put_aside(scene, scene.conversation)
        put(scene, [scene.say("kept-for-later")])
        _begin(replace(scene, conversation=None))
        return False
    if scene.conversation is not None:
        return advance(scene, scene.conversation)
    if isinstance(scene.inbound.payload, Prompted) or _is_newcomer(scene):
        _begin(scene)
        return False
    _nothing_open(scene)
    return True


def _begins_anew(scene: Scene) -> bool:
    """Whether somebody wants to tell of a message of theirs, whatever is open now."""
    payload = scene.inbound.payload
    return isinstance(payload, Prompted) and payload.about == "shortcut"


def edit(scene: Scene, edited: Edited) -> tuple[Conversation, Answer] | None:
    """A message that reads otherwise, in whichever conversation it is an answer.

    What comes back is a wording that its teller has to take first: its story was sent.
    """
    open_now = scene.conversation
    if open_now is not None and any(a.message_id == edited.message_id for a in open_now.live):
        conversation = open_now
    else:
        found = scene.work.conversations.answered_by(scene.member.id, edited.message_id)
        if found is None:
            return None
        conversation = found
    turn = scene.engine(conversation).advance(conversation, scene.inbound, scene.now)
    _save(scene, conversation, turn)
    return (turn.conversation, turn.proposed) if turn.proposed is not None else None


def take(scene: Scene, conversation: Conversation, wording: Answer) -> None:
    """A story that was sent, with a wording that its teller takes."""
    _save(scene, conversation, scene.engine(conversation).take(conversation, wording, scene.now))
    scene.work.flush()


def move(scene: Scene, command: Command) -> bool:
    """A command that moves the interview; whether nothing is open now."""
    if scene.conversation is not None:
        return advance(scene.hearing(Commanded(command.name)), scene.conversation)
    match command.name:
        case "tell":
            _begin(scene)
            return False
        case "start":
            return _welcome_back(scene)
        case "resume":
            return _resume(scene)
        case _:
            _nothing_open(scene)
            return True


def advance(scene: Scene, conversation: Conversation) -> bool:
    """One turn of the interview; whether nothing is open now."""
    engine = scene.engine(conversation)
    turn = engine.advance(conversation, _placed(scene, conversation), scene.now)
    if not turn.replies and _never_came(scene, turn.conversation):
        turn = engine.again(turn.conversation)
    _save(scene, conversation, turn)
    if turn.restarts:
        _begin(scene)
        return False
    return turn.conversation.status is not Status.ACTIVE


def _never_came(scene: Scene, conversation: Conversation) -> bool:
    """Whether the open question is nowhere: its message was refused, or went to nobody."""
    is_open = conversation.status is Status.ACTIVE and conversation.delivered_at is None
    return is_open and not scene.work.outbox.is_waiting(conversation.id)


def _placed(scene: Scene, conversation: Conversation) -> Inbound:
    """What arrived, with the question that it answers where it names a message of the bot's."""
    inbound = scene.inbound
    if isinstance(inbound.payload, Chose):
        return replace(inbound, payload=_meant(scene, conversation, inbound.payload))
    if inbound.reply_to is None:
        return inbound
    place = scene.work.outbox.asked_in(conversation.id, inbound.reply_to)
    return replace(inbound, answers=place)


def _meant(scene: Scene, conversation: Conversation, chose: Chose) -> Chose:
    """A button whose names were too long for its platform, by those of the open question."""
    if not any(is_digest(name) for name in (chose.choice, chose.step or "")):
        return chose
    options = scene.engine(conversation).ask.options(conversation)
    choice = meant((option.name for option in options), chose.choice)
    return replace(chose, choice=choice, step=meant([conversation.asks], chose.step or ""))


def answer(scene: Scene, said: Iterable[Reply]) -> None:
    """A command's replies, and then the open question once more; one that the bot asked unasked,
    and that nobody has answered, is not put to them again for that."""
    open_now = scene.conversation
    if open_now is None or open_now.is_asked_for or scene.inbound.answer_at is not None:
        put(scene, said)
        return
    turned = open_now.turned(scene.now)
    _save(scene, open_now, scene.engine(turned).again(turned, *said))


def as_it_stands(scene: Scene) -> Scene:
    """The scene after a command: of a story that was taken back nothing more is asked, and one
    that was told otherwise is as it is told now."""
    open_now = scene.conversation
    if open_now is None or open_now.submitted_at is None:
        return scene
    story = scene.work.stories.of_conversation(open_now.id)
    if story is not None and story.status is StoryStatus.SENT:
        return replace(scene, conversation=scene.work.conversations.load(open_now.id))
    if story is not None and not story.is_erased:
        put_aside(scene, open_now)
    return replace(scene, conversation=None)


def reopen(scene: Scene, sent: Conversation, said: Iterable[Reply]) -> None:
    """The review of a story that was sent; what is open instead is kept for later."""
    if scene.conversation is not None and scene.conversation.id != sent.id:
        put_aside(scene, scene.conversation)
    put(scene, said)
    _save(scene, sent, scene.engine(sent).reopen(sent, scene.now))


def put_aside(scene: Scene, conversation: Conversation) -> None:
    """The person turns to something else: it is closed, and a prompt counts as seen."""
    if conversation.prompted:
        scene.work.deliveries.reacted(conversation.id, has_started=False, now=scene.now)
    close(scene, conversation)


def close(scene: Scene, conversation: Conversation) -> None:
    """Keep it for later without a word; one that was sent ends as it was sent, and a prompt that
    nobody took up is gone."""
    engine = scene.engine(conversation)
    if conversation.submitted_at is not None:
        closed = engine.leave(conversation).conversation
    elif conversation.prompted and not conversation.has_begun:
        pausing = scene.hearing(Commanded("pause")).inbound
        closed = engine.advance(conversation, pausing, scene.now).conversation
    else:
        closed = replace(conversation, status=Status.PARKED, prompted=False)
    scene.work.conversations.save(conversation, closed)
    scene.work.flush()


def put(
    scene: Scene,
    replies: Iterable[Reply],
    conversation: Conversation | None = None,
    *,
    in_place: bool = False,
) -> None:
    """To be sent: in the group where it was asked for, or else in the person's own chat.

    A question that is `in_place` is shown where it stood before it was answered.
    """
    place = scene.inbound.place if scene.inbound.is_public else None
    if scene.inbound.answer_at is not None and conversation is None:
        place = ASIDE + scene.inbound.answer_at
    for said, where in _by_place(replies, place):
        scene.work.outbox.put(
            scene.inbound.address,
            said,
            conversation=conversation.id if conversation else None,
            now=scene.now,
            place=where,
            in_place=in_place,
        )


def _by_place(
    replies: Iterable[Reply], place: str | None
) -> Iterator[tuple[list[Reply], str | None]]:
    """Aside only what is just said is shown: a question has its place in the person's own chat."""
    if place is None or not place.startswith(ASIDE):
        yield list(replies), place
        return
    for reply in replies:
        yield [reply], place if isinstance(reply, Say) else None


def tell(scene: Scene, member: MemberId, key: str, **values: object) -> None:
    """Say something to somebody else than whoever wrote, where they can be written to."""
    theirs = scene_with(scene.house, scene.work, member, now=scene.now)
    if theirs is not None:
        put(theirs, [scene_in(theirs, scene.community, None).say(key, **values)])


# ---- beginning ----


def _nothing_open(scene: Scene) -> None:
    scene.work.prompting.answered(scene.member.id, now=scene.now)
    parked = scene.work.conversations.latest_parked(scene.member.id, scene.community.id)
    put(scene, [scene.say("nothing-open" if parked is None else "nothing-open-parked")])


def _is_newcomer(scene: Scene) -> bool:
    return scene.work.conversations.is_new(scene.member.id, scene.community.id)


def _welcome_back(scene: Scene) -> bool:
    """Nothing is open: what waits is offered, and a newcomer is asked at once."""
    conversations = scene.work.conversations
    parked = conversations.latest_parked(scene.member.id, scene.community.id)
    due = conversations.due(scene.member.id, scene.community.id, now=scene.now)
    if parked is not None:
        active = replace(parked, status=Status.ACTIVE)
        return advance(scene.hearing(Prompted("away")), active)
    if due is not None:
        scene.work.check_backs.asked(due.conversation.id, now=scene.now)
        return advance(scene.hearing(Prompted(due.entry)), due.conversation)
    if _is_newcomer(scene):
        _begin(scene)
        return False
    put(scene, [scene.say("hello-again")])
    return True


def _resume(scene: Scene) -> bool:
    parked = scene.work.conversations.latest_parked(scene.member.id, scene.community.id)
    if parked is not None:
        return advance(scene, parked)
    put(scene, [scene.say("nothing-open")])
    return True


def _begin(scene: Scene) -> None:
    scene.work.prompting.answered(scene.member.id, now=scene.now)
    definition = scene.house.interviews.current
    prompted = scene.inbound.payload
    anchor = prompted.anchor if isinstance(prompted, Prompted) else None
    agreed = scene.work.members.agreed_to(scene.member.id, scene.community.id, flow=definition.name)
    consented = agreed is not None and agreed >= definition.consent_version
    conversation, turn = first_question(scene, _origin(prompted), anchor, consented=consented)
    words = prompted.words if isinstance(prompted, Prompted) else None
    if words is None or turn.conversation.step == definition.consent:
        _save(scene, conversation, turn)
        return
    # What was written answers the first question, which need not be asked.
    _save(scene, conversation, replace(turn, replies=()))
    scene.work.flush()
    advance(scene.hearing(Said(words)), turn.conversation)


def first_question(
    scene: Scene,
    origin: Origin,
    anchor: Anchor | None,
    *,
    consented: bool,
    prompted: bool = False,
) -> tuple[Conversation, Turn]:
    """A new interview, and the turn that opens it, which is still to be saved."""
    definition = scene.house.interviews.current
    begun = scene.work.conversations.create(
        scene.member.id,
        scene.community.id,
        flow=definition.name,
        version=definition.version,
        now=scene.now,
        anchor=anchor,
        origin=origin,
        prompted=prompted,
    )
    turn = scene.engine(begun).start(begun, entry=OWN, consented=consented, now=scene.now)
    return begun, turn


def _origin(payload: Payload) -> Origin:
    match payload:
        case Prompted(about="shortcut"):
            return Origin.SHORTCUT
        case Prompted(anchor=Anchor()):
            return Origin.PROMPT
        case _:
            return Origin.OWN


# ---- saving ----


def _save(scene: Scene, before: Conversation, turn: Turn) -> None:
    work, after = scene.work, turn.conversation
    if before.prompted:
        turn = prompt_answered(scene, before, turn)
        after = turn.conversation
    work.conversations.save(before, after)
    if turn.agreed is not None:
        work.members.agree(scene.member.id, scene.community.id, flow=after.flow, agreed=turn.agreed)
    if turn.story is not None:
        _keep_story(scene, after, turn.story)
        work.deliveries.finished(after.id, now=scene.now)
    if turn.worth is not None:
        work.stories.set_worth(after.id, turn.worth)
    if turn.story is not None or turn.stops_asking:
        work.conversations.stop_asking(after.id)
    if turn.ask_again is not None:
        work.conversations.ask_again(after.id, turn.ask_again.entry, at=turn.ask_again.at)
    put(scene, turn.replies, after, in_place=_is_same_anew(scene, before, turn.replies))


def _is_same_anew(scene: Scene, before: Conversation, replies: Sequence[Reply]) -> bool:
    """Whether a tap on a review, or on readers to tick, only shows that question anew.

    With a word before it, as of a tap that is out of date, the question stands below that word.
    """
    chose = scene.inbound.payload
    match replies:
        case [Ask(step=step) | Review(step=step)] if isinstance(chose, Chose):
            pass
        case _:
            return False
    if chose.step != step or before.aside is not None:
        return False
    definition = scene.house.interviews.definition(before.flow, before.version)
    return definition.step(before.step).kind in (Kind.REVIEW, Kind.AUDIENCE)


def _keep_story(scene: Scene, conversation: Conversation, story: Story) -> None:
    work = scene.work
    agreed = work.members.agreed_to(scene.member.id, scene.community.id, flow=conversation.flow)
    is_new = work.stories.put(
        story,
        conversation=conversation.id,
        member=scene.member.id,
        community=scene.community.id,
        language=scene.wording.language,
        platform=scene.inbound.address.platform,
        consent_version=agreed or 0,
    )
    if is_new:
        key = "story-came" if Audience.ORGANIZERS in story.audience else "story-came-closed"
        for organizer in work.members.hearing_of_stories(scene.community.id):
            if organizer != scene.member.id:
                tell(scene, organizer, key, ref=story.ref)
