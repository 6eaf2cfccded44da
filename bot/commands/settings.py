from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.commands.command import Call, Command, Outcome
from bot.commands.quiet import DAYS, told
from bot.commands.timezone import zone_named
from flows.dates import NotUnderstood
from flows.framework import Cycle
from flows.hours import Hours, next_monday, read_days, read_hours
from flows.prompting import MOST_DAYS
from flows.understanding import unkeepable
from storage.audit import Action
from storage.communities import MOST_NAME, Access, Framing
from storage.mapping import hours_values
from storage.members import Role

MOST = 2_000  # characters of a framing

LEAST_DAYS = 7  # between two prompts to somebody


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that cannot be set, and the text that says what can."""

    key: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What an organizer can set: its column, and what of a value goes there."""

    column: str
    read: Callable[[Call, str], object]


def _settings(call: Call) -> Iterator[Outcome]:
    """How the community is set up, and changing it: `name`, `access invite`, `notices on`."""
    name, _, value = call.rest.partition(" ")
    name, value = name.casefold(), value.strip()
    if not name:
        yield call.lines(_shown(call))
    elif name in OWN and not call.member.role.may(Role.ORGANIZER):  # an owner
        yield call.say("command-not-yours", role=call.word("role-organizer"))
    elif name in OWN and value in ("on", "off"):
        OWN[name](call, value == "on")
        yield call.say(f"settings-{name}-{value}")
    elif name in SETTINGS and value:
        yield from _set(call, name, value)
    else:
        yield call.say("settings-how", names=", ".join((*SETTINGS, *OWN)))


def _notices(call: Call, is_on: bool) -> None:
    """Whether this organizer is told of each new story."""
    call.work.members.hear_of_stories(call.member.id, call.community.id, is_on)


def _digest(call: Call, is_on: bool) -> None:
    """Whether this organizer gets numbers once a week."""
    zone = call.member.timezone or call.community.timezone
    first = next_monday(call.now, zone) if is_on else None
    call.work.digests.next_at(call.member.id, call.community.id, first)


def _set(call: Call, name: str, value: str) -> Iterator[Outcome]:
    fault = "settings-too-long" if len(value) > MOST else unkeepable(value)
    if fault is not None:
        yield call.say(fault, limit=MOST)
        return
    found = SETTINGS[name].read(call, value)
    if isinstance(found, Refused):
        yield call.say(found.key, least=LEAST_DAYS, most=MOST_DAYS)
        return
    call.work.communities.change(call.community.id, **{SETTINGS[name].column: found})
    yield call.did(Action.COMMUNITY_CHANGED, setting=name)
    yield call.say("settings-set", name=name)


def _shown(call: Call) -> Iterator[str]:
    community, framing = call.community, call.work.communities.framing(call.community.id)
    yield call.word("settings-name", name=community.name)
    yield call.word("settings-language", language=community.language)
    yield call.word("settings-timezone", zone=community.timezone)
    yield call.word("settings-access", access=community.access)
    yield from _framed(call, framing)
    yield from _asking(call)
    places = ", ".join(f"{place}" for place in call.work.communities.places(community.id))
    if places:
        yield call.word("settings-places", places=places)
    yield call.word("settings-outro")


def _framed(call: Call, framing: Framing) -> Iterator[str]:
    yield call.word("settings-difference", text=framing.difference or "–")
    yield call.word("settings-uncertainties", text=framing.uncertainties or "–")
    cycles = ", ".join(framing.cycles) or call.word("settings-cycles-all")
    yield call.word("settings-cycles", cycles=cycles)


def _asking(call: Call) -> Iterator[str]:
    """How often members are asked, and when not."""
    asked = call.work.communities.asked(call.community.id)
    hours = asked.hours
    quiet = told(call.wording, Hours(hours.quiet_from, hours.quiet_to))
    some = Hours(days_off=hours.days_off)
    days = told(call.wording, some) if hours.days_off else call.word("settings-days-off-none")
    yield call.word("settings-prompts", days=asked.every)
    yield call.word("settings-quiet", hours=quiet)
    yield call.word("settings-days-off", days=days)


# ---- what a value must be ----


def _name(call: Call, value: str) -> str | Refused:
    if call.house.fixed_name and call.community.id == call.work.communities.home().id:
        return Refused("settings-name-fixed")
    return " ".join(value.split()) if len(value) <= MOST_NAME else Refused("settings-name-long")


def _language(call: Call, value: str) -> str | Refused:
    known = {code.casefold(): code for code in call.house.interviews.texts.languages}
    return known.get(value.casefold()) or Refused("settings-language-unknown")


def _timezone(call: Call, value: str) -> str | Refused:
    return zone_named(value) or Refused("settings-timezone-unknown")


def _access(call: Call, value: str) -> str | Refused:
    word = value.casefold()
    return Access(word) if word in set(Access) else Refused("settings-access-unknown")


def _text(call: Call, value: str) -> str | None:
    return None if value in ("-", "–") else value


def _cycles(call: Call, value: str) -> list[str] | Refused | None:
    if value in ("-", "–", "all"):
        return None
    named = [word.strip().casefold() for word in value.split(",")]
    known = all(Cycle(word) in call.framework.cycles for word in named)
    return named if known else Refused("settings-cycles-unknown")


def _prompts(call: Call, value: str) -> int | Refused:
    days = int(value) if value.isascii() and value.isdigit() and len(value) <= 3 else 0
    return days if LEAST_DAYS <= days <= MOST_DAYS else Refused("settings-prompts-unknown")


def _quiet(call: Call, value: str) -> str | Refused:
    found = read_hours(value, Hours())
    if isinstance(found, NotUnderstood):
        return Refused("settings-quiet-unknown")
    return str(hours_values(found)["quiet"])


def _days_off(call: Call, value: str) -> str | Refused:
    found = read_days(value, Hours())
    if isinstance(found, NotUnderstood) or len(found.days_off) == len(DAYS):
        return Refused("settings-days-off-unknown")
    return str(hours_values(found)["days_off"])


SETTINGS: Mapping[str, Setting] = {
    "name": Setting("name", _name),
    "language": Setting("language", _language),
    "timezone": Setting("timezone", _timezone),
    "access": Setting("access", _access),
    "difference": Setting("difference", _text),
    "uncertainties": Setting("uncertainties", _text),
    "cycles": Setting("cycles", _cycles),
    "prompts": Setting("prompts_every", _prompts),
    "quiet": Setting("quiet", _quiet),
    "days-off": Setting("days_off", _days_off),
}
"""What an organizer can set for the community."""

OWN: Mapping[str, Callable[[Call, bool], None]] = {"notices": _notices, "digest": _digest}
"""What each organizer switches on and off for themselves."""

SETTINGS_COMMAND = Command(
    name="settings", run=_settings, role=Role.ORGANIZER, owners=True, takes=True
)
