"""What arrives at the web server, and no more of it than can be meant."""

from fastapi import Request

MOST_BODY = 1_048_576  # bytes; what Telegram and Slack tell has a few thousand


class TooLong(Exception):
    pass


async def body_of(request: Request) -> bytes:
    """The body; raises TooLong as soon as that is known."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise TooLong
    return bytes(body)
