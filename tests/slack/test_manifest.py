"""`storytrail slack-manifest`: the app as Slack is told of it."""

import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.platforms.slack_manifest import EVENTS, FORMATS, SCOPES, manifest
from config.settings import Settings
from tests.builders import invoked, sentence

HERE = "https://stories.example.org"
CLIENT: dict[str, Any] = {"slack_client_id": "1.2", "slack_client_secret": "hidden"}
VARIABLES = {f"STORYTRAIL_{name.upper()}": value for name, value in CLIENT.items()}


def test_every_scope_has_a_reason():
    assert all(reason.strip() for reason in SCOPES.values())


def test_every_event_has_the_scope_that_it_needs():
    assert {scope for scope in EVENTS.values() if scope is not None} <= set(SCOPES)
    assert "message.channels" not in EVENTS


def test_without_an_address_it_is_for_socket_mode():
    made = manifest(Settings(), url=None)

    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)
    assert made["settings"]["token_rotation_enabled"] is False
    assert made["settings"]["interactivity"] == {"is_enabled": True}


def test_with_an_address_all_that_slack_tells_comes_to_one_place():
    made = manifest(Settings(), url=f"{HERE}/")

    called = f"{HERE}/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == called
    assert made["settings"]["interactivity"]["request_url"] == called
    assert [command["url"] for command in made["features"]["slash_commands"]] == [called]
    assert "redirect_urls" not in made["oauth_config"]


@pytest.mark.parametrize("url", [None, HERE])
def test_what_others_install_sends_them_back_and_renews_its_tokens(url):
    made = manifest(Settings(public_url=HERE, **CLIENT), url=url)

    assert made["oauth_config"]["redirect_urls"] == [f"{HERE}/slack/oauth_redirect"]
    assert made["settings"]["token_rotation_enabled"] is True
    assert made["settings"]["socket_mode_enabled"] is (url is None)
    assert "hidden" not in json.dumps(made)


def test_people_can_write_to_it_see_its_home_and_turn_a_message_into_a_story():
    features = manifest(Settings(), url=None)["features"]

    assert features["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert [command["command"] for command in features["slash_commands"]] == ["/storytrail"]
    (shortcut,) = features["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", "story_from_message")


def test_it_keeps_to_the_lengths_that_slack_allows():
    made = manifest(Settings(), url=None)
    shown, features = made["display_information"], made["features"]

    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4_000
    assert all(len(each["name"]) <= 24 for each in features["shortcuts"])


def test_json_and_yaml_say_the_same():
    made = manifest(Settings(public_url=HERE, **CLIENT), url=HERE)

    assert json.loads(FORMATS["json"](made)) == made
    assert YAML(typ="safe").load(FORMATS["yaml"](made)) == made


def test_the_program_prints_it_by_its_settings(tmp_path):
    database = tmp_path / "storytrail.db"

    plain = invoked("slack-manifest", database=database)
    called = invoked(
        "slack-manifest", "--format", "yaml", database=database, STORYTRAIL_PUBLIC_URL=HERE
    )
    connecting = invoked(
        "slack-manifest",
        database=database,
        STORYTRAIL_PUBLIC_URL=HERE,
        STORYTRAIL_SLACK_APP_TOKEN="xapp-1",
        **VARIABLES,
    )

    assert json.loads(plain.stdout)["settings"]["socket_mode_enabled"] is True
    assert YAML(typ="safe").load(called.stdout)["settings"]["socket_mode_enabled"] is False
    connected = json.loads(connecting.stdout)
    assert connected["settings"]["socket_mode_enabled"] is True
    assert connected["oauth_config"]["redirect_urls"] == [f"{HERE}/slack/oauth_redirect"]
    assert not database.exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "said"),
    [
        (["--format", "toml"], {}, 2, "--format is json or yaml."),
        (["--url", "http://here"], {}, 2, "--url takes an address with https://."),
        ([], {"STORYTRAIL_PUBLIC_URL": "http://here"}, 1, "https://"),
    ],
)
def test_what_slack_would_not_take_is_said(tmp_path, arguments, settings, code, said):
    done = invoked("slack-manifest", *arguments, database=tmp_path / "x.db", **settings)

    assert done.returncode == code
    assert said in sentence(done)
