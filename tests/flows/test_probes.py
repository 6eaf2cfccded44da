"""Words are the same, however they are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.probes import WORD, words_of


@given(st.text(alphabet="abC9_'’ .,-\n\té"))
def test_words_are_those_that_the_pattern_finds(text: str) -> None:
    assert words_of(text) == WORD.findall(text)


@pytest.mark.parametrize(
    "text",
    ["", "'", "it''s", "rock'n'roll", "'quoted'", "a_b", "x'", "''", "3.5%", "d'été", "\x1f"],
)
def test_words_with_an_apostrophe_are_whole(text: str) -> None:
    assert words_of(text) == WORD.findall(text)
