"""The peer as a program: `python -m benchmarks.slack_peer URL`.

slack-bolt as it is built without any options, in Socket Mode with the Slack at URL. It keeps
nothing beyond its memory.
"""

import asyncio
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.slack_api import APP_TOKEN, BOT_TOKEN
from benchmarks.telegram_bot import QUESTION
from benchmarks.world import ANSWERS


def interview(url: str) -> AsyncApp:
    app = AsyncApp(client=AsyncWebClient(BOT_TOKEN, base_url=f"{url}/api/"))
    kept: dict[str, list[str]] = {}

    async def said(message: dict[str, Any], client: AsyncWebClient) -> None:
        if message["text"] == "start":
            kept[message["user"]] = []
        else:
            answers = kept[message["user"]]
            assert len(answers) < len(ANSWERS)
            answers.append(message["text"])
        await client.chat_postMessage(channel=message["channel"], text=QUESTION)

    app.message()(said)
    return app


async def main(url: str) -> None:
    handler = AsyncSocketModeHandler(interview(url), APP_TOKEN)
    await handler.start_async()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
