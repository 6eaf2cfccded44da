"""The chat in a window: a real pseudo-terminal, driven as a person drives it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.builders import environment, fresh, program

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|\][^\x07]*\x07|[()=>][0-9A-B]?)")

QUESTION_1 = "What happened, and"  # the window breaks the line there
QUESTION_2 = "What did you get from it"

WAITS = "\x1b[?2004h"
"""What a window is sent when it begins to read keys; what is typed before goes another way."""

BOLD, CYAN = "\x1b[1m", "\x1b[36m"

Window = Any
"""A pexpect.spawn whose output is kept in `seen`."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Window]]:
    """Opens the chat in a window; every time on the same database."""
    path = fresh(tmp_path)
    windows: list[Window] = []

    def begin() -> Window:
        command, *arguments = program("chat", "--as", "Ana")
        window = pexpect.spawn(
            command,
            arguments,
            cwd=str(tmp_path),
            # NO_CPR: nobody answers here when the cursor's position is asked for.
            env=environment(path, TERM="xterm-256color", PROMPT_TOOLKIT_NO_CPR="1"),
            encoding="utf-8",
            dimensions=(40, 80),
            timeout=30,
        )
        windows.append(window)
        return window

    yield begin
    for window in windows:
        window.close(force=True)


def shown(window: Window, until: str) -> str:
    """What the window shows up to `until`, with its colours."""
    window.expect_exact(until)
    return f"{window.before}{window.after}"


def asked(window: Window, question: str) -> str:
    """What the window shows up to where it waits for an answer to `question`."""
    said = shown(window, question)
    return said + shown(window, WAITS)


def left(window: Window) -> tuple[str, int]:
    """The last words of a window, and how its program ended."""
    window.expect(pexpect.EOF)
    window.wait()
    return ESCAPES.sub("", window.before), window.exitstatus


def test_a_window_has_colours_and_numbered_choices(opened):
    window = opened()

    begun = asked(window, "3. Not now")

    assert BOLD in begun
    assert CYAN in begun
    plain = ESCAPES.sub("", begun).replace("\r\n", "\n")
    assert "Ctrl-C leaves, and nothing is lost." in " ".join(plain.split())
    assert "  1. I agree\n  2. Tell me more\n" in plain


def test_an_interview_that_is_left_by_ctrl_c_is_offered_when_its_teller_comes_back(opened):
    window = opened()
    asked(window, "3. Not now")
    window.send("1\r")
    asked(window, QUESTION_1)
    window.send("In March we met and it was good.\r")
    asked(window, QUESTION_2)
    window.sendcontrol("c")
    last, code = left(window)

    again = opened()
    offered = ESCAPES.sub("", asked(again, "Delete it"))
    again.send("1\r")
    asked(again, QUESTION_2)
    again.sendcontrol("c")
    left(again)

    assert "Your story is safe. The same command brings you back to it." in " ".join(last.split())
    assert code == 0
    assert "You began a story: “In March we met and it was good.”" in " ".join(offered.split())


def test_a_window_may_be_left_by_ctrl_d_as_well(opened):
    window = opened()
    asked(window, "3. Not now")

    window.sendcontrol("d")

    assert left(window)[1] == 0


def test_commands_are_completed_after_a_slash(opened):
    window = opened()
    asked(window, "3. Not now")

    window.send("/he")
    shown(window, "/help")  # offered while it is typed
    window.send("\t\r")
    helped = asked(window, "While a question is open")
    window.sendcontrol("c")

    assert "What you can write:" in ESCAPES.sub("", helped)
    assert left(window)[1] == 0


def test_what_was_written_does_not_act_on_the_window_when_it_is_shown_again(opened):
    window = opened()
    asked(window, "3. Not now")
    window.send("1\r")
    asked(window, QUESTION_1)
    window.send("In March \u009b31m we met [red]and[/red] it was good.\r")
    asked(window, QUESTION_2)
    window.send("1\r")
    asked(window, "or went wrong")
    window.send("1\r")
    shown(window, "This is your story")
    reviewed = asked(window, "Who may read it?")
    window.sendcontrol("c")

    assert "\u009b" not in reviewed
    assert "[red]and[/red]" in reviewed
    assert left(window)[1] == 0
