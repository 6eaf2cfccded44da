"""`storytrail chat --jsonl`: what scripts say, a line at a time, and what they hear."""

import json
from typing import Any

from sqlalchemy import func, select

from storage.database import Database
from storage.tables import answers, conversations, inbox, members
from tests.builders import WHOLE, closing, storytrail

Line = dict[str, Any]


def chat(url: str, *said: Line | str) -> list[Line]:
    """Every line that the program prints, after it was told all of `said` at once."""
    raw = [each if isinstance(each, str) else json.dumps(each) for each in said]
    done = storytrail("chat", "--jsonl", database=url, said=raw)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def acks(heard: list[Line]) -> list[str]:
    return [line["ack"] for line in heard if "ack" in line]


def places(heard: list[Line], to: str = "me") -> list[str]:
    """At which places somebody was asked, in order."""
    said = [line["reply"] for line in heard if "reply" in line]
    return [reply["step"] for reply in said if reply["to"] == to and "step" in reply]


def count(url: str, table: Any) -> int:
    with closing(Database(url)) as database:
        counted = select(func.count()).select_from(table)
        return int(database.read_now(lambda c: c.execute(counted).scalar_one()))


def told(url: str) -> list[str]:
    with closing(Database(url)) as database:
        texts = select(answers.c.text).where(answers.c.text.is_not(None)).order_by(answers.c.turn)
        return list(database.read_now(lambda c: c.execute(texts).scalars().all()))


START = {"key": "1", "text": "/start"}
AGREE = {"key": "2", "choice": "agree"}
WORDS = {"key": "3", "text": WHOLE[1]}


def test_each_line_is_acknowledged_after_its_replies_and_its_commit(url):
    heard = chat(url, START, AGREE, WORDS)

    kinds = ["ack" if "ack" in line else line["reply"].get("step", "said") for line in heard]
    assert [kind for kind in kinds if kind != "said"] == [
        "welcome",
        "ack",
        "activity",
        "ack",
        "gained",
        "ack",
    ]
    assert acks(heard) == ["1", "2", "3"]
    assert told(url) == [WHOLE[1]]


def test_a_key_that_comes_again_is_acknowledged_and_handled_once(url):
    heard = chat(url, START, AGREE, WORDS, WORDS)
    later = chat(url, WORDS)

    assert acks(heard) == ["1", "2", "3", "3"]
    assert later == [{"ack": "3"}]
    assert told(url) == [WHOLE[1]]
    assert count(url, inbox) == 3


def test_a_choice_is_the_name_of_a_button(url):
    chosen = chat(url, START, AGREE)

    assert places(chosen) == ["welcome", "activity"]


BAD = (
    "not JSON",
    "[]",
    "7",
    "",
    "{}",
    '{"key": "b"}',
    '{"text": "b"}',
    '{"key": "", "text": "b"}',
    '{"key": 7, "text": "b"}',
    '{"key": "b", "text": null}',
    '{"key": "b", "text": "b", "choice": "c"}',
    '{"key": "b", "text": "b", "more": "c"}',
)


def test_a_line_of_another_form_is_an_error_and_nothing_else_happens(url):
    heard = chat(url, *BAD)

    assert [list(line) for line in heard] == [["error"]] * len(BAD)
    assert all("A line is" in line["error"] for line in heard)
    assert count(url, inbox) == count(url, members) == count(url, conversations) == 0


def test_a_line_of_another_form_does_not_end_the_talk(url):
    heard = chat(url, START, "not JSON", AGREE)

    assert acks(heard) == ["1", "2"]
    assert sum("error" in line for line in heard) == 1


def test_two_people_talk_side_by_side_and_each_in_order(url):
    both = ("ana", "bo")
    said = [
        {**line, "key": f"{who}-{line['key']}", "as": who}
        for line in (START, AGREE, WORDS)
        for who in both
    ]

    heard = chat(url, *said)

    for who in both:
        assert [a for a in acks(heard) if a.startswith(who)] == [f"{who}-{n}" for n in (1, 2, 3)]
        assert places(heard, who) == ["welcome", "activity", "gained"]
    assert told(url) == [WHOLE[1]] * 2
    assert count(url, members) == 2
