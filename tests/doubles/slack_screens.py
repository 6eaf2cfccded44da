"""What a person sees: messages, modals, the Home tab."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.doubles.slack_chats import Channel, Message, Team, User, View
from tests.doubles.slack_world import World


@dataclass(eq=False)
class Screen:
    """That of one person. Where no channel is named, it is their conversation with the bot."""

    world: World
    team: Team
    user: User
    _read: int = 0

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def dm(self) -> Channel:
        """Their conversation with the bot."""
        with self.world.lock:
            return self.world.conversation(self.team, self.user)

    def sees(self, channel: Channel | None = None) -> list[Message]:
        """What stands in a channel now, in order, with what only they see."""
        with self.world.lock:
            there = (channel or self.dm).messages
            return [message for message in there if message.only_for in {"", self.id}]

    def waits_for(self, part: str, channel: Channel | None = None, timeout: float = 5) -> Message:
        """The newest message of the bot in which this stands, as soon as there is one."""
        found: list[Message] = []

        def is_there() -> bool:
            found[:] = [m for m in self.sees(channel) if m.from_bot and part in m.shown]
            return bool(found)

        if not self.world.until(is_there, timeout):
            seen = self.sees(channel)
            raise AssertionError(f"{part!r} did not come within {timeout} s, only {seen}")
        return found[-1]

    def hears(self, count: int = 1, timeout: float = 5) -> list[Message]:
        """The next messages of the bot to them that this did not return yet."""

        def heard() -> list[Message]:
            there = self.dm.by_ts.values()
            return [m for m in there if m.from_bot and m.only_for in {"", self.id}]

        with self.world.changed:
            if not self.world.until(lambda: len(heard()) >= self._read + count, timeout):
                raise AssertionError(f"{count} messages expected, not {heard()[self._read :]}")
            self._read += count
            return heard()[self._read - count : self._read]

    @property
    def last(self) -> Message:
        """The newest message of the bot to them."""
        return next(message for message in reversed(self.sees()) if message.from_bot)

    @property
    def home(self) -> View | None:
        return self.user.home

    @property
    def modal(self) -> View | None:
        """The one in front."""
        with self.world.lock:
            return self.user.modals[-1] if self.user.modals else None

    def waits_for_modal(self, title: str = "", timeout: float = 5) -> View:
        """The modal in front, once one with this in its title is open."""
        return self._view(lambda: self.modal, title, "modal", timeout)

    def waits_for_home(self, part: str = "", timeout: float = 5) -> View:
        """The Home tab, once this stands in it."""
        return self._view(lambda: self.home, part, "home", timeout)

    def _view(self, view: Callable[[], View | None], part: str, kind: str, timeout: float) -> View:
        def is_there() -> bool:
            seen = view()
            return seen is not None and part in (seen.title if kind == "modal" else seen.shown)

        if not self.world.until(is_there, timeout):
            seen = view()
            told = seen.shown if seen else None
            raise AssertionError(f"no {kind} with {part!r} within {timeout} s, only {told!r}")
        found = view()
        assert found is not None
        return found
