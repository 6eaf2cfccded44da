"""The road of HTTP: signed requests to the address of the bot."""

import asyncio
import json
from dataclasses import dataclass, field
from io import BytesIO
from time import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.doubles.slack_deliveries import COMMANDS, EVENTS, Attempt, Delivery
from tests.doubles.slack_wire import Wire, signature

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a single request; status 0 if it did not."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Http:
    url: str
    secret: str
    patience: float
    """Seconds until an answer is too late."""
    in_order: bool = False
    _session: ClientSession | None = None

    async def carry(self, delivery: Delivery, retry: int, reason: str) -> Attempt:
        body, content_type = written(delivery.kind, delivery.payload)
        more = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        try:
            async with asyncio.timeout(self.patience):
                answer = await self.post(body, content_type, more)
        except TimeoutError:
            return Attempt("http_timeout", 0)
        except (OSError, ClientError):
            return Attempt("connection_failed", 0)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if not 200 <= answer.status < 300:
            stop = headers.get("x-slack-no-retry") == "1"
            return Attempt("http_error", answer.status, no_retry=stop)
        return Attempt("", answer.status, read(answer.body))

    async def post(
        self,
        body: bytes,
        content_type: str = "application/json",
        more: dict[str, str] | None = None,
        *,
        secret: str | None = None,
        seconds_old: float = 0,
    ) -> Answer:
        """One request; `seconds_old` is the age of its signature."""
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=None))
        # By the clock of this machine: a moved one would make every signature a stale one.
        timestamp = str(int(time() - seconds_old))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(secret or self.secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(more or {}),
        }
        async with self._session.post(self.url, data=BytesIO(body), headers=headers) as answer:
            text = await answer.text(errors="replace")
            return Answer(answer.status, text, dict(answer.headers))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def written(kind: str, payload: Wire) -> tuple[bytes, str]:
    """The body of a request, and what it is."""
    if kind == EVENTS:
        return json.dumps(payload).encode(), "application/json"
    if kind == COMMANDS:
        return urlencode(payload).encode(), FORM
    return urlencode({"payload": json.dumps(payload)}).encode(), FORM


def read(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body or None
