import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bot.commands.command import Call, Command, Outcome
from bot.commands.prompt import left_out
from flows.messages import Say
from flows.prompting import Foreseen
from storage.members import Role
from storage.rounds import Round, RoundStatus

SHOWN = 3
"""Rounds that are shown; the newest."""

WATCHED = timedelta(days=7)
"""How long a message with numbers is kept up to date after its rounds are over."""


OTHERWISE = ("waiting", "failed", "repeated")


def _rounds(call: Call) -> Iterator[Outcome]:
    """What became of the last rounds, in numbers; kept up to date while one goes on."""
    shown = numbers_of(call)
    ends = [of.over_at for of in _last(call) if of.status in GOING_ON]
    if ends:
        until = max(*ends, call.now) + WATCHED
        call.work.watches.put(
            call.community.id, call.address, shown=digest(shown.text), until=until
        )
    yield shown


GOING_ON = (RoundStatus.PLANNING, RoundStatus.RUNNING)


def numbers_of(call: Call) -> Say:
    """The message that is kept up to date."""
    found = _last(call)
    texts = [_told(call, of) for of in found] or [call.word("rounds-none")]
    said = call.say("lines", lines="\n\n".join(texts))
    return replace(said, subject=f"rounds {call.community.slug}"[:255])


def digest(text: str) -> str:
    """By which it is known whether anything changed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _last(call: Call) -> list[Round]:
    return call.work.rounds.of(call.community.id, most=SHOWN)


def _told(call: Call, of: Round) -> str:
    if of.status is RoundStatus.MISSED:
        return call.word("rounds-not-running", date=of.day)
    about = of.asks.anchor.activity if of.asks.anchor is not None else ""
    key = "rounds-heading-about" if about else "rounds-heading"
    heading = call.word(key, date=of.day, about=about, status=of.status)
    n = call.work.rounds.numbers(of.id)
    lines = [
        heading,
        call.word("rounds-sent", planned=n.planned, sent=n.sent),
        call.word("rounds-answered", opened=n.opened, started=n.started, finished=n.finished),
        call.word("rounds-not", snoozed=n.snoozed, unreachable=n.unreachable, missed=n.missed),
    ]
    # The rest where there is any: it is read on a telephone.
    others = {name: getattr(n, name) for name in OTHERWISE}
    told = [call.word(f"rounds-{name}", count=many) for name, many in others.items() if many]
    if told:
        lines.append(call.word("rounds-otherwise", told=", ".join(told)))
    lines += left_out(call, Foreseen(n.planned, n.left_out))
    return "\n".join(lines)


ROUNDS = Command(name="rounds", run=_rounds, role=Role.COORDINATOR, owners=True)
