"""The commands that people write in chat. One file a command, one line here."""

from bot.commands.back import BACK
from bot.commands.cancel import CANCEL
from bot.commands.command import Command
from bot.commands.community import COMMUNITY
from bot.commands.forget import FORGET
from bot.commands.help import HELP
from bot.commands.hide import HIDE
from bot.commands.invite import INVITE
from bot.commands.language import LANGUAGE
from bot.commands.leave import LEAVE
from bot.commands.link import LINK
from bot.commands.members import MEMBERS
from bot.commands.mydata import MYDATA
from bot.commands.mystories import MYSTORIES
from bot.commands.pause import PAUSE
from bot.commands.permission import PERMISSION
from bot.commands.privacy import PRIVACY
from bot.commands.prompt import PROMPT
from bot.commands.quiet import QUIET
from bot.commands.read import READ
from bot.commands.resume import RESUME
from bot.commands.roles import ROLES
from bot.commands.rounds import ROUNDS
from bot.commands.schedule import SCHEDULE
from bot.commands.settings import SETTINGS_COMMAND
from bot.commands.skip import SKIP
from bot.commands.snooze import SNOOZE
from bot.commands.start import START
from bot.commands.status import STATUS
from bot.commands.stop import STOP
from bot.commands.stories import STORIES
from bot.commands.summary import SUMMARY
from bot.commands.tell import TELL
from bot.commands.timezone import TIMEZONE
from bot.commands.withdraw import WITHDRAW
from bot.commands.wording import WORDING

COMMANDS: tuple[Command, ...] = (
    TELL,
    BACK,
    SKIP,
    PAUSE,
    RESUME,
    CANCEL,
    MYSTORIES,
    READ,
    WITHDRAW,
    STATUS,
    START,
    PRIVACY,
    MYDATA,
    FORGET,
    LINK,
    COMMUNITY,
    LEAVE,
    LANGUAGE,
    TIMEZONE,
    SNOOZE,
    QUIET,
    STOP,
    HELP,
    PROMPT,
    SCHEDULE,
    ROUNDS,
    INVITE,
    SUMMARY,
    STORIES,
    PERMISSION,
    HIDE,
    MEMBERS,
    ROLES,
    SETTINGS_COMMAND,
)


UNCALLED: tuple[Command, ...] = (WORDING,)
"""What nobody calls: questions that the bot asks by itself."""


def asking(name: str) -> Command | None:
    """Whose question it is."""
    return next((c for c in (*COMMANDS, *UNCALLED) if c.name == name), None)


def find(name: str) -> Command | None:
    """The command of this name or alias."""
    return next((c for c in COMMANDS if name in (c.name, *c.aliases)), None)
