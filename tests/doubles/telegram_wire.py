"""What goes over the wire: requests as they come in, arguments, files, and refusals."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_UPLOAD = 50 * 1024 * 1024  # bytes, Bot API "Sending files"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class Refused(Exception):
    """An answer with "ok": false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str, **parameters: int) -> Refused:
    return Refused(400, f"Bad Request: {description}", **parameters)


class BadRequest(Exception):
    """Not HTTP, or a body that cannot be read."""


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Request:
    verb: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a method: from a form everything is a string, from JSON it has its type."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def boolean(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "yes", "1"}

    def decoded(self, name: str, what: str) -> Any:
        """A JSON value, given as such or as a string; None if it is not there."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {what} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """A file sent along, under the name itself or by attach://."""
        value = self.text(name)
        return self.files.get(value.removeprefix("attach://") if value else name)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise BadRequest("cut off") from None
        return None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    try:
        verb, target, _ = first.split(" ")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        size = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequest(first) from None
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunked(reader)
    else:
        body = await reader.readexactly(size) if size else b""
    path, _, query = target.partition("?")
    return Request(verb, unquote(path), query, headers, body)


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)


def arguments(request: Request) -> Args:
    """From the address and the body, whichever of the three forms it has."""
    values: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.verb != "POST" or not request.body:
        return Args(values)
    if len(request.body) > MAX_UPLOAD:
        raise Refused(413, "Request Entity Too Large")
    written = request.headers.get("content-type", "")
    kind = written.partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            decoded = json.loads(request.body)
            if not isinstance(decoded, dict):
                raise bad("can't parse JSON object: expected an Object")
            return Args(values | decoded)
        if kind == "application/x-www-form-urlencoded":
            form = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
            return Args(values | dict(form))
        if kind == "multipart/form-data":
            fields, files = _multipart(request.body, written)
            return Args(values | fields, files)
    except ValueError:
        raise bad("strings must be encoded in UTF-8") from None
    return Args(values)


def _multipart(body: bytes, content_type: str) -> tuple[dict[str, str], dict[str, Upload]]:
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if not boundary:
        raise bad("boundary not found")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = dict(_line(line) for line in head.decode().strip().split("\r\n"))
        told = dict(_PARAMETER.findall(lines.get("content-disposition", "")))
        if "filename" in told:
            files[told.get("name", "")] = Upload(told["filename"], content)
        else:
            fields[told.get("name", "")] = content.decode()
    return fields, files


def _line(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def response(status: int, body: bytes, kind: str = "application/json") -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}\r\nServer: nginx\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
    )
    return head.encode() + body


def good(result: Any) -> bytes:
    return response(200, json.dumps({"ok": True, "result": result}).encode())


def refusal(refused: Refused) -> bytes:
    told: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        told["parameters"] = refused.parameters
    return response(refused.code, json.dumps(told).encode())


class Poster:
    """Posts JSON to one address over connections that it keeps."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        to = urlsplit(url)
        self._host, self._port = to.hostname or "", to.port or 80
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        target = (to.path or "/") + (f"?{to.query}" if to.query else "")
        self._head = (
            f"POST {target} HTTP/1.1\r\nHost: {to.netloc}\r\n"
            f"Content-Type: application/json\r\n{more}"
        )
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes) -> int:
        """The status of the answer; raises OSError or EOFError if there is none."""
        reader, writer = await self._connection()
        try:
            writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            lines = dict(_line(line) for line in head.split("\r\n")[1:])
            if lines.get("transfer-encoding") == "chunked":
                await _chunked(reader)
            else:
                await reader.readexactly(int(lines.get("content-length", "0")))
        except BaseException:
            writer.close()
            raise
        if lines.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head.split(" ")[1])

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():  # else the other side has closed it meanwhile
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
