"""PostgreSQL, beside psycopg alone."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks import rows
from benchmarks.figures import PAIRS, Comparison, compared
from benchmarks.world import AT_ONCE, World, named, opened, portions

URL = "postgresql://postgres@127.0.0.1:5432/test"
BESIDE = 4  # connections of the peer where many chats are answered at once, as many as ours


def measured(_: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    url = os.environ.get("STORYTRAIL_TEST_POSTGRES_URL", URL)
    try:
        psycopg.connect(_plain(url), connect_timeout=5).close()
    except psycopg.OperationalError:
        print("PostgreSQL is not measured: no server answers", file=sys.stderr)
        return
    people = named("person", AT_ONCE * (PAIRS + 1) * 2)
    half = len(people) // 2
    with _schema(url, "ours") as ours, _schema(url, "peer") as peers:
        with opened(peers, loop) as world:
            written = rows.rehearsed(world, "somebody")
            world.prepare(people)
            ids = rows.conversation_ids(world)
        plain = [rows.PlainPsycopg(peers) for _ in range(BESIDE)]
        ready = (
            rows.statements(written, {p: ids[p] for p in portion}, rows.PlainPsycopg.mark)
            for portion in portions(people, AT_ONCE)
        )
        with opened(ours, loop) as world:
            world.prepare(people)
            yield _one_by_one(world, people[:half], plain[0], ready)
            yield _at_once(world, people[half:], plain, ready)
        for connection in plain:
            connection.close()


Ready = Iterator[list[tuple[list[rows.Turn], rows.Turn]]]


def _one_by_one(
    world: World, people: list[str], plain: rows.PlainPsycopg, ready: Ready
) -> Comparison:
    portion = portions(people, AT_ONCE)
    return compared(
        "PostgreSQL, one chat at a time, beside plain psycopg",
        unit="turns/s",
        ours=lambda: world.rate(next(portion)),
        peer=lambda: rows.rate(plain.turn, next(ready)),
        target=0.35,
    )


def _at_once(
    world: World, people: list[str], plain: list[rows.PlainPsycopg], ready: Ready
) -> Comparison:
    portion = portions(people, AT_ONCE)
    writes = [connection.turn for connection in plain]
    return compared(
        f"PostgreSQL, {AT_ONCE} chats at once, beside plain psycopg in {BESIDE} threads",
        unit="turns/s",
        ours=lambda: world.rate(next(portion), at_once=True),
        peer=lambda: rows.rate_beside_one_another(writes, next(ready)),
    )


@contextmanager
def _schema(url: str, name: str) -> Iterator[str]:
    """The URL of a schema of our own in that database, dropped at the end."""
    schema = f"storytrail_bench_{name}_{os.getpid()}"
    within = make_url(_plain(url)).update_query_dict({"options": f"-csearch_path={schema}"})
    with psycopg.connect(_plain(url), autocommit=True, connect_timeout=5) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        try:
            yield within.render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
