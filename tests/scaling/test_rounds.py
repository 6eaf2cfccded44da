"""A round that two processes on one PostgreSQL send, of which one is killed for good."""

from collections import Counter
from functools import partial
from time import monotonic

import pytest
from sqlalchemy import func, select

from storage.deliveries import DeliveryStatus
from storage.tables import deliveries
from tests.builders import closing, opened
from tests.running import eventually
from tests.scaling.test_telegram import polling
from tests.telegram.circle import QUICK, begins_round, has_sent, is_over, ledger, members, sent

PEOPLE = 2_000
KILLED = 700
"""After so many prompts the one that sends is killed."""

WITHIN = 120  # seconds in which the other one finishes


@pytest.mark.timeout(600)
def test_where_one_of_two_is_killed_in_the_middle_of_a_round_the_other_finishes_it(
    server, on_postgresql, tmp_path
):
    with polling(server, tmp_path, on_postgresql, **QUICK) as (first, second):
        with closing(opened(on_postgresql)) as database:
            asked = members(server, database, PEOPLE)
        begins_round(server, asked.coordinator)
        eventually(partial(has_sent, server, KILLED), 240)

        first.kill()
        since = monotonic()
        eventually(partial(is_over, second), WITHIN)
        assert monotonic() - since < WITHIN

        times = Counter(call.chat for call in sent(server))
        assert set(times) == asked.chats
        repeated = select(func.count()).where(deliveries.c.repeated_at.is_not(None))
        twice = [chat for chat, count in times.items() if count > 1]
        assert max(times.values()) <= 2
        assert len(twice) <= second.kept(repeated)[0][0]
        assert ledger(second) == {DeliveryStatus.SENT: PEOPLE, DeliveryStatus.LEFT_OUT: 1}
        assert second.terminate() == 0
        assert "Traceback" not in second.log.read_text()
