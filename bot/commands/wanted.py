"""How a coordinator says whom to ask, about what, and how: behind `/prompt` and `/schedule`."""

import re
from dataclasses import dataclass
from datetime import date

from bot.commands.command import Call
from flows.dates import ISO, MONTHS, months_on, read_date, words_of
from flows.messages import Address, Anchor, Say
from flows.prompting import WINDOW, Asks, Who, Whom

MOST_WORDS = 1_000  # characters behind `/prompt` and `/schedule`
MOST_ACTIVITY = 200  # characters of what a round is about
MOST_NUDGE, MOST_WINDOW = 60, 14 * 24  # days, hours
NUDGE = 3  # days after which there is a reminder where nobody says when

QUOTED = ('"…"', "“…”", "”…”", "„…“", "„…”", "«…»", "»…«", "‘…’", "'…'")
_QUOTED = "|".join("{}(.+?){}".format(*pair.split("…")) for pair in QUOTED)
AFTER = re.compile(
    rf"\bafter\s+(?:{_QUOTED})(?!\w)(?:\s+on\s+(?P<on>\d{{4}}-\d{{2}}-\d{{2}}))?", re.I
)
NUDGED = re.compile(r"\b(?:with\s+(?:a\s+)?)?nudge(?:\s+after\s+(\d{1,3})\s+days?)?", re.I)
WITHIN = re.compile(r"\bwithin\s+(\d{1,3})\s+(hour|day)s?\b", re.I)
UNTOLD = re.compile(
    r"\b(?:for\s+)?(?:those\s+|people\s+)?without\s+(?:a\s+)?story"
    r"(?:\s+since\s+(\d{4}-\d{2}-\d{2}))?",
    re.I,
)
PLANNED = re.compile(r"\b(?:for\s+)?(?:those\s+|people\s+)?with\s+(?:a\s+)?plans?\b", re.I)
EVERYBODY = re.compile(r"\bfor\s+(?:all|everybody|everyone)\b", re.I)
NAMED = re.compile(
    r"\bfor\s+(.+?)(?=\s+(?:at\s+\d|starting\b|beginning\b|from\s+\d|until\b|every\b|each\b)|\s*$)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`rest` is what is left of the text: how often, and when."""

    asks: Asks
    rest: str


def read_wanted(call: Call, text: str) -> Wanted | Say:
    """What a text asks for; a sentence that says what is wrong with it."""
    if len(text) > MOST_WORDS:
        return call.say("wanted-long", limit=MOST_WORDS)
    taken = _Taken(text)
    about = taken.out(AFTER)
    nudge = taken.out(NUDGED)
    within = taken.out(WITHIN)
    whom = _whom(call, taken)
    if isinstance(whom, Say):
        return whom
    anchor = _anchor(call, about) if about is not None else None
    if isinstance(anchor, Say):
        return anchor
    days = int(nudge[1] or NUDGE) if nudge is not None else None
    if days is not None and not 1 <= days <= MOST_NUDGE:
        return call.say("wanted-nudge", most=MOST_NUDGE)
    hours = WINDOW
    if within is not None:
        hours = int(within[1]) * (24 if within[2].casefold() == "day" else 1)
    if not 1 <= hours <= MOST_WINDOW:
        return call.say("wanted-within", most=MOST_WINDOW // 24)
    asks = Asks(whom=whom, anchor=anchor, nudge_days=days, window_hours=hours)
    return Wanted(asks, " ".join(taken.text.split()))


class _Taken:
    """A text that parts are taken out of."""

    def __init__(self, text: str) -> None:
        self.text = text

    def out(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.search(self.text)
        if found is not None:
            self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"
        return found


def _anchor(call: Call, about: re.Match[str]) -> Anchor | Say:
    """What a round is about, with its day where one is named."""
    activity = next(filter(None, about.groups())).strip()  # of whichever quotation marks
    if len(activity) > MOST_ACTIVITY:
        return call.say("wanted-activity-long", limit=MOST_ACTIVITY)
    if about["on"] is None:
        return Anchor(activity, _day_in(activity, call.now.date()))
    if _date(about["on"]) is None:
        return call.say("wanted-date", date=about["on"])
    return Anchor(activity, about["on"])


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _whom(call: Call, taken: _Taken) -> Whom | Say:
    untold = taken.out(UNTOLD)
    if untold is not None:
        since = _date(untold[1]) if untold[1] else None
        if untold[1] and since is None:
            return call.say("wanted-date", date=untold[1])
        return Whom(Who.WITHOUT_STORY, since)
    if taken.out(PLANNED) is not None:
        return Whom(Who.PLANNED)
    if taken.out(EVERYBODY) is not None:
        return Whom()
    named = taken.out(NAMED)
    return _named(call, named[1]) if named is not None else Whom()


def _named(call: Call, text: str) -> Whom | Say:
    """People by their names or addresses, separated by commas."""
    belonging = call.work.members.of(call.community.id)
    found: list[int] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        platform, colon, user = name.partition(":")
        if colon:
            address = Address(platform, user)
            same = [who for who in belonging if address in who.addresses]
        else:
            same = [who for who in belonging if who.name.casefold() == name.casefold()]
        if len(same) != 1:
            return call.say("wanted-unknown" if not same else "wanted-several", name=name)
        found.append(same[0].id)
    return Whom(Who.NAMED, named=tuple(found))


def _day_in(activity: str, today: date) -> str | None:
    """The day that an activity names, "12 March meetup": the last one of that name."""
    words = words_of(activity)
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            said = words[start : start + length]
            if not any(word in MONTHS or ISO.fullmatch(word) for word in said):
                continue  # a weekday alone says too little
            found = read_date(said, today=today)
            if isinstance(found, date):
                past = found if found <= today else months_on(found, -12)
                return past.isoformat() if past <= today else None
    return None
