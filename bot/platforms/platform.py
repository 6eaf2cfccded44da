"""What a chat platform is to the bot."""

from typing import Protocol

from flows.messages import Address, Reply
from storage.outbox import Sent


class Platform(Protocol):
    """One way of talking with people. `name` is what its addresses begin with."""

    @property
    def name(self) -> str: ...

    async def send(self, to: Address, reply: Reply) -> Sent:
        """Show a reply; what the platform says of it."""
        ...
