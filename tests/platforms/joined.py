"""The platforms that all tests of this folder run over."""

from tests.platforms.seats import Platform
from tests.platforms.slack_seat import SlackPlatform
from tests.platforms.telegram_seat import TelegramPlatform
from tests.platforms.terminal_seat import TerminalPlatform

SEATS: tuple[Platform, ...] = (TerminalPlatform(), TelegramPlatform(), SlackPlatform())
"""The first one that can play a scene is what the others are compared with."""
