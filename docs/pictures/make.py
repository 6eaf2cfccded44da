"""Draws conversation.png: a real run of `storytrail chat`, as a terminal shows it.

Needs more than the project does, in an environment of its own:

    pip install pexpect pillow pyte
    python docs/pictures/make.py

The font is DejaVu Sans Mono. Look at the picture before you commit it.
"""

import tempfile
from pathlib import Path

import pexpect
import pyte
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
STORYTRAIL = HERE.parent.parent / ".venv" / "bin" / "storytrail"

COLUMNS, ROWS = 97, 70
SCALE = 2  # pixels of the file for one on a common screen
SIZE, LEADING, MARGIN = 14 * SCALE, 19 * SCALE, 20 * SCALE

BEHIND = "#1b1f27"
INK = {"default": "#dfe3ea", "cyan": "#6cc7d6"}
DIM = "#8c95a4"

SAID = (
    ("agree", "1\r"),
    (
        "Think of one time",
        "In the March call they showed how they plan a first week. I liked it.\r",
    ),
    ("get from it", "A checklist for new colleagues.\r"),
    ("do anything with it", "2\r"),
    ("stopped you", "No time. The next ones came the same week."),
)
"""What is waited for, and what is typed then."""

QUIET = 0.7  # seconds without output after which the prompt is taken to stand there

# pyte knows no faint text; nothing here blinks, so that stands in for it.
pyte.graphics.TEXT[2] = "+blink"


class Fed:
    """A file for pexpect that is written onto a screen."""

    def __init__(self, stream: pyte.Stream) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        self._stream.feed(text)

    def flush(self) -> None:
        pass


def main() -> None:
    screen = pyte.Screen(COLUMNS, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        _talk(pyte.Stream(screen), Path(folder))
    _draw(screen).save(HERE / "conversation.png", optimize=True)


def _talk(stream: pyte.Stream, folder: Path) -> None:
    child = pexpect.spawn(
        str(STORYTRAIL),
        ["chat", "--as", "Ana"],
        cwd=str(folder),
        dimensions=(ROWS, COLUMNS),
        encoding="utf-8",
        env={
            "HOME": str(folder),
            "PATH": "/usr/bin:/bin",
            "TERM": "xterm-256color",
            "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody answers where the cursor is
            "STORYTRAIL_COMMUNITY": "the Onboarding Circle",
        },
    )
    child.logfile_read = Fed(stream)
    for question, answer in SAID:
        child.expect(question)
        child.expect(pexpect.TIMEOUT, timeout=QUIET)
        child.send(answer)
    child.expect(pexpect.TIMEOUT, timeout=QUIET)
    child.close(force=True)


def _draw(screen: pyte.Screen) -> Image.Image:
    plain = ImageFont.truetype("DejaVuSansMono.ttf", SIZE)
    bold = ImageFont.truetype("DejaVuSansMono-Bold.ttf", SIZE)
    wide = plain.getlength("M")
    used = [row for row, line in enumerate(screen.display) if line.strip()]
    first, last = used[0], used[-1]
    picture = Image.new(
        "RGB",
        (round(COLUMNS * wide) + 2 * MARGIN, (last - first + 1) * LEADING + 2 * MARGIN),
        BEHIND,
    )
    pen = ImageDraw.Draw(picture)
    for row in range(first, last + 1):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            at = (MARGIN + column * wide, MARGIN + (row - first) * LEADING)
            ink = DIM if cell.blink else INK.get(cell.fg, INK["default"])
            pen.text(at, cell.data, fill=ink, font=bold if cell.bold else plain)
    at = (MARGIN + screen.cursor.x * wide, MARGIN + (screen.cursor.y - first) * LEADING)
    pen.rectangle((*at, at[0] + wide, at[1] + SIZE * 1.2), fill=DIM)
    return picture


if __name__ == "__main__":
    main()
