"""Workspaces on a server of Slack, and the browser of somebody who installs the app."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from bot.app import now
from bot.platforms.slack_oauth import flow_of, router_of
from bot.platforms.slack_workspaces import Workspaces
from bot.seal import Seal
from config.settings import Settings
from storage.database import Database
from tests.doubles.slack_server import Person, SlackServer, Workspace

KEY = "a key that only tests have"
HERE = "https://stories.example.org"
REDIRECT = f"{HERE}/slack/oauth_redirect"


def settings_of(server: SlackServer, **changed: Any) -> Settings:
    """For many workspaces."""
    plain: dict[str, Any] = {
        "slack_api_url": server.url,
        "slack_client_id": server.client_id,
        "slack_client_secret": server.client_secret,
        "public_url": HERE,
        "secret_key": KEY,
    }
    return Settings(**{**plain, **changed})


@asynccontextmanager
async def workspaces_of(
    settings: Settings, database: Database, *, key: str = KEY
) -> AsyncIterator[Workspaces]:
    async with Workspaces(settings, database, Seal(key.encode()), now).opened() as workspaces:
        yield workspaces


@dataclass
class Browser:
    """It comes to our pages, keeps their cookies and follows no link by itself."""

    client: AsyncClient

    async def begins(self) -> dict[str, str]:
        """What Slack's page is asked for."""
        page = await self.client.get("/slack/install")
        assert page.status_code == 200
        self.link = unescape(re.findall(r'href="([^"]+)"', page.text)[0])
        return {name: given[0] for name, given in parse_qs(urlsplit(self.link).query).items()}

    async def comes_back(self, **query: str) -> Response:
        return await self.client.get("/slack/oauth_redirect", params=query)

    async def installs(self, workspace: Workspace, person: Person) -> Response:
        """All the way, with a person who allows it."""
        asked = await self.begins()
        return await self.comes_back(
            code=workspace.code(person, asked["redirect_uri"]), state=asked["state"]
        )


@asynccontextmanager
async def browser_of(settings: Settings, workspaces: Workspaces) -> AsyncIterator[Browser]:
    site = FastAPI()
    site.include_router(router_of(flow_of(settings, workspaces)))
    transport = ASGITransport(app=site)
    async with AsyncClient(transport=transport, base_url=HERE) as client:
        yield Browser(client)
