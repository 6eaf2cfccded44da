"""Numbers for whoever watches: how much was sent and what failed. Nothing of what anybody wrote."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.delivery import Courier
from bot.turns import Turns


class Numbers(Collector):
    def __init__(self, courier: Courier, turns: Turns) -> None:
        self._courier = courier
        self._turns = turns

    def collect(self) -> Iterator[CounterMetricFamily]:
        turns = CounterMetricFamily(
            "storytrail_turns", "Turns, by how they ended", labels=["outcome"]
        )
        turns.add_metric(["done"], self._turns.done)
        turns.add_metric(["failed"], self._turns.failed)
        yield turns
        sent = CounterMetricFamily(
            "storytrail_messages", "Messages, by how sending went", labels=["outcome"]
        )
        for outcome in ("sent", "refused", "retried", "unreachable"):
            sent.add_metric([outcome], getattr(self._courier, outcome))
        yield sent
