"""That a program that was forked is the program: the same words, the same end."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from storage.members import Role
from tests.builders import (
    PIPES,
    WHOLE,
    Begin,
    Process,
    a_member,
    environment,
    fresh,
    from_scratch,
    kept,
    storytrail,
    talking,
)
from tests.warm import Forked


# Every command that no other test begins from scratch, so that none lacks a module there.
@pytest.mark.parametrize(
    "arguments",
    [
        ("migrate",),
        ("slack-manifest",),
        ("flow", "diagram", "story"),
        ("flow", "diagram", "none"),
        ("role", "list"),
        ("community", "list"),
        ("audit",),
        ("purge",),
        ("chat", "--as", ""),
        ("chat",),
    ],
    ids=" ".join,
)
def test_it_says_the_same_and_ends_in_the_same_way(tmp_path, arguments):
    path = fresh(tmp_path)
    with talking(path) as talk:
        kept(talk.database, lambda w: a_member(w, "olga", role=Role.ORGANIZER))
    before = path.read_bytes()

    done = []
    for begin in (from_scratch, Forked):
        path.write_bytes(before)
        done.append(storytrail(*arguments, database=path, said=WHOLE[:3], begin=begin))

    scratch, forked = done
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        scratch.returncode,
        scratch.stdout,
        scratch.stderr,
    )
    assert b"Traceback" not in forked.stderr


@contextmanager
def waiting(begin: Begin, tmp_path) -> Iterator[Process]:
    """A chat that waits for what is said."""
    chat = begin(["chat"], cwd=tmp_path, env=environment(fresh(tmp_path)), **PIPES)
    try:
        assert chat.stdout is not None
        while b"Not now" not in chat.stdout.readline():
            pass
        yield chat
    finally:
        chat.kill()
        chat.communicate()


@pytest.mark.parametrize("begin", [from_scratch, Forked])
def test_it_is_a_process_that_can_be_killed(begin, tmp_path):
    with waiting(begin, tmp_path) as chat:
        with pytest.raises(subprocess.TimeoutExpired):
            chat.wait(0.01)
        assert chat.poll() is None

        chat.send_signal(signal.SIGKILL)

        assert chat.wait(20) == -signal.SIGKILL
        assert chat.poll() == -signal.SIGKILL
        chat.kill()  # it does no harm to one that is gone


def test_what_is_read_when_python_starts_is_refused(tmp_path):
    with pytest.raises(AssertionError, match="from scratch"):
        storytrail("check", database=fresh(tmp_path), more={"PYTHONUTF8": "0"})
