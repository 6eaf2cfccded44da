from collections.abc import Iterator

from bot.commands.command import Asks, Call, Command, Outcome, Question, Reopens, Then, Values
from bot.commands.reference import reference
from flows.definition import FlowDefinition, Keep
from flows.messages import Commanded, Option
from flows.story import LinkKind
from storage.audit import Action
from storage.stories import Kept, StoryStatus
from storage.story_reads import StoryRead
from storage.visibility import Scope, readers_of


def _read(call: Call) -> Iterator[Outcome]:
    """A story: one's own, as it was sent, or one that is open to whoever asks."""
    if not call.rest:
        yield call.say("read-which")
        return
    ref = reference(call.rest)
    if ref is None:
        yield call.say("read-not-found", ref=call.rest)
        return
    own = call.work.story_reads.own(call.member.id, ref)
    if own is not None:
        yield call.lines(_own_lines(call, own))
        yield Asks({"ref": ref})
        return
    if call.work.stories.own(call.member.id, ref) is not None:
        yield call.say("mystories-withdrawn", ref=ref)
        return
    story = _open(call, ref)
    if story is None:
        yield call.say("read-not-found", ref=ref)
        return
    yield call.did(Action.STORY_READ, ref=ref)
    yield call.lines(story_lines(call, story))


def _open(call: Call, ref: str) -> StoryRead | None:
    """As the caller may read it, by any of the groups that they are of."""
    readers = readers_of(call.member.role)
    scopes = (Scope(community=call.community.id, reader=reader) for reader in readers)
    found = (call.work.story_reads.one(scope, ref) for scope in scopes)
    return next((story for story in found if story is not None), None)


def _own_lines(call: Call, story: StoryRead) -> Iterator[str]:
    yield from story_lines(call, story)
    hidden = call.work.stories.hidden_because(story.ref)
    if hidden is not None:
        yield from ("", call.word("read-hidden", reason=hidden))


def story_lines(call: Call, story: StoryRead) -> Iterator[str]:
    """A story, part by part, with who may read it and whose name it carries."""
    definition = call.definition(story.flow, story.version)
    yield f"{story.ref}: “{story.title}”" if story.title else story.ref
    for heading, words in (*_steps(call, story, definition), *_links(call, story, definition)):
        yield from ("", heading, words)
    yield ""
    readers = ", ".join(call.word(f"reader-{audience}") for audience in story.audience)
    yield call.word("read-readers", readers=readers)
    yield call.word(f"read-{story.attribution}", teller=story.teller or "")
    if story.revision:
        yield call.word("read-changed")
    for checked in story.checked:
        yield call.word("read-checked", use=checked.use, quote=checked.quotation)


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    own = call.work.stories.own(call.member.id, values["ref"])
    if own is None or own.status is not StoryStatus.SENT:
        return None
    options = [
        call.option("withdraw", "read-choice-withdraw"),
        call.option("leave", "read-choice-leave"),
    ]
    if call.work.members.role(call.member.id, own.community) is not None:
        options.insert(0, call.option("change", "read-choice-change"))
    return call.word("read-ask", ref=own.ref), tuple(options)


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    own = call.work.stories.own(call.member.id, values["ref"])
    if own is None or choice == "leave":
        yield call.say("read-left", ref=values["ref"])
    elif choice == "withdraw":
        yield Then(Commanded("withdraw", own.ref))
    else:
        yield from _changing(call, own)


def _changing(call: Call, own: Kept) -> Iterator[Outcome]:
    """Its review, in the community that it was told in: only there can its question be open."""
    call.work.members.change(call.member.id, community_id=own.community)
    community = call.work.communities.known(own.community)
    if community is None or community.id == call.community.id:
        yield Reopens(own.conversation)
    else:
        yield call.say("community-now", community=community.name)
        yield Then(Commanded("read", own.ref), community)


def _steps(call: Call, story: StoryRead, definition: FlowDefinition) -> Iterator[tuple[str, str]]:
    for step in story.steps:
        heading = call.word(*definition.keys(step.part, "part"))
        label = call.word(*definition.choice_keys(step.part, step.choice)) if step.choice else ""
        words = "\n".join(filter(None, (label, step.text)))
        yield heading, words or call.word("file-alone")
        if step.would_help:
            yield _heading(call, definition, Keep.WOULD_HELP), step.would_help


def _links(call: Call, story: StoryRead, definition: FlowDefinition) -> Iterator[tuple[str, str]]:
    for link in story.links:
        causes = "\n".join(filter(None, (link.because, link.other_causes)))
        why = Keep.RETURN if link.kind is LinkKind.RETURNS_TO else Keep.BECAUSE
        told = (
            (why, causes, None),
            (Keep.COUNTERFACTUAL, link.counterfactual_text, link.counterfactual),
            (Keep.CONTRIBUTION, link.contribution_text, link.contribution),
        )
        for keep, words, choice in told:
            if words or choice:
                yield (
                    _heading(call, definition, keep),
                    words or _label(call, definition, keep, choice or ""),
                )


def _heading(call: Call, definition: FlowDefinition, keep: Keep) -> str:
    return call.word(*definition.keys(definition.keeping(keep), "part"))


def _label(call: Call, definition: FlowDefinition, keep: Keep, choice: str) -> str:
    return call.word(*definition.choice_keys(definition.keeping(keep), choice))


READ = Command(
    name="read",
    run=_read,
    question=Question(ask=_ask, chosen=_chosen, insists=False),
    takes=True,
    anywhere=True,
)
