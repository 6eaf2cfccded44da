"""What is set for one installation: environment over storytrail.toml over defaults.

The only file that reads the environment.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.errors import ConfigError, SettingsError, first_of
from config.routes import Route, route

ADDRESS = re.compile(r"[a-z]+:\S(?:.*\S)?")

FILE = "storytrail.toml"

PREFIX = "STORYTRAIL_"

TESTS = "STORYTRAIL_TEST_"
"""Variables that only the tests read; everybody else passes them over."""

MOST_SECRET = 65_536  # bytes of a file that holds a secret; a certificate's key is far shorter

DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")

MUST_BE = {
    "float_parsing": "must be a number, for example 5",
    "float_type": "must be a number, for example 5",
    "finite_number": "must be a number, for example 5",
    "greater_than": "must be more than 0",
    "greater_than_equal": "must be 1 or more; 15 or more for drafts",
    "int_parsing": "must be a whole number, for example 30",
    "int_type": "must be a whole number, for example 30",
    "path_not_directory": "there is no such folder; make it, or leave the setting out",
    "path_type": "must be the path of a folder, in quotes",
    "string_too_short": "must not be empty",
    "string_type": "must be text, in quotes",
}
"""What pydantic finds, as a person reads it."""


def _database(url: str) -> str:
    if not url.startswith(DATABASES):
        # Not a word of it is shown: it may hold a password.
        known = "sqlite:///storytrail.db or postgresql://user@host/name"
        raise ValueError(f"must be the URL of a database, like {known}")
    return url


def _listed(addresses: object) -> object:
    """`a, b` as a list; each an address."""
    found = addresses.split(",") if isinstance(addresses, str) else addresses
    if not isinstance(found, list | tuple):
        return found
    named = [str(address).strip() for address in found]
    for address in filter(None, named):
        if not ADDRESS.fullmatch(address):
            raise ValueError("must be addresses like telegram:1001, separated by commas")
    return tuple(filter(None, named))


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _beginning(*starts: str) -> AfterValidator:
    """Something that is kept secret, which begins with one of these."""

    def check(token: str) -> str:
        if not token.startswith(starts):
            # Not a word of it is shown: another secret may have got here by mistake.
            raise ValueError(f"must begin with {' or '.join(starts)}")
        return token

    return AfterValidator(check)


def _lower(word: object) -> object:
    return word.lower() if isinstance(word, str) else word


class Settings(BaseSettings):
    """Values as given; `load_settings` is what looks for them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    database_url: Annotated[str, AfterValidator(_database)] = Field(
        default="sqlite:///storytrail.db",
        description="The database: `sqlite:///` and a path, or `postgresql://…`.",
        repr=False,  # it may hold a password
    )
    database_timeout: float = Field(
        default=5,
        gt=0,
        allow_inf_nan=False,
        description="Seconds that a database which another process holds is waited for.",
    )
    lease_timeout: float = Field(
        default=20,
        ge=1,
        allow_inf_nan=False,
        description="Seconds after which another program on the same PostgreSQL takes over from "
        "one that hangs or is cut off. One that ends, or is killed, is replaced within a few.",
    )
    config_dir: DirectoryPath | None = Field(
        default=None,
        description="A folder with definitions and texts of your own, laid over the shipped ones: "
        "`framework.yaml`, `flows/*.yaml`, `rules/*.yaml`, `texts/*.ftl`.",
    )
    community: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None,
        description="The name of the first community as it stands inside a sentence, with its "
        "article: `the Onboarding Circle`. Where it is not set, its organizers name it.",
    )
    owners: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        default=(),
        description="Addresses of those who manage roles and communities, separated by commas: "
        "`telegram:1001, terminal:ana`. They read stories only if they are organizers too.",
    )
    erasures_file: Path | None = Field(
        default=None,
        description="Where it is written down which rows were erased, so that a backup that is "
        "put back loses them again. Without it: beside a SQLite file, as `storytrail.db.erased`; "
        "nowhere for PostgreSQL.",
    )
    retention_drafts: Annotated[int, Field(ge=15)] | None = Field(
        default=None,
        description="Days after which a story that was begun and not gone on with is erased. Its "
        "teller is told 14 days before. Without it: never.",
    )
    retention_platform_ids: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Days after which the ids of messages on their platform are erased. An edited "
        "message then changes nothing any more. Without it: never.",
    )
    retention_inputs: int = Field(
        default=30,
        ge=1,
        description="Days after which the keys of what arrived are erased, and what failed and was "
        "kept.",
    )
    secret_key: Annotated[str, StringConstraints(min_length=16)] | None = Field(
        default=None,
        repr=False,
        description="What buttons are signed with, at least 16 characters; the same for all "
        "programs on one database. Without it one is made, beside a SQLite file or in this folder.",
    )
    public_url: str | None = Field(
        default=None,
        description="Where this program is reached from outside, `https://…`, for webhooks.",
    )
    http_host: str = Field(
        default="127.0.0.1", description="The address that the web server listens at."
    )
    http_port: int = Field(
        default=8080, ge=0, le=65_535, description="Its port; 0 is any that is free."
    )
    telegram_token: str | None = Field(
        default=None, repr=False, description="The token that BotFather gave you."
    )
    telegram_api_url: str = Field(
        default="https://api.telegram.org",
        description="The Bot API server; one of your own is `http://127.0.0.1:8081`.",
    )
    telegram_patience: Positive = Field(
        default=20,
        description="Seconds that an answer of the Bot API is waited for. What was to be sent is "
        "then sent again, after a pause.",
    )
    telegram_mode: Annotated[Literal["polling", "webhook"], BeforeValidator(_lower)] = Field(
        default="polling",
        description="Whether Telegram is asked for messages, or calls `public_url` itself.",
    )
    telegram_webhook_secret: str | None = Field(
        default=None,
        repr=False,
        pattern=r"^[A-Za-z0-9_-]{16,256}$",
        description="A word that only Telegram and this program know, for webhooks: 16 to 256 "
        "letters, digits, `_` and `-`.",
    )
    slack_bot_token: Annotated[str, _beginning("xoxb-", "xoxe.xoxb-")] | None = Field(
        default=None,
        repr=False,
        description="The bot token of one workspace, `xoxb-…`, where the app is installed by hand. "
        "It is not renewed: the app must not rotate its tokens then.",
    )
    slack_app_token: Annotated[str, _beginning("xapp-")] | None = Field(
        default=None,
        repr=False,
        description="The app-level token, `xapp-…`. With it Slack is connected to (Socket Mode); "
        "without it Slack calls `public_url` itself.",
    )
    slack_signing_secret: str | None = Field(
        default=None,
        repr=False,
        description="What Slack signs its calls with. It is needed where Slack calls `public_url`.",
    )
    slack_client_id: str | None = Field(
        default=None,
        description="The app's client id. With it and its secret the app can be installed in many "
        "workspaces, at `/slack/install` below `public_url`.",
    )
    slack_client_secret: str | None = Field(
        default=None, repr=False, description="The secret of that client."
    )
    slack_api_url: str = Field(
        default="https://slack.com",
        description="Where Slack is. Nobody but a test sets it.",
    )
    slack_patience: Positive = Field(
        default=20,
        description="Seconds that an answer of Slack is waited for. What was to be sent is then "
        "sent again, after a pause.",
    )
    limit_chat_burst: int = Field(
        default=3,
        ge=1,
        description="How many messages are sent to one chat at once, before each further one waits "
        "its turn.",
    )
    limit_chat_per_second: Positive = Field(
        default=1, description="How many messages a second are then sent to one chat."
    )
    limit_per_second: Positive = Field(
        default=30,
        description="How many messages a second are sent in all. Answers to people go before what "
        "is said to many.",
    )
    limit_group_per_minute: Positive = Field(
        default=20, description="How many messages a minute are sent to one group."
    )
    limit_pause: Positive = Field(
        default=60,
        description="Seconds of the longest pause before what failed is tried again. The first is "
        "of about half a second; each further one is twice as long, up to this.",
    )
    tick: Positive = Field(
        default=60,
        description="Seconds between looks at what is due without anybody asking for it, such as "
        "erasing what has had its time.",
    )
    limit_workspace_per_second: Positive = Field(
        default=5,  # chat.postMessage, Rate limiting: "several hundred messages per minute"
        description="How many messages a second are sent in one Slack workspace. Slack allows one "
        "a second in each chat, and several hundred a minute in a workspace: 5 a second are 300.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        Field(default="warning", description="The least that is logged.")
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field(
        default="text", description="How it is logged: for people or for programs."
    )

    @property
    def has_slack(self) -> bool:
        """Whether there is a workspace of Slack, or may be one."""
        return self.slack_bot_token is not None or self.slack_client_id is not None

    @property
    def platforms(self) -> tuple[str, ...]:
        """The names of those that the bot is let in to."""
        telegram = ("telegram",) if self.telegram_token is not None else ()
        return (*telegram, "slack") if self.has_slack else telegram

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What is handed in counts and nothing else, so that a test's Settings are its own.
        return (init_settings,)


def load_settings(folder: Path | None = None) -> Settings:
    """The environment over the storytrail.toml of `folder` (the current one) over the defaults.

    Raises SettingsError; its `faults` are all there are. None of them shows a value.
    """
    faults: list[ConfigError] = [*_unknown_variables(os.environ)]
    written = _layer(_file((folder or Path()) / FILE), _key, faults)
    given = _layer({**_environment(), **_files_named()}, variable, faults)
    places = {**written.places, **given.places}
    try:
        settings = Settings(**{**written.values, **given.values})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        faults += [_told(detail, places) for detail in details]
    else:
        if not faults:
            return settings
    raise first_of(faults)


def secrets() -> tuple[str, ...]:
    """The settings that are kept secret. Each can lie in a file: `file_of` names that setting."""
    return tuple(name for name, field in Settings.model_fields.items() if not field.repr)


def file_of(name: str) -> str:
    """The setting that names the file in which a secret lies."""
    return f"{name}_file"


def route_to(url: str) -> Route:
    """How this address is reached from here. Raises SettingsError."""
    return route(url, os.environ)


def variable(name: str) -> str:
    """How a setting is called in the environment."""
    return f"{PREFIX}{name.upper()}"


def _environment() -> dict[str, Any]:
    return EnvSettingsSource(Settings)()


def _files_named() -> dict[str, str]:
    """The variables that name the file of a secret; an empty one is none, as everywhere."""
    files = {variable(file_of(name)): file_of(name) for name in secrets()}
    return {files[n.upper()]: path for n, path in os.environ.items() if path and n.upper() in files}


@dataclass(frozen=True, slots=True)
class _Layer:
    """Values of one source, and what a person called each of them there."""

    values: Mapping[str, Any]
    places: Mapping[str, str]


def _layer(
    found: Mapping[str, Any], spelt: Callable[[str], str], faults: list[ConfigError]
) -> _Layer:
    """`found`, with what lies in the files that it names. Faults of those are added to `faults`."""
    values = dict(found)
    places = {name: spelt(name) for name in found}
    for name in secrets():
        path = values.pop(file_of(name), None)
        if path is None:
            continue
        where = places[name] = spelt(file_of(name))
        try:
            if name in values:
                other = spelt(name).removeprefix(f"{FILE}: ")
                raise SettingsError(where, f"{other} is set too; leave one of them out")
            values[name] = _secret_in(path, where)
        except SettingsError as fault:
            faults.append(fault)
    return _Layer(values, places)


def _secret_in(path: object, where: str) -> str:
    """What a file holds, without the newline at its end.

    Neither that nor the path is ever shown: somebody may have put the secret itself there.
    """
    if not isinstance(path, str):
        raise SettingsError(where, "must be the path of a file, in quotes")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_SECRET + 1)
        found = content.decode("utf-8")
    except OSError as error:
        why = (error.strerror or "an error").lower()
        raise SettingsError(where, f"the file it names cannot be read ({why})") from None
    except UnicodeDecodeError:
        raise SettingsError(where, "the file it names is not UTF-8; save it as UTF-8") from None
    except ValueError:  # of a path with a NUL in it
        raise SettingsError(where, "must be the path of a file") from None
    if len(content) > MOST_SECRET:
        raise SettingsError(where, "the file it names is too long to hold a secret")
    if not found.strip():
        raise SettingsError(where, "the file it names is empty")
    return found.removesuffix("\n").removesuffix("\r")


def _key(name: str) -> str:
    """How a setting is called in the file."""
    return f"{FILE}: {name}"


def _file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(FILE, f"can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(FILE, "is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(FILE, f"is not TOML: {error}") from None


def _unknown_variables(names: Iterable[str]) -> Iterator[SettingsError]:
    for name in sorted(names):
        short = name.upper().removeprefix(PREFIX).lower()
        ours = name.upper().startswith(PREFIX) and not name.upper().startswith(TESTS)
        if ours and short not in _names():
            yield SettingsError(name, _no_such(short, variable))


def _told(detail: ErrorDetails, places: Mapping[str, str]) -> SettingsError:
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        return SettingsError(places[name], _no_such(name, str))
    said = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return SettingsError(places[name], MUST_BE.get(detail["type"], said))


def _no_such(name: str, spelt: Callable[[str], str]) -> str:
    near = get_close_matches(name, _names(), n=1)
    advice = f"did you mean {spelt(near[0])}?" if near else "remove it"
    return f"there is no such setting; {advice}"


def _names() -> list[str]:
    return [*Settings.model_fields, *map(file_of, secrets())]
