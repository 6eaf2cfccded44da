"""Several `storytrail run` on one PostgreSQL, and what stands in front of their webhooks."""

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import make_url

from tests.running import PATIENCE, Running, eventually

KEY = "the-same-for-all-of-them"

TELEGRAM_SECRET = "Only-between-the-two_of_them"

PASSED_ON = ("Content-Type", "X-Telegram-Bot-Api-Secret-Token", "X-Slack-Signature")

Made = TypeVar("Made", bound=Running)


class Balancer:
    """Passes calls on to one process after the other; to another one where that is gone."""

    def __init__(self) -> None:
        self.bots: Sequence[Running] = ()
        self._turn = count()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        first = next(self._turn)
        for number in range(len(self.bots)):
            bot = self.bots[(first + number) % len(self.bots)]
            # Between two calls nobody knows whether a process is gone.
            with suppress(OSError):
                return bot.answers(path, body, headers)
        return 502, ""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        balancer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, said = balancer.pass_on(self.path, body, dict(self.headers))
                answer = said.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


class Line:
    """A line to a server that can be cut, so that neither end hears of it."""

    def __init__(self, connected: Callable[[], socket.socket]) -> None:
        self._connected = connected
        self._whole = threading.Event()
        self._whole.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._ends: list[socket.socket] = [self._door]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self.mend()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = self._connected()
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while told := one.recv(65_536):
                self._whole.wait()
                other.sendall(told)
            self._whole.wait()
            other.shutdown(socket.SHUT_WR)


@contextmanager
def lined(database: str) -> Iterator[tuple[str, Line]]:
    """The address of a database over such a line."""
    url = make_url(database)
    options = dict(url.query)
    folder = str(options.pop("host", ""))  # of the socket of a server of the tests' own

    def connected() -> socket.socket:
        if not folder:
            return socket.create_connection((url.host or "127.0.0.1", url.port or 5432))
        end = socket.socket(socket.AF_UNIX)
        end.connect(f"{folder}/.s.PGSQL.{url.port or 5432}")
        return end

    with closing(Line(connected)) as line:
        over = url.set(host="127.0.0.1", port=line.port, query=options)
        yield over.render_as_string(hide_password=False), line


@contextmanager
def balanced() -> Iterator[Balancer]:
    balancer = Balancer()
    balancer.start()
    try:
        yield balancer
    finally:
        balancer.close()


@contextmanager
def several(
    folder: Path,
    database: str,
    settings: Mapping[str, str],
    *,
    first: str | None = None,
    make: Callable[[Path, Mapping[str, str], str], Made],
    platform: str = "telegram",
) -> Iterator[list[Made]]:
    """Two processes, each in a folder of its own; the first of them holds the lease, and reaches
    the database at an address of its own where there is one."""
    with ExitStack() as stack:
        bots: list[Made] = []
        for number in range(2):
            own = folder / f"process{number}"
            own.mkdir()
            at = first if first is not None and number == 0 else database
            bots.append(make(own, {"STORYTRAIL_SECRET_KEY": KEY, **settings}, at))
            stack.callback(bots[-1].kill)
        if first is not None:
            bots[0].start()
            eventually(partial(holds, bots[0], platform))
            bots[1].start()
        else:
            with ThreadPoolExecutor() as pool:
                for started in [pool.submit(bot.start) for bot in bots]:
                    started.result()
            eventually(lambda: any(holds(bot, platform) for bot in bots))
            bots.sort(key=lambda bot: not holds(bot, platform))
        yield bots


def holds(bot: Running, platform: str = "telegram") -> bool:
    """Whether a process says that it holds the lease."""
    return number_of(bot, "storytrail_lease", platform=platform) == 1


def number_of(bot: Running, name: str, **labels: str) -> float:
    """A number of its metrics."""
    wanted = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    found = re.search(rf"^{name}{{{wanted}}} (\S+)$", bot.answers("/metrics")[1], re.MULTILINE)
    assert found is not None, f"{name}{{{wanted}}}"
    return float(found[1])


def heard(bot: Running) -> float:
    """How many turns a process handled."""
    return number_of(bot, "storytrail_turns_total", outcome="done")


def sent(bot: Running, platform: str = "telegram") -> float:
    return number_of(bot, "storytrail_messages_total", platform=platform, outcome="sent")


def taken_over(by: Running, since: float, platform: str = "telegram") -> float:
    """Seconds from then until this process held the lease."""
    eventually(lambda: holds(by, platform), PATIENCE + 15)
    return monotonic() - since
