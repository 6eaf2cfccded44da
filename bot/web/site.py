"""What the web server answers."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from storage.errors import StorageError

MOST_BODY = 1_048_576  # bytes; Telegram's updates have a few thousand

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - its name, not itself

Check = Callable[[], Awaitable[bool]]
Receive = Callable[[dict[str, Any]], Awaitable[None]]


class TooLong(Exception):
    pass


def site(
    *,
    checks: Mapping[str, Check],
    registry: CollectorRegistry,
    telegram: tuple[str, Receive] | None = None,
) -> FastAPI:
    """`checks` say by name what must be well for `/readyz`; `telegram` is the webhook's secret and
    what takes an update."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        states = {name: await check() for name, check in checks.items()}
        body = json.dumps({name: "ok" if well else "failing" for name, well in states.items()})
        code = 200 if all(states.values()) else 503
        return Response(body + "\n", code, media_type="application/json")

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    if telegram is not None:
        secret, receive = telegram

        @app.post("/telegram/webhook")
        async def webhook(request: Request) -> Response:
            given = request.headers.get(SECRET_HEADER, "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                return Response(status_code=403)
            try:
                update = _update(await _body(request))
            except TooLong:
                return Response(status_code=413)
            except ValueError:
                return Response(status_code=400)
            try:
                await receive(update)
            except StorageError:  # Telegram sends it again
                return Response(status_code=503)
            return Response(status_code=200)

    return app


async def _body(request: Request) -> bytes:
    """The body; raises TooLong as soon as that is known."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise TooLong
    return bytes(body)


def _update(body: bytes) -> dict[str, Any]:
    """Raises ValueError where it is no update."""
    try:
        found = json.loads(body)
    except RecursionError:  # it is nested too deep for anything
        raise ValueError from None
    if not isinstance(found, dict) or not isinstance(found.get("update_id"), int):
        raise ValueError
    return found
