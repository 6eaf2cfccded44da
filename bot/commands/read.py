from collections.abc import Iterator

from bot.commands.command import Call, Command
from bot.commands.reference import reference
from flows.framework import Attribution
from flows.messages import Reply
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
    yield f"{story.ref}: “{story.title}”" if story.title else story.ref
    for step in story.steps:
        yield ""
        yield step.asked
        yield step.text or call.word(f"choice-{step.choice}")
        if step.would_help:
            yield step.would_help
    for link in story.links:
        for words in (link.because, link.other_causes, link.counterfactual_text):
            if words:
                yield ""
                yield words
    yield ""
    readers = ", ".join(call.word(f"reader-{audience}") for audience in story.audience)
    yield call.word("read-readers", readers=readers)
    is_unnamed = story.attribution == Attribution.UNNAMED
    yield call.word("read-unnamed" if is_unnamed else "read-named")


READ = Command(name="read", run=_read, takes=True)
