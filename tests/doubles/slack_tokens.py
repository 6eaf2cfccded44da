"""Tokens: whose they are, what they may do, and how they end."""

from dataclasses import dataclass, field
from typing import Any

from tests.doubles.slack_wire import Refused

ALL_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "users:read",
    }
)
"""What a workspace grants if nothing else is said."""


@dataclass(eq=False)
class Token:
    text: str
    team: str
    """Empty for the app's own token."""
    scopes: frozenset[str]
    expires: float | None = None
    """On the server's clock; None for a token that does not rotate."""
    dead: str = ""
    """The error that it is refused with, once it is."""

    @property
    def of_app(self) -> bool:
        return self.text.startswith("xapp-")


@dataclass(eq=False)
class Tokens:
    """All that were ever given out."""

    by_text: dict[str, Token] = field(default_factory=dict)
    refreshes: dict[str, str] = field(default_factory=dict)
    """The team of each refresh token that was not used yet."""
    codes: dict[str, Any] = field(default_factory=dict)
    """What each code of an installation stands for."""

    def add(self, token: Token) -> Token:
        self.by_text[token.text] = token
        return token

    def check(self, text: str, now: float) -> Token:
        if not text:
            raise Refused("not_authed")
        token = self.by_text.get(text)
        if token is None:
            raise Refused("invalid_auth")
        if token.dead:
            raise Refused(token.dead)
        if token.expires is not None and token.expires <= now:
            raise Refused("token_expired")
        return token

    def end(self, team: str, error: str) -> None:
        """The tokens of a workspace are worth nothing from now on."""
        for token in self.by_text.values():
            if token.team == team and not token.dead:
                token.dead = error
        self.refreshes = {text: of for text, of in self.refreshes.items() if of != team}


def permitted(token: Token, *scopes: str) -> None:
    """Raises unless the token has one of these scopes."""
    if scopes and not token.scopes.intersection(scopes):
        provided = ",".join(sorted(token.scopes))
        raise Refused("missing_scope", needed=scopes[0], provided=provided)
