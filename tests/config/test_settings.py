"""Settings: environment over file over defaults, and faults that never show a value."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import Settings, load_settings, secrets, variable
from tests.builders import invoked, sentence

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Settings of a folder with this storytrail.toml and of these variables."""
    for name in list(os.environ):
        if name.upper().startswith("STORYTRAIL_"):
            monkeypatch.delenv(name)

    def loaded(toml: str | bytes | None = None, **environment: str) -> Settings:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        if toml is not None:
            content = toml if isinstance(toml, bytes) else toml.encode()
            (tmp_path / "storytrail.toml").write_bytes(content)
        return load_settings(tmp_path)

    return loaded


def faults(load: Load, toml: str | bytes | None = None, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(toml, **environment)
    return [str(fault) for fault in raised.value.faults]


def test_without_anything_set_there_are_defaults(load: Load):
    settings = load()

    assert settings.model_dump() == {
        "database_url": "sqlite:///storytrail.db",
        "database_timeout": 5,
        "lease_timeout": 20,
        "config_dir": None,
        "community": None,
        "owners": (),
        "erasures_file": None,
        "retention_drafts": None,
        "retention_platform_ids": None,
        "retention_inputs": 30,
        "limit_chat_burst": 3,
        "limit_chat_per_second": 1,
        "limit_per_second": 30,
        "limit_group_per_minute": 20,
        "limit_pause": 60,
        "tick": 60,
        "limit_workspace_per_second": 5,
        "secret_key": None,
        "public_url": None,
        "http_host": "127.0.0.1",
        "http_port": 8080,
        "telegram_token": None,
        "telegram_api_url": "https://api.telegram.org",
        "telegram_patience": 20,
        "telegram_mode": "polling",
        "telegram_webhook_secret": None,
        "slack_bot_token": None,
        "slack_app_token": None,
        "slack_signing_secret": None,
        "slack_client_id": None,
        "slack_client_secret": None,
        "slack_api_url": "https://slack.com",
        "slack_patience": 20,
        "log_level": "warning",
        "log_format": "text",
    }


def test_the_environment_goes_before_the_file(load: Load, tmp_path: Path):
    settings = load(
        f'community = "the Circle"\nlog_format = "json"\nconfig_dir = "{tmp_path}"',
        STORYTRAIL_COMMUNITY="the Round Table",
        STORYTRAIL_DATABASE_TIMEOUT="0.5",
    )

    assert settings.community == "the Round Table"
    assert settings.log_format == "json"
    assert settings.config_dir == tmp_path
    assert settings.database_timeout == 0.5


def test_the_file_of_the_current_folder_is_read(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "storytrail.toml").write_text('community = "the Circle"')
    monkeypatch.chdir(tmp_path)

    assert load_settings().community == "the Circle"


def test_an_empty_variable_is_none(load: Load):
    settings = load(STORYTRAIL_CONFIG_DIR="", STORYTRAIL_COMMUNITY="")

    assert settings == Settings()


def test_variables_of_the_tests_are_passed_over(load: Load):
    assert load(STORYTRAIL_TEST_DATABASE_URL="x", STORYTRAIL="x") == Settings()


@pytest.mark.parametrize("level", ["INFO", "Info", "info"])
def test_the_case_of_a_level_does_not_matter(load: Load, level: str):
    assert load(STORYTRAIL_LOG_LEVEL=level).log_level == "info"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DATABASE_URL", "mysql://localhost/x", "must be the URL of a database, like sqlite:///"),
        ("DATABASE_TIMEOUT", "soon", "must be a number, for example 5"),
        ("DATABASE_TIMEOUT", "nan", "must be a number, for example 5"),
        ("LIMIT_PER_SECOND", "many", "must be a number, for example 5"),
        ("LIMIT_PER_SECOND", "0", "must be more than 0"),
        ("LIMIT_PAUSE", "0", "must be more than 0"),
        ("TELEGRAM_PATIENCE", "inf", "must be a number, for example 5"),
        ("LIMIT_CHAT_BURST", "0.5", "must be a whole number, for example 30"),
        ("LIMIT_CHAT_BURST", "0", "must be 1 or more"),
        ("DATABASE_TIMEOUT", "0", "must be more than 0"),
        ("CONFIG_DIR", "/nowhere/at/all", "there is no such folder; make it, or leave the setting"),
        ("COMMUNITY", "  ", "must not be empty"),
        ("LOG_LEVEL", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
        ("LOG_FORMAT", "xml", "must be 'text' or 'json'"),
        ("DATABSE_URL", "x", "there is no such setting; did you mean STORYTRAIL_DATABASE_URL?"),
        ("ZULU_QX", "x", "there is no such setting; remove it"),
    ],
)
def test_a_fault_of_the_environment_names_the_variable(
    load: Load, name: str, value: str, fault: str
):
    found = faults(load, **{f"STORYTRAIL_{name}": value})

    assert len(found) == 1
    assert found[0].startswith(f"STORYTRAIL_{name}: {fault}")


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("database_url = 5", "storytrail.toml: database_url: must be text, in quotes"),
        ("config_dir = 5", "storytrail.toml: config_dir: must be the path of a folder, in quotes"),
        ("log_level = 5", "storytrail.toml: log_level: must be 'debug', 'info', "),
        ("comunity = 'x'", "storytrail.toml: comunity: there is no such setting; did you mean com"),
        ("[web]\nport = 1", "storytrail.toml: web: there is no such setting; remove it"),
        ("community = the", "storytrail.toml: is not TOML: Invalid value (at line 1, column 13)"),
        (b"community = '\xff'", "storytrail.toml: is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_fault_of_the_file_names_the_key(load: Load, toml: str | bytes, fault: str):
    found = faults(load, toml)

    assert len(found) == 1
    assert found[0].startswith(fault)


def test_a_file_that_cannot_be_read_is_a_fault(load: Load, tmp_path: Path):
    (tmp_path / "storytrail.toml").mkdir()

    assert faults(load) == ["storytrail.toml: can't be read: Is a directory"]


def test_all_faults_are_told_together(load: Load):
    found = faults(load, "log_format = 1", STORYTRAIL_FOO="x", STORYTRAIL_LOG_LEVEL="loud")

    assert [each.split(": ")[-2] for each in found] == [
        "STORYTRAIL_FOO",
        "STORYTRAIL_LOG_LEVEL",
        "log_format",
    ]


def test_a_fault_can_be_read_in_its_parts(load: Load):
    with pytest.raises(SettingsError) as raised:
        load(STORYTRAIL_DATABASE_TIMEOUT="-1")

    assert raised.value.where == "STORYTRAIL_DATABASE_TIMEOUT"
    assert raised.value.message == "must be more than 0"


def test_a_password_is_never_shown(load: Load):
    wrong = faults(load, STORYTRAIL_DATABASE_URL="postgres://bot:secret@host/db")
    with pytest.raises(ValueError, match="database_url") as raised:
        Settings(database_url="postgres://bot:secret@host/db")
    right = Settings(database_url="postgresql://bot:secret@host/db")

    assert "secret" not in "".join([*wrong, str(raised.value), repr(raised.value), repr(right)])


def test_tokens_of_slack_that_were_mixed_up_are_told_apart_and_not_shown(load: Load):
    found = faults(
        load,
        STORYTRAIL_SLACK_BOT_TOKEN="xapp-1-hidden",
        STORYTRAIL_SLACK_APP_TOKEN="xoxb-hidden",
    )

    assert found == [
        "STORYTRAIL_SLACK_BOT_TOKEN: must begin with xoxb- or xoxe.xoxb-",
        "STORYTRAIL_SLACK_APP_TOKEN: must begin with xapp-",
    ]


@pytest.mark.parametrize("token", ["xoxb-1-hidden", "xoxe.xoxb-1-hidden"])
def test_nothing_of_slack_that_is_secret_is_shown(load: Load, token: str):
    settings = load(
        STORYTRAIL_SLACK_BOT_TOKEN=token,
        STORYTRAIL_SLACK_APP_TOKEN="xapp-hidden",
        STORYTRAIL_SLACK_SIGNING_SECRET="hidden",
        STORYTRAIL_SLACK_CLIENT_SECRET="hidden",
    )

    assert settings.slack_bot_token == token
    assert "hidden" not in repr(settings)


def test_a_value_that_is_handed_in_is_not_overridden(load: Load, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORYTRAIL_COMMUNITY", "the Circle")

    assert Settings().community is None
    assert Settings(community="the Table").community == "the Table"


def test_every_setting_has_a_variable_and_a_description():
    described = {variable(name): field.description for name, field in Settings.model_fields.items()}

    assert "STORYTRAIL_DATABASE_URL" in described
    assert all(described.values())


# ---- secrets in files ----

SECRETS = {
    "database_url": "postgresql://bot:hidden@host/db",
    "secret_key": "hidden-hidden-hidden",
    "telegram_token": "1:hidden",
    "telegram_webhook_secret": "hidden-hidden-hidden",
    "slack_bot_token": "xoxb-hidden",
    "slack_app_token": "xapp-hidden",
    "slack_signing_secret": "hidden",
    "slack_client_secret": "hidden",
}


def test_these_settings_are_secret():
    assert set(secrets()) == set(SECRETS)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("way", ["environment", "toml"])
def test_a_secret_can_lie_in_a_file(load: Load, tmp_path: Path, name: str, way: str):
    file = tmp_path / "secret"
    file.write_text(f"{SECRETS[name]}\n")

    if way == "environment":
        settings = load(**{f"{variable(name)}_FILE": str(file)})
    else:
        settings = load(f'{name}_file = "{file}"')

    assert getattr(settings, name) == SECRETS[name]
    assert "hidden" not in repr(settings)


def test_the_environment_goes_before_the_toml_for_secrets_in_files_too(load: Load, tmp_path: Path):
    (tmp_path / "a").write_text("1:from-a-file\n")
    named = f'telegram_token_file = "{tmp_path / "a"}"'

    over_a_file = load(named, STORYTRAIL_TELEGRAM_TOKEN="1:set")
    os.environ.pop("STORYTRAIL_TELEGRAM_TOKEN")
    over_a_value = load(
        'telegram_token = "1:set"', STORYTRAIL_TELEGRAM_TOKEN_FILE=str(tmp_path / "a")
    )

    assert over_a_file.telegram_token == "1:set"
    assert over_a_value.telegram_token == "1:from-a-file"


def test_a_secret_that_is_set_twice_is_a_fault(load: Load, tmp_path: Path):
    (tmp_path / "a").write_text("1:hidden\n")

    found = faults(
        load,
        f'secret_key = "hidden-hidden-hidden"\nsecret_key_file = "{tmp_path / "a"}"',
        STORYTRAIL_TELEGRAM_TOKEN="1:hidden",
        STORYTRAIL_TELEGRAM_TOKEN_FILE=str(tmp_path / "a"),
    )

    assert found == [
        "storytrail.toml: secret_key_file: secret_key is set too; leave one of them out",
        "STORYTRAIL_TELEGRAM_TOKEN_FILE: STORYTRAIL_TELEGRAM_TOKEN is set too; "
        "leave one of them out",
    ]


FAULTY = {
    "is not there": (None, "the file it names cannot be read (no such file or directory)"),
    "is empty": (b"", "the file it names is empty"),
    "holds a newline alone": (b"\n", "the file it names is empty"),
    "is not UTF-8": (b"hidden\xff", "the file it names is not UTF-8; save it as UTF-8"),
    "is long": (b"hidden" * 20_000, "the file it names is too long to hold a secret"),
}


@pytest.mark.parametrize("how", FAULTY)
def test_a_fault_of_such_a_file_names_the_setting_and_shows_nothing(
    load: Load, tmp_path: Path, how: str
):
    content, fault = FAULTY[how]
    file = tmp_path / "hidden"
    if content is not None:
        file.write_bytes(content)

    by_variable = faults(load, STORYTRAIL_SLACK_BOT_TOKEN_FILE=str(file))
    os.environ.pop("STORYTRAIL_SLACK_BOT_TOKEN_FILE")
    by_key = faults(load, f'slack_bot_token_file = "{file}"')

    assert by_variable == [f"STORYTRAIL_SLACK_BOT_TOKEN_FILE: {fault}"]
    assert by_key == [f"storytrail.toml: slack_bot_token_file: {fault}"]


def test_a_folder_in_the_place_of_such_a_file_is_told(load: Load, tmp_path: Path):
    found = faults(load, STORYTRAIL_SECRET_KEY_FILE=str(tmp_path))

    assert found == [
        "STORYTRAIL_SECRET_KEY_FILE: the file it names cannot be read (is a directory)"
    ]


def test_what_is_wrong_with_a_secret_from_a_file_is_told_of_that_setting(
    load: Load, tmp_path: Path
):
    (tmp_path / "a").write_text("xapp-hidden\n")

    found = faults(load, STORYTRAIL_SLACK_BOT_TOKEN_FILE=str(tmp_path / "a"))

    assert found == ["STORYTRAIL_SLACK_BOT_TOKEN_FILE: must begin with xoxb- or xoxe.xoxb-"]


def test_only_one_newline_at_the_end_is_no_part_of_a_secret(load: Load, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"first\nsecond\r\n")

    settings = load(STORYTRAIL_SLACK_SIGNING_SECRET_FILE=str(tmp_path / "a"))

    assert settings.slack_signing_secret == "first\nsecond"


def test_what_is_not_secret_has_no_file(load: Load, tmp_path: Path):
    (tmp_path / "a").write_text("the Circle")

    found = faults(
        load, f'community_file = "{tmp_path / "a"}"', STORYTRAIL_LOG_LEVEL_FILE=str(tmp_path / "a")
    )

    assert [each.split(": there is")[0] for each in found] == [
        "STORYTRAIL_LOG_LEVEL_FILE",
        "storytrail.toml: community_file",
    ]


def test_a_file_that_is_misspelt_is_suggested_rightly(load: Load):
    found = faults(load, STORYTRAIL_TELEGRAM_TOKN_FILE="x")

    assert found[0].endswith("did you mean STORYTRAIL_TELEGRAM_TOKEN_FILE?")


def test_storytrail_check_finds_a_secret_that_is_not_there(path: Path):
    done = invoked("check", database=path, STORYTRAIL_TELEGRAM_TOKEN_FILE="/nowhere/at/all")

    assert done.returncode == 1
    assert sentence(done).startswith("STORYTRAIL_TELEGRAM_TOKEN_FILE: the file it names cannot")
