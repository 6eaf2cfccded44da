"""How replies look on Telegram, and what their buttons carry."""

from dataclasses import replace

import pytest

from bot.platforms.buttons import MOST, digest, is_digest, meant, pack, unpack
from bot.platforms.splitting import pieces
from bot.platforms.telegram_renderer import MOST_LABEL, MOST_TEXT, messages
from flows.messages import Ask, Chose, Option, Part, Reply, Review, Say, Send
from tests.builders import interviews

KEY = b"k" * 32
ASK = Ask(text="What?", options=(), step="activity", revision=2, conversation=1)
REVIEW = Review(
    intro="This is your story.",
    title="We met.",
    parts=(Part("What happened", "We met."),),
    text="Who may read it?",
    options=(Option("organizers", "Send to organizers"), Option("delete", "Delete")),
    step="review",
    revision=3,
    conversation=1,
)


def htmls(reply: Reply) -> list[str]:
    return [message.html for message in messages(reply, user="1", key=KEY)]


def labels(reply: Reply) -> list[list[str]]:
    keyboard = messages(reply, user="1", key=KEY)[-1].keyboard
    assert keyboard is not None
    return [[button.text for button in row] for row in keyboard.inline_keyboard]


# ---- words ----


def test_what_people_wrote_is_no_markup():
    said = "<b>1 < 2 & 3</b> \"x\" 'y' _a_ *b* &amp;"
    escaped = "&lt;b&gt;1 &lt; 2 &amp; 3&lt;/b&gt; \"x\" 'y' _a_ *b* &amp;amp;"
    assert htmls(Say(said)) == [escaped]
    assert htmls(replace(ASK, text=said)) == [escaped]
    assert htmls(Send(name="f", mime_type="text/plain", content="", text=said)) == [escaped]
    review = replace(REVIEW, intro=said, title=said, parts=(Part(said, said),), text=said)
    assert htmls(review)[0].count(escaped) == 5


def test_a_question_says_where_it_stands():
    assert htmls(replace(ASK, number=1, of=7)) == ["<i>1 / 7</i>\n\nWhat?"]


def test_a_long_text_is_cut_between_paragraphs():
    paragraphs = [f"{n} " + "word " * 300 for n in range(6)]
    whole = "\n\n".join(each.strip() for each in paragraphs)
    found = htmls(Say(whole))
    assert len(found) > 1
    assert max(map(len, found)) <= MOST_TEXT
    assert "\n\n".join(found) == whole


@pytest.mark.parametrize("between", ["\n", ". ", " ", ""])
def test_no_word_is_lost_where_there_are_no_paragraphs(between):
    text = between.join(["abcdefghi"] * 2000)
    found = list(pieces(text, MOST_TEXT))
    assert max(map(len, found)) <= MOST_TEXT
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_long_review_has_its_buttons_at_its_end_only():
    parts = tuple(Part(f"Part {n}", "words & " * 400) for n in range(8))
    found = messages(replace(REVIEW, parts=parts), user="1", key=KEY)
    assert len(found) > 1
    assert [message.keyboard is None for message in found] == [True] * (len(found) - 1) + [False]
    assert found[-1].html.endswith("Who may read it?")
    assert all(f"<i>Part {n}</i>" in "".join(m.html for m in found) for n in range(8))
    for message in found:
        assert len(message.html.replace("&amp;", "&")) <= MOST_TEXT + 100  # tags


# ---- buttons ----


def test_short_labels_stand_side_by_side_and_long_ones_alone():
    names = ("Yes", "No", "A label that is too long for half of a telephone", "Skip")
    options = tuple(Option(f"o{n}", name) for n, name in enumerate(names))
    assert labels(replace(ASK, options=options)) == [["Yes", "No"], [names[2]], ["Skip"]]


def test_what_is_ticked_shows_and_what_is_too_long_is_cut():
    options = (Option("a", "Members", True), Option("b", "Funders", False), Option("c", "x" * 90))
    assert labels(replace(ASK, options=options)) == [
        ["☑ Members", "☐ Funders"],
        ["x" * (MOST_LABEL - 1) + "…"],
    ]


def every_button() -> list[tuple[str, str]]:
    """Each choice of each place of the shipped interview."""
    flow = interviews().current
    steps = {**flow.steps, **flow.asides}
    found = []
    for step in steps.values():
        details = [step.name, *(f"{step.name}/{gap}" for gap in step.probes)]
        details += [f"{step.name}/{other}" for other in steps] if step.kind == "reword" else []
        choices = [choice.name for choice in step.choices]
        choices += [f"part-{other}" for other in steps]
        choices += ["skip", "leave", "same-words", *(choice.name for choice in step.choices)]
        found += [(detail, choice) for detail in details for choice in choices]
    return found


def test_every_button_fits_and_is_understood():
    names = every_button()
    assert len(names) > 500
    assert len({digest(name) for pair in names for name in pair}) == len(
        {name for pair in names for name in pair}
    )
    for step, choice in names:
        asked = replace(ASK, step=step, revision=10**6, conversation=10**12)
        data = pack(asked, choice, user="7000000001", key=KEY)
        assert len(data.encode()) <= MOST
        found = unpack(data, user="7000000001", key=KEY)
        assert found is not None
        assert (found.revision, found.conversation) == (10**6, 10**12)
        assert meant(["another", choice], found.choice) == choice
        assert meant(["another", step], found.step or "") == step


def test_names_that_are_too_long_are_told_by_their_digests():
    asked = replace(ASK, step="s" * 60)
    found = unpack(pack(asked, "c" * 60, user="1", key=KEY), user="1", key=KEY)
    assert found is not None
    assert (found.step, found.choice) == (digest("s" * 60), digest("c" * 60))
    assert is_digest(found.choice)
    assert not is_digest("skip")
    assert meant(["skip", "c" * 60], found.choice) == "c" * 60
    assert meant(["skip"], found.choice) == found.choice


def test_whoever_changes_a_button_or_takes_another_ones_gets_nothing():
    data = pack(ASK, "skip", user="1", key=KEY)
    assert unpack(data, user="1", key=KEY) == Chose("skip", "activity", 2, 1)
    assert unpack(data, user="2", key=KEY) is None
    assert unpack(data, user="1", key=b"x" * 32) is None
    for n, letter in enumerate(data):
        assert (
            unpack(f"{data[:n]}{'A' if letter != 'A' else 'B'}{data[n + 1 :]}", user="1", key=KEY)
            is None
        )
        assert unpack(data[:n], user="1", key=KEY) is None
