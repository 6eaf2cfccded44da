"""What people write comes back exactly as they wrote it, and does nothing but be read."""

import asyncio
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.messages import Said, parse
from flows.understanding import unkeepable
from tests.builders import closing, fresh, interviews, opened
from tests.platforms.joined import SEATS
from tests.platforms.places import Place, placed
from tests.platforms.seats import Platform, Shown
from tests.stage import HeardTexts, Stage

TRICKY = (
    *("<b>", "</b>", "<a href='https://example.org'>", "&lt;", "&amp;amp;", "<", "&", '"', "'"),
    *("*bold*", "_x_", "~", "`code`", "```", "[b]", "[/]", "[link](https://example.org)", "||"),
    *("<!channel>", "<!here>", "<@U1>", "<#C1|general>", "<https://example.org|safe>", "@ana"),
    *(":tada:", ":)", "\\", "\\n", "{ $member }", "%s", "{0}", "/tell", "  1. Yes", "[x] Yes"),
    *("🎉", "👩‍👩‍👧", "é", "مرحبا", "שלום", "\u202e", "\u202b", "\u2066", "\u200f", "\u2028"),
    *("\n", "\n\n", " ", "  ", "\t", "\r", "\x1b[31m", "\x07", "\x7f", "\x9b", "\ufeff"),
)

TURNS_AROUND = {*"\u202a\u202b\u202d\u202e"}

ACTS = {chr(code) for code in range(0x20)} - {"\n", "\t"}

pieces = st.lists(st.sampled_from(TRICKY) | st.text(max_size=8), max_size=6).map("".join)
words = st.builds("{}we met{}".format, pieces, pieces)


def is_kept(text: str) -> bool:
    """Whether the bot keeps it as words."""
    return isinstance(parse(text), Said) and not unkeepable(text)


@pytest.mark.parametrize("platform", SEATS, ids=lambda each: each.name)
def test_words_come_back_as_they_were_written(platform: Platform, texts: HeardTexts) -> None:
    """At the review, and where they are shown to be said anew; by somebody new each time."""
    names = (f"p{number}" for number in count())

    async def comes_back(place: Place, text: str) -> None:
        shown = await reworded(place, next(names), text)
        _, wording, review = shown

        words = platform.shows(text)
        assert f"What happened\n{words}\n\nWhat I got" in review.text
        assert review.buttons[0] == "Send to organizers"
        assert f"{words}\n" in f"{wording.text}\n"
        for each in shown:
            characters = {*each.text, *"".join(each.buttons)}
            assert not characters & (ACTS | TURNS_AROUND)

    with TemporaryDirectory() as folder, closing(opened(fresh(Path(folder)))) as database:
        stage = Stage(database, interviews().definitions, texts)
        with asyncio.Runner() as runner:
            at = placed(platform, stage)
            place = runner.run(at.__aenter__())

            @settings(max_examples=25, deadline=None, suppress_health_check=[*HealthCheck])
            @given(words.filter(is_kept).filter(platform.can_say))
            def each(text: str) -> None:
                runner.run(comes_back(place, text))

            try:
                each()
            finally:
                runner.run(at.__aexit__(None, None, None))


async def reworded(place: Place, name: str, text: str) -> list[Shown]:
    """The choice of parts, the words to be said anew, and the review with them."""
    await place.reviews(name)
    await place.seat(name).taps("Change a part")
    (which,) = place.seats[name].sees()
    await place.seat(name).taps(which.buttons[0])
    place.seats[name].sees()
    await place.seat(name).says(text)
    place.seats[name].sees()
    await place.seat(name).taps("Change a part")
    (which,) = place.seats[name].sees()
    await place.seat(name).taps(which.buttons[0])
    (wording,) = place.seats[name].sees()
    await place.seat(name).taps("Leave it as it is")
    (review,) = place.seats[name].sees()
    return [which, wording, review]
