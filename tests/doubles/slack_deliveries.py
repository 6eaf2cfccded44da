"""What is sent to the bot: events, taps and commands, each attempt, and the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from tests.doubles.slack_wire import Wire

EVENTS, INTERACTIVE, COMMANDS = "events_api", "interactive", "slash_commands"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `reason` says why it failed, in the words of X-Slack-Retry-Reason."""

    reason: str = ""
    status: int = 200
    """0 where there was no answer."""
    body: Any = None
    """What came with the acknowledgement: JSON, text or nothing."""
    no_retry: bool = False
    """The bot asked not to be told again."""

    @property
    def ok(self) -> bool:
        return not self.reason


@dataclass(eq=False)
class Delivery:
    """One thing to be told, until it is acknowledged or given up."""

    changed: Condition
    kind: str
    payload: Wire
    lane: str
    """What has the same lane is delivered in order."""
    on_answer: Callable[[Any], None] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    fault: str = ""
    """What was wrong with the bot's answer, such as a view that Slack would refuse."""
    done: bool = False

    @property
    def acknowledged(self) -> bool:
        return any(attempt.ok for attempt in self.attempts)

    @property
    def body(self) -> Any:
        """What the bot answered with."""
        return next((attempt.body for attempt in self.attempts if attempt.ok), None)

    @property
    def trigger_id(self) -> str:
        return str(self.payload.get("trigger_id", ""))

    @property
    def response_url(self) -> str:
        return str(self.payload.get("response_url", ""))

    def answered(self, timeout: float = 5) -> Any:
        """Waits for the acknowledgement; what came with it."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.done or self.acknowledged, timeout):
                raise AssertionError(f"no answer within {timeout} s to {self}")
        if not self.acknowledged:
            raise AssertionError(f"not acknowledged: {[each.reason for each in self.attempts]}")
        if self.fault:
            raise AssertionError(f"Slack would refuse this answer: {self.fault}")
        return self.body

    def __repr__(self) -> str:
        kind = self.payload.get("event", self.payload).get("type", self.kind)
        return f"<{kind} {[attempt.reason or 'ok' for attempt in self.attempts]}>"
