"""One transcript, all platforms: the same scene looks the same at every client."""

import pytest

from flows.definition import Kind
from tests.builders import interviews
from tests.platforms.conftest import Build
from tests.platforms.joined import SEATS
from tests.platforms.playing import Playing, alike, can_play, few, things
from tests.platforms.seats import Platform
from tests.transcripts import Transcript, taps, transcripts

TRANSCRIPTS = transcripts()


def chosen() -> list[Transcript]:
    """For each platform as few scenes as show all that any of them shows there."""
    found: list[Transcript] = []
    for platform in SEATS:
        played = [each for each in TRANSCRIPTS if can_play(platform, each)]
        found += few(played, [each for each in found if each in played])
    return found


CHOSEN = chosen()

STORY = interviews().definitions.flows["story"]
STEPS = [*STORY.steps.values(), *STORY.asides.values()]


@pytest.mark.parametrize("played", CHOSEN, ids=lambda played: played.scene)
async def test_a_scene_looks_the_same_at_every_client(played: Transcript, build: Build) -> None:
    seen = {}
    faults = []

    for platform in SEATS:
        if can_play(platform, played):
            exchanges = await Playing(platform, build()).play(played)
            seen[platform.name] = alike(exchanges, platform)
            for number, exchange in enumerate(exchanges, 1):
                where = f"{platform.name}, turn {number}"
                faults += [f"{where}: {fault}" for fault in exchange.faults(platform)]

    assert faults == []
    first = next(iter(seen.values()))
    assert seen == dict.fromkeys(seen, first)


@pytest.mark.parametrize("platform", SEATS, ids=lambda each: each.name)
def test_the_scenes_lead_through_the_whole_story_at_every_client(platform: Platform) -> None:
    played = [each for each in CHOSEN if can_play(platform, each)]

    shown = {thing for each in played for thing in things(each)}

    ends = {step.name for step in STEPS if step.kind is Kind.END}
    asked = {step.split("/")[0].removesuffix("!") for kind, step in shown if kind == "step"}
    assert {step.name for step in STEPS} - ends - asked == set()
    tapped = {tap for each in played for tap in taps(each)}
    assert {(s.name, choice.name) for s in STEPS for choice in s.choices} - tapped == set()
    possible = [each for each in TRANSCRIPTS if can_play(platform, each)]
    assert {thing for each in possible for thing in things(each)} - shown == set()
