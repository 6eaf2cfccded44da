"""Telegram and Slack through a proxy, with certificates of an authority that nobody else knows."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from bot.platforms.platform import PlatformError
from bot.platforms.slack_workspaces import Workspaces
from bot.platforms.telegram import Telegram
from bot.seal import Seal
from config.settings import Settings
from tests.builders import NOON, closing, invoked, opened, sentence
from tests.doubles.proxy import PASSWORD, Proxy, proxy
from tests.doubles.slack_server import SlackServer, slack_server
from tests.doubles.telegram_server import TelegramServer, telegram_server
from tests.slack import process as slack
from tests.telegram import process as telegram

TELEGRAM, SLACK = "telegram.test", "slack.test"
"""Hosts that only the proxy finds."""

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def as_if_none_were_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def telegram_there() -> Iterator[TelegramServer]:
    with telegram_server() as server:
        yield server


@pytest.fixture
def slack_there() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


@pytest.fixture
def way(
    telegram_there: TelegramServer, slack_there: SlackServer, tmp_path: Path
) -> Iterator[Proxy]:
    (tmp_path / "proxy").mkdir()
    hosts = {TELEGRAM: telegram_there.url, SLACK: slack_there.url}
    with proxy(hosts, tmp_path / "proxy") as found:
        slack_there.world.url = f"https://{SLACK}"  # also of its files and websockets
        yield found


def variables(way: Proxy) -> dict[str, str]:
    return {"HTTPS_PROXY": way.url, "SSL_CERT_FILE": str(way.authority)}


# ---- the program as it runs ----


def test_an_interview_in_telegram_goes_through_a_proxy(
    telegram_there: TelegramServer, way: Proxy, tmp_path: Path
) -> None:
    ana = telegram_there.person("Ana")
    settings = {**variables(way), "STORYTRAIL_TELEGRAM_API_URL": f"https://{TELEGRAM}"}

    with telegram.running(telegram_there, tmp_path, **settings) as bot:
        telegram.goes_through(telegram_there, ana, telegram.INTERVIEW[:3])
        assert bot.terminate() == 0

    assert set(way.asked) == {f"CONNECT {TELEGRAM}:443"}
    assert PASSWORD not in bot.log.read_text()


def test_an_interview_in_slack_goes_through_a_proxy_the_websocket_too(
    slack_there: SlackServer, way: Proxy, tmp_path: Path
) -> None:
    first = slack_there.workspace("T0001", "First")
    ana = first.person("Ana")

    with slack.running(first, slack_there, tmp_path, **variables(way)) as bot:
        slack.goes_through(slack_there, ana, slack.INTERVIEW[:3])
        assert bot.terminate() == 0

    assert set(way.asked) == {f"CONNECT {SLACK}:443"}
    assert len(way.asked) >= 2  # calls, and the websocket
    assert PASSWORD not in bot.log.read_text()


# ---- one call ----


async def asks_telegram(server: TelegramServer, url: str) -> str:
    bot = Telegram(server.token, api_url=url, key=b"key", patience=5)
    async with bot.opened():
        await bot.introduce()
    return bot.username


async def asks_slack(server: SlackServer, url: str, path: Path) -> list[str]:
    token = server.workspace("T0001", "First").token
    settings = Settings(slack_api_url=url, slack_bot_token=token)
    with closing(opened(path)) as database:
        async with Workspaces(settings, database, Seal(b"key"), lambda: NOON).opened() as found:
            return list(await found.teams())


def set_to(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


async def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    telegram_there, slack_there, way, path, monkeypatch
):
    set_to(monkeypatch, HTTPS_PROXY=way.url)

    with pytest.raises(PlatformError):
        await asks_telegram(telegram_there, f"https://{TELEGRAM}")
    with pytest.raises(PlatformError):
        await asks_slack(slack_there, f"https://{SLACK}", path)

    assert way.asked == [f"CONNECT {TELEGRAM}:443", f"CONNECT {SLACK}:443"]
    assert telegram_there.calls("getMe") == []


async def test_a_folder_of_authorities_counts_as_well(
    telegram_there, slack_there, way, path, monkeypatch
):
    folder = way.authority.with_name("authorities")
    folder.mkdir()
    (folder / f"{hashed(way.authority)}.0").write_bytes(way.authority.read_bytes())
    set_to(monkeypatch, HTTPS_PROXY=way.url, SSL_CERT_DIR=str(folder))

    assert await asks_telegram(telegram_there, f"https://{TELEGRAM}")
    assert await asks_slack(slack_there, f"https://{SLACK}", path) == ["T0001"]


async def test_what_no_proxy_spares_is_not_looked_for_at_the_proxy(
    telegram_there, slack_there, way, path, monkeypatch
):
    set_to(monkeypatch, **variables(way), NO_PROXY="test")

    with pytest.raises(PlatformError):  # nobody but the proxy knows where that is
        await asks_telegram(telegram_there, f"https://{TELEGRAM}")
    with pytest.raises(PlatformError):
        await asks_slack(slack_there, f"https://{SLACK}", path)

    assert way.asked == []


async def test_what_is_on_this_machine_is_not_looked_for_at_the_proxy(
    telegram_there, way, path, monkeypatch
):
    set_to(monkeypatch, HTTPS_PROXY=way.url, HTTP_PROXY=way.url, ALL_PROXY=way.url)

    with slack_server() as server:
        assert await asks_slack(server, server.url, path) == ["T0001"]
    assert await asks_telegram(telegram_there, telegram_there.url)

    assert way.asked == []


async def test_plain_http_goes_through_its_proxy_as_well(
    telegram_there, slack_there, way, path, monkeypatch
):
    set_to(monkeypatch, HTTP_PROXY=way.url)

    assert await asks_telegram(telegram_there, f"http://{TELEGRAM}")
    assert await asks_slack(slack_there, f"http://{SLACK}", path) == ["T0001"]

    assert {asked.split("/")[2] for asked in way.asked} == {TELEGRAM, SLACK}


async def test_a_proxy_that_refuses_is_a_fault_that_passes(
    telegram_there, slack_there, way, path, monkeypatch
):
    set_to(monkeypatch, **variables(way) | {"HTTPS_PROXY": way.bare_url})

    with pytest.raises(PlatformError):
        await asks_telegram(telegram_there, f"https://{TELEGRAM}")
    with pytest.raises(PlatformError):
        await asks_slack(slack_there, f"https://{SLACK}", path)


# ---- what is said of them ----


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_proxy_that_cannot_be_used_is_told_in_a_sentence(path, command):
    done = invoked(
        command,
        database=path,
        STORYTRAIL_TELEGRAM_TOKEN="1:x",
        HTTPS_PROXY="socks5://ana:hidden@proxy.test",
    )

    assert done.returncode == 1
    assert sentence(done).startswith("HTTPS_PROXY: must be the address of an HTTP proxy")


def test_where_no_platform_is_set_up_proxies_do_not_matter(path):
    done = invoked("check", database=path, HTTPS_PROXY="socks5://proxy.test")

    assert (done.returncode, done.stderr) == (0, b"")


def hashed(authority: Path) -> str:
    """How OpenSSL calls the file of a certificate in a folder: by a digest of its subject, in small
    letters and without the head of the outer sequence (`openssl x509 -hash`)."""
    subject = x509.load_pem_x509_certificate(authority.read_bytes()).subject
    digest = hashlib.sha1(subject.public_bytes()[2:], usedforsecurity=False).digest()
    return digest[:4][::-1].hex()
