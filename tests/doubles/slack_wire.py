"""What goes over the wire: arguments as they come in, refusals, signatures."""

import json
from base64 import b64decode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as hmac
from typing import Any

from aiohttp import web

Wire = dict[str, Any]

MAX_UPLOAD = 64 * 1024 * 1024  # bytes; the real one takes a gigabyte


class Refused(Exception):
    """An answer with "ok": false; `more` are further fields of it."""

    def __init__(self, error: str, *, status: int = 200, retry_after: int = 0, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.retry_after = retry_after
        self.more = more

    @property
    def body(self) -> Wire:
        return {"ok": False, "error": self.error, **self.more}


def too_many(seconds: int) -> Refused:
    return Refused("ratelimited", status=429, retry_after=seconds)


def invalid(problems: list[str], error: str = "invalid_arguments") -> Refused:
    """A refusal that names what is wrong, as those of blocks and views do."""
    messages = [f"[ERROR] {problem}" for problem in problems]
    more: Wire = {"errors": problems} if error == "invalid_blocks" else {}
    return Refused(error, response_metadata={"messages": messages}, **more)


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a method: from a form everything is a string, from JSON it has its type."""

    values: Wire = field(default_factory=dict)
    token: str = ""
    client: tuple[str, str] = ("", "")
    """Client id and secret, of oauth.v2.access."""

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def boolean(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1"}

    def decoded(self, name: str, error: str) -> Any:
        """A JSON value, given as such or as a string; None if it is not there."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(error) from None


async def arguments(request: web.Request, *, takes_json: bool) -> Args:
    """From the address, the body and the headers, whichever of the three forms the body has."""
    values: Wire = dict(request.query)
    if request.content_type == "application/json":
        try:
            given = json.loads(await request.read() or b"{}")
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(given, dict):
            raise Refused("json_not_object")
        # A token does not count there, and methods that only read see none of it.
        if takes_json:
            values |= {name: value for name, value in given.items() if name != "token"}
    elif request.can_read_body:
        values |= dict((await request.post()).items())
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    client = (str(values.get("client_id", "")), str(values.get("client_secret", "")))
    if scheme == "Basic":
        id, _, secret = b64decode(token).decode().partition(":")
        client = (id, secret)
    if scheme != "Bearer":
        token = str(values.get("token", ""))
    return Args({name: value for name, value in values.items() if name != "token"}, token, client)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    basis = b":".join([b"v0", timestamp.encode(), body])
    return "v0=" + hmac(secret.encode(), basis, sha256).hexdigest()
