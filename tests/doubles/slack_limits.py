"""How fast an app may call, by Slack's tiers. Off until it is switched on."""

from collections import deque
from dataclasses import dataclass, field
from math import ceil

from tests.doubles.slack_wire import too_many

MINUTE = 60  # seconds
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}  # calls of a method a minute and workspace
POSTING = frozenset({"chat.postMessage"})  # has a tier of its own: one a second and channel
METHODS = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "conversations.open": 3,
    "chat.getPermalink": 4,
    "conversations.history": 3,
    "conversations.info": 3,
    "users.info": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
    "reactions.add": 3,
    "team.info": 3,
    "oauth.v2.access": 4,
    "auth.revoke": 3,
    "apps.uninstall": 1,
    "apps.connections.open": 1,
}


@dataclass(slots=True)
class Limits:
    """Until `on` is set, breaches are only noted."""

    on: bool = False
    burst: int = 4
    """So many at once to one channel, which then fills up by one a second."""
    all_channels: int = 300
    """Messages a minute and workspace; Slack names no figure, only "several hundred"."""
    violations: list[tuple[str, str, float]] = field(default_factory=list)
    """Method, what was too full, and the monotonic time."""
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _called: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def check(self, method: str, workspace: str, channel: str | None, now: float) -> None:
        """Counts one call; raises Refused (429) if it is one too many."""
        if method in POSTING:
            most = self.all_channels
        elif method in METHODS:
            most = TIERS[METHODS[method]]
        else:
            return
        called = self._called.setdefault((method, workspace), deque())
        while called and called[0] <= now - MINUTE:
            called.popleft()
        waits = {workspace: called[-most] + MINUTE - now if len(called) >= most else 0.0}
        left, at = self._left.get(channel or "", (float(self.burst), now))
        left = min(left + now - at, self.burst)
        if method in POSTING and channel is not None:
            waits[channel] = 1 - left
        broken = [full for full, wait in waits.items() if wait > 0]
        self.violations += [(method, full, now) for full in broken]
        if broken and self.on:
            raise too_many(max(1, ceil(max(waits.values()))))
        called.append(now)
        if method in POSTING and channel is not None:
            self._left[channel] = (max(left - 1, 0), now)
