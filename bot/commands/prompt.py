from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from bot.commands.command import Asks as AsksThem
from bot.commands.command import Call, Command, Outcome, Question, Values
from bot.commands.wanted import Wanted, read_wanted
from flows.clocks import day_at
from flows.messages import Option, Say
from flows.prompting import Foreseen, LeftOut, Whom, foresee
from storage.audit import Action
from storage.members import Role


def _prompt(call: Call) -> Iterator[Outcome]:
    """A round at once: `now`, `now for Mira, Jon`, `after "12 March meetup"`."""
    wanted = _wanted(call, call.rest)
    if isinstance(wanted, Say):
        yield wanted
        return
    found = foreseen(call, wanted.asks.whom, [(call.now, today(call))])[0]
    if not found.reached:
        yield call.lines([call.word("prompt-nobody"), *left_out(call, found)])
        return
    count = sum(found.left_out.values()) + found.reached
    lines = [
        call.word("prompt-reaches", reached=found.reached, count=count),
        *left_out(call, found),
        call.word("prompt-hours"),
    ]
    # Counted here, beside the writer, and shown as it was counted.
    yield AsksThem({"text": call.rest, "shown": "\n".join(lines)})


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    return values["shown"], (
        call.option("send", "prompt-choice-send"),
        call.option("leave", "prompt-choice-leave"),
    )


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    wanted = _wanted(call, values["text"])
    if choice == "leave" or isinstance(wanted, Say):
        yield call.say("prompt-left")
        return
    call.work.rounds.begin_now(
        call.community.id,
        wanted.asks,
        asked_by=call.member.id,
        day=today(call),
        zone=call.community.timezone,
        now=call.now,
    )
    yield call.did(Action.PROMPTED, whom=wanted.asks.whom.who)
    yield call.say("prompt-begun")


def _wanted(call: Call, text: str) -> Wanted | Say:
    wanted = read_wanted(call, text)
    if isinstance(wanted, Say):
        return wanted
    says_now = wanted.rest.casefold() == "now" or (not wanted.rest and wanted.asks.anchor)
    return wanted if says_now else call.say("prompt-how")


# ---- who would be reached ----


def today(call: Call) -> date:
    """By the community's clock."""
    return day_at(call.now, call.community.timezone)


def foreseen(call: Call, whom: Whom, rounds: Sequence[tuple[datetime, date]]) -> list[Foreseen]:
    """What rounds at these times, on these days, would come to."""
    known = call.work.candidates.of(call.community.id, whom, call.house.reach)
    return foresee((each.asking for each in known), rounds)


def left_out(call: Call, found: Foreseen) -> Iterable[str]:
    """Why others of the audience would not be asked, in numbers."""
    why = [
        call.word(f"left-out-{reason}", count=found.left_out[reason])
        for reason in LeftOut
        if found.left_out.get(reason)
    ]
    if why:
        yield call.word("left-out", reasons="; ".join(why))


PROMPT = Command(
    name="prompt",
    run=_prompt,
    question=Question(ask=_ask, chosen=_chosen, role=Role.COORDINATOR),
    role=Role.COORDINATOR,
    owners=True,
    takes=True,
    reads_much=True,
)
