from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Outcome, Question, Values
from bot.commands.reference import split_reference
from flows.framework import Audience
from flows.messages import Option
from flows.story import Step
from flows.understanding import unkeepable
from storage.audit import Action
from storage.members import Role
from storage.permissions import Answer, Permission
from storage.story_reads import StoryRead
from storage.visibility import Scope

MOST_USE = 200  # characters that say where a quotation goes


def _permission(call: Call) -> Iterator[Outcome]:
    """Ask a teller for one use of their words; without a use, what they said to such questions."""
    ref, rest = split_reference(call.rest)
    if ref is None:
        yield call.say("permission-how")
        return
    scope = Scope(community=call.community.id, reader=Audience.ORGANIZERS)
    story = call.work.story_reads.one(scope, ref)
    if story is None:
        yield call.say("stories-unknown", ref=ref)
    elif not rest:
        yield _answers(call, ref)
    else:
        yield from _asked_for(call, story, _use(rest))


def _asked_for(call: Call, story: StoryRead, use: str) -> Iterator[Outcome]:
    if len(use) > MOST_USE or unkeepable(use) is not None:
        yield call.say("permission-use-too-long", limit=MOST_USE)
        return
    asked = list(ask_teller(call, story, use))
    yield from asked
    yield call.say("permission-asked" if asked else "permission-asked-before", ref=story.ref)


def ask_teller(call: Call, story: StoryRead, use: str) -> Iterator[Outcome]:
    """Ask for this use, unless that was asked before or there are no words to quote."""
    kept, quotation = call.work.stories.find(call.community.id, story.ref), _quotation(story)
    if kept is None or not quotation:
        return
    asked = call.work.permissions.ask(kept, use, quotation, by=call.member.id, now=call.now)
    if asked is not None:
        yield call.did(Action.PERMISSION_ASKED, ref=story.ref)
        yield Asks({"permission": asked.id}, to=kept.member, command="permission")


def _quotation(story: StoryRead) -> str:
    """The words that the story is titled by, all of that answer; exactly as they were written."""
    steps: tuple[Step, ...] = story.steps
    beginning = story.title.removesuffix("…")
    found = [step.text for step in steps if beginning and beginning in step.text]
    return found[0] if found else ""


def _use(rest: str) -> str:
    """`for "annual report"` -> annual report."""
    first, _, behind = rest.strip().partition(" ")
    use = behind if first.casefold() == "for" else rest.strip()
    return use.strip().strip("\"“”'‘’„").strip()


def _answers(call: Call, ref: str) -> Outcome:
    kept = call.work.stories.find(call.community.id, ref)
    found = call.work.permissions.of(kept) if kept is not None else []
    if not found:
        return call.say("permission-none", ref=ref)
    lines = [call.word("permission-intro", ref=ref)]
    for each in found:
        answer = call.word(f"permission-{each.answer or 'silent'}", teller=_teller(call, each))
        lines.append(call.word("permission-line", use=each.use, answer=answer))
        if each.answer in (Answer.NAMED, Answer.UNNAMED):
            lines.append(call.word("permission-quote", quote=each.quotation))
    return call.lines(lines)


def _teller(call: Call, permission: Permission) -> str:
    is_named = permission.answer is Answer.NAMED
    return call.work.members.named(permission.teller) if is_named else ""


# ---- what the teller is asked ----


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    asked = call.work.permissions.find(values["permission"])
    if asked is None or asked.teller != call.member.id or asked.answer is not None:
        return None
    text = call.word("permission-ask", ref=asked.ref, use=asked.use, quote=asked.quotation)
    return text, (
        call.option(Answer.NAMED, "permission-choice-named"),
        call.option(Answer.UNNAMED, "permission-choice-unnamed"),
        call.option(Answer.NO, "permission-choice-no"),
    )


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    asked = call.work.permissions.find(values["permission"])
    if asked is not None:
        call.work.permissions.answer(asked, Answer(choice), now=call.now)
    yield call.say("permission-thanks")


PERMISSION = Command(
    name="permission",
    run=_permission,
    question=Question(ask=_ask, chosen=_chosen, insists=False, lasts=True),
    role=Role.ORGANIZER,
    takes=True,
)
