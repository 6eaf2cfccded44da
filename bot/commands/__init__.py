"""The commands that people write in chat. One file a command, one line here."""

from bot.commands.back import BACK
from bot.commands.cancel import CANCEL
from bot.commands.command import Command
from bot.commands.help import HELP
from bot.commands.mystories import MYSTORIES
from bot.commands.pause import PAUSE
from bot.commands.read import READ
from bot.commands.resume import RESUME
from bot.commands.skip import SKIP
from bot.commands.start import START
from bot.commands.status import STATUS
from bot.commands.summary import SUMMARY
from bot.commands.tell import TELL
from bot.commands.withdraw import WITHDRAW

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
    HELP,
    SUMMARY,
)


def find(name: str) -> Command | None:
    """The command of this name or alias."""
    return next((c for c in COMMANDS if name in (c.name, *c.aliases)), None)
