"""Who may call what, and that nobody is told of what they may not see: every command in one table.

Each command is one turn that is undone afterwards, so that all of them meet the same town.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Table

from bot.commands import COMMANDS, find
from bot.commands.command import Command
from bot.responding import Responder
from flows.messages import Ask, Commanded, Inbound, Reply, Say, parse
from storage.communities import Access
from storage.members import Role
from storage.outbox import Sent
from storage.tables import metadata
from storage.unit_of_work import Work
from tests.builders import tried
from tests.rights.conftest import OLGA, Town, at, text_of

pytestmark = pytest.mark.usefixtures("nothing_fails")

HERE, THERE = "ZEBRAFINK", "WOLVERINE"
"""Words that stand in the story of the community that is spoken in, and of the other one."""

MISSING = "S-999999999"
NOBODY = "terminal:nobody"

PLAIN = ("",)

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "tell": PLAIN,
    "back": PLAIN,
    "skip": PLAIN,
    "pause": PLAIN,
    "resume": PLAIN,
    "cancel": PLAIN,
    "mystories": PLAIN,
    "read": ("", "{ref}"),
    "withdraw": ("", "{ref}"),
    "status": PLAIN,
    "start": PLAIN,
    "privacy": PLAIN,
    "mydata": PLAIN,
    "forget": PLAIN,
    "link": ("", "ABCDEFGH"),
    "community": PLAIN,
    "leave": PLAIN,
    "language": ("", "en", "tlh"),
    "timezone": ("", "Europe/Ljubljana", "Atlantis"),
    "help": PLAIN,
    "invite": ("", "7 20", "list", "revoke {invite}", "nonsense"),
    "summary": ("", "2026-03", "for funders", "never"),
    "stories": ("", "2026-03"),
    "permission": ("", "{ref}", '{ref} for "annual report"'),
    "hide": ("", "{ref} It names a colleague.", "{ref} show"),
    "members": PLAIN,
    "roles": ("", "grant {who} coordinator", "revoke {who}", "nonsense"),
    "snooze": ("", "2 weeks", "off", "nonsense"),
    "quiet": ("", "20:00-8:00", "sat sun", "nonsense"),
    "stop": PLAIN,
    "prompt": ("", "now", "now for Nobody", "nonsense"),
    "schedule": ("", "every thursday at 10:00", "pause 987654", "every 5 parsecs"),
    "rounds": PLAIN,
    "settings": ("", "access invite", "name Another one", "nonsense"),
}
"""What stands behind every command: a new one needs its line."""

CALLERS = ("stranger", "member", "coordinator", "organizer", "owner", "owner-organizer")

TURNS = {"turned_at", "delivered_at", "revision", "active_seconds", "has_begun"}
"""Columns of a conversation that a turn moves."""

Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Turned:
    """What one turn said, and every row before and after it."""

    replies: list[Reply]
    before: Rows
    after: Rows

    @property
    def text(self) -> str:
        return text_of(self.replies)

    @property
    def changed(self) -> set[str]:
        return {name for name, rows in self.after.items() if rows != self.before[name]}


@dataclass
class Stage:
    """A town in which `caller` calls commands, one after another from the same beginning."""

    town: Town
    caller: str
    belongs: bool
    role: Role
    is_owner: bool
    _before: Rows | None = None

    @property
    def name(self) -> str:
        return "olga" if self.is_owner else self.caller

    def calls(self, text: str) -> Turned:
        """One turn, and that of the community that is asked for then; undone afterwards."""
        return tried(self.town.database, lambda work: self._calls(work, text))

    def _calls(self, work: Work, text: str) -> Turned:
        connection = work._connection
        self._before = self._before or rows_of(connection)
        replies = self._turn(work, "1", text)
        if self.is_owner and isinstance(replies[-1], Ask) and _asks_community(replies[-1]):
            replies = self._turn(work, "2", "1")  # of main
        return Turned(replies, self._before, rows_of(connection))

    def _turn(self, work: Work, key: str, text: str) -> list[Reply]:
        """As `bot.turns` has it, within one transaction."""
        address, now = at(self.name), self.town.clock()
        inbound = Inbound(key=f"undone {key}", address=address, said_at=now, payload=parse(text))
        responder = Responder(self.town.house)
        work.inbox.claim(inbound.key, now=now)
        reads = responder.respond(work, inbound, now=now)
        if reads is not None:
            work.flush()
            responder.answer(work, reads, responder.read(work, reads, now=now), now=now)
        work.flush()
        found = work.outbox.waiting(address)
        work.outbox.mark_sent([(row.id, Sent("b1", now)) for row in found])
        return [row.reply for row in found]

    def may(self, command: Command) -> bool:
        if not self.belongs:
            return command.anywhere or (command.owners and self.is_owner)
        return command.may(self.role, is_owner=self.is_owner)


def _asks_community(ask: Ask) -> bool:
    return ask.text == "Which community is it about?"


def _dump(table: Table) -> str:
    names = (c.name for c in table.c if table.name != "conversations" or c.name not in TURNS)
    columns = ", ".join(f'"{name}"' for name in names)
    return f'SELECT {columns} FROM "{table.name}"'


DUMPS = {
    table.name: _dump(table)
    for table in metadata.sorted_tables
    if table.name not in ("inbox", "outbox", "definitions")
}
"""Every row of every table, but for what every turn leaves behind."""


def rows_of(connection: Connection) -> Rows:
    return {
        name: sorted(repr(tuple(row)) for row in connection.exec_driver_sql(dump))
        for name, dump in DUMPS.items()
    }


@pytest.fixture(params=CALLERS)
def stage(town: Town, request: pytest.FixtureRequest) -> Stage:
    caller: str = request.param
    main = town.read(lambda w: w.communities.home())
    town.adds("other", access=Access.INVITE)
    for name, of, words in (("teller", "main", HERE), ("foreigner", "other", THERE)):
        town.has(name, of=of)
        town.keeps(name, f"The {words} sang.", of=of, to="organizers public")
        town.keeps(name, f"The {words} slept.", of=of, to="organizers")
    town.has("boss", Role.ORGANIZER)
    town.has("chief", Role.ORGANIZER, of="other")
    town.write(lambda w: w.communities.change(main.id, access=Access.INVITE))
    role = Role(caller) if caller in set(Role) else Role.MEMBER
    if caller == "owner-organizer":
        role = Role.ORGANIZER
    belongs = caller not in ("stranger", "owner")
    is_owner = caller.startswith("owner")
    name = OLGA.user if is_owner else caller
    if belongs:
        town.has(name, role)
    else:
        town.says(name, "hello")
    return Stage(town, caller, belongs, role, is_owner)


def calls() -> Iterator[tuple[Command, str]]:
    """Every command with every argument."""
    for command in COMMANDS:
        for rest in ARGUMENTS[command.name]:
            yield command, f"/{command.name} {rest}".strip()


def filled(text: str, ref: str = MISSING, who: str = NOBODY, invite: str = "987654") -> str:
    return text.format(ref=ref, who=who, invite=invite)


# ---- the table ----


def test_every_command_has_a_line_in_the_table_of_arguments():
    assert set(ARGUMENTS) == {command.name for command in COMMANDS}


def test_every_command_is_allowed_to_exactly_those_whom_the_table_of_commands_names(stage):
    wrong: list[str] = []

    for command, text in calls():
        turned = stage.calls(filled(text))
        refused = is_refusal(stage, command, turned)
        if refused == stage.may(command):
            wrong.append(f"{text}: {turned.text}")

    assert wrong == []


def is_refusal(stage: Stage, command: Command, turned: Turned) -> bool:
    """One message that says why, and not a row changed; not even an entry in the audit."""
    if stage.belongs or (command.owners and stage.is_owner):
        sentence = f"That is for {command.role}s. An organizer can give you that role."
    elif command.anywhere:
        return False
    else:
        sentence = "You need an invite to take part. Whoever told you about this can give you one."
    refused = sentence in turned.text
    if refused:
        assert turned.replies == [Say(sentence)]
        assert turned.changed == set()
    return refused


def test_help_lists_exactly_what_its_caller_may_call(stage):
    turned = stage.calls("/help")

    listed = [line.split(":")[0].split()[0] for line in turned.text.split("\n") if line[:1] == "/"]
    assert listed == [f"/{c.name}" for c in COMMANDS if c.may(stage.role, is_owner=stage.is_owner)]


# ---- what is not theirs ----


def test_a_story_of_another_community_is_as_unknown_as_one_that_does_not_exist(stage):
    foreign = [*stage.town.refs("foreigner")]
    assert len(foreign) == 2

    for _, text in calls():
        if "{ref}" not in text:
            continue
        missing = stage.calls(filled(text))
        for ref in foreign:
            turned = stage.calls(filled(text, ref=ref))

            assert turned.text.replace(ref, MISSING) == missing.text, text
            assert turned.changed == set(), text


def test_a_story_for_organizers_only_is_unknown_to_everybody_else(stage):
    closed, _ = stage.town.refs("teller")
    if stage.belongs and stage.role is Role.ORGANIZER:
        assert HERE in stage.calls(f"/read {closed}").text
        return

    for _, text in calls():
        if "{ref}" in text:
            missing, turned = stage.calls(filled(text)), stage.calls(filled(text, ref=closed))

            assert turned.text.replace(closed, MISSING) == missing.text, text
            assert turned.changed == set(), text


def test_a_person_of_another_community_is_as_unknown_as_nobody(stage):
    for _, text in calls():
        if "{who}" in text:
            missing = stage.calls(filled(text))
            turned = stage.calls(filled(text, who="terminal:foreigner"))

            assert turned.text.replace("terminal:foreigner", NOBODY) == missing.text, text
            assert turned.changed == set(), text


def test_an_invite_of_another_community_is_as_unknown_as_none(stage):
    town = stage.town
    town.says("chief", "/invite")
    number = town.read(
        lambda w: w.codes.invites(w.communities.all()[1].id, now=town.clock())[0].number
    )

    missing = stage.calls("/invite revoke 987654")
    turned = stage.calls(f"/invite revoke {number}")

    assert turned.text.replace(f"invite {number} ", "invite 987654 ") == missing.text
    assert turned.changed == set()


def test_nothing_of_another_community_is_seen_by_any_command(stage):
    foreign = stage.town.refs("foreigner")
    hidden = [THERE, "Foreigner", "foreigner", "Chief", *foreign]
    if not stage.is_owner:  # who has its name on a button
        hidden.append("the other group")
    if not stage.belongs:
        hidden += [HERE, "Teller", *stage.town.refs("teller")]
    if not stage.belongs and not stage.is_owner:  # who sees who has which role
        hidden += ["Boss", "the Onboarding Circle"]

    for _, text in calls():
        turned = stage.calls(filled(text))

        said = turned.text.replace("S-481", "")  # the example of many a text
        seen = [word for word in hidden if word in said]
        assert seen == [], f"{text}: {turned.text}"


def test_a_story_that_is_open_to_anyone_is_read_by_members_of_its_own_community_only(stage):
    _, public = stage.town.refs("teller")

    turned = stage.calls(f"/read {public}")

    assert (HERE in turned.text) == stage.belongs


def test_an_alias_is_refused_as_its_command_is():
    for command in COMMANDS:
        for alias in command.aliases:
            assert find(alias) is command


# ---- what cannot be kept ----


@pytest.mark.parametrize("rest", ["\x00", "S-481\x00", "\ud800", "x" * 200_001])
def test_what_no_database_keeps_is_answered_and_nothing_fails(town, rest):
    town.adds("other")
    town.has("boss", Role.ORGANIZER)

    for command in COMMANDS:
        if command.run is not None or command.name == "start":
            replies = town.hears("boss", Commanded(command.name, rest))

            assert replies, command.name
