from collections.abc import Iterator

from bot.commands.command import Call, Command, Outcome
from storage.audit import Action
from storage.members import Role

MOST = 200  # names in one message; the count is that of all


def _members(call: Call) -> Iterator[Outcome]:
    """Who belongs to the community; not what anybody was asked, told or declined."""
    found = call.work.members.of(call.community.id)
    yield call.did(Action.MEMBERS_LISTED)
    lines = [call.word("members-intro", count=len(found))]
    for person in found[:MOST]:
        if person.role is Role.MEMBER:
            lines.append(person.name)
        else:
            role = call.word(f"role-one-{person.role}")
            lines.append(call.word("members-line", person=person.name, role=role))
    if len(found) > MOST:
        lines.append(call.word("and-more", count=len(found) - MOST))
    yield call.lines(lines)


MEMBERS = Command(name="members", run=_members, role=Role.ORGANIZER, reads_much=True)
