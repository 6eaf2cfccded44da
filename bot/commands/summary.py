"""What the stories say: denominators first, every drop explained, every number with its stories."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date

from bot.commands.command import Asks, Call, Command, Outcome, Question, Values
from bot.commands.permission import ask_teller
from bot.periods import Period, UnknownPeriod, period_of
from flows.framework import Audience
from flows.messages import Option, Say
from flows.record import quotation
from flows.summary import Drop, Quote, Stopped, Summary, Told, summarize
from storage.audit import Action
from storage.members import Role
from storage.story_reads import StoryRead
from storage.visibility import Scope

REFS = 12  # references named behind one number; the export has them all
QUOTE = 160  # characters of a quotation
BRIEF = 2  # paragraphs of a summary that stand for it in a channel
MOST_SUBJECT = 255  # characters


FOR = re.compile(r"(.*?)\s*\bfor\s+(\w+)", re.DOTALL)

OUTSIDE = (Audience.ORGANIZATION, Audience.FUNDERS, Audience.PUBLIC)
"""Readers outside the community, for whom a summary is made to be shown to them."""


def _summary(call: Call) -> Iterator[Outcome]:
    """What the stories say; `for funders`, what of it may be shown to them."""
    found = FOR.fullmatch(call.rest)
    asked, reader = (found[1], found[2].casefold()) if found else (call.rest, "")
    try:
        period = period_of(asked, today=call.now.date())
    except UnknownPeriod:
        yield call.say("summary-period-unknown", period=asked)
        return
    if found and reader not in OUTSIDE:
        yield call.say("summary-for-unknown", reader=reader)
        return
    if found and call.is_public:
        yield call.say("summary-for-here")
        return
    # In a group everybody reads along: nothing that only organizers may read is quoted there.
    own = Audience.COMMUNITY if call.is_public else Audience.ORGANIZERS
    audience = Audience(reader) if found else own
    summary = summary_of(call, period, reader=audience)
    yield call.did(Action.SUMMARY_READ, reader=audience)
    lines = told(call, summary, period)
    if not found:
        yield _shared(call, lines) if call.is_public else call.say("lines", lines=lines)
        return
    open_to = summary.counts.sent - summary.counts.hidden
    reader_word = call.word(f"reader-{audience}")
    may = call.word("summary-may", open=open_to, sent=summary.counts.sent, reader=reader_word)
    yield call.say("lines", lines=f"{lines}\n\n{may}")
    if open_to < summary.counts.sent:
        days = {"first": _day(period.first), "last": _day(period.last)}
        yield Asks({"for": audience, **days})


def _shared(call: Call, lines: str) -> Say:
    """For a group: who was asked and how far stories go; the rest for whoever wants to see it."""
    shown = call.say("lines", lines=lines)
    brief = "\n\n".join(shown.text.split("\n\n")[:BRIEF])
    subject = f"summary {call.community.slug} {call.rest}"[:MOST_SUBJECT]
    return replace(shown, brief=brief if brief != shown.text else "", subject=subject)


def _ask(call: Call, values: Values) -> tuple[str, tuple[Option, ...]] | None:
    audience = Audience(values["for"])
    others = len(_others(call, values))
    if not others:
        return None
    reader = call.word(f"reader-{audience}")
    return call.word("summary-ask-others", others=others, reader=reader), (
        call.option("ask", "summary-choice-ask", others=others),
        call.option("leave", "summary-choice-leave"),
    )


def _chosen(call: Call, values: Values, choice: str) -> Iterator[Outcome]:
    if choice == "leave":
        yield call.say("summary-left")
        return
    audience = Audience(values["for"])
    count = 0
    for story in _others(call, values):
        asked = list(ask_teller(call, story, call.word(f"reader-{audience}")))
        count += bool(asked)
        yield from asked
    yield call.say("summary-asked", count=count)


def _others(call: Call, values: Values) -> list[StoryRead]:
    """The stories of that time that organizers read and those readers do not."""
    audience = Audience(values["for"])
    days = (date.fromisoformat(day) if day else None for day in (values["first"], values["last"]))
    period = Period(*days)
    scope = Scope(
        community=call.community.id,
        reader=Audience.ORGANIZERS,
        since=period.since,
        until=period.until,
    )
    return [s for s in call.work.story_reads.open_to(scope) if audience not in s.audience]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def summary_of(call: Call, period: Period, *, reader: Audience = Audience.ORGANIZERS) -> Summary:
    """The counted summary of a community, as `reader` may read it."""
    scope = Scope(
        community=call.community.id,
        reader=reader,
        since=period.since,
        until=period.until,
    )
    return summarize(call.work.queries.summary_rows(scope, call.framework), call.framework)


def told(call: Call, summary: Summary, period: Period) -> str:
    """The summary in words."""
    counts = summary.counts
    heading = call.word("summary-heading", period=_period(call, period))
    lines = [heading[:1].upper() + heading[1:]]
    lines.append(
        call.word(
            "summary-people",
            asked=counts.asked,
            begun=counts.begun,
            sent=counts.sent,
            withdrawn=counts.withdrawn,
            unsent=counts.unsent,
            deleted=counts.deleted,
        )
    )
    if counts.sent == 0:
        return "\n".join([*lines, call.word("summary-none")])
    if summary.minutes is not None:
        lines.append(call.word("summary-time", **asdict(summary.minutes)))
    lines += ["", *_ladder(call, summary), *_own_view(call, summary)]
    lines += _quotes(call, "summary-quotes", summary.changes)
    lines += _quotes(call, "summary-quotes-stopped", summary.hurdles)
    lines += ["", *_limits(call, summary)]
    return "\n".join(lines)


def _period(call: Call, period: Period) -> str:
    match period.first, period.last:
        case None, None:
            return call.word("summary-period-all")
        case first, None:
            return call.word("summary-period-since", since=first)
        case None, last:
            return call.word("summary-period-until", until=last)
        case first, last:
            return call.word("summary-period-between", since=first, until=last)


def _ladder(call: Call, summary: Summary) -> Iterator[str]:
    """How far stories go, and why each one stops where it stops."""
    yield call.word("summary-reach", sent=summary.counts.sent)
    yield " · ".join(f"{call.word(f'reach-{r.cycle}')} {r.count}" for r in summary.ladder)
    yield from (_drop(call, drop) for drop in summary.drops)
    for reached in summary.ladder:
        if reached.untold.count:
            yield call.word(
                "summary-untold",
                part=call.word(f"reach-{reached.cycle}"),
                count=_with_refs(call, reached.untold),
            )


def _drop(call: Call, drop: Drop) -> str:
    reasons = ", ".join(_reason(call, stopped) for stopped in drop.reasons)
    return call.word("summary-drop", before=drop.before, after=drop.after, reasons=reasons)


def _reason(call: Call, stopped: Stopped) -> str:
    reason = f"{stopped.count} {call.word(f'stop-{stopped.reason}', count=stopped.count)}"
    refs = _refs(call, stopped.refs)
    return f"{reason} ({refs})" if refs else reason


def _own_view(call: Call, summary: Summary) -> Iterator[str]:
    """What the tellers themselves make of it."""
    if summary.worse.count:
        changed = summary.ladder[-1].count
        worse = _with_refs(call, summary.worse)
        yield call.word("summary-worse", changed=changed, worse=worse)
    if summary.done:
        yield call.word("summary-loop", known=summary.returned, asked=summary.done)
    said = {f"{valence}": count for valence, count in summary.worth.items()}
    yield call.word(
        "summary-worth",
        **{name: said.get(name, 0) for name in ("yes", "partly", "no", "cannot-say")},
        unknown=summary.worth_unknown,
    )


def _quotes(call: Call, key: str, quotes: Iterable[Quote]) -> Iterator[str]:
    lines = [
        call.word("summary-quote", quote=quotation(quote.text, QUOTE), ref=quote.ref)
        for quote in quotes
    ]
    if lines:
        yield from ("", call.word(key), *lines)


def _limits(call: Call, summary: Summary) -> Iterator[str]:
    """What these stories cannot say."""
    counts = summary.counts
    if summary.gaps:
        gaps = "; ".join(f"{call.word(f'gap-{gap}')} ({n})" for gap, n in summary.gaps)
        yield call.word("summary-gaps", gaps=gaps)
    if counts.hidden:
        yield call.word("summary-hidden", hidden=counts.hidden)
    yield call.word(
        "summary-caution", sent=counts.sent, tellers=counts.tellers, members=counts.members
    )


def _with_refs(call: Call, told_of: Told) -> str:
    refs = _refs(call, told_of.refs)
    return f"{told_of.count} ({refs})" if refs else f"{told_of.count}"


def _refs(call: Call, refs: tuple[str, ...]) -> str:
    shown = ", ".join(refs[:REFS])
    more = len(refs) - REFS
    return f"{shown}, {call.word('and-more', count=more)}" if more > 0 else shown


SUMMARY = Command(
    name="summary",
    run=_summary,
    question=Question(ask=_ask, chosen=_chosen, insists=False, role=Role.ORGANIZER),
    role=Role.ORGANIZER,
    takes=True,
    reads_much=True,
    in_public=True,
)
