"""Installing the app in a workspace: the two pages that somebody's browser comes to."""

from collections.abc import Awaitable, Callable
from html import escape

import structlog
from fastapi import APIRouter, Request, Response
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import InstallingNeedsUrl
from bot.platforms.slack_manifest import INSTALL_PATH, REDIRECT_PATH, SCOPES
from bot.platforms.slack_stores import SILENT, STATE_LIVES, OrgWide
from bot.platforms.slack_workspaces import Workspaces
from config.settings import Settings

HEADERS = {
    # The address holds a code: nobody else is told it, and no page is kept.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}

STYLE = (
    "body{max-width:32rem;margin:4rem auto;padding:0 1rem;font:1.1rem/1.5 sans-serif;"
    "color-scheme:light dark}"
)

EXPIRED = ("invalid_browser", "invalid_state")
"""What Bolt says of a state that is not this browser's, was used, has expired or is made up."""

log = structlog.get_logger()


def flow_of(settings: Settings, workspaces: Workspaces) -> AsyncOAuthFlow:
    """Bolt's, on our own stores. Raises InstallingNeedsUrl.

    To be made while `workspaces` are opened: it shares their connections.
    """
    url = settings.public_url or ""
    client_id, secret = settings.slack_client_id, settings.slack_client_secret
    if not (url.startswith("https://") and client_id and secret):
        raise InstallingNeedsUrl
    return _Flow(
        client=workspaces.client_with(),  # without retries: a code works once
        logger=SILENT,
        settings=AsyncOAuthSettings(
            client_id=client_id,
            client_secret=secret,
            scopes=sorted(SCOPES),
            user_scopes=[],
            redirect_uri=f"{url.rstrip('/')}{REDIRECT_PATH}",
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            authorization_url=f"{settings.slack_api_url.rstrip('/')}/oauth/v2/authorize",
            callback_options=AsyncCallbackOptions(success=_succeeded, failure=_failed),
            installation_store=workspaces.installations,
            installation_store_bot_only=True,
            state_store=workspaces.states,
            state_expiration_seconds=int(STATE_LIVES.total_seconds()),
            logger=SILENT,
        ),
    )


def router_of(flow: AsyncOAuthFlow) -> APIRouter:
    """`GET /slack/install` and `GET /slack/oauth_redirect`."""
    router = APIRouter()

    @router.get(INSTALL_PATH)
    async def install(request: Request) -> Response:
        return await _answered(flow.handle_installation, request)

    @router.get(REDIRECT_PATH)
    async def redirect(request: Request) -> Response:
        return await _answered(flow.handle_callback, request)

    return router


class _Flow(AsyncOAuthFlow):
    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        link = f'<p><a href="{escape(url)}">Add Storytrail to Slack</a></p>'
        return _page(
            "Install Storytrail",
            "Slack will show you what Storytrail may do, and ask you to allow it. "
            "You have ten minutes.",
            after=link,
        )


async def _answered(
    answer: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]], request: Request
) -> Response:
    try:
        answered = await answer(
            AsyncBoltRequest(body="", query=request.url.query, headers=dict(request.headers))
        )
    except Exception as error:
        # The database or Slack is away. By its name only: the rest may quote a code or a token.
        log.warning("slack.install", fault=type(error).__name__)
        answered = _html(
            503,
            "That did not work",
            "Storytrail could not be installed just now. Please try again in a few minutes.",
        )
    response = Response(answered.body, answered.status)
    for name, values in answered.headers.items():
        for value in values:
            response.headers.append(name, value)
    response.headers.update(HEADERS)
    return response


async def _succeeded(args: AsyncSuccessArgs) -> BoltResponse:
    name = args.installation.team_name or "your workspace"
    log.info("slack.installed", workspace=args.installation.team_id)
    return _ends(
        args,
        200,
        "Storytrail is installed",
        f"It is in {name} now. Open Slack, find Storytrail under Apps, and write to it.",
    )


async def _failed(args: AsyncFailureArgs) -> BoltResponse:
    if args.reason == "access_denied":
        return _ends(
            args, 200, "Nothing was installed", "You did not allow it. Nothing has changed."
        )
    if args.reason in EXPIRED:
        return _ends(
            args,
            400,
            "This link does not work any more",
            "A link works once, for ten minutes, and in the browser where you began.",
        )
    # What came with the address is logged no more than it is shown: anybody can write one.
    log.warning("slack.install", fault=type(args.error).__name__ if args.error else "refused")
    if isinstance(args.error, OrgWide):
        return _ends(
            args,
            400,
            "That did not work",
            "Storytrail is installed in one workspace at a time, not in a whole organization.",
        )
    return _ends(args, 400, "That did not work", "Slack did not accept it. Nothing was installed.")


def _ends(
    args: AsyncSuccessArgs | AsyncFailureArgs, status: int, title: str, sentence: str
) -> BoltResponse:
    """A page at which it ends, whichever way."""
    is_over = status == 200 and isinstance(args, AsyncSuccessArgs)
    again = "" if is_over else f'<p><a href="{escape(INSTALL_PATH)}">Begin again</a></p>'
    response = _html(status, title, sentence, after=again)
    response.headers["set-cookie"] = [args.settings.state_utils.build_set_cookie_for_deletion()]
    return response


def _html(status: int, title: str, sentence: str, *, after: str = "") -> BoltResponse:
    return BoltResponse(
        status=status,
        body=_page(title, sentence, after=after),
        headers={"Content-Type": "text/html; charset=utf-8"},
    )


def _page(title: str, sentence: str, *, after: str = "") -> str:
    """`after` is HTML; the rest is words."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        '</title><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n"
        f"<p>{escape(sentence)}</p>\n{after}</body></html>\n"
    )
