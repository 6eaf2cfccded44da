import re
from collections.abc import Iterator
from datetime import timedelta

from bot.commands.command import Call, Command, Outcome
from storage.audit import Action
from storage.members import Role

DAYS = 30
MOST_DAYS = 365
MOST_USES = 100_000

WANTED = re.compile(r"(?:(\d{1,6})(?:\s+(\d{1,6}))?)?")
REVOKE = re.compile(r"revoke\s+(\d{1,15})")


def _invite(call: Call) -> Iterator[Outcome]:
    """A new invite; `list` shows those that can be used, `revoke 3` ends one."""
    rest = call.rest.lower()
    revoked = REVOKE.fullmatch(rest)
    wanted = WANTED.fullmatch(rest)
    if rest == "list":
        yield _listed(call)
    elif revoked:
        yield from _revoked(call, int(revoked[1]))
    elif wanted:
        yield from _made(call, int(wanted[1] or DAYS), int(wanted[2]) if wanted[2] else None)
    else:
        yield call.say("invite-how")


def _made(call: Call, days: int, uses: int | None) -> Iterator[Outcome]:
    if not 1 <= days <= MOST_DAYS or (uses is not None and not 1 <= uses <= MOST_USES):
        yield call.say("invite-how")
        return
    token = call.work.codes.invite(
        call.community.id,
        by=call.member.id,
        now=call.now,
        lasts=timedelta(days=days),
        most_uses=uses,
    )
    yield call.did(Action.INVITED, days=days, uses=uses)
    yield call.say("invite-made", token=token, days=days, uses=uses or 0)


def _listed(call: Call) -> Outcome:
    found = call.work.codes.invites(call.community.id, now=call.now)
    if not found:
        return call.say("invite-none")
    return call.lines(
        call.word(
            "invite-line",
            number=invite.number,
            made=invite.made_at.date(),
            expires=invite.expires_at.date(),
            uses=invite.uses,
            most=invite.most_uses or 0,
        )
        for invite in found
    )


def _revoked(call: Call, number: int) -> Iterator[Outcome]:
    if call.work.codes.revoke_invite(call.community.id, number, now=call.now):
        yield call.did(Action.INVITE_REVOKED, number=number)
        yield call.say("invite-revoked", number=number)
    else:
        yield call.say("invite-unknown", number=number)


INVITE = Command(name="invite", run=_invite, role=Role.COORDINATOR, owners=True, takes=True)
