"""Installing the app in a workspace, through the pages that a browser comes to."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import time_machine

from bot.app import now
from bot.errors import InstallingNeedsUrl
from bot.platforms.slack_manifest import SCOPES
from bot.platforms.slack_oauth import flow_of
from bot.platforms.slack_workspaces import Workspaces
from tests.builders import closing, opened
from tests.doubles.slack_server import Fault, Person, SlackServer, Workspace, slack_server
from tests.slack.installed import REDIRECT, Browser, browser_of, settings_of, workspaces_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:BasicAuth is deprecated"  # slack_sdk 3.47 with aiohttp 3.14
)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


@pytest.fixture
def second(server: SlackServer) -> Workspace:
    return server.workspace("T0002", "Second <b>& Co", installed=False)


@pytest.fixture
def ana(second: Workspace) -> Person:
    return second.person("Ana")


@pytest.fixture
async def workspaces(server, path) -> AsyncIterator[Workspaces]:
    with closing(opened(path)) as database:
        async with workspaces_of(settings_of(server), database) as workspaces:
            yield workspaces


@pytest.fixture
async def browser(server, workspaces) -> AsyncIterator[Browser]:
    async with browser_of(settings_of(server), workspaces) as browser:
        yield browser


async def test_the_first_page_leads_to_slack_with_all_that_it_asks_for(server, browser):
    asked = await browser.begins()

    assert browser.link.startswith(f"{server.url}/oauth/v2/authorize?")
    assert set(asked["scope"].split(",")) == set(SCOPES)
    assert asked["client_id"] == server.client_id
    assert asked["redirect_uri"] == REDIRECT
    assert len(asked["state"]) >= 32
    assert "user_scope" not in asked


async def test_whoever_allows_it_is_told_where_it_is_now_and_the_bot_can_speak_there(
    second, ana, workspaces, browser
):
    page = await browser.installs(second, ana)

    assert page.status_code == 200
    assert "Storytrail is installed" in page.text
    assert "It is in Second &lt;b&gt;&amp; Co now." in page.text
    assert await workspaces.teams() == ["T0002"]
    assert (await (await workspaces.client("T0002")).auth_test())["team_id"] == "T0002"


async def test_whoever_does_not_allow_it_has_changed_nothing(workspaces, browser):
    asked = await browser.begins()

    page = await browser.comes_back(error="access_denied", state=asked["state"])

    assert page.status_code == 200
    assert "Nothing was installed" in page.text
    assert await workspaces.teams() == []


async def test_a_link_works_once(server, second, ana, browser):
    asked = await browser.begins()
    cookies = dict(browser.client.cookies)
    first = await browser.comes_back(code=second.code(ana, REDIRECT), state=asked["state"])
    browser.client.cookies.update(cookies)

    again = await browser.comes_back(code=second.code(ana, REDIRECT), state=asked["state"])

    assert (first.status_code, again.status_code) == (200, 400)
    assert "does not work any more" in again.text
    assert len(server.calls("oauth.v2.access")) == 1


async def test_a_link_works_for_ten_minutes(server, second, ana, browser):
    asked = await browser.begins()
    cookies = dict(browser.client.cookies)
    code = second.code(ana, REDIRECT)

    with time_machine.travel(now() + timedelta(minutes=11)):
        browser.client.cookies.clear()
        browser.client.cookies.update(cookies)
        page = await browser.comes_back(code=code, state=asked["state"])

    assert page.status_code == 400
    assert "does not work any more" in page.text
    assert server.calls("oauth.v2.access") == []


async def test_a_link_works_in_the_browser_where_it_was_begun(server, second, ana, browser):
    asked = await browser.begins()
    browser.client.cookies.clear()

    page = await browser.comes_back(code=second.code(ana, REDIRECT), state=asked["state"])

    assert page.status_code == 400
    assert server.calls("oauth.v2.access") == []


async def test_a_state_that_was_made_up_is_refused_with_its_own_cookie_too(
    server, second, ana, browser
):
    browser.client.cookies.set("slack-app-oauth-state", "made-up")

    page = await browser.comes_back(code=second.code(ana, REDIRECT), state="made-up")

    assert page.status_code == 400
    assert server.calls("oauth.v2.access") == []


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"code": "x"}, {"state": "\ud83d"}])
async def test_whoever_comes_without_having_begun_is_told_so(browser, query):
    page = await browser.client.get("/slack/oauth_redirect", params=_encoded(query))

    assert page.status_code == 400
    assert "does not work any more" in page.text


def _encoded(query: dict[str, str]) -> str:
    return "&".join(f"{name}={'%ED%A0%BD' if value else ''}" for name, value in query.items())


async def test_a_code_that_slack_refuses_installs_nothing_and_is_not_shown(
    workspaces, browser, capsys
):
    asked = await browser.begins()

    page = await browser.comes_back(code="<script>a-code", state=asked["state"])

    assert page.status_code == 400
    assert "Slack did not accept it" in page.text
    assert await workspaces.teams() == []
    assert "a-code" not in page.text + "".join(capsys.readouterr())


async def test_what_slack_says_went_wrong_is_not_put_into_the_page(browser):
    page = await browser.comes_back(error="<script>alert(1)</script>")

    assert page.status_code == 400
    assert "script" not in page.text
    assert "That did not work" in page.text


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.ERROR, Fault.HTML])
async def test_slack_that_is_away_is_said_without_a_trace(server, second, ana, browser, fault):
    server.faults.add(fault, "oauth.v2.access")

    page = await browser.installs(second, ana)

    assert page.status_code in (400, 503)
    assert "That did not work" in page.text
    assert "Traceback" not in page.text


async def test_no_page_is_kept_framed_or_told_to_others(browser):
    pages = [
        await browser.client.get("/slack/install"),
        await browser.comes_back(error="access_denied"),
    ]

    for page in pages:
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Secure" in pages[0].headers["set-cookie"]
    assert "HttpOnly" in pages[0].headers["set-cookie"]


async def test_installing_needs_an_address_that_slack_sends_people_back_to(server, workspaces):
    for url in (None, "http://stories.example.org"):
        with pytest.raises(InstallingNeedsUrl):
            flow_of(settings_of(server, public_url=url), workspaces)
