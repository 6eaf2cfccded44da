"""The files of this package, with a community's own folder laid over them."""

from collections.abc import Iterator
from pathlib import Path

from config.errors import FileError

SHIPPED = Path(__file__).parent

PLACES = ("framework.yaml", "flows/*.yaml", "rules/*.yaml", "texts/*.ftl")
"""All that is read of a folder."""


def find(pattern: str, over: Path | None) -> tuple[Path, ...]:
    """The files that `pattern` finds, one of `over` in the place of its shipped namesake."""
    return tuple({path.name: path for path in layers(pattern, over)}.values())


def layers(pattern: str, over: Path | None) -> tuple[Path, ...]:
    """The files that `pattern` finds, the shipped ones and then those laid over them."""
    return (*_glob(SHIPPED, pattern), *(_glob(over, pattern) if over else ()))


def unread(over: Path) -> tuple[Path, ...]:
    """Files that look like definitions or texts and lie where nothing reads them."""
    known = {path for pattern in PLACES for path in _glob(over, pattern)}
    looks = (".yaml", ".yml", ".ftl")
    found = (path for pattern in ("*", "*/*") for path in _glob(over, pattern))
    return tuple(path for path in found if path.suffix in looks and path not in known)


def read(path: Path, fault: type[FileError]) -> str:
    """The text of a file, its line ends as they are; raises `fault` where it can't be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise fault(shown(path), 0, "", f"can't be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8-sig")  # editors on Windows write a mark first
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise fault(shown(path), line, "", "is not UTF-8; save the file as UTF-8") from None


def shown(path: Path) -> str:
    """A path as a person would write it here: short below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _glob(folder: Path, pattern: str) -> Iterator[Path]:
    # Hidden ones are of editors and file systems (.#story.yaml, ._en.ftl).
    return (path for path in sorted(folder.glob(pattern)) if not path.name.startswith("."))
