"""The Home tab in Slack: what I told, what waits for me, whether I am asked, and for organizers
what it comes to."""

from collections.abc import Iterator

from bot.app import App, now
from bot.commands.command import Call
from bot.commands.summary import summary_of, told
from bot.house import NOWHERE
from bot.periods import Period
from bot.platforms.platform import PlatformError
from bot.platforms.slack import Slack
from bot.platforms.slack_inbound import DO
from bot.platforms.slack_renderer import Block, button, heading, rows_of, section
from bot.recent import Recent
from bot.scene import Scene, scene_with
from flows.clocks import day_at
from flows.messages import Address
from flows.prompting import LeftOut, Whom, gap_of, why_left_out
from storage.errors import StorageError
from storage.members import Role
from storage.stories import Listed, StoryStatus
from storage.unit_of_work import Work

NOT_NOW, AGAIN = "snooze 4 weeks", "snooze off"  # what two buttons stand for
STORIES = 10  # of one's own that are shown; /mystories has the others
MOST_TEXT = 2_900  # characters of a summary here; the command says all
SEEN = 10_000  # people whose Home is kept up to date


class Homes:
    """Shown to whoever opens it, and from then on kept as it is."""

    def __init__(self, app: App, slack: Slack) -> None:
        self._app = app
        self._slack = slack
        self._seen: Recent[Address, None] = Recent(SEEN)
        self._wanted: set[Address] = set()
        self._showing: set[Address] = set()

    async def show(self, to: Address) -> None:
        """As it is now. Where it is on its way already, it is shown once more after that: of two at
        once the older one might come last. Raises PlatformError, StorageError."""
        self._seen[to] = None
        self._wanted.add(to)
        if to in self._showing:
            return
        self._showing.add(to)
        try:
            while to in self._wanted:
                self._wanted.discard(to)
                await self._show(to)
        finally:
            self._showing.discard(to)

    async def _show(self, to: Address) -> None:
        try:
            blocks = await self._app.database.read(lambda c: home_of(self._app, Work(c), to))
            await self._slack.show_home(to, blocks)
        except (PlatformError, StorageError):
            if to not in self._wanted:
                raise

    def is_open(self, to: Address) -> bool:
        """Whether somebody has opened it since the start, as this process knows: Slack tells one
        of several of each opening. What another one does is shown with the next opening."""
        return to in self._seen


def home_of(app: App, work: Work, to: Address) -> list[Block]:
    met = work.members.known(to)
    scene = scene_with(app.house, work, met.member.id, now=now()) if met is not None else None
    if scene is None or scene.community is NOWHERE:
        wording = app.interviews.texts.wording("en", command=app.house.spelling(to.platform))
        start = [("tell", wording("home-tell"))]
        return [section(wording("home-welcome")), *_buttons(start)]
    return list(_home(scene))


def _home(scene: Scene) -> Iterator[Block]:
    yield heading(scene.wording("home-heading", community=scene.community.name))
    parked = scene.work.conversations.latest_parked(scene.member.id, scene.community.id)
    if scene.conversation is not None and scene.conversation.is_draft:
        parked = scene.conversation
    asked = scene.conversation
    if asked is not None and asked.is_asked_for and not asked.is_draft:
        about = asked.anchor.activity if asked.anchor is not None else ""
        yield section(scene.wording("home-prompt-about" if about else "home-prompt", about=about))
        yield from _buttons([("resume", scene.wording("home-answer"))])
    elif parked is not None:
        about = scene.engine(parked).ask.about(parked)
        yield section(scene.wording("home-draft", about=about or parked.ref))
        yield from _buttons([("resume", scene.wording("home-go-on"))])
    yield from _buttons([("tell", scene.wording("home-tell"))])
    yield from _asking(scene)
    stories = [s for s in scene.work.stories.of(scene.member.id) if not s.is_erased][:STORIES]
    if stories:
        yield {"type": "divider"}
        yield heading(scene.wording("home-stories"))
    for story in stories:
        yield _story(scene, story)
    if scene.member.role.may(Role.ORGANIZER):
        yield {"type": "divider"}
        yield from _summary(scene.call())


def _asking(scene: Scene) -> Iterator[Block]:
    """Whether they are asked for stories, and a button for the other way. Nothing to whoever has
    not agreed to anything yet."""
    found = scene.work.candidates.of(
        scene.community.id, Whom(), scene.house.reach, only=[scene.member.id]
    )
    if not found or not found[0].asking.consents:
        return
    zone, asking = found[0].zone, found[0].asking
    reason = why_left_out(asking, at=scene.now, day=day_at(scene.now, zone))
    if reason not in (LeftOut.ALONE, LeftOut.SILENT):
        weeks, rest = divmod(gap_of(asking), 7)
        line = scene.wording("home-asked", weeks=0 if rest else weeks, days=gap_of(asking))
        yield _snooze(line, scene.wording("home-not-now"), NOT_NOW)
        return
    line = scene.wording("home-asked-never")
    if not asking.wants_none and asking.snoozed_until and asking.snoozed_until > scene.now:
        until = day_at(asking.snoozed_until, zone)
        line = scene.wording("home-asked-from", date=until)
    yield _snooze(line, scene.wording("home-again"), AGAIN)


def _snooze(line: str, label: str, does: str) -> Block:
    return {**section(line), "accessory": button(label, f"{DO}-snooze", does)}


def _story(scene: Scene, story: Listed) -> Block:
    key = "home-story" if story.status is StoryStatus.SENT else "home-story-withdrawn"
    shown = section(scene.wording(key, ref=story.ref, title=story.title))
    read = button(scene.wording("home-read"), f"{DO}-read-{story.ref}", f"read {story.ref}")
    return {**shown, "accessory": read}


def _summary(call: Call) -> Iterator[Block]:
    everything = Period(None, None)
    text = told(call, summary_of(call, everything), everything)
    yield section(text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…")
    yield from _buttons(
        [("summary", call.word("home-summary")), ("stories", call.word("home-open-stories"))]
    )


def _buttons(named: list[tuple[str, str]]) -> Iterator[Block]:
    """Buttons by the commands that they stand for."""
    yield from rows_of([button(label, f"{DO}-{name}", name) for name, label in named])
