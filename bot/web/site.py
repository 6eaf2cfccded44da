"""What the web server answers."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Check = Callable[[], Awaitable[bool]]


def site(
    *,
    checks: Mapping[str, Check],
    registry: CollectorRegistry,
    routers: Iterable[APIRouter] = (),
) -> FastAPI:
    """`checks` say by name what must be well for `/readyz`; `routers` are the platforms' own."""
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

    for router in routers:
        app.include_router(router)
    return app
