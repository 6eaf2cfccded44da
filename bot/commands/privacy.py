from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome
from bot.house import NOWHERE
from storage.audit import Action, Recorded
from storage.erasure import KEEPS_WITHDRAWN
from storage.members import Role


def _privacy(call: Call) -> Iterator[Outcome]:
    """What is kept, who sees it, and what somebody can do about it, in plain words."""
    lines = [call.word("privacy-kept"), "", call.word("privacy-readers")]
    if call.community is not NOWHERE:
        lines += ["", *_organizers(call)]
    lines += ["", call.word("privacy-rights", days=KEEPS_WITHDRAWN.days)]
    if call.house.retention.drafts is not None:
        lines += ["", call.word("privacy-drafts", days=call.house.retention.drafts)]
    yield call.lines(lines)


def _organizers(call: Call) -> Iterator[str]:
    """Who reads as an organizer, and when that changed."""
    found = call.work.members.of(call.community.id, least=Role.ORGANIZER)
    names = ", ".join(person.name for person in found)
    yield call.word("privacy-organizers", names=names, count=len(found))
    for change in call.work.audit.organizers(call.community.id):
        key = "granted" if change.action is Action.ROLE_GRANTED else "revoked"
        yield call.word(
            f"privacy-role-{key}",
            date=change.at.date(),
            person=change.to or call.word("somebody"),
            by=_by(call, change),
        )


def _by(call: Call, change: Recorded) -> str:
    if change.actor != "member":
        return call.word("by-console")
    return change.by or call.word("somebody")


PRIVACY = Command(name="privacy", run=_privacy, anywhere=True)
