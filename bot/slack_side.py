"""What the bot does with what Slack tells."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.app import App, now
from bot.delivery import Courier
from bot.granting import deactivate
from bot.platforms.platform import PlatformError
from bot.platforms.slack import Slack
from bot.platforms.slack_inbound import (
    SLACK,
    STORY,
    FormWanted,
    Gone,
    HomeOpened,
    Tapped,
    Told,
    told_by_action,
    told_by_command,
    told_by_event,
    told_by_form,
    told_by_shortcut,
)
from bot.platforms.slack_workspaces import Workspaces
from bot.recent import Recent
from bot.scene import words_for
from bot.slack_forms import form_errors, form_for
from bot.slack_home import Homes
from flows.messages import Address, Inbound, Say
from storage.errors import StorageError
from storage.unit_of_work import Work

WEEK = timedelta(days=7)
"""After so long Slack is asked anew what somebody is called, and where they live."""

PATIENCE = 1.5  # seconds that a first turn waits for a name; Slack waits three for the whole

KNOWN = 10_000  # people of whom it is remembered that their profile is fresh

Body = dict[str, Any]

log = structlog.get_logger()


class SlackSide:
    def __init__(
        self,
        app: App,
        slack: Slack,
        workspaces: Workspaces,
        courier: Courier,
        *,
        key: bytes,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._app = app
        self._slack = slack
        self._workspaces = workspaces
        self._courier = courier
        self._key = key
        self._now = clock
        self._homes = Homes(app, slack)
        self._beside: set[asyncio.Task[None]] = set()
        self._fresh: Recent[Address, None] = Recent(KNOWN)
        slack.when_gone = self._tell_owners

    async def rests(self) -> None:
        """Returns once nothing is done beside the turns any more."""
        while self._beside:
            await asyncio.wait(self._beside)

    async def take(self, body: Body) -> Body | None:
        """Returns once what Slack tells is committed, with what it is to be answered.

        Raises StorageError where it could not be kept.
        """
        if "command" in body:
            await self._do(await self._command(body))
            return None
        match body.get("type"):
            case "event_callback":
                event = body.get("event") or {}
                for told in told_by_event(body):
                    if isinstance(told, Inbound) and event.get("channel_type") == "im":
                        self._slack.meet(told.address, event["channel"])
                    await self._do(told)
            case "block_actions":
                await self._tapped(body)
            case "view_submission":
                return await self._form_sent(body)
            case "message_action" if body.get("callback_id") == STORY:
                await self._shortcut(body)
            case kind:
                log.debug("slack.unknown", kind=str(kind)[:40])
        return None

    async def _do(self, told: Told) -> None:
        match told:
            case Inbound():
                await self._hear(told)
            case Tapped(inbound):
                self._slack.tapped(inbound.address, told.message_id, told.button, told.blocks)
                self._courier.pass_on(inbound.address, f"{told.message_id} {told.button}")
                await self._hear(inbound)
            case HomeOpened(address):
                self._go(self._homes.show(address))
            case FormWanted():
                await self._open_form(told)
            case Gone(team, because, at):
                if await self._workspaces.end(team, because, at=at):
                    await self._tell_owners(team, because)

    async def _hear(self, inbound: Inbound) -> None:
        address = inbound.address
        await self._know(address)
        await self._courier.settled(address)
        # Slack waits three seconds; a long summary is kept by then, and comes when it is made.
        await self._app.turns.handle(inbound, later=lambda rest: self._later(rest, address))
        self._courier.wake(address)
        if self._homes.is_open(address):
            self._go(self._homes.show(address))

    def _later(self, rest: Coroutine[Any, Any, None], to: Address) -> None:
        async def finishing() -> None:
            await rest
            self._courier.wake(to)

        self._go(finishing())

    async def _command(self, body: Body) -> Inbound:
        address = Address(SLACK, f"{body['team_id']}/{body['user_id']}")
        is_here = False
        try:
            is_here = body["channel_id"] == await self._slack.chat(address)
        except PlatformError as error:
            log.info("slack.chat", fault=type(error).__name__)
        return told_by_command(body, is_here=is_here, now=self._now())

    async def _tapped(self, body: Body) -> None:
        told = told_by_action(body, key=self._key)
        if told is not None:
            await self._do(told)

    async def _shortcut(self, body: Body) -> None:
        user = Address(SLACK, f"{body['team']['id']}/{body['user']['id']}")
        channel, ts = body["channel"]["id"], body["message_ts"]
        inbound = told_by_shortcut(body, link=await self._slack.link_to(user, channel, ts))
        if inbound is not None:
            await self._hear(inbound)
        else:
            await self._say(user, "not-your-message")

    # ---- forms ----

    async def _open_form(self, wanted: FormWanted) -> None:
        view = await form_for(self._app, wanted, key=self._key)
        if view is None:  # it is told as any button that is out of date
            await self._hear(wanted.inbound)
            return
        try:
            await self._slack.open_modal(wanted.inbound.address, wanted.trigger, view)
        except PlatformError as error:  # it was tapped too long ago: it may be tapped once more
            log.info("slack.form", fault=type(error).__name__)

    async def _form_sent(self, body: Body) -> Body | None:
        sent = told_by_form(body, key=self._key, now=self._now())
        if sent is None:
            return None
        errors = await form_errors(self._app, sent)
        if errors:
            return {"response_action": "errors", "errors": errors}
        await self._hear(sent.inbound)
        return None

    # ---- people ----

    async def _know(self, address: Address) -> None:
        """Look up who somebody is: a newcomer before their first turn, others beside."""
        if address in self._fresh:
            return
        is_met, is_fresh = await self._app.database.read(
            lambda c: _known(Work(c), address, self._now())
        )
        if not is_fresh:
            looking = self._go(self._look_up(address))
            if not is_met:  # the welcome calls them by their name
                await asyncio.wait({looking}, timeout=PATIENCE)
        self._fresh[address] = None

    async def _look_up(self, address: Address) -> None:
        """Ask Slack who somebody is, and keep it. Best effort: it is asked again the next time."""
        try:
            profile = await self._slack.profile(address)
        except PlatformError as error:
            log.info("slack.profile", fault=type(error).__name__)
            return
        texts = self._app.interviews.texts
        told = {
            "name": profile.name or None,
            "timezone": profile.timezone,
            "language": texts.nearest(profile.language) if profile.language else None,
        }

        def keep(work: Work) -> None:
            work.members.meet(address, name=profile.name or None, now=self._now())  # if not met yet
            work.members.take_profile(address, told, now=self._now())
            if not profile.is_there:
                deactivate(work, address, now=self._now())
            work.flush()

        await self._app.database.write(lambda c: keep(Work(c)))

    # ---- what is said besides ----

    async def _say(self, to: Address, key: str, **values: str) -> None:
        def say(work: Work) -> None:
            said = Say(words_for(self._app.house, work, to)(key, **values))
            work.outbox.put(to, [said], conversation=None, now=self._now())
            work.flush()

        await self._app.database.write(lambda c: say(Work(c)))
        self._courier.wake(to)

    async def _tell_owners(self, team: str, because: str) -> None:
        """That a workspace is served no more: once, and whoever asked for it need not ask why."""
        log.warning("slack.workspace-ended", team=team, because=because)
        for owner in self._app.house.owners:
            if owner.workspace != team:
                await self._say(owner, "workspace-ended", workspace=team)

    def _go(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Beside the turns. What fails there is logged and concerns nobody's words."""

        async def going() -> None:
            try:
                await work
            except (PlatformError, StorageError) as error:
                log.info("slack.beside", fault=type(error).__name__)

        task = asyncio.create_task(going())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task


def _known(work: Work, address: Address, at: datetime) -> tuple[bool, bool]:
    """Whether somebody was met before, and whether Slack was asked about them of late."""
    is_met = work.members.known(address) is not None
    return is_met, is_met and work.members.knows_profile(address, since=at - WEEK)
