"""Where Telegram calls."""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from bot.web.bodies import TooLong, body_of
from storage.errors import StorageError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not itself

PATH = "/telegram/webhook"

Receive = Callable[[dict[str, Any]], Awaitable[None]]


def telegram_webhook(secret: str, receive: Receive) -> APIRouter:
    """`receive` takes an update; 200 says that it is kept."""
    router = APIRouter()

    @router.post(PATH)
    async def webhook(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            update = _update(await body_of(request))
        except TooLong:
            return Response(status_code=413)
        except ValueError:
            return Response(status_code=400)
        try:
            await receive(update)
        except StorageError:  # Telegram sends it again
            return Response(status_code=503)
        return Response(status_code=200)

    return router


def _update(body: bytes) -> dict[str, Any]:
    """Raises ValueError where it is no update."""
    try:
        found = json.loads(body)
    except RecursionError:  # it is nested too deep for anything
        raise ValueError from None
    if not isinstance(found, dict) or not isinstance(found.get("update_id"), int):
        raise ValueError
    return found
