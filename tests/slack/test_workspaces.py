"""One provider of tokens: of the settings, of installations, renewed in time and once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import time_machine

from bot.app import now
from bot.platforms import slack_workspaces
from bot.platforms.platform import Broken, NotAllowed
from bot.platforms.slack_workspaces import Own, WorkspaceGone, Workspaces
from storage.database import Database
from storage.errors import DatabaseBusy
from tests.builders import closing, opened
from tests.doubles.slack_server import Fault, SlackServer, Workspace, slack_server
from tests.slack.installed import browser_of, settings_of, workspaces_of

HALF_A_DAY = 43_200  # seconds that a token lives where it rotates

pytestmark = pytest.mark.filterwarnings(
    "ignore:BasicAuth is deprecated"  # slack_sdk 3.47 with aiohttp 3.14
)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server(rotation=HALF_A_DAY) as server:
        yield server


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@pytest.fixture
def second(server: SlackServer) -> Workspace:
    return server.workspace("T0002", "Second", installed=False)


@pytest.fixture
def database(path) -> Iterator[Database]:
    with closing(opened(path)) as database:
        yield database


@pytest.fixture
async def alone(server, first, database) -> AsyncIterator[Workspaces]:
    """With the token of one workspace, and nobody who could install it in others."""
    settings = settings_of(server, slack_bot_token=first.token, slack_client_id=None)
    async with workspaces_of(settings, database) as workspaces:
        yield workspaces


@pytest.fixture
async def many(server, database) -> AsyncIterator[Workspaces]:
    async with workspaces_of(settings_of(server), database) as workspaces:
        yield workspaces


async def install(server: SlackServer, workspaces: Workspaces, workspace: Workspace) -> None:
    async with browser_of(settings_of(server), workspaces) as browser:
        page = await browser.installs(workspace, workspace.person("Ana"))
    assert page.status_code == 200


def renewals(server: SlackServer) -> int:
    """How often a refresh token was handed in."""
    calls = server.calls("oauth.v2.access")
    return sum(call.args.get("grant_type") == "refresh_token" for call in calls)


# ---- the token of the settings ----


async def test_the_workspace_of_the_settings_is_asked_for_once(server, first, alone):
    tokens = await asyncio.gather(*(alone.token("T0001") for _ in range(3)))
    own, teams = await alone.own("T0001"), await alone.teams()

    assert set(tokens) == {first.token}
    assert own == Own("T0001", "First", first.bot_user, first.bot_id)
    assert teams == ["T0001"]
    assert len(server.calls("auth.test")) == 1


async def test_another_workspace_than_that_of_the_settings_is_none_of_ours(alone):
    with pytest.raises(WorkspaceGone) as gone:
        await alone.token("T0002")

    assert (gone.value.team, gone.value.because) == ("T0002", "not_installed")


async def test_slack_that_is_away_is_asked_again_later(server, first, alone):
    server.faults.add(Fault.CUT_BEFORE, "auth.test")

    with pytest.raises(Broken):
        await alone.token("T0001")

    assert await alone.token("T0001") == first.token


async def test_a_token_that_was_revoked_is_not_allowed(first, alone):
    first.revokes()

    with pytest.raises(NotAllowed, match="token_revoked"):
        await alone.token("T0001")


async def test_the_workspace_of_the_settings_ends_once_and_is_back_after_a_start_that_goes_well(
    server, first, database, alone
):
    await alone.token("T0001")

    ends = [await alone.end("T0001", "app_uninstalled"), await alone.end("T0001", "revoked")]
    with pytest.raises(WorkspaceGone, match="app_uninstalled"):
        await alone.token("T0001")
    gone = await alone.teams()
    settings = settings_of(server, slack_bot_token=first.token, slack_client_id=None)
    async with workspaces_of(settings, database) as again:
        back = await again.token("T0001")

    assert ends == [True, False]
    assert gone == []
    assert back == first.token


# ---- installations ----


async def test_each_workspace_has_the_token_that_it_was_installed_with(server, second, many):
    third = server.workspace("T0003", "Third", installed=False)

    await install(server, many, second)
    await install(server, many, third)

    assert await many.teams() == ["T0002", "T0003"]
    for workspace in (second, third):
        said = await (await many.client(workspace.id)).auth_test()
        assert said["team_id"] == workspace.id
    assert await many.own("T0002") == Own("T0002", "Second", second.bot_user, second.bot_id)


async def test_a_workspace_where_it_was_never_installed_is_gone(many):
    with pytest.raises(WorkspaceGone):
        await many.token("T0404")
    assert not await many.end("T0404", "app_uninstalled")


async def test_an_installation_that_is_ended_is_told_once_and_a_new_one_opens_it_again(
    server, second, many
):
    await install(server, many, second)
    second.uninstalls()

    ends = [await many.end("T0002", "tokens_revoked"), await many.end("T0002", "app_uninstalled")]
    with pytest.raises(WorkspaceGone, match="tokens_revoked"):
        await many.token("T0002")
    gone = await many.teams()
    await install(server, many, second)

    assert ends == [True, False]
    assert gone == []
    assert await many.teams() == ["T0002"]
    assert await many.end("T0002", "app_uninstalled")


async def test_an_event_that_comes_after_the_next_installation_does_not_end_that_one(
    server, second, many
):
    await install(server, many, second)
    uninstalled = now()
    await install(server, many, second)

    assert not await many.end("T0002", "app_uninstalled", at=uninstalled)
    assert await many.token("T0002")


async def test_an_installation_goes_before_the_token_of_the_settings(server, first, database):
    settings = settings_of(server, slack_bot_token=first.token)
    async with workspaces_of(settings, database) as both:
        was = await both.token("T0001")
        await install(server, both, first)
        installed = await both.token("T0001")
        await both.end("T0001", "app_uninstalled")
        with pytest.raises(WorkspaceGone):
            await both.token("T0001")

    assert was == first.token
    assert installed not in ("", first.token)


# ---- renewing ----


async def test_a_token_is_renewed_well_before_it_expires(server, second, many):
    await install(server, many, second)
    was = await many.token("T0002")

    with time_machine.travel(now() + timedelta(hours=9)):
        still = await many.token("T0002")
    with time_machine.travel(now() + timedelta(hours=11)):
        renewed = await many.token("T0002")
        again = await many.token("T0002")
        said = await many.client_with(renewed).auth_test()

    assert still == was
    assert renewed != was
    assert again == renewed
    assert said["team_id"] == "T0002"
    assert renewals(server) == 1


async def test_many_who_want_it_at_once_use_a_refresh_token_once(server, second, many):
    await install(server, many, second)

    with time_machine.travel(now() + timedelta(hours=13)):
        tokens = await asyncio.gather(*(many.token("T0002") for _ in range(20)))

    assert len(set(tokens)) == 1
    assert renewals(server) == 1


async def test_two_programs_on_one_database_use_a_refresh_token_once(server, second, many, path):
    await install(server, many, second)
    was = await many.token("T0002")

    with closing(opened(path)) as database:
        async with workspaces_of(settings_of(server), database) as other:
            with time_machine.travel(now() + timedelta(hours=11)):
                both = await asyncio.gather(many.token("T0002"), other.token("T0002"))
                later = [await many.token("T0002"), await other.token("T0002")]

    assert renewals(server) == 1
    assert len(set(later)) == 1
    assert set(both) <= {was, *later}  # the old one works until it expires


async def test_where_slack_is_away_the_old_token_is_used_as_long_as_it_works(server, second, many):
    await install(server, many, second)
    was = await many.token("T0002")
    server.faults.add(Fault.ERROR, "oauth.v2.access")

    with time_machine.travel(now() + timedelta(hours=11)):
        meanwhile = [await many.token("T0002"), await many.token("T0002")]
    with time_machine.travel(now() + timedelta(hours=11, minutes=3)):
        later = await many.token("T0002")

    assert meanwhile == [was, was]
    assert later != was
    assert renewals(server) == 2


async def test_a_refresh_token_that_works_no_more_ends_it_once_the_token_has_expired(
    server, second, many
):
    await install(server, many, second)
    was = await many.token("T0002")
    server.world.tokens.refreshes.clear()

    with time_machine.travel(now() + timedelta(hours=11)):
        meanwhile = await many.token("T0002")
    with (
        time_machine.travel(now() + timedelta(hours=13)),
        pytest.raises(WorkspaceGone, match="invalid_refresh_token") as gone,
    ):
        await many.token("T0002")

    assert meanwhile == was
    assert await many.end("T0002", gone.value.because)


async def test_new_tokens_are_kept_though_nobody_waits_for_them_any_more(
    server, second, many, database
):
    await install(server, many, second)
    was = await many.token("T0002")
    server.faults.add(Fault.LATE, "oauth.v2.access", seconds=0.2)

    with time_machine.travel(now() + timedelta(hours=13)):
        async with workspaces_of(settings_of(server), database) as leaving:
            wanting = asyncio.create_task(leaving.token("T0002"))
            await asyncio.to_thread(server.until, lambda: renewals(server))
            wanting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wanting
        token = await many.token("T0002")

    assert token != was
    assert renewals(server) == 1


async def test_a_database_that_fails_for_a_moment_loses_no_new_token(
    server, second, many, database, monkeypatch
):
    await install(server, many, second)
    was = await many.token("T0002")
    write, failures = database.write, [DatabaseBusy(), DatabaseBusy()]

    async def busy(work):
        if renewals(server) and failures:
            raise failures.pop()
        return await write(work)

    monkeypatch.setattr(database, "write", busy)
    monkeypatch.setattr(slack_workspaces, "PAUSES", (0, 0, 0))
    with time_machine.travel(now() + timedelta(hours=13)):
        token = await many.token("T0002")

    assert token != was
    assert failures == []
    assert renewals(server) == 1


# ---- for Bolt ----


async def test_bolt_is_told_of_a_workspace_without_a_call_to_slack(server, second, many):
    await install(server, many, second)
    before = len(server.calls())

    result = await many.authorize(enterprise_id=None, team_id="T0002", user_id="U1")
    unknown = await many.authorize(enterprise_id=None, team_id="T0404", user_id="U1")
    nowhere = await many.authorize(enterprise_id="E1", team_id=None, user_id="U1")

    assert result is not None
    assert result.bot_token == await many.token("T0002")
    assert (result.bot_user_id, result.bot_id) == (second.bot_user, second.bot_id)
    assert (result.team_id, result.user_id) == ("T0002", "U1")
    assert (unknown, nowhere) == (None, None)
    assert len(server.calls()) == before


async def test_bolt_finds_what_it_may_hand_to_authorize(many):
    from slack_bolt.util.utils import get_arg_names_of_callable

    assert get_arg_names_of_callable(many.authorize) == ["enterprise_id", "team_id", "user_id"]


async def test_bolt_finds_and_ends_an_installation_in_our_table(server, second, many):
    await install(server, many, second)
    where = {"enterprise_id": None, "team_id": "T0002"}

    bot = await many.installations.async_find_bot(**where)
    await many.installations.async_delete_all(**where)

    assert bot.bot_token.startswith("xoxe.xoxb-")
    assert await many.installations.async_find_installation(**where) is None
    assert await many.teams() == []


# ---- how it calls ----


async def test_a_call_is_made_once_unless_it_may_be_made_twice(server, first, alone):
    server.faults.add(Fault.CUT_AFTER, "auth.test")
    with pytest.raises(Exception, match=r"disconnected|reset"):
        await alone.client_with(first.token).auth_test()
    once = len(server.calls("auth.test"))

    server.faults.add(Fault.CUT_AFTER, "auth.test")
    said = await alone.client_with(first.token, retries=True).auth_test()

    assert once == 1
    assert said["team_id"] == "T0001"
    assert len(server.calls("auth.test")) == 3


# ---- secrets ----


async def test_no_token_lies_in_the_database_in_plain_text(server, second, path):
    with closing(opened(path)) as database:
        async with workspaces_of(settings_of(server), database) as workspaces:
            await install(server, workspaces, second)
            with time_machine.travel(now() + timedelta(hours=13)):
                await workspaces.token("T0002")
        kept = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    given = [*server.world.tokens.by_text, *server.world.tokens.refreshes]
    assert b"T0002" in kept
    # How tokens begin. Three letters of it come up by chance in what is sealed, once in a while.
    assert not [start for start in (b"xoxb-", b"xoxe", b"xoxp-", b"xapp-") if start in kept]
    assert len(given) >= 3
    assert not [token for token in given if token.encode() in kept]


async def test_nothing_of_whoever_installed_it_is_kept(server, second, many):
    ana = second.person("Ana")
    async with browser_of(settings_of(server), many) as browser:
        await browser.installs(second, ana)

    found = await many.installations.async_find_installation(enterprise_id=None, team_id="T0002")

    assert ana.id not in repr(found.to_dict())


async def test_tokens_show_in_no_error_and_no_repr(server, second, many):
    await install(server, many, second)
    token = await many.token("T0002")

    way = await many._way("T0002")
    gone = WorkspaceGone("T0002", "token_revoked")

    assert token not in repr(way) + repr(many) + repr(gone)


async def test_another_secret_key_is_not_allowed_and_ends_nothing(server, second, many, path):
    await install(server, many, second)

    with closing(opened(path)) as database:
        async with workspaces_of(settings_of(server), database, key="quite another") as other:
            with pytest.raises(NotAllowed, match="SECRET_KEY"):
                await other.token("T0002")

    assert await many.token("T0002")


async def test_a_row_that_was_moved_to_another_workspace_is_not_read(server, second, many, path):
    await install(server, many, second)
    found = await many._row("T0002")

    with pytest.raises(NotAllowed):
        many.installations.read("T0003", found.sealed)
