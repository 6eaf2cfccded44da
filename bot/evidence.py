"""Files that tellers sent, fetched from their platforms beside an export."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.app import App, now
from bot.exports import Which
from bot.platforms.platform import FetchesFiles, PlatformError
from bot.platforms.slack import Slack
from bot.platforms.slack_workspaces import Workspaces
from bot.platforms.telegram import Telegram
from bot.seal import Seal
from bot.secret import secret_key
from flows.messages import Attached
from storage.story_reads import StoryRead

KEPT_AS_WORDS = ("location", "contact")
"""The kinds of evidence that are no files."""

FETCHES = 4  # side by side


@dataclass(frozen=True, slots=True)
class Wanted:
    which: Which
    file: Attached

    @property
    def name(self) -> str:
        """`S-481-2-1.jpg`: nothing of what its sender called it, which may be anything."""
        kind = mimetypes.guess_extension(self.file.mime_type or "") or ""
        return "-".join(map(str, self.which)) + kind


def wanted_of(stories: Iterable[StoryRead]) -> Iterator[Wanted]:
    """The files of stories. Of one that carries no name none is: a voice or a face would."""
    for story in stories:
        for step in story.steps if story.teller is not None else ():
            for n, file in enumerate(step.evidence, 1):
                if file.kind not in KEPT_AS_WORDS:
                    yield Wanted((story.ref, step.order, n), file)


def fetch(app: App, wanted: Iterable[Wanted], folder: Path) -> dict[Which, str]:
    """Fetch files into `folder`, which is made; the name of each that came."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_fetch(app, list(wanted), folder))


async def _fetch(app: App, wanted: list[Wanted], folder: Path) -> dict[Which, str]:
    room = asyncio.Semaphore(FETCHES)

    async def one(fetchers: Mapping[str, FetchesFiles], each: Wanted) -> str | None:
        fetcher = fetchers.get(each.file.platform or "")
        if fetcher is None:
            return None
        async with room:
            try:
                content = await fetcher.fetch(each.file.file_id)
            except PlatformError:
                return None
        await asyncio.to_thread((folder / each.name).write_bytes, content)
        return each.name

    async with _fetchers(app) as fetchers:
        names = await asyncio.gather(*(one(fetchers, each) for each in wanted))
    return {each.which: name for each, name in zip(wanted, names, strict=True) if name}


@asynccontextmanager
async def _fetchers(app: App) -> AsyncIterator[Mapping[str, FetchesFiles]]:
    """The platforms that have a token, by name."""
    settings, key = app.settings, secret_key(app.settings)
    found: dict[str, FetchesFiles] = {}
    async with AsyncExitStack() as stack:
        if settings.telegram_token is not None:
            telegram = Telegram(
                settings.telegram_token,
                api_url=settings.telegram_api_url,
                key=key,
                patience=settings.telegram_patience,
            )
            found[telegram.name] = await stack.enter_async_context(telegram.opened())
        if settings.has_slack:
            workspaces = Workspaces(settings, app.database, Seal(key), now)
            await stack.enter_async_context(workspaces.opened())
            slack = Slack(workspaces, key=key, now=now)
            found[slack.name] = slack
        yield found
