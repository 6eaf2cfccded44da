"""Several processes on one PostgreSQL answer as one bot of Telegram."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from bot.web.telegram_webhook import PATH, SECRET_HEADER
from storage.outbox import Outbox
from tests.builders import closing, opened
from tests.crowd import Teller, go_through, once, told
from tests.doubles.telegram_faults import Fault
from tests.doubles.telegram_server import Person, TelegramServer
from tests.running import PATIENCE, TOLD, Running, eventually
from tests.scaling.several import (
    TELEGRAM_SECRET,
    Balancer,
    heard,
    holds,
    lined,
    sent,
    several,
    taken_over,
)
from tests.servers import a_database, own_server
from tests.telegram.crowd import tellers, town_of
from tests.telegram.process import INTERVIEW, comes, goes_through, telegram_of

Bots = list[Running]

NAMES = tuple(f"Teller {letter}" for letter in "ABCDEF")

AT_A_TIME = 2  # messages that may go at once

SHORT = 4.0  # seconds without a sign of life, so that a test need not wait for twenty


@contextmanager
def polling(server: TelegramServer, folder: Path, database: str, **settings: str) -> Iterator[Bots]:
    with several(folder, database, telegram_of(server) | settings, make=Running) as bots:
        yield bots


@contextmanager
def hooked(
    server: TelegramServer,
    balancer: Balancer,
    folder: Path,
    database: str,
    *,
    first: str | None = None,
    **settings: str,
) -> Iterator[Bots]:
    """Telegram's calls go to each of them in turn."""
    hook = {
        "STORYTRAIL_TELEGRAM_MODE": "webhook",
        "STORYTRAIL_TELEGRAM_WEBHOOK_SECRET": TELEGRAM_SECRET,
        "STORYTRAIL_PUBLIC_URL": balancer.url,
    }
    every = telegram_of(server) | hook | settings
    with several(folder, database, every, make=Running, first=first) as bots:
        server.until(lambda: len(server.calls("setWebhook")) == len(bots), PATIENCE)
        balancer.bots = bots
        yield bots


def goes_on(server: TelegramServer, bots: Bots, people: Sequence[Teller]) -> None:
    go_through(town_of(server), bots[0], people, 60)


def has_more(person: Person, than: int) -> bool:
    return len(person.room.arrived) > than


def conflicts(server: TelegramServer) -> list[str]:
    return [call.description for call in server.calls("getUpdates") if call.code == 409]


def everything_came(bot: Running, people: Sequence[Teller], *, twice: int = 0) -> None:
    """Each was asked and told the same, in order; so many messages may have come twice."""
    assert {each.seat.user: each.told for each in people} == told(bot)
    assert len({tuple(once(each)) for each in people}) == 1
    assert sum(len(each.shown()) - len(once(each)) for each in people) <= twice


def test_updates_may_come_to_each_of_them(server, balancer, on_postgresql, tmp_path):
    people = tellers(server, NAMES)
    with hooked(server, balancer, tmp_path, on_postgresql) as bots:
        goes_on(server, bots, people)

        everything_came(bots[0], people)
        assert [holds(bot) for bot in bots] == [True, False]
        assert min(heard(bot) for bot in bots) > len(INTERVIEW)
        assert sent(bots[1]) == 0
        assert [bot.answers("/readyz")[0] for bot in bots] == [200, 200]
        assert [bot.terminate() for bot in reversed(bots)] == [0, 0]
    for bot in bots:
        assert "meetup" not in bot.log.read_text()
        assert "Traceback" not in bot.log.read_text()


def test_who_does_not_send_has_it_sent_at_once(server, balancer, on_postgresql, tmp_path, ana):
    with hooked(server, balancer, tmp_path, on_postgresql) as bots:
        balancer.bots = bots[1:]
        took = []
        for _ in range(10):
            seen, began = len(ana.room.arrived), monotonic()
            server.later(2)
            ana.says("/help")
            server.until(partial(has_more, ana, seen), PATIENCE)
            took.append(monotonic() - began)

        assert sent(bots[1]) == 0
    print(f"replies through the holder: {sorted(round(t * 1000) for t in took)} ms")
    assert sorted(took)[5] < 1  # without a word the holder looks every five seconds


def test_one_of_them_polls_and_the_other_one_when_it_ends(server, on_postgresql, tmp_path):
    people = tellers(server, NAMES[:3])
    with polling(server, tmp_path, on_postgresql) as bots:
        goes_on(server, bots, people)
        everything_came(bots[0], people)
        assert [heard(bot) for bot in bots] == [3 * len(INTERVIEW), 0]
        assert conflicts(server) == []

        later = tellers(server, NAMES[3:])
        began = monotonic()
        assert bots[0].terminate() == 0
        print(f"taken over {taken_over(bots[1], began):.2f} s after it was told to end")
        goes_on(server, bots[1:], later)
        everything_came(bots[1], [*people, *later])


def killed_in_the_middle(server: TelegramServer, bots: Bots) -> None:
    """Once a few more messages came, the holder is killed, and the other one takes over."""
    sent = len(server.calls("sendMessage"))
    server.until(lambda: len(server.calls("sendMessage")) > sent + 12, PATIENCE)
    bots[0].kill()
    began = monotonic()
    print(f"taken over {taken_over(bots[1], began):.2f} s after the holder was killed")


@pytest.mark.parametrize("how", ["polling", "hooked"])
def test_when_the_holder_is_killed_the_other_one_goes_on(
    how, server, balancer, on_postgresql, tmp_path
):
    people = tellers(server, NAMES)
    started: Callable[..., AbstractContextManager[Bots]] = (
        partial(polling, server) if how == "polling" else partial(hooked, server, balancer)
    )
    with started(tmp_path, on_postgresql) as bots:
        killing = threading.Thread(target=killed_in_the_middle, args=(server, bots))
        killing.start()
        goes_on(server, bots, people)
        killing.join()

        # One that was being sent to each of them may have come twice.
        everything_came(bots[1], people, twice=len(people))
        assert [bot.is_alive() for bot in bots] == [False, True]


def test_a_holder_that_hangs_is_replaced_and_sends_nothing_any_more(
    server, balancer, on_postgresql, tmp_path
):
    people = tellers(server, NAMES[:3])
    with hooked(
        server, balancer, tmp_path, on_postgresql, STORYTRAIL_LEASE_TIMEOUT=str(SHORT)
    ) as bots:
        balancer.bots = bots[1:]
        goes_on(server, bots, people)
        bots[0].stand_still()
        began = monotonic()
        later = tellers(server, NAMES[3:])
        goes_on(server, bots, later)
        print(f"answered by another {monotonic() - began:.2f} s after the holder hung ({SHORT} s)")
        assert holds(bots[1])
        bots[0].go_on()
        eventually(lambda: not holds(bots[0]))
        before = sent(bots[0])
        last = tellers(server, ("Teller G", "Teller H"))
        goes_on(server, bots, last)

        assert sent(bots[0]) == before
        everything_came(bots[1], [*people, *later, *last])


def test_what_waits_when_the_holder_hangs_is_sent_once(server, balancer, on_postgresql, tmp_path):
    settings = {"LEASE_TIMEOUT": str(SHORT), "LIMIT_PER_SECOND": str(AT_A_TIME)}
    people = [server.person(name) for name in NAMES]
    with hooked(
        server,
        balancer,
        tmp_path,
        on_postgresql,
        **{f"STORYTRAIL_{name}": value for name, value in settings.items()},
    ) as bots:
        balancer.bots = bots[1:]
        for person in people:
            person.says("/help")
        server.until(lambda: server.calls("sendMessage"), PATIENCE)
        bots[0].stand_still()
        hung = monotonic()
        taken_over(bots[1], hung)
        bots[0].go_on()
        server.until(lambda: all(person.room.arrived for person in people), PATIENCE)
        eventually(lambda: not bots[0].is_sending())
        calls = server.calls("sendMessage")

        # Only what was being sent at the moment when it hung came twice: it may have hung with a
        # request half written, and nothing keeps that from being finished. All else is the other's.
        assert len(calls) <= len(people) + AT_A_TIME
        eventually(lambda: sent(bots[1]) >= len(people) - AT_A_TIME)


def test_a_holder_that_is_cut_off_from_the_database_is_replaced(
    server, balancer, on_postgresql, tmp_path
):
    people = tellers(server, NAMES[:3])
    settings = {"STORYTRAIL_LEASE_TIMEOUT": str(SHORT)}
    with (
        lined(on_postgresql) as (over, line),
        hooked(server, balancer, tmp_path, on_postgresql, first=over, **settings) as bots,
    ):
        balancer.bots = bots[1:]
        goes_on(server, bots[1:], people)
        line.cut()
        began = monotonic()
        eventually(lambda: not holds(bots[0]))
        had_another = holds(bots[1])
        print(f"taken over {taken_over(bots[1], began):.2f} s after the line was cut ({SHORT} s)")
        later = tellers(server, NAMES[3:])
        goes_on(server, bots[1:], later)
        line.mend()
        eventually(lambda: bots[0].answers("/readyz")[0] == 200)
        last = tellers(server, ("Teller G", "Teller H"))
        goes_on(server, bots[1:], last)

        assert not had_another
        assert [holds(bot) for bot in bots] == [False, True]
        everything_came(bots[1], [*people, *later, *last])


def test_a_server_that_comes_back_finds_both_of_them_and_lets_one_send(tmp_path, server, ana):
    postgresql = own_server()
    with (
        a_database(str(postgresql.get_uri())) as database,
        polling(server, tmp_path, database) as bots,
    ):
        goes_through(server, ana, INTERVIEW[:3])
        eventually(lambda: not bots[0].is_sending())
        postgresql.stop()
        eventually(lambda: not any(holds(bot) for bot in bots))
        assert [bot.answers("/readyz")[0] for bot in bots] == [503, 503]
        server.later(2)
        ana.says(TOLD[1])
        postgresql.start()
        began = monotonic()
        comes(server, ana, "3 / 7")
        print(f"answered {monotonic() - began:.2f} s after the server was back")
        eventually(lambda: sum(holds(bot) for bot in bots) == 1)
        goes_through(server, ana, INTERVIEW[4:])
        eventually(lambda: all(bot.answers("/readyz")[0] == 200 for bot in bots))
        assert bots[0].words() == list(TOLD)


def test_limits_hold_over_all_of_them(server, balancer, on_postgresql, tmp_path):
    most = 6
    server.rates.overall = (most, 0.6)  # the rest of the second is for a slow way
    with hooked(
        server, balancer, tmp_path, on_postgresql, STORYTRAIL_LIMIT_PER_SECOND=str(most)
    ) as bots:
        people = [server.person(f"P{number}") for number in range(4 * most)]
        for person in people:
            person.says("/help")
        server.until(lambda: all(person.room.arrived for person in people), PATIENCE)

        assert min(heard(bot) for bot in bots) > most
        assert server.rates.violations == []
        times = [call.at for call in server.calls("sendMessage")]
        assert times[-1] - times[0] > len(people) / most - 1
        assert all(a <= b for a, b in pairwise(times))


def test_an_update_that_comes_to_both_at_once_is_answered_once(
    server, balancer, on_postgresql, tmp_path, ana
):
    with hooked(server, balancer, tmp_path, on_postgresql) as bots:
        goes_through(server, ana, INTERVIEW[:2])
        for number in range(5):
            message = {
                "message_id": 4000 + number,
                "from": ana.user,
                "chat": ana.room.wire,
                "date": ana.last.date + 5,
                "text": "/help",
            }
            body = json.dumps({"update_id": 1 + number, "message": message}).encode()
            calls = [
                threading.Thread(
                    target=bot.answers, args=(PATH, body, {SECRET_HEADER: TELEGRAM_SECRET})
                )
                for bot in bots * 2
            ]
            seen = len(ana.room.arrived)
            for call in calls:
                call.start()
            for call in calls:
                call.join()
            server.until(partial(has_more, ana, seen), PATIENCE)
            eventually(lambda: not bots[0].is_sending())
            arrived = [message.text[:20] for message in ana.room.arrived[seen:]]
            assert len(arrived) == len(set(arrived)), arrived


def test_what_was_written_before_the_question_came_belongs_to_the_one_before(
    server, balancer, on_postgresql, tmp_path, ana
):
    with hooked(server, balancer, tmp_path, on_postgresql) as bots:
        balancer.bots = bots[1:]
        goes_through(server, ana, INTERVIEW[:2])
        server.later(2)
        # The server shows the next question at once, and the holder hears of that a second later.
        server.faults.add(Fault.LATE, "sendMessage", times=1, seconds=1)
        ana.says(TOLD[0])
        comes(server, ana, "2 / 7")
        server.later(2)
        ana.says(TOLD[1])
        comes(server, ana, "3 / 7")
        assert bots[0].words() == list(TOLD[:2])
        with closing(opened(on_postgresql)) as database:
            assert database.read_now(lambda c: Outbox(c).waiting_for("telegram")) == []
