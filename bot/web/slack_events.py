"""Where Slack calls: events, commands and interactions alike."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response

from bot.web.bodies import TooLong, body_of

PATH = "/slack/events"

Answer = Callable[
    [str, Mapping[str, str], Mapping[str, str]], Awaitable[tuple[int, str, Mapping[str, str]]]
]
"""Body, headers and query in; status, body and headers out. Raises ValueError."""


def slack_events(answer: Answer) -> APIRouter:
    router = APIRouter()

    @router.post(PATH)
    async def events(request: Request) -> Response:
        try:
            body = (await body_of(request)).decode()
            status, said, headers = await answer(body, request.headers, request.query_params)
        except TooLong:
            return Response(status_code=413)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        return Response(said, status, headers=dict(headers))

    return router
