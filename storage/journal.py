"""What was erased, in a file beside the database: whoever puts a backup back erases it again.

A line names a row and a time, and nothing else.
"""

import json
import os
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from storage.database import Database
from storage.erasure import Erased, Erasing
from storage.unit_of_work import Work


class Journal:
    def __init__(self, path: Path | None) -> None:
        """None: there is no file to keep it in, and a backup brings back what it holds."""
        self._path = path
        self._settling = threading.Lock()  # of two at once, each would write the same lines

    def settle(self, database: Database, *, also: Sequence[Erasing] = ()) -> int:
        """Have file and database agree: what only one of them knows of, the other one learns.
        So does each of what is known of from elsewhere (`also`).

        So a database that was put back from a backup loses again what was erased since. How many
        erasures that were. Afterwards no page of the database holds any of the words.
        """
        with self._settling:
            return self._settle(database, also)

    def _settle(self, database: Database, also: Sequence[Erasing]) -> int:
        recorded = database.read_now(lambda c: Work(c).erasure.recorded())
        written, there = self._read(), set(recorded)
        missed = [each for each in dict.fromkeys([*written, *also]) if each not in there]
        if missed:
            database.write_now(lambda c: _erase_again(Work(c), missed))
        known = set(written)
        unwritten = dict.fromkeys([*recorded, *also])
        self._append([each for each in unwritten if each not in known])
        if recorded or missed:
            database.sweep()
        return len(missed)

    def _read(self) -> list[Erasing]:
        if self._path is None or not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").split("\n")
        # The last line may have been cut off by a kill: the database still has what it said.
        return [_erasing_of(line) for line in lines[:-1]]

    def _append(self, erased: list[Erasing]) -> None:
        if self._path is None or not erased:
            return
        self._drop_half_a_line()
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(_line(each) for each in erased)
            file.flush()
            os.fsync(file.fileno())

    def _drop_half_a_line(self) -> None:
        if self._path is None or not self._path.exists():
            return
        text = self._path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:
            os.truncate(self._path, len(whole))


def _erase_again(work: Work, missed: list[Erasing]) -> None:
    for each in missed:
        work.erasure.erase_again(each)


def _line(erased: Erasing) -> str:
    return json.dumps({"at": erased.at.isoformat(), "kind": erased.kind, "row": erased.row}) + "\n"


def _erasing_of(line: str) -> Erasing:
    found = json.loads(line)
    return Erasing(Erased(found["kind"]), found["row"], datetime.fromisoformat(found["at"]))
