"""Slack within the program: Socket Mode or HTTP, sending, one workspace or many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from time import monotonic

from bot.app import App, now
from bot.delivery import Courier
from bot.errors import SlackUnset
from bot.limits import Limits, Rates
from bot.part import Part, unplaced
from bot.platforms.slack import Slack
from bot.platforms.slack_app import SlackApp
from bot.platforms.slack_oauth import flow_of, router_of
from bot.platforms.slack_workspaces import Workspaces
from bot.seal import Seal
from bot.secret import secret_key
from bot.slack_side import SlackSide
from bot.web.slack_events import slack_events
from storage.leases import lease_on

A_MINUTE = 60  # messages in a channel: about one a second, as in a chat
GRACE = 5.0  # seconds that what goes on beside the turns has when the program ends


@asynccontextmanager
async def slack_part(app: App) -> AsyncIterator[Part]:
    """Raises SlackUnset, InstallingNeedsUrl."""
    settings = app.settings
    longest = settings.limit_pause
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        raise SlackUnset
    key = secret_key(settings)
    workspaces = Workspaces(settings, app.database, Seal(key), now)
    async with workspaces.opened():
        slack = Slack(workspaces, key=key, now=now)
        rates = replace(
            Rates.of(settings),
            per_second=settings.limit_workspace_per_second,
            group_per_minute=max(A_MINUTE, settings.limit_group_per_minute),
        )
        lease = lease_on(app.database, slack.name, timeout=settings.lease_timeout)
        courier = Courier(
            app.database,
            slack,
            Limits(rates, monotonic),
            now,
            lease=lease,
            longest=longest,
            unplaced=partial(unplaced, app),
        )
        side = SlackSide(app, slack, workspaces, courier, key=key)
        app_token = settings.slack_app_token
        bolt = SlackApp(
            workspaces,
            side.take,
            signing_secret=settings.slack_signing_secret if app_token is None else None,
            longest=longest,
        )

        async def receive(ends: asyncio.Event) -> None:
            if app_token is not None:
                await bolt.listen(app_token, workspaces.client_with(), ends)

        routers = [] if app_token is not None else [slack_events(bolt.answer)]
        if workspaces.are_many:
            routers.append(router_of(flow_of(settings, workspaces)))
        try:
            yield Part(
                name=slack.name,
                courier=courier,
                told=slack.tapped_elsewhere,
                receive=receive,
                is_well=lambda: bolt.is_allowed and (not lease.is_held or courier.is_allowed),
                routers=tuple(routers),
            )
        finally:  # while there are connections still
            with suppress(TimeoutError):
                await asyncio.wait_for(side.rests(), GRACE)
