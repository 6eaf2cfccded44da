from collections.abc import Iterator
from itertools import islice

from bot.commands.command import Call, Command, Outcome
from bot.periods import UnknownPeriod, period_of
from flows.framework import Audience
from storage.audit import Action
from storage.members import Role
from storage.visibility import Scope

MOST = 50  # stories in one message; the export has them all


def _stories(call: Call) -> Iterator[Outcome]:
    """The stories that are open to organizers, by their references."""
    try:
        period = period_of(call.rest, today=call.now.date())
    except UnknownPeriod:
        yield call.say("summary-period-unknown", period=call.rest)
        return
    scope = Scope(
        community=call.community.id,
        reader=Audience.ORGANIZERS,
        since=period.since,
        until=period.until,
    )
    counts = call.work.queries.counts(scope)
    found = list(islice(call.work.story_reads.open_to(scope), MOST))
    yield call.did(Action.STORIES_LISTED)
    lines = [call.word("stories-intro", sent=counts.sent, hidden=counts.hidden)]
    for story in found:
        teller = story.teller or call.word("stories-unnamed")
        title = story.title or call.word("mystories-untitled")
        changed = call.word("stories-changed") if story.revision else ""
        lines.append(
            call.word("stories-line", ref=story.ref, title=title, teller=teller, changed=changed)
        )
    left = counts.sent - counts.hidden - len(found)
    if left:
        lines.append(call.word("and-more", count=left))
    yield call.lines(lines)


STORIES = Command(name="stories", run=_stories, role=Role.ORGANIZER, takes=True, reads_much=True)
