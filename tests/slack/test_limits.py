"""Whatever the bot says in Slack, Slack takes: whole, in order, and it calls nobody."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from slack_sdk.models.views import View

from bot.app import App
from bot.house import House
from bot.platforms import spelling
from bot.platforms.buttons import unpack
from bot.platforms.slack_renderer import (
    ACTING,
    MOST_INPUT,
    Block,
    Message,
    form,
    heading,
    messages,
    told_plainly,
)
from bot.slack_home import home_of
from config.settings import Settings
from flows.asking import Field
from flows.messages import Address, Anchor, Ask, Option, Part, Review, Say
from storage.communities import MOST_NAME
from storage.journal import Journal
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import (
    NOON,
    a_story,
    an_answer,
    begin,
    closing,
    interviews,
    kept,
    kept_story,
    met,
    opened,
    turns_on,
    withdraw,
)
from tests.doubles.slack_blocks import checked_view
from tests.doubles.slack_chats import buttons_of
from tests.doubles.slack_text import texts, told_back, unescaped
from tests.slack.taken import ANA, KEY, calls_nobody, rendered

PINGING = "<!channel> <@U1> <#C1|general> <https://a.example|safe> @here #general https://a.example"

# ---- whatever anybody writes ----

PIECES = (
    *("<!channel>", "<@U1>", "<#C1|general>", "<https://a.example|safe>", "@here", "#general"),
    *("&lt;", "&amp;amp;", "&", "<", ">", "*b*", "_i_", "~", "`", "```", ":tada:", "\n> ", "\n"),
    *("\n\n", " ", ". ", "\u202e", "\x07", "🎉", "👩‍👩‍👧", "مرحبا", "word", "x" * 80, "\u2028"),
)
chunks = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), min_size=1, max_size=8).map(
    "".join
)
long_texts = st.builds(
    lambda chunk, size: (chunk * (size // len(chunk) + 1))[:size],
    chunks.filter(bool),
    st.sampled_from((1, 75, 2_999, 3_001, 12_000, 12_001, 200_000)) | st.integers(1, 40_000),
).filter(lambda text: bool(bare(text)))
labels = chunks.filter(lambda label: bool(bare(label)))
options = st.lists(labels, max_size=60).map(
    lambda found: tuple(Option(f"o{n}", label) for n, label in enumerate(found))
)
WHERE: dict[str, Any] = {"step": "activity", "revision": 1, "conversation": 1}


def bare(text: str) -> str:
    """What has to be there: all but blanks, and what is shown as a replacement character."""
    return re.sub(r"\s", "", text.translate(ACTING)).replace("\ufffd", "")


def read(shown: list[Message]) -> str:
    """All that its reader reads above the buttons."""
    blocks = [block for each in shown for block in each.blocks if block["type"] != "actions"]
    return "".join(unescaped(text) for _, text in texts(blocks))


long_enough = settings(max_examples=30, deadline=None, suppress_health_check=[*HealthCheck])


@long_enough
@given(long_texts)
@example("&lt;" * 50_000)
@example("x" * 200_000)
def test_what_is_said_comes_whole_and_in_order(text: str) -> None:
    assert bare(read(rendered(Say(text)))) == bare(text)


@long_enough
@given(long_texts, options)
@example("x" * 11_000, tuple(Option(f"o{n}", "y" * 80) for n in range(60)))
def test_a_question_has_all_its_buttons_below_its_last_message(
    text: str, offered: tuple[Option, ...]
) -> None:
    shown = rendered(Ask(text=text, options=offered, number=3, of=7, **WHERE))

    assert bare(read(shown)) == "3/7" + bare(text)
    rows = [buttons_of(list(each.blocks)) for each in shown]
    assert rows[:-1] == [[]] * (len(shown) - 1)
    assert len(rows[-1]) == len(offered)
    for option, label in zip(offered, map(unescaped, rows[-1]), strict=True):
        assert bare(option.label).startswith(bare(label).removesuffix("…"))
    values = [e["value"] for b in shown[-1].blocks for e in b.get("elements", ()) if "value" in e]
    told = [unpack(value, user=ANA, key=KEY) for value in values]
    assert [each and each.choice for each in told] == [option.name for option in offered]


@long_enough
@given(st.lists(st.tuples(labels, long_texts), max_size=12), labels, long_texts, options)
def test_a_review_comes_whole_and_in_order(
    parts: list[tuple[str, str]], title: str, text: str, offered: tuple[Option, ...]
) -> None:
    told = tuple(Part(heading, words) for heading, words in parts)
    review = Review(
        intro="Your story.", title=title[:60], parts=told, text=text, options=offered, **WHERE
    )

    shown = read(rendered(review))

    said = "".join(heading + words for heading, words in parts)
    assert bare(shown).startswith("Yourstory.“")
    assert bare(shown).endswith("”" + bare(said) + bare(text))


@given(labels)
def test_what_was_asked_reads_the_same_once_slack_told_it_back(words: str) -> None:
    (shown,) = messages(Say(words), user=ANA, key=KEY)

    again = told_plainly(told_back(list(shown.blocks)))

    assert again == list(shown.blocks)


@given(chunks)
def test_a_title_calls_nobody_and_is_no_link(title: str) -> None:
    calls_nobody([heading(title)])


@long_enough
@given(st.lists(st.tuples(labels, long_texts), min_size=1, max_size=12), labels)
def test_slack_takes_every_form(told: list[tuple[str, str]], word: str) -> None:
    fields = [Field(f"step{n}", head, text[:MOST_INPUT]) for n, (head, text) in enumerate(told)]
    view = form(fields, title=word, save=word, cancel=word, notes=[word], told="t" * 64)

    checked_view(view, "modal")
    shown = View(**view).to_dict()
    assert shown["blocks"] == view["blocks"]
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [block["element"]["initial_value"] for block in inputs] == [f.text for f in fields]
    calls_nobody(view["blocks"])


# ---- Home ----


def home(app: App, role: Role | None, words: str) -> list[Block]:
    """That of somebody new, or with a draft and stories of theirs."""
    to = Address("slack", ANA)

    def put(work: Work) -> None:
        if role is None:
            return
        member = met(work, to, words[:100])
        work.members.set_role(member.id, work.communities.home().id, role)
        told = [a_story(title=words) for _ in range(12)]
        sent = [kept_story(work, each, member, platform="slack") for each in told]
        withdraw(work, member, sent[-1].ref)
        begun = begin(work, member, anchor=Anchor(words))
        answered = (an_answer(text="We met."),)
        work.conversations.save(begun, replace(begun.turned(NOON), answers=answered))

    kept(app.database, put)
    return app.database.read_now(lambda c: home_of(app, Work(c), to))


@pytest.mark.parametrize("role", [None, Role.MEMBER, Role.ORGANIZER])
@pytest.mark.parametrize("words", ["We met.", PINGING, "&lt;" * 1_000, "x" * 20_000])
def test_slack_takes_every_home(path: Path, role: Role | None, words: str) -> None:
    house = House(interviews=interviews(), spelling=spelling)
    with closing(opened(path)) as database:
        kept(database, lambda work: _renamed(work, words[:MOST_NAME]))
        turns = turns_on(database, now=lambda: NOON)
        app = App(Settings(), database, house, Journal(None), turns)

        blocks = home(app, role, words)

    checked_view({"type": "home", "blocks": blocks}, "home")
    assert View(type="home", blocks=blocks).to_dict()["blocks"] == blocks
    calls_nobody(blocks)
    assert ("Summary" in buttons_of(blocks)) == (role is Role.ORGANIZER)
    assert ("Go on" in buttons_of(blocks)) == (role is not None)


def _renamed(work: Work, name: str) -> None:
    work.communities.change(work.communities.home().id, name=name)
