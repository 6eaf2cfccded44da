from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.commands.command import Call, Command, Outcome
from bot.commands.timezone import zone_named
from flows.framework import Cycle
from flows.understanding import unkeepable
from storage.audit import Action
from storage.communities import MOST_NAME, Access, Framing
from storage.members import Role

MOST = 2_000  # characters of a framing


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that cannot be set, and the text that says what can."""

    key: str


def _settings(call: Call) -> Iterator[Outcome]:
    """How the community is set up, and changing it: `name`, `access invite`, `notices on`."""
    name, _, value = call.rest.partition(" ")
    name, value = name.casefold(), value.strip()
    if not name:
        yield call.lines(_shown(call))
    elif name == "notices" and not call.member.role.may(Role.ORGANIZER):
        yield call.say("command-not-yours", role=call.word("role-organizer"))
    elif name == "notices" and value in ("on", "off"):
        yield from _notices(call, value)
    elif name in SETTINGS and value:
        yield from _set(call, name, value)
    else:
        yield call.say("settings-how", names=", ".join((*SETTINGS, "notices")))


def _notices(call: Call, value: str) -> Iterator[Outcome]:
    """Their own: whether this organizer is told of each new story."""
    if call.member.role.may(Role.ORGANIZER):
        call.work.members.hear_of_stories(call.member.id, call.community.id, value == "on")
        yield call.say(f"settings-notices-{value}")
    else:  # an owner, who reads no stories
        yield call.say("command-not-yours", role=call.word("role-organizer"))


def _set(call: Call, name: str, value: str) -> Iterator[Outcome]:
    fault = "settings-too-long" if len(value) > MOST else unkeepable(value)
    if fault is not None:
        yield call.say(fault, limit=MOST)
        return
    found = SETTINGS[name](call, value)
    if isinstance(found, Refused):
        yield call.say(found.key)
        return
    call.work.communities.change(call.community.id, **{name: found})
    yield call.did(Action.COMMUNITY_CHANGED, setting=name)
    yield call.say("settings-set", name=name)


def _shown(call: Call) -> Iterator[str]:
    community, framing = call.community, call.work.communities.framing(call.community.id)
    yield call.word("settings-name", name=community.name)
    yield call.word("settings-language", language=community.language)
    yield call.word("settings-timezone", zone=community.timezone)
    yield call.word("settings-access", access=community.access)
    yield from _framed(call, framing)
    places = ", ".join(f"{place}" for place in call.work.communities.places(community.id))
    if places:
        yield call.word("settings-places", places=places)
    yield call.word("settings-outro")


def _framed(call: Call, framing: Framing) -> Iterator[str]:
    yield call.word("settings-difference", text=framing.difference or "–")
    yield call.word("settings-uncertainties", text=framing.uncertainties or "–")
    cycles = ", ".join(framing.cycles) or call.word("settings-cycles-all")
    yield call.word("settings-cycles", cycles=cycles)


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


SETTINGS: Mapping[str, Callable[[Call, str], object]] = {
    "name": _name,
    "language": _language,
    "timezone": _timezone,
    "access": _access,
    "difference": _text,
    "uncertainties": _text,
    "cycles": _cycles,
}
"""What an organizer can set, by the names of the columns."""

SETTINGS_COMMAND = Command(
    name="settings", run=_settings, role=Role.ORGANIZER, owners=True, takes=True
)
