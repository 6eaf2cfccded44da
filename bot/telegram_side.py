"""What the bot does with what Telegram tells, and what it has Telegram list."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

import structlog

from bot.app import App, now
from bot.commands import COMMANDS, find
from bot.delivery import Courier
from bot.platforms.platform import PlatformError
from bot.platforms.telegram import Menu, Telegram
from bot.platforms.telegram_inbound import TELEGRAM, Moved, Reached, Told
from config.texts import LAST_RESORT
from flows.messages import Address, Commanded, Inbound
from storage.communities import Place
from storage.errors import StorageError
from storage.members import Role
from storage.unit_of_work import Work

EVERY = 60.0  # seconds after which roles are looked at again

DESCRIPTION = 256  # characters of what a command does, Bot API BotCommand

log = structlog.get_logger()


class TelegramSide:
    def __init__(self, app: App, telegram: Telegram, courier: Courier) -> None:
        self._app = app
        self._telegram = telegram
        self._courier = courier
        self._going: set[asyncio.Task[None]] = set()

    async def receive(self, raw: dict[str, Any]) -> None:
        """An update by webhook. Raises StorageError where it could not be kept."""
        told = self._telegram.told(raw)
        if told is not None:
            await self.take(told)
        if "callback_query" in raw:
            self._beside(self._telegram.answer_tap(raw))

    async def take(self, told: Told) -> None:
        """Returns once what was told is committed. Raises StorageError where it could not be."""
        match told:
            case Inbound():
                self._show_typing(told)
                # What was being sent meanwhile: was this written before it or after?
                await self._courier.settled(told.address)
                await self._app.turns.handle(told)
                self._courier.wake(told.address)
            case Reached(address, can_be):
                at = None if can_be else now()
                await self._app.database.write(
                    lambda c: Work(c).members.set_unreachable(address, at)
                )
            case Moved(old, new):
                await self._app.database.write(lambda c: _move(Work(c), old, new))
            case _:
                assert_never(told)

    def _show_typing(self, inbound: Inbound) -> None:
        """Where an answer may take a while."""
        payload = inbound.payload
        if not isinstance(payload, Commanded):
            return
        command = find(payload.name)
        if command is not None and command.reads_beside(payload.rest):
            place = inbound.place if inbound.is_public else None
            self._beside(self._telegram.is_typing(inbound.address, place))

    def _beside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def rests(self) -> None:
        """Until nothing goes on beside the turns."""
        while self._going:
            await asyncio.wait(self._going)


def _move(work: Work, old: str, new: str) -> None:
    """A group became another one: what is known of it and what waits for it goes along."""
    work.communities.move_place(Place(TELEGRAM, old), Place(TELEGRAM, new))
    work.outbox.move_place(TELEGRAM, old, new)


@dataclass(frozen=True, slots=True)
class Listing:
    """To whom commands are listed."""

    role: Role
    language: str = LAST_RESORT
    is_owner: bool = False


class Menus:
    """The commands that clients list: those of every member, and more for whoever has a role."""

    def __init__(self, app: App, telegram: Telegram) -> None:
        self._app = app
        self._telegram = telegram
        self._described = False
        self._listed: dict[Address, tuple[tuple[str, str], ...]] = {}

    async def keep(self) -> None:
        """Until cancelled: what changed is listed anew within a minute."""
        while True:
            try:
                await self._look()
            except (PlatformError, StorageError) as error:
                log.info("telegram.menus", fault=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        if not self._described:
            await self._describe()
            self._described = True
        roles = await self._app.database.read(lambda c: self._roles(Work(c)))
        for address in roles.keys() | self._listed.keys():
            listed = roles.get(address, Listing(Role.MEMBER))
            commands = tuple(_commands(self._app, listed))
            if self._listed.get(address) != commands:
                await self._telegram.list_for(address, Menu(None, commands))
                self._listed[address] = commands

    async def _describe(self) -> None:
        texts = self._app.interviews.texts
        menus = [
            Menu(language, tuple(_commands(self._app, Listing(Role.MEMBER, language))))
            for language in texts.languages
            if len(language) == 2  # Telegram knows languages by two letters
        ]
        everybody = tuple(_commands(self._app, Listing(Role.MEMBER)))
        wording = texts.wording(LAST_RESORT, command=self._app.house.spelling(TELEGRAM))
        await self._telegram.describe(
            wording("telegram-short"), wording("telegram-long"), [Menu(None, everybody), *menus]
        )

    def _roles(self, work: Work) -> dict[Address, Listing]:
        """Who has a role anywhere, or owns the installation."""
        found = {
            owner: Listing(Role.MEMBER, is_owner=True)
            for owner in self._app.house.owners
            if owner.platform == TELEGRAM
        }
        for community in work.communities.all():
            for person in work.members.of(community.id, least=Role.COORDINATOR):
                for address in person.addresses:
                    if address.platform == TELEGRAM:
                        language = person.language or community.language
                        is_owner = address in self._app.house.owners
                        found[address] = Listing(person.role, language, is_owner)
        return found


def _commands(app: App, to: Listing) -> Iterator[tuple[str, str]]:
    wording = app.interviews.texts.wording(to.language, command=app.house.spelling(TELEGRAM))
    for command in (c for c in COMMANDS if c.may(to.role, is_owner=to.is_owner)):
        yield command.name, wording(f"help-{command.name}")[:DESCRIPTION]
