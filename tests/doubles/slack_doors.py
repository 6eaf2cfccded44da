"""How the bot is reached: its request address, its websockets, and what goes wrong there."""

import json
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from tests.doubles.slack_chats import Message
from tests.doubles.slack_deliveries import EVENTS, Delivery
from tests.doubles.slack_http import Answer, Http, written
from tests.doubles.slack_wire import Wire
from tests.doubles.slack_world import World

T = TypeVar("T")
MEGABYTE = 1_000_000  # bytes


@dataclass(eq=False)
class Doors:
    """What SlackServer can do with both roads."""

    world: World

    # HTTP

    def deliver_to(self, url: str) -> None:
        """From now on everything is posted there."""
        with self.world.lock:
            outbox = self.world.outbox
            if isinstance(outbox.road, Http):
                outbox.road.url = url
            else:
                outbox.road = Http(url, self.world.signing_secret, self.world.patience)

    def verifies_url(self) -> Answer:
        """What Slack asks when the address is entered: the answer must hold the challenge."""
        challenge = uuid4().hex
        asked = {"token": self.world.verification, "challenge": challenge}
        answer = self.sends_raw({**asked, "type": "url_verification"})
        if answer.status != 200 or challenge not in answer.body:
            raise AssertionError(f"the challenge did not come back: {answer}")
        return answer

    def sends_raw(
        self,
        what: Message | Delivery | Wire | bytes,
        *,
        content_type: str | None = None,
        secret: str | None = None,
        seconds_old: float = 0,
        retry: int = 0,
        reason: str = "http_timeout",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, and what is answered: nothing of it is noted, or tried again.

        `secret` signs with another one, `seconds_old` is the age of the signature, `retry` the
        number that the headers of a retry tell.
        """
        if isinstance(what, bytes):
            body, kind = what, "application/json"
        elif isinstance(what, Message | Delivery):
            delivery = told(what)
            body, kind = written(delivery.kind, delivery.payload)
        else:
            body, kind = written(EVENTS, what)
        more = dict(headers or {})
        if retry:
            more |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        post = self._http.post(
            body, content_type or kind, more, secret=secret, seconds_old=seconds_old
        )
        return self._does(post)

    def sends_with_wrong_signature(self, what: Message | Delivery | Wire) -> Answer:
        return self.sends_raw(what, secret="somebody else's")

    def sends_stale(self, what: Message | Delivery | Wire, seconds_old: float = 301) -> Answer:
        """Signed well, but long ago: a request that somebody recorded."""
        return self.sends_raw(what, seconds_old=seconds_old)

    def sends_no_json(self, body: bytes = b"{not json") -> Answer:
        return self.sends_raw(body)

    def sends_huge(self, size: int = 10 * MEGABYTE) -> Answer:
        """A body of so many bytes, signed."""
        return self.sends_raw(json.dumps({"type": "event_callback", "x": "x" * size}).encode())

    # Both roads

    def repeats(self, what: Message | Delivery, times: int = 1) -> Delivery:
        """The same event once more under its event_id, acknowledged or not; several at one time."""
        with self.world.lock:
            delivery = told(what)
            for _ in range(times):
                self.world.outbox.again(delivery)
            return delivery

    def retells(self, message: Message | Delivery) -> Delivery:
        """The same message under another event_id."""
        with self.world.lock:
            old = told(message)
            payload = old.payload | {"event_id": self.world.id("Ev")}
            return self.world.sends(EVENTS, payload, old.lane)

    def retries(
        self, what: Message | Delivery, number: int = 1, reason: str = "timeout"
    ) -> Delivery:
        """The same event as a retry tells it."""
        with self.world.lock:
            delivery = told(what)
            self.world.outbox.again(delivery, number, reason)
            return delivery

    # Socket Mode

    @property
    def sockets(self) -> int:
        """How many connections there are."""
        with self.world.lock:
            return len(self.world.sockets.open)

    @property
    def links(self) -> int:
        """How many connections there have been, those that are gone included."""
        with self.world.lock:
            return self.world.sockets.numbers

    def waits_for_sockets(self, count: int = 1, timeout: float = 5) -> None:
        if not self.world.until(lambda: len(self.world.sockets.open) >= count, timeout):
            raise AssertionError(f"{self.sockets} connections within {timeout} s, not {count}")

    @property
    def envelopes(self) -> list[tuple[int, Wire]]:
        """What was sent over which connection."""
        with self.world.lock:
            return list(self.world.sockets.sent)

    @property
    def acknowledgements(self) -> list[Wire]:
        """What came back, in order."""
        with self.world.lock:
            return list(self.world.sockets.received)

    def refresh_sockets(self) -> None:
        """Tells all connections that they will end, and ends them a little later."""
        self._later(self.world.sockets.dismiss("refresh_requested"))

    def disables_sockets(self) -> None:
        """Socket Mode was switched off in the settings of the app."""
        self._later(self.world.sockets.dismiss("link_disabled"))

    def warns_sockets(self) -> None:
        told = {"type": "disconnect", "reason": "warning", "debug_info": {}}
        self._does(self.world.sockets.send_all(told))

    def drops_sockets(self) -> None:
        """Ends all connections without a word."""
        self._does(self.world.sockets.drop())

    def sends_frame(self, frame: Wire | str) -> None:
        """Anything over each connection: an unknown type of envelope, no JSON."""
        self._does(self.world.sockets.send_all(frame))

    # What the server has

    @property
    def _http(self) -> Http:
        road = self.world.outbox.road
        if not isinstance(road, Http):
            raise AssertionError("name an address first: deliver_to(url)")
        return road

    def _does(self, work: Coroutine[Any, Any, T], timeout: float = 10) -> T:
        raise NotImplementedError

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        raise NotImplementedError


def told(what: Message | Delivery) -> Delivery:
    """How the bot was told of a message last."""
    if isinstance(what, Delivery):
        return what
    if not what.told:
        raise AssertionError(f"the bot was never told of {what}")
    return what.told[-1]
