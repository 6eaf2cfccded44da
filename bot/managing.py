"""The program's commands for whoever runs it: roles, communities, invites, the audit, purging.

Everything heavy is imported where it is used, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import Community, Since, Until, period_between, reading, with_app, wrong

if TYPE_CHECKING:
    from bot.app import App
    from storage.communities import Community as Space
    from storage.members import Member
    from storage.unit_of_work import Work

managing = typer.Typer()
role_app = typer.Typer(help="Who is coordinator or organizer.", no_args_is_help=True)
community_app = typer.Typer(help="The communities of this installation.", no_args_is_help=True)

At = Annotated[str, typer.Argument(metavar="ADDRESS", help="Like telegram:1001 or terminal:ana.")]
RoleName = Annotated[str, typer.Argument(metavar="member|coordinator|organizer", help="The role.")]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Its short name: onboarding.")]


# ---- roles ----


@role_app.command("grant")
def grant(address: At, role: RoleName, community: Community = None) -> None:
    """Give somebody a role, in place of the one they have."""
    _set_role(address, role, community)


@role_app.command("revoke")
def revoke(address: At, role: RoleName, community: Community = None) -> None:
    """Take a role from somebody; they stay a member."""
    _set_role(address, role, community, revokes=True)


@role_app.command("list")
def list_roles(community: Community = None) -> None:
    """Print who has which role."""

    def show(app: App) -> None:
        from bot import granting
        from bot.platforms.terminal_renderer import harmless
        from storage.unit_of_work import Work

        for line in app.database.read_now(
            lambda c: list(granting.lines(Work(c), _space(Work(c), community)))
        ):
            print(harmless(line))

    with_app(reading, show)


def _set_role(address: str, role: str, community: str | None, *, revokes: bool = False) -> None:
    from storage.members import Role

    if role not in set(Role):
        wrong("A role is member, coordinator or organizer.")

    def change(app: App) -> None:
        from bot.app import now
        from bot.granting import Refusal, address_of, grant
        from bot.reports import NotFound
        from storage.members import Member
        from storage.unit_of_work import Work

        where = address_of(address)
        if where is None:
            wrong("An address is like telegram:1001 or terminal:ana.")

        def set_it(work: Work) -> None:
            space = _space(work, community)
            met = work.members.known(where)
            has = work.members.role(met.member.id, space.id) if met is not None else None
            if revokes and has is not None and has != role:
                raise NotFound(f"{address} is no {role}, but {has}.")
            wanted = Role.MEMBER if revokes else Role(role)
            done = grant(work, space, where, wanted, by=None, now=now())
            if done is Refusal.UNKNOWN:
                raise NotFound(f"Nobody at {address} belongs there: they write to the bot first.")
            if isinstance(done, Member):
                _tell(app, work, space, done, f"role-now-{wanted}")

        app.database.write_now(lambda c: set_it(Work(c)))
        print(f"{address} is {'member' if revokes else role} now.")

    with_app(reading, change)


# ---- communities ----


@community_app.command("list")
def list_communities() -> None:
    """Print the communities, with their short names."""

    def show(app: App) -> None:
        from bot.platforms.terminal_renderer import harmless
        from storage.unit_of_work import Work

        for space in app.database.read_now(lambda c: Work(c).communities.all()):
            setup = f"{space.language}, {space.timezone}, {space.access}"
            print(harmless(f"{space.slug}: {space.name} ({setup})"))

    with_app(reading, show)


@community_app.command("add")
def add_community(
    slug: Slug,
    name: Annotated[str, typer.Option(help="As inside a sentence: 'the Onboarding Circle'.")],
    language: Annotated[str, typer.Option(help="As en or pt-BR.")] = "en",
    timezone: Annotated[str, typer.Option(help="As Europe/Ljubljana.")] = "UTC",
    access: Annotated[str, typer.Option(metavar="open|invite", help="Who may join.")] = "open",
) -> None:
    """Add a community."""
    import re
    from zoneinfo import available_timezones

    from flows.understanding import unkeepable
    from storage.communities import MOST_NAME, Access

    name = " ".join(name.split())
    if len(name) > MOST_NAME or unkeepable(name) is not None:
        wrong(f"--name takes a name of up to {MOST_NAME} characters.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", slug):
        wrong("A short name has up to 63 small letters, digits and hyphens.")
    if timezone not in available_timezones():
        wrong("--timezone takes a zone like Europe/Ljubljana.")
    if access not in set(Access):
        wrong("--access is open or invite.")

    def add(app: App) -> None:
        from bot.app import now
        from bot.reports import NotFound
        from storage.audit import Action, Entry
        from storage.unit_of_work import Work

        if language not in app.interviews.texts.languages:
            wrong(f"--language is one of {', '.join(app.interviews.texts.languages)}.")

        def put(work: Work) -> None:
            at = now()
            if not work.communities.add(
                slug, name, language=language, timezone=timezone, access=Access(access), now=at
            ):
                raise NotFound(f"There is a community {slug} already.")
            added = _space(work, slug)
            work.audit.add(Entry(action=Action.COMMUNITY_ADDED, community=added.id), now=at)

        app.database.write_now(lambda c: put(Work(c)))
        print(f"{slug} is there.")

    with_app(reading, add)


@community_app.command("place")
def place(
    slug: Slug,
    where: Annotated[
        str, typer.Argument(metavar="PLACE", help="Like telegram:-1001 or slack:T1/C2.")
    ],
    remove: Annotated[bool, typer.Option("--remove", help="It meets there no more.")] = False,
) -> None:
    """Say where a community meets: a group, a channel or a workspace."""

    def put(app: App) -> None:
        from bot.app import now
        from bot.granting import address_of
        from bot.reports import NotFound
        from storage.audit import Action, Entry
        from storage.communities import MOST_PLACE, MOST_PLATFORM, Place
        from storage.unit_of_work import Work

        named = address_of(where)
        if named is None or len(named.platform) > MOST_PLATFORM or len(named.user) > MOST_PLACE:
            wrong("A place is like telegram:-1001 or slack:T1/C2.")
        there = Place(named.platform, named.user)

        def change(work: Work) -> None:
            space = _space(work, slug)
            if not remove:
                work.communities.put_place(space.id, there)
            elif there not in work.communities.places(space.id):
                raise NotFound(f"{slug} does not meet in {there}.")
            else:
                work.communities.drop_place(there)
            entry = Entry(
                action=Action.COMMUNITY_CHANGED, community=space.id, details={"setting": "place"}
            )
            work.audit.add(entry, now=now())

        app.database.write_now(lambda c: change(Work(c)))
        print(f"{slug} {'does not meet' if remove else 'meets'} in {there}.")

    with_app(reading, put)


@managing.command("invite")
def invite(
    community: Community = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it works.")] = 30,
    uses: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="For how many people; without it, for any number."),
    ] = None,
) -> None:
    """Print a new invite's code: `storytrail chat --invite CODE`, or /start CODE in a chat."""

    def make(app: App) -> None:
        from datetime import timedelta

        from bot.app import now
        from storage.audit import Action, Entry
        from storage.unit_of_work import Work

        def made(work: Work) -> str:
            space, at = _space(work, community), now()
            details = {"days": days, "uses": uses}
            entry = Entry(action=Action.INVITED, community=space.id, details=details)
            work.audit.add(entry, now=at)
            lasts = timedelta(days=days)
            return work.codes.invite(space.id, by=None, now=at, lasts=lasts, most_uses=uses)

        print(app.database.write_now(lambda c: made(Work(c))))

    with_app(reading, make)


# ---- what was done, and what goes ----


@managing.command("audit")
def audit(
    community: Community = None,
    since: Since = None,
    until: Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, an object a line.")] = False,
) -> None:
    """Print who read, exported, granted and erased what, and when."""
    from bot.reports import print_audit

    period = period_between(since, until)
    with_app(
        reading,
        lambda app: print_audit(app, community=community, period=period, as_json=as_json),
    )


@managing.command("purge")
def purge() -> None:
    """Erase what has had its time: stories taken back 30 days ago, and what the settings say."""

    def erase(app: App) -> None:
        from bot.app import now
        from bot.purging import purge
        from storage.unit_of_work import Work

        done = app.database.write_now(lambda c: purge(app.house, Work(c), now=now()))
        app.journal.settle(app.database)
        print(f"Erased stories that were taken back: {done.stories}; drafts: {done.drafts}.")
        print(f"Told that a draft will be erased: {done.told}.")
        print(f"Dropped ids of messages: {done.platform_ids}; keys of old inputs: {done.inputs}.")

    with_app(reading, erase)


def _space(work: Work, slug: str | None) -> Space:
    from bot.reports import community_named

    return community_named(work, slug)


def _tell(app: App, work: Work, space: Space, to: Member, key: str) -> None:
    """Have somebody told the next time that something is sent to them."""
    from bot import talking
    from bot.app import now
    from bot.scene import scene_in, scene_with

    theirs = scene_with(app.house, work, to.id, now=now())
    if theirs is not None:
        talking.put(theirs, [scene_in(theirs, space, None).say(key)])
        work.flush()
