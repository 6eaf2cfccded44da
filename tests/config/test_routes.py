"""Proxies and certificate authorities, as the variables that many programs know name them."""

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.routes import route

PROXY = "http://proxy.test:3128"
API = "https://api.example.org"


def through(url: str, **environment: str) -> str | None:
    return route(url, environment).proxy


def test_without_a_word_of_it_one_goes_straight_on_and_trusts_as_always():
    found = route(API, {})

    assert (found.proxy, found.trust) == (None, None)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("url", [API, "wss://api.example.org/link"])
def test_a_proxy_is_gone_through(name: str, url: str):
    assert through(url, **{name: PROXY}) == PROXY


def test_plain_http_has_a_proxy_of_its_own():
    both = {"HTTP_PROXY": "http://plain.test:80", "HTTPS_PROXY": PROXY}

    assert through("http://bot-api.example.org:8081", **both) == "http://plain.test:80"
    assert through(API, **both) == PROXY
    assert through(API, HTTP_PROXY=PROXY) is None


def test_small_letters_go_before_capitals_and_the_kind_before_all():
    assert through(API, https_proxy=PROXY, HTTPS_PROXY="http://other.test") == PROXY
    assert through(API, HTTPS_PROXY=PROXY, ALL_PROXY="http://other.test") == PROXY


def test_an_address_without_a_scheme_is_one_of_http():
    assert through(API, HTTPS_PROXY="proxy.test:3128") == PROXY


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_is_none(empty: str):
    assert through(API, HTTPS_PROXY=empty, SSL_CERT_FILE="") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8081",
        "http://127.1.2.3",
        "http://localhost:8081",
        "https://bot.localhost",
        "http://[::1]:8081",
    ],
)
def test_this_machine_is_never_looked_for_through_a_proxy(url: str):
    assert through(url, HTTPS_PROXY=PROXY, HTTP_PROXY=PROXY) is None


@pytest.mark.parametrize(
    "spared",
    [
        "*",
        "example.org",
        ".example.org",
        "*.example.org",
        "other.test, API.example.org",
        "api.example.org:443",
    ],
)
def test_what_no_proxy_covers_is_reached_straight_on(spared: str):
    assert through(API, HTTPS_PROXY=PROXY, NO_PROXY=spared) is None


@pytest.mark.parametrize("spared", ["ample.org", "org.example", "api.example.org:8443", ",", "10."])
def test_what_no_proxy_does_not_cover_is_not(spared: str):
    assert through(API, HTTPS_PROXY=PROXY, NO_PROXY=spared) == PROXY


def test_a_network_can_be_spared():
    both = {"HTTP_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8,192.0.2.7"}

    assert through("http://10.1.2.3:8081", **both) is None
    assert through("http://192.0.2.7", **both) is None
    assert through("http://192.0.2.8", **both) == PROXY


@pytest.mark.parametrize("address", ["socks5://ana:hidden@proxy.test", "http://", "x://["])
def test_a_proxy_of_another_kind_is_a_fault_that_shows_no_password(address: str):
    with pytest.raises(SettingsError) as raised:
        through(API, HTTPS_PROXY=address)

    assert str(raised.value).startswith("HTTPS_PROXY: must be the address of an HTTP proxy")
    assert "hidden" not in str(raised.value)


def test_a_proxy_that_is_not_needed_is_no_fault():
    assert through("http://127.0.0.1", ALL_PROXY="socks5://proxy.test") is None


def test_a_password_of_a_proxy_is_not_shown():
    assert "hidden" not in repr(route(API, {"HTTPS_PROXY": "http://ana:hidden@proxy.test"}))


# ---- certificates ----


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_authorities_that_are_not_there_are_a_fault(name: str):
    with pytest.raises(SettingsError) as raised:
        route(API, {name: "/nowhere/at/all"})

    assert raised.value.where == name
    assert route("http://bot-api.example.org", {name: "/nowhere/at/all"}).trust is None


def test_a_file_that_holds_no_certificates_is_a_fault(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("words")

    with pytest.raises(SettingsError, match="SSL_CERT_FILE: cannot be read as certificates"):
        route(API, {"SSL_CERT_FILE": str(tmp_path / "ca.pem")})


def test_a_folder_of_authorities_is_taken(tmp_path: Path):
    found = route(API, {"SSL_CERT_DIR": f"/nowhere:{tmp_path}"})

    assert found.trust is not None
    assert found.trust.get_ca_certs() == []
