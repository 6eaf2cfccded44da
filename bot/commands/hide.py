from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome, Tells
from bot.commands.reference import split_reference
from storage.audit import Action
from storage.members import Role
from storage.stories import Kept
from storage.visibility import readers_of

MOST_REASON = 1_000  # characters that its teller reads


def _hide(call: Call) -> Iterator[Outcome]:
    """Hide a story that exposes somebody else, with a reason for its teller; `show` undoes it."""
    ref, rest = split_reference(call.rest)
    if ref is None or not rest:
        yield call.say("hide-how")
        return
    story = call.work.stories.find(call.community.id, ref)
    if story is None or not call.work.stories.is_open(story, readers_of(call.member.role)):
        yield call.say("stories-unknown", ref=ref)
    elif rest.casefold() == "show":
        yield from _shown(call, story)
    elif story.hidden_at is not None:
        yield call.say("hide-already", ref=ref)
    elif len(rest) > MOST_REASON:
        yield call.say("hide-reason-too-long", limit=MOST_REASON)
    else:
        call.work.stories.hide(story, rest, now=call.now)
        yield call.did(Action.STORY_HIDDEN, ref=ref)
        yield Tells(story.member, "hidden", {"ref": ref, "reason": rest})
        yield call.say("hide-done", ref=ref)


def _shown(call: Call, story: Kept) -> Iterator[Outcome]:
    if story.hidden_at is None:
        yield call.say("hide-not", ref=story.ref)
        return
    call.work.stories.show(story)
    yield call.did(Action.STORY_SHOWN, ref=story.ref)
    yield Tells(story.member, "shown", {"ref": story.ref})
    yield call.say("hide-shown", ref=story.ref)


HIDE = Command(name="hide", run=_hide, role=Role.ORGANIZER, takes=True)
