from collections.abc import Iterator

from bot.commands.command import Call, Command
from bot.commands.reference import reference
from flows.definition import FlowDefinition, Keep
from flows.framework import Attribution
from flows.messages import Reply
from flows.story import LinkKind
from storage.story_reads import StoryRead


def _read(call: Call) -> Iterator[Reply]:
    """One of the teller's own stories, as it was sent."""
    if not call.rest:
        yield call.say("read-which")
        return
    ref = reference(call.rest) or call.rest
    story = call.work.story_reads.own(call.member.id, ref)
    if story is None:
        yield call.say("read-unknown", ref=ref)
        return
    yield call.say("lines", lines="\n".join(_lines(call, story)))


def _lines(call: Call, story: StoryRead) -> Iterator[str]:
    definition = call.definition(story.flow, story.version)
    yield f"{story.ref}: “{story.title}”" if story.title else story.ref
    for heading, words in (*_steps(call, story, definition), *_links(call, story, definition)):
        yield from ("", heading, words)
    yield ""
    readers = ", ".join(call.word(f"reader-{audience}") for audience in story.audience)
    yield call.word("read-readers", readers=readers)
    is_unnamed = story.attribution == Attribution.UNNAMED
    yield call.word("read-unnamed" if is_unnamed else "read-named")


def _steps(call: Call, story: StoryRead, definition: FlowDefinition) -> Iterator[tuple[str, str]]:
    for step in story.steps:
        heading = call.word(*definition.keys(step.part, "part"))
        label = call.word(*definition.choice_keys(step.part, step.choice)) if step.choice else ""
        yield heading, "\n".join(filter(None, (label, step.text)))
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


READ = Command(name="read", run=_read, takes=True)
