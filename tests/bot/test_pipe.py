"""The program through a pipe, as scripts and curious people use it: real processes."""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import opened
from bot.exports.stories_json import JSON
from bot.periods import Period
from bot.reports import write_export
from config.settings import Settings
from flows.framework import Audience
from tests.builders import (
    PIPES,
    WHOLE,
    a_member,
    a_step,
    a_story_as_far_as,
    environment,
    fresh,
    from_scratch,
    invoked,
    kept,
    kept_story,
    lines,
    nothing_came_of_it,
    program,
    sentence,
    storytrail,
    talking,
)
from tests.builders import REALIZED as CHANGED
from tests.warm import Forked

ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a\u202b\u202d\u202e]")
"""Characters that do something to a terminal. Line ends and tabs do no harm."""


def stories(path: Path) -> list[dict[str, Any]]:
    """The stories as they are exported, here and now."""
    to = path.with_name("stories.json")
    with opened(Settings(database_url=f"sqlite:///{path}")) as app:
        write_export(app, JSON, reader=Audience.ORGANIZERS, community=None, period=Period(), to=to)
    found: list[dict[str, Any]] = json.loads(to.read_bytes())["stories"]
    return found


def words(story: dict[str, Any]) -> list[str]:
    return [step["text"] for step in story["steps"]]


# ---- a whole interview ----


def test_a_whole_interview_through_a_pipe_is_kept(tmp_path):
    path = tmp_path / "storytrail.db"

    done = storytrail("chat", "--as", "Ana", database=path, said=WHOLE, begin=from_scratch)

    exported = storytrail("export", database=path, begin=from_scratch)
    (story,) = json.loads(exported.stdout)["stories"]
    assert (done.returncode, done.stderr) == (0, b"")
    assert (exported.returncode, exported.stderr) == (0, b"")
    assert words(story) == list(WHOLE[1:5])
    assert story["teller"] == "Ana"
    assert story["worth_it"] == "yes"
    assert (story["reach"], story["stop"]) == ("realized", None)
    because = next(link for link in story["links"] if link["because"])
    assert (because["because"], because["counterfactual"]) == (WHOLE[5], "less")
    assert f"Kept as {story['ref']}." in done.stdout.decode()


def test_a_pipe_gets_plain_lines_without_colours(tmp_path):
    done = storytrail("chat", database=fresh(tmp_path), said=WHOLE[:3])

    said = done.stdout.decode()
    assert ACTS.search(said) is None
    assert "  1. I agree\n  2. Tell me more\n" in said
    assert "1 of 7\nThink of one time with the Onboarding Circle, good or bad." in said


def test_colours_are_not_forced_upon_a_pipe_by_the_environment(tmp_path):
    more = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "20"}

    done = storytrail("chat", database=fresh(tmp_path), said=WHOLE[:2], more=more)

    assert b"\x1b" not in done.stdout
    assert (
        b"Think of one time with the Onboarding Circle, good or bad. What happened" in done.stdout
    )


# ---- whatever is written ----


@dataclass(frozen=True)
class Odd:
    """A line that is kept exactly."""

    name: str
    line: str


KEPT = [
    Odd("emoji with joiners", "👩‍👩‍👧‍👦 🏳️‍🌈 ❤️"),
    Odd("right to left", "שלום עולם, مرحبا بالعالم"),
    Odd("an override", "user\u202eexe.txt\u202c"),
    Odd("an embedding", "user\u202bexe\u202a.txt\u202c\u202c"),
    Odd("combining characters", "e\u0301 Ω\u0345 ก็"),
    Odd("another plane", "𝒳 𐎀 \U0010ffff"),
    Odd("escape sequences", "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1bc"),
    Odd("control characters", "a\x01\x02\x08b\x0b\x0cc\x7f"),
    Odd("upper control characters", "\x9b31mred \x85 next"),
    Odd("a return in the middle", "all is well\rno"),
    Odd("tabs", "a\tb\t\tc"),
    Odd("separators of Unicode", "one\u2028two\u2029three\u00a0"),
    Odd("markup", "[bold]not bold[/bold] [link=file:///etc]x[/link] [/]"),
    Odd("emoji names", ":smile: and :warning:"),
    Odd("Fluent", '{ $member } { COMMAND("tell") } { "" }'),
    Odd("formats", "%s %(x)s {0} {x!r} $HOME `id` \\n"),
    Odd("a statement", "'); DROP TABLE answers; --"),
    Odd("a command after a space", " /tell"),
    Odd("a number after a space", " 1"),
    Odd("nearly a command", "/tell-me more"),
    Odd("two slashes", "//tell"),
    Odd("nearly a number", "1."),
    Odd("a number beyond the choices", "17"),
    Odd("a wide digit", "１"),
    Odd("spaces around", "  two before, two after  "),
    Odd("a hundred thousand characters", "x" * 100_000),
    Odd("a hundred thousand words", "wort " * 39_999),
]

REFUSED = {
    "empty": (b"", "That message was empty."),
    "blank": (b" \t  ", "That message was empty."),
    "unseen": ("\u3000\u2003".encode(), "That message was empty."),
    "NUL": (b"all is well\x00no", "That message holds a character that I can't keep."),
    "not UTF-8": (b"caf\xe9 \xff", "That line is not valid UTF-8 text, so it is not kept."),
    "a surrogate": (b"\xed\xa0\x80", "That line is not valid UTF-8 text, so it is not kept."),
    "too long": (b"x" * 200_001, "That message is longer than 200,000 characters"),
}


def test_whatever_is_written_is_kept_to_the_byte_or_refused_in_a_sentence(tmp_path):
    """One chat with an interview for each odd line, so that it is one process."""
    path = fresh(tmp_path)
    said = [b"1"]
    for odd in KEPT:
        told = nothing_came_of_it(odd.line, activity=f"In March {odd.name} was good.")
        said += [line.encode() for line in ("/tell", *told)]
    said += [b"/tell", b"In March it was good.", b"1"]
    said += [line for line, _ in REFUSED.values()]

    done = storytrail("chat", database=path, said=b"\n".join(said) + b"\n")

    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    kept = {words(story)[0]: words(story)[1] for story in stories(path)}
    for odd in KEPT:
        assert kept[f"In March {odd.name} was good."].encode() == odd.line.encode()
    assert len(kept) == len(KEPT)
    # What the review showed of it acts on no terminal, and no markup in it was obeyed.
    assert ACTS.findall(out) == []
    assert "␛[31mred␛[0m ␛]0;title␇ ␛c" in out
    assert "[bold]not bold[/bold] [link=file:///etc]x[/link] [/]" in out
    assert ":smile: and :warning:" in out
    after_the_stories = out.rpartition("Kept as S-")[2]
    for _, sentence_said in REFUSED.values():
        assert sentence_said in after_the_stories


def test_a_summary_shows_quotes_without_letting_them_act(tmp_path):
    path = fresh(tmp_path)
    shown = a_step(order=1, part="changed", cycle=CHANGED, text="\x1b[2Jquick\x9b31m \u202eway")
    with talking(path) as talk:
        kept(
            talk.database,
            lambda w: kept_story(
                w, a_story_as_far_as(CHANGED, steps=(shown,), links=()), a_member(w)
            ),
        )

    done = storytrail("summary", database=path, begin=from_scratch)

    assert ACTS.findall(done.stdout.decode()) == []
    assert "“␛[2Jquick" in done.stdout.decode()


# ---- how lines end ----


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(lines(WHOLE, end="\r\n"), id="returns and newlines"),
        pytest.param(lines(WHOLE).rstrip(b"\n"), id="no newline at the end"),
        pytest.param(lines(WHOLE, end="\r\n").rstrip(b"\r\n"), id="neither at the end"),
        pytest.param(b"\xef\xbb\xbf" + lines(WHOLE), id="a mark before the first line"),
    ],
)
def test_lines_may_end_as_on_any_system(tmp_path, said):
    path = fresh(tmp_path)

    done = storytrail("chat", database=path, said=said)

    (story,) = stories(path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert words(story) == list(WHOLE[1:5])
    assert story["worth_it"] == "yes"


def test_an_empty_input_is_asked_the_first_question_and_left_in_peace(tmp_path):
    done = storytrail("chat", database=fresh(tmp_path), said=b"")

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().count("May I keep your answers?") == 1


# ---- arguments ----


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 65, "a\x1b[31mb", "\u202ebo", "a\x01b", "\x7f", "\u200d"]
)
def test_a_name_that_is_none_is_refused(tmp_path, name):
    done = invoked("chat", "--as", name, database=tmp_path / "storytrail.db")

    assert done.returncode == 2
    assert sentence(done) == "--as takes a name of up to 64 characters."


@pytest.mark.parametrize(
    "name", ["ana", "Ana Lu", "Zoë", "שרה", "علی\u200cرضا", "x" * 64, "👩‍👩‍👧"]
)
def test_a_name_may_be_anything_that_can_be_read(name):
    # Taken apart from a chat: a name that is taken gets as far as the setting that is wrong.
    wrong = {"STORYTRAIL_DATABASE_TIMEOUT": "never"}

    done = invoked("chat", "--as", name, database="sqlite:///none.db", **wrong)

    assert done.returncode == 1
    assert "STORYTRAIL_DATABASE_TIMEOUT" in sentence(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ("chat", "--nonsense"),
        ("chat", "--as"),
        ("chat", "--role", "king"),
        ("chat", "extra"),
        ("nonsense",),
        ("export", "--format"),
        ("--nonsense",),
        (),
    ],
)
def test_wrong_usage_is_said_and_exits_with_two(tmp_path, arguments):
    done = invoked(*arguments, database=tmp_path / "storytrail.db")

    assert done.returncode == 2
    assert done.stdout + done.stderr != b""
    assert b"Traceback" not in done.stderr


def test_wrong_usage_of_the_program_touches_nothing(tmp_path):
    done = storytrail("chat", "--nonsense", database=tmp_path / "storytrail.db")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"No such option: --nonsense" in done.stderr
    assert list(tmp_path.iterdir()) == []


# ---- when somebody leaves ----


def a_chat(path: Path, name: str) -> Forked:
    return Forked(["chat", "--as", name], cwd=path.parent, env=environment(path), **PIPES)


def test_a_reader_who_leaves_after_the_first_line_ends_a_chat_quietly(tmp_path):
    chat = a_chat(fresh(tmp_path), "ana")
    assert chat.stdout is not None
    chat.stdout.readline()
    chat.stdout.close()
    chat.stdout = None

    _, err = chat.communicate(lines(WHOLE), timeout=30)

    assert (chat.returncode, err) == (0, b"")


@pytest.mark.parametrize("command", ["export", "check"])
def test_a_reader_who_left_before_ends_a_report_quietly(tmp_path, command):
    path = fresh(tmp_path)
    reads, writes = os.pipe()
    os.close(reads)

    done = subprocess.run(
        program(command),
        stdout=writes,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(path),
        timeout=30,
        check=False,
    )
    os.close(writes)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("command", "closed"),
    [("chat", "<&-"), ("chat", ">&-"), ("export", ">&-")],
)
def test_a_closed_input_or_output_is_an_empty_one(tmp_path, command, closed):
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *program(command)]

    done = subprocess.run(
        shell,
        input=None if "<" in closed else b"",
        capture_output=True,
        cwd=tmp_path,
        env=environment(fresh(tmp_path)),
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_ends_a_chat_that_waits_for_its_pipe(tmp_path):
    chat = a_chat(fresh(tmp_path), "ana")
    assert chat.stdout is not None
    while b"Not now" not in chat.stdout.readline():
        pass
    while not is_reading_its_input(chat.pid):
        assert chat.poll() is None

    resting = main_thread_of(chat.pid)
    chat.send_signal(signal.SIGINT)

    while main_thread_of(chat.pid) in (resting, "running"):  # it has not heard of it yet
        assert chat.poll() is None  # and its pipe, once closed, would end it too
    _, err = chat.communicate(timeout=30)
    assert (chat.returncode, err) == (130, b"")


def main_thread_of(process: int) -> str:
    """The number of the call that it waits in, as Linux tells it; `running` where it is in none."""
    return Path(f"/proc/{process}/task/{process}/syscall").read_text().split()[0]


def is_reading_its_input(process: int) -> bool:
    """Whether a thread of the process waits in a call with descriptor 0, as Linux tells it."""
    calls = [path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/syscall")]
    return not calls or any(call[1:2] == ["0x0"] for call in calls)


@pytest.mark.parametrize("command", ["summary", "export"])
def test_an_output_that_knows_only_ascii_breaks_nothing(tmp_path, command):
    path = fresh(tmp_path)
    with talking(path) as talk:
        kept(talk.database, lambda w: kept_story(w, a_story_as_far_as(CHANGED), a_member(w, "Zoë")))

    more = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = storytrail(command, database=path, more=more, begin=from_scratch)

    assert (done.returncode, done.stderr) == (0, b"")


# ---- several at once ----


def test_two_chats_at_once_on_one_new_file_lose_and_double_nothing(tmp_path):
    path = tmp_path / "storytrail.db"
    names = ("ana", "bo", "cy")
    chats = [a_chat(path, name) for name in names]

    told = {
        name: [f"{line} ({name})" if len(line) > 1 else line for line in WHOLE] for name in names
    }
    for chat, name in zip(chats, names, strict=True):
        assert chat.stdin is not None
        chat.stdin.write(lines(told[name]))
        chat.stdin.close()
        chat.stdin = None
    ends = [chat.communicate(timeout=60) for chat in chats]

    assert [(chat.returncode, err) for chat, (_, err) in zip(chats, ends, strict=True)] == [
        (0, b"")
    ] * len(names)
    kept = {story["teller"]: words(story) for story in stories(path)}
    assert kept == {name: told[name][1:5] for name in names}
    for out, _ in ends:
        assert out.decode().count("Kept as S-") == 1


def test_one_person_may_leave_in_the_middle_and_go_on_in_another_chat(tmp_path):
    path = fresh(tmp_path)

    first = storytrail("chat", "--as", "ana", database=path, said=WHOLE[:4])
    second = storytrail("chat", "--as", "ana", database=path, said=WHOLE[4:])

    (story,) = stories(path)
    assert [(done.returncode, done.stderr) for done in (first, second)] == [(0, b"")] * 2
    assert words(story) == list(WHOLE[1:5])
    assert "After that, what was different" in second.stdout.decode()
