from collections.abc import Iterator

from bot.commands.command import Call, Command, Ends, Outcome, Then
from bot.commands.guessing import guessed, is_slowed
from flows.messages import Commanded
from storage.audit import Action, Entry
from storage.codes import LINK_LIVES
from storage.members import MemberId


def _link(call: Call) -> Iterator[Outcome]:
    """A code to be sent from another address of the same person, or such a code."""
    if not call.rest:
        code = call.work.codes.link(call.member.id, now=call.now)
        yield call.say("link-code", code=code, minutes=round(LINK_LIVES.total_seconds() / 60))
    elif is_slowed(call):
        yield call.say("too-many-guesses")
    else:
        owner = call.work.codes.use_link(
            "".join(call.rest.split()), by=call.member.id, now=call.now
        )
        if owner is None:
            yield from guessed(call)
            yield call.say("link-invalid")
        elif owner == call.member.id:
            yield call.say("link-same")
        else:
            yield from _linked(call, owner)


def _linked(call: Call, owner: MemberId) -> Iterator[Outcome]:
    """Who made the code stays; whoever sends it becomes the same person."""
    call.work.merge(owner, call.member.id)
    met = call.work.members.known(call.address)
    community = met.community if met is not None else None
    details = {"platform": call.address.platform, "was": call.member.id}
    # By who is left: the other one is gone.
    yield Entry(
        action=Action.LINKED, community=call.community.id or None, by=owner, details=details
    )
    yield call.say("link-done")
    if community is not None and call.work.conversations.active(owner, community.id) is not None:
        yield Then(Commanded("resume"))
    else:
        yield Ends()  # what was open here may be kept for later now, or be of another community


LINK = Command(name="link", run=_link, takes=True, anywhere=True)
