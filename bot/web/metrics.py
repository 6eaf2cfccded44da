"""Numbers for whoever watches: how much was sent and what failed. Nothing of what anybody wrote."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from bot import duties
from bot.background import Background
from bot.delivery import Courier
from bot.turns import Turns


class Numbers(Collector):
    def __init__(self, couriers: Sequence[Courier], turns: Turns) -> None:
        self._couriers = couriers
        self._turns = turns

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
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
        lease = GaugeMetricFamily(
            "storytrail_lease", "Whether this process sends, or stands by", labels=["platform"]
        )
        for courier in self._couriers:
            lease.add_metric([courier.platform], courier.lease.is_held)
        yield lease


class BackgroundNumbers(Collector):
    """Of what is done unasked."""

    def __init__(self, background: Background) -> None:
        self._background = background

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        pieces = CounterMetricFamily(
            "storytrail_duty_pieces",
            "Pieces of duties, by how they went",
            labels=["duty", "outcome"],
        )
        for outcome, counted in (
            ("done", self._background.pieces),
            ("failed", self._background.failures),
        ):
            for duty in duties.DUTIES:
                pieces.add_metric([duty.name, outcome], counted[duty.name])
        yield pieces
        yield GaugeMetricFamily(
            "storytrail_background_tick_timestamp_seconds",
            "When it was looked last what is due; 0 before the first time",
            self._background.ticked_at,
        )
