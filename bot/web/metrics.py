"""Numbers for whoever watches: how much was sent and what failed. Nothing of what anybody wrote."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.delivery import Courier
from bot.turns import Turns


class Numbers(Collector):
    def __init__(self, couriers: Sequence[Courier], turns: Turns) -> None:
        self._couriers = couriers
        self._turns = turns

    def collect(self) -> Iterator[CounterMetricFamily]:
        turns = CounterMetricFamily(
            "storytrail_turns", "Turns, by how they ended", labels=["outcome"]
        )
        turns.add_metric(["done"], self._turns.done)
        turns.add_metric(["failed"], self._turns.failed)
        yield turns
        sent = CounterMetricFamily(
            "storytrail_messages", "Messages, by how sending went", labels=["platform", "outcome"]
        )
        for outcome in ("sent", "refused", "retried", "unreachable"):
            for courier in self._couriers:
                sent.add_metric([courier.platform, outcome], getattr(courier, outcome))
        yield sent
