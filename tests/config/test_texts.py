"""Texts: the nearest language, values exactly as given, and never a broken sentence."""

from datetime import date
from pathlib import Path

import pytest

from config.errors import TextsError
from config.texts import Texts

QUOTE = '“He said: { $x } { COMMAND("forget") }\n  [a] *b* -- \u2068ok\u2069 \\u0041'


def slashed(command: str) -> str:
    return f"/{command}"


def spelt(command: str) -> str:
    return f"“storytrail {command}”"


def texts(folder: Path, **files: str | bytes) -> Texts:
    """The shipped texts with these over them, by language; `_` in a name stands for `-`."""
    (folder / "texts").mkdir(exist_ok=True)
    for language, content in files.items():
        path = folder / "texts" / f"{language.replace('_', '-')}.ftl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Texts.load(folder)


def test_the_shipped_texts_are_read():
    shipped = Texts.load()

    assert "en" in shipped.languages
    assert "choice-skip" in shipped.keys("en")


def test_a_text_holds_its_values_exactly(tmp_path: Path):
    say = texts(tmp_path, en="t-quoted = You wrote: “{ $words }”.").wording("en", command=slashed)

    said = say("t-quoted", words=QUOTE)

    assert said == f"You wrote: “{QUOTE}”."


@pytest.mark.parametrize("length", [2_501, 200_000, 1_000_000])
def test_a_value_may_be_as_long_as_an_answer(tmp_path: Path, length: int):
    say = texts(tmp_path, en="t-words =\n    You wrote:\n    { $words }").wording(
        "en", command=slashed
    )

    said = say("t-words", words="x" * length)

    assert said == "You wrote:\n" + "x" * length


def test_a_text_may_be_long_itself(tmp_path: Path):
    say = texts(tmp_path, en=f"t-long = {'word ' * 2_000}end").wording("en", command=slashed)

    assert say("t-long") == "word " * 2_000 + "end"


def test_the_first_key_that_has_a_text_is_said(tmp_path: Path):
    say = texts(tmp_path, en="t-b = B\nt-c = C").wording("en", command=slashed)

    assert say("t-a", "t-b", "t-c") == "B"
    assert (say.has("t-a"), say.has("t-b")) == (False, True)


def test_commands_are_written_as_the_platform_writes_them(tmp_path: Path):
    both = texts(tmp_path, en='t-back = { COMMAND("withdraw") } { $ref } takes it back.')

    said = [both.wording("en", command=each)("t-back", ref="S-481") for each in (slashed, spelt)]

    assert said == [
        "/withdraw S-481 takes it back.",
        "“storytrail withdraw” S-481 takes it back.",
    ]


def test_a_text_of_words_and_values_alone_is_what_fluent_makes_of_it():
    layer = Texts.load()._layer("en", slashed)
    joined = {key: simple.names for key, simple in layer.joined.items()}
    assert len(joined) > len(layer.entries) / 2

    for key, names in joined.items():
        values = {name: f"100 % of {{ ${name} }}, “%s”\n" for name in names}
        pattern = layer.bundle.get_message(key).value
        assert pattern is not None
        assert layer.put(key, values) == layer.bundle.format_pattern(pattern, values)[0]


def test_a_percent_sign_is_a_character_as_any_other(tmp_path: Path):
    say = texts(tmp_path, en="t-all = 100 %\nt-some = { $n } % of { $all } %s").wording(
        "en", command=slashed
    )

    assert say("t-all") == say.fixed("t-all") == "100 %"
    assert say("t-some", n="5", all="%d") == "5 % of %d %s"
    assert say("t-some", n=5_000, all="all") == "5,000 % of all %s"
    assert say.fixed("t-some") is None


def test_numbers_dates_and_plurals_follow_the_language(tmp_path: Path):
    told = (
        '{ DATETIME($date, dateStyle: "long") }, { $limit }, { $count ->\n'
        "    [one] one\n   *[other] more\n }"
    )
    spoken = texts(tmp_path, en=f"t-told = {told}", fr=f"t-told = {told}")
    values = {"date": date(2026, 11, 21), "limit": 200_000, "count": 0}

    english = spoken.wording("en", command=slashed)("t-told", **values)
    french = spoken.wording("fr", command=slashed)("t-told", **values)

    assert english == "November 21, 2026, 200,000, more"
    assert french == "21 novembre 2026, 200\u202f000, one"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "March 2026"),
        ("en-GB", "March 2026"),
        ("fr", "mars 2026"),
        ("pt-BR", "março de 2026"),
        ("ar", "مارس 2026"),
        ("zh-Hans", "2026年3月"),
    ],
)
def test_a_month_is_said_without_its_day_and_follows_the_language(
    tmp_path: Path, language: str, said: str
):
    month = texts(tmp_path, **{language.replace("-", "_"): "t-month = { MONTH($date) }"})

    days = (date(2026, 3, 1), date(2026, 3, 31))

    assert {month.wording(language, command=slashed)("t-month", date=day) for day in days} == {said}


def test_a_month_follows_the_language_that_its_text_is_in(tmp_path: Path):
    only_english = texts(tmp_path, pt="t-1 = PT", en="t-month = In { MONTH($date) }.")

    said = only_english.wording("pt", command=slashed)("t-month", date=date(2026, 3, 2))

    assert said == "In March 2026."


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("pt-BR", "pt-BR", ["BR", "PT", "EN"]),
        ("pt-br", "pt-BR", ["BR", "PT", "EN"]),
        ("pt_BR", "pt-BR", ["BR", "PT", "EN"]),
        ("pt-PT", "pt", ["PT", "PT", "EN"]),
        ("pt", "pt", ["PT", "PT", "EN"]),
        ("en-GB", "en", ["EN", "EN", "EN"]),
        ("xx", "en", ["EN", "EN", "EN"]),
        ("", "en", ["EN", "EN", "EN"]),
    ],
)
def test_the_nearest_language_is_spoken(tmp_path: Path, asked: str, language: str, said: list[str]):
    spoken = texts(
        tmp_path,
        pt_BR="t-1 = BR",
        pt="t-1 = PT\nt-2 = PT",
        en="t-1 = EN\nt-2 = EN\nt-3 = EN\nt-12 = EN",
    )

    say = spoken.wording(asked, command=slashed)

    assert say.language == language
    assert [say("t-1"), say("t-2"), say("t-3")] == said


@pytest.mark.parametrize(
    ("asked", "found"),
    [("pt-BR", "pt"), ("PT_pt", "pt"), ("en-GB", "en"), ("fr", None), ("", None)],
)
def test_there_may_be_no_texts_near_a_language(tmp_path: Path, asked: str, found: str | None):
    assert texts(tmp_path, pt="t-1 = PT").nearest(asked) == found


def test_a_text_in_ones_language_goes_before_a_more_particular_one_in_english(tmp_path: Path):
    spoken = texts(tmp_path, pt="t-general = PT", en="t-particular = EN\nt-general = EN")

    say = spoken.wording("pt", command=slashed)

    assert say("t-particular", "t-general") == "PT"


def test_the_keys_of_a_language_are_not_those_that_only_english_has(tmp_path: Path):
    spoken = texts(tmp_path, pt_BR="t-1 = BR", pt="t-2 = PT\n-t-term = x", en="t-3 = EN")

    assert spoken.keys("pt-BR") == {"t-1", "t-2"}
    assert spoken.keys("pt") == {"t-2"}
    assert "t-3" in spoken.keys("en")
    assert spoken.keys("xx") == frozenset()


def test_a_folder_replaces_text_by_text(tmp_path: Path):
    shipped = Texts.load()

    own = texts(tmp_path, en="choice-skip = Rather not\nt-own = Own")

    assert own.keys("en") == shipped.keys("en") | {"t-own"}
    assert own.wording("en", command=slashed)("choice-skip") == "Rather not"


def test_a_wording_is_made_once_for_a_language_and_a_platform(tmp_path: Path):
    spoken = texts(tmp_path, pt="t-1 = PT")

    once = spoken.wording("pt", command=slashed)

    assert spoken.wording("pt-PT", command=slashed) is once
    assert spoken.wording("pt", command=spelt) is not once


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("t-1 = A\nt-2 B\n", "en.ftl:2: not Fluent: Expected token"),
        ("t-1 =\n", "en.ftl:1: t-1: not Fluent: Expected message"),
        ("t-1 = A\nt-2 = { $a\n", "en.ftl:2: t-2: not Fluent: Expected token"),
        ("t-1 = A\r\nt-2 = { $a\r\n", "en.ftl:2: t-2: not Fluent: Expected token"),
        ("t-1 = A\nt-2 = B\nt-1 = C\n", "en.ftl:3: t-1: stands here twice; keep one of them"),
        ("-t = A\n-t = B\n", "en.ftl:2: -t: stands here twice; keep one of them"),
        ("t-1 =\n    .short = A\n", "en.ftl:1: t-1: has no text"),
        ("t-1 = A\n    { t-2 }\n", "en.ftl:2: t-1: there is no t-2"),
        ("t-1 = { -t }\n", "en.ftl:1: t-1: there is no -t"),
        ('t-1 = { COMAND("a") }\n', "en.ftl:1: t-1: there is no COMAND()"),
        (b"t-1 = A\nt-2 = \xff\n", "en.ftl:2: is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, content: str | bytes, fault: str):
    with pytest.raises(TextsError) as raised:
        texts(tmp_path, en=content)

    assert str(raised.value).startswith(f"{tmp_path}/texts/{fault}")


def test_a_fault_can_be_read_in_its_parts(tmp_path: Path):
    with pytest.raises(TextsError) as raised:
        texts(tmp_path, en="t-1 = A\nt-1 = B\nt-1 = C")

    fault = raised.value
    assert (fault.path, fault.line, fault.key) == (f"{tmp_path}/texts/en.ftl", 2, "t-1")
    assert fault.message == "stands here twice; keep one of them"
    assert [getattr(each, "line", None) for each in fault.faults] == [2, 3]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("englisch", '"englisch" is no language; name the file after one, for example pt-BR.ftl'),
        ("pt_br", "name the file pt-BR.ftl"),
    ],
)
def test_a_file_must_be_named_for_a_language(tmp_path: Path, name: str, fault: str):
    with pytest.raises(TextsError) as raised:
        texts(tmp_path, **{name: "t-1 = A"})

    assert str(raised.value) == f"{tmp_path}/texts/{name.replace('_', '-')}.ftl: {fault}"


def test_terms_and_other_texts_may_be_used_in_a_text(tmp_path: Path):
    say = texts(
        tmp_path,
        en="-t-bot = Storytrail\nt-1 = This is { -t-bot }.\nt-2 = { t-1 } Hello { $name }.",
    ).wording("en", command=slashed)

    assert say("t-2", name="Bo") == "This is Storytrail. Hello Bo."


def test_a_text_that_there_is_not_is_an_error(tmp_path: Path):
    say = texts(tmp_path, en="t-1 = A").wording("en", command=slashed)

    with pytest.raises(TextsError, match=r"^texts/en\.ftl: t-x or t-y: there is no such text$"):
        say("t-x", "t-y")


@pytest.mark.parametrize(
    ("content", "values", "why"),
    [
        ("{ $name }", {}, "it is given no value for $name"),
        ("{ $name }", {"name": None}, "can't be put together from the values it is given"),
        ("{ NUMBER($name) }", {"name": "secret"}, "can't be put together from the values"),
        ("{ DATETIME($name) }", {"name": "secret"}, "can't be put together from the values"),
        ("{ $name ->\n   *[a] A\n }", {}, "it is given no value for $name"),
        ("{ MONTH($name) }", {"name": "secret"}, "can't be put together from the values"),
        ("{ MONTH() }", {}, "can't be put together from the values it is given"),
        ("{ COMMAND() }", {}, "can't be put together from the values it is given"),
        ("{ t-1 }", {}, "Cyclic reference"),
    ],
)
def test_a_text_that_cannot_be_put_together_is_an_error_that_shows_no_value(
    tmp_path: Path, content: str, values: dict[str, object], why: str
):
    say = texts(tmp_path, en=f"t-1 = x {content}").wording("en", command=slashed)

    with pytest.raises(TextsError) as raised:
        say("t-1", **values)

    assert str(raised.value).startswith(f"{tmp_path}/texts/en.ftl:1: t-1: {why}")
    assert "secret" not in str(raised.value)
