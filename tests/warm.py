"""Programs that begin at once: each the fork of a process that has loaded their modules already.

Loading them takes a second of a core, and tests begin the program some three hundred times. What is
forked calls the same `main` as the console script, with arguments, folder, environment and streams
of its own. It listens, is killed and ends as any Python process does. Three things differ: that its
modules are there and the shipped texts are parsed, and that it has the seed of hashes of all the
others. So for every way of starting it there are tests that begin `from_scratch`, and these do
without all this.

This file is the program of that process too. It is run by its path, so it imports nothing of
`tests`.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from select import select
from typing import IO

ROOT = Path(__file__).parents[1]

OURS = ("bot", "config", "flows", "storage")

UNREAD = "storage.migrations.env"
"""Alembic runs this one, it cannot be imported."""

PARSERS = (("fluent.syntax", "FluentParser", "parse"), ("ruamel.yaml", "YAML", "compose"))
"""What these make of a text they make once; who reads it changes nothing of it."""

AT_START = ("PYTHON", "LANG", "LC_")
"""Variables that begin so are read when Python starts."""

STREAMS = (
    ("stdin", 0, "r", "surrogateescape"),
    ("stdout", 1, "w", "surrogateescape"),
    ("stderr", 2, "w", "backslashreplace"),
)
"""As Python opens them where PYTHONUTF8 is set."""

LONGEST = 1 << 20  # bytes of an order


# ---- in a test ----


class Forked:
    """A program that was forked, with what is used here of a `Popen`: PIPE, DEVNULL or a file."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    stderr: IO[bytes] | None = None

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> None:
        assert _at_start(env) == _at_start(usual()), "only what is begun from scratch reads these"
        self.returncode: int | None = None
        theirs: list[int] = []
        for number, (name, stream) in enumerate(
            (("stdin", stdin), ("stdout", stdout), ("stderr", stderr))
        ):
            if stream == subprocess.PIPE:
                reads, writes = os.pipe()
                ours, its = (writes, reads) if number == 0 else (reads, writes)
                setattr(self, name, os.fdopen(ours, "wb" if number == 0 else "rb"))
                theirs.append(its)
            elif stream == subprocess.DEVNULL:
                theirs.append(os.open(os.devnull, os.O_RDWR))
            else:
                theirs.append(os.dup(stream if isinstance(stream, int) else stream.fileno()))
        self._report, report = os.pipe()
        order = {"arguments": arguments, "cwd": str(cwd), "env": dict(env)}
        _parent().take(order, [*theirs, report])
        for each in (*theirs, report):
            os.close(each)
        self.pid = self._reported()

    def poll(self) -> int | None:
        if self.returncode is None and select([self._report], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("storytrail", timeout or 0)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, which: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, which)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, said: bytes = b"", timeout: float | None = None) -> tuple[bytes, bytes]:
        """Give it this, and wait for its end: what it printed."""
        heard: dict[str, bytes] = {}

        def feed(stream: IO[bytes]) -> None:
            with suppress(BrokenPipeError), stream:
                stream.write(said)

        def hear(name: str, stream: IO[bytes]) -> None:
            with stream:
                heard[name] = stream.read()

        work = [threading.Thread(target=feed, args=(self.stdin,))] if self.stdin else []
        for name in ("stdout", "stderr"):
            if stream := getattr(self, name):
                work.append(threading.Thread(target=hear, args=(name, stream)))
        for each in work:
            each.start()
        try:
            self.wait(timeout)
        finally:
            self.kill()
            for each in work:
                each.join()
        return heard.get("stdout", b""), heard.get("stderr", b"")

    def _ended(self) -> None:
        self.returncode = self._reported()
        os.close(self._report)

    def _reported(self) -> int:
        found = b""
        while not found.endswith(b"\n"):
            more = os.read(self._report, 1)
            assert more, "the process that forks is gone"
            found += more
        return int(found)


def usual() -> dict[str, str]:
    """Of this machine's settings only what every process needs."""
    own = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {**own, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8"}


def _at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(AT_START)}


class _Parent:
    """The process that forks; it goes with this one."""

    def __init__(self) -> None:
        self._door, its = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with its:
            self._process = subprocess.Popen(
                # -P: beside this file lies a folder `flows` that is not the package.
                [sys.executable, "-P", __file__, str(its.fileno())],
                cwd=ROOT,
                env=usual(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )
        atexit.register(self._end)

    def take(self, order: Mapping[str, object], streams: Sequence[int]) -> None:
        with self._one_at_a_time:
            socket.send_fds(self._door, [json.dumps(order).encode() + b"\n"], streams)

    def _end(self) -> None:
        self._door.close()
        self._process.wait()


_parent = cache(_Parent)


# ---- the process that forks ----


def _load() -> None:
    """Everything of ours, and with it all that it needs; the interview and the texts as shipped."""
    for name in OURS:
        for found in walk_packages(import_module(name).__path__, f"{name}."):
            if found.name != UNREAD:
                import_module(found.name)
    for module, kind, method in PARSERS:
        _remember(getattr(import_module(module), kind), method)
    import_module("config.definitions").load()
    import_module("config.texts").Texts.load()
    gc.freeze()  # else the first collection of every child copies all of this


def _remember(kind: type, method: str) -> None:
    parse, known = getattr(kind, method), {}

    def once(parser: object, text: str) -> object:
        if text not in known:
            known[text] = parse(parser, text)
        return known[text]

    setattr(kind, method, once)


def _wait_for_orders(door: socket.socket) -> None:
    """Returns in a child, as the program that was asked for."""
    while True:
        order, streams = _order(door)
        if os.fork() == 0:
            door.close()
            _keep(streams.pop(), *streams)
            _become(order, streams)
            return
        for each in streams:
            os.close(each)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that kept what has ended
                pass


def _order(door: socket.socket) -> tuple[dict[str, object], list[int]]:
    written, streams = b"", []
    while not written.endswith(b"\n"):
        more, sent, _, _ = socket.recv_fds(door, LONGEST, 4)
        if not more:
            raise SystemExit
        written += more
        streams += sent
    found: dict[str, object] = json.loads(written)
    return found, streams


def _keep(report: int, *streams: int) -> None:
    """Returns in another child; this one tells its number, and how it ended."""
    child = os.fork()
    if child == 0:
        os.close(report)
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in streams:
        os.close(each)
    with suppress(BrokenPipeError):
        os.write(report, b"%d\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(order: dict[str, object], streams: Sequence[int]) -> None:
    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    os.chdir(str(order["cwd"]))
    # Those from before know of other files, whether one can seek in them for one thing.
    for name, number, mode, errors in STREAMS:
        stream = open(  # noqa: SIM115 - until the end
            number,
            mode,
            buffering=1 if name == "stderr" else -1,
            encoding="utf-8",
            errors=errors,
            newline="\n",
            closefd=False,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    env, arguments = order["env"], order["arguments"]
    assert isinstance(env, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["storytrail", *arguments]


if __name__ == "__main__":
    _load()
    _wait_for_orders(socket.socket(fileno=int(sys.argv[1])))
    # As the console script does it, so that Python ends as it does there.
    sys.exit(import_module("bot.cli").main())
