"""What a chat platform is to the bot, and how sending there can fail.

PlatformError
├── RetryLater     the platform asks for time, for one chat
├── Broken         no answer, or one that says nothing about the message: try again
├── Unreachable    the person cannot be written to
├── Refused        this message will never be taken
└── NotAllowed     the platform does not let the bot in any more
"""

from typing import Protocol

from flows.messages import Address, Reply, Say
from storage.outbox import Sent


class PlatformError(Exception):
    """The root of what can go wrong on a platform."""


class RetryLater(PlatformError):
    """`is_for_all`: the whole workspace is to wait, and not one chat."""

    def __init__(self, seconds: float, *, is_for_all: bool = False) -> None:
        super().__init__(f"asked to wait for {seconds:g} s")
        self.seconds = seconds
        self.is_for_all = is_for_all


class Broken(PlatformError):
    """The connection broke, or the platform has trouble of its own."""


class Unreachable(PlatformError):
    """The person blocked the bot, or is gone."""


class Refused(PlatformError):
    """`description` is the platform's own, and quotes nobody."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class NotAllowed(PlatformError):
    """The token is wrong or was revoked."""


class Platform(Protocol):
    """One way of talking with people. `name` is what its addresses begin with."""

    @property
    def name(self) -> str: ...

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        """Show a reply, in the person's own chat or in a group; what the platform says of it.

        Raises PlatformError.
        """
        ...


class SharesOnce(Protocol):
    """A platform where what is shared anew is brought up to date where it stands."""

    async def update_shared(self, to: Address, message_id: str, reply: Say, place: str) -> None:
        """Raises PlatformError."""
        ...


class FetchesFiles(Protocol):
    """A platform that hands out the files that people sent there."""

    async def fetch(self, file_id: str) -> bytes:
        """The whole file. Raises PlatformError."""
        ...


class EditsMessages(Protocol):
    """A platform whose messages can be changed once they are there."""

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Show `reply` in place of that message. Raises PlatformError."""
        ...

    async def close(self, to: Address, message_id: str) -> None:
        """Take the buttons of that message away. Raises PlatformError."""
        ...
