"""The chat platforms. One file a platform, one line here."""

from collections.abc import Callable

from bot.platforms.platform import Platform


def _slashed(command: str) -> str:
    return f"/{command}"


def _behind_ours(command: str) -> str:
    return f"/storytrail {command}"


TERMINAL = "terminal"

SPELLINGS: dict[str, Callable[[str], str]] = {
    TERMINAL: _slashed,
    "telegram": _slashed,
    "slack": _behind_ours,
}
"""How commands are written, by platform: known without loading a platform's library.

The contract of tests/platforms/ is held against each of these.
"""


def spelling(platform: str) -> Callable[[str], str]:
    return SPELLINGS[platform]


__all__ = ["TERMINAL", "Platform", "spelling"]
