"""Codes and invites that are none: counted, and after a few of them refused for a while."""

from collections.abc import Iterator

from bot.commands.command import Call, Outcome, Tells
from storage.audit import Action


def is_slowed(call: Call) -> bool:
    """Whether too many wrong ones came from this address of late."""
    return call.work.codes.is_guessing(call.address, now=call.now)


def guessed(call: Call) -> Iterator[Outcome]:
    """One more wrong one; at the last that is allowed the owners are told."""
    call.work.codes.guessed(call.address, now=call.now)
    if is_slowed(call):
        yield call.did(Action.GUESSED)
        known = (call.work.members.known(owner) for owner in call.house.owners)
        # Once, also where two addresses of one person are owners.
        for owner in {met.member.id for met in known if met is not None}:
            yield Tells(owner, "guessing", {"address": f"{call.address}"})
