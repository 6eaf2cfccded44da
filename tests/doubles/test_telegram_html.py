"""The double's HTML: what Telegram accepts, what it makes of it, and how it words a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.telegram_html import (
    BadMarkup,
    as_html,
    cleaned,
    parse_html,
    trimmed,
    utf16,
    with_found,
)

ACCEPTED = [
    ("plain", "plain", []),
    ("1 &lt; 2 &amp; &quot;3&quot;", '1 < 2 & "3"', []),
    ("a & b &nbsp; &#65;&#x42;", "a & b &nbsp; AB", []),
    ("<b>bold</b>", "bold", [("bold", 0, 4)]),
    ("<STRONG>x</strong >", "x", [("bold", 0, 1)]),
    ("😀<i>é</i>", "😀é", [("italic", 2, 1)]),
    ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
    ("<b></b>x", "x", []),
    ("<u>x</>", "x", [("underline", 0, 1)]),
    ('<a href="example.org/x?a=1&amp;b=2">x</a>', "x", [("text_link", 0, 1)]),
    ("<a>no address</a>", "no address", []),
    ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
    ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
    ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
]


@pytest.mark.parametrize(("source", "text", "entities"), ACCEPTED)
def test_html_becomes_words_and_entities(source, text, entities):
    words, found = parse_html(source)

    assert words == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("é<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("a <3", "Unclosed start tag at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a"'),
        ('<a href="x>y</a>', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler"'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
    ],
)
def test_bad_html_is_refused_in_its_words(source, reason):
    with pytest.raises(BadMarkup) as refused:
        parse_html(source)

    assert str(refused.value).startswith(reason)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_words_come_back_as_they_were(words):
    source = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    text, entities = parse_html(f"<b>{source}</b>")

    assert text == words
    assert entities == ([{"type": "bold", "offset": 0, "length": utf16(words)}] if words else [])
    assert parse_html(as_html(text, entities)) == (text, entities)


def test_what_is_written_again_reads_the_same():
    source = '<b>a <i>b</i></b> &lt; <a href="http://example.org/">😀</a> <code>c</code>'

    assert as_html(*parse_html(source)) == source


def test_what_acts_in_a_text_goes_before_anybody_sees_it():
    assert cleaned("a\tb\r\n\x1b[1m\u202ec\u2028") == "a b\n [1mc"


def test_space_around_a_text_goes_and_its_entities_move():
    text, entities = trimmed(*parse_html(" <b> 😀 x</b>\n"))

    assert text == "😀 x"
    assert entities == [{"type": "bold", "offset": 0, "length": 4}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc", [("bot_command", 0, 6)]),
        ("😀 /skip@a_bot.", [("bot_command", 3, 11)]),
        ("and/or 1/2 //x", []),
        ("hello @ana_x", [("mention", 6, 6)]),
        ("see https://example.org/a?b.", [("url", 4, 23)]),
        ("a@example.org #tag", [("email", 0, 13), ("hashtag", 14, 4)]),
    ],
)
def test_commands_and_the_like_are_found(text, found):
    entities = with_found(text, [])

    assert [(e["type"], e["offset"], e["length"]) for e in entities] == found


def test_nothing_is_found_inside_of_code():
    assert with_found("/start", [{"type": "code", "offset": 0, "length": 6}]) == [
        {"type": "code", "offset": 0, "length": 6}
    ]
