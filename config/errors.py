"""What can be wrong with what was configured.

ConfigError
├── SettingsError         a STORYTRAIL_… variable, or a key of storytrail.toml
└── FileError             a place in a file
    ├── DefinitionError   framework.yaml, flows/*.yaml, rules/*.yaml
    └── TextsError        texts/*.ftl
"""

from collections.abc import Sequence
from typing import TypeVar

E = TypeVar("E", bound="ConfigError")


class ConfigError(Exception):
    """Root of the errors of `config`. Its text is a sentence for whoever runs the bot."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.more: tuple[ConfigError, ...] = ()

    @property
    def faults(self) -> "tuple[ConfigError, ...]":
        """This one, and the others that the same reading found."""
        return (self, *self.more)


class SettingsError(ConfigError):
    """`where` is the variable, or the key of storytrail.toml. No value is ever shown."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where, self.message = where, message


class FileError(ConfigError):
    """`line` counts from 1; 0 is the file as a whole. `key` leaves out the `steps.` of a flow."""

    def __init__(self, path: str, line: int, key: str, message: str) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(": ".join(filter(None, (place, key, message))))
        self.path, self.line, self.key, self.message = path, line, key, message


class DefinitionError(FileError): ...


class TextsError(FileError): ...


def first_of(faults: Sequence[E]) -> E:
    """The first of `faults`, which from now on holds the others."""
    first, *others = faults
    first.more = tuple(others)
    return first
