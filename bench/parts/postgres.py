"""PostgreSQL: a server of the run's own, or the one of MASSLINE_DATABASE_URL; a fresh database for every part."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import make_url

from bench.cpu import parent_of
from bench.stage import Stage
from shared.embedded.postgres import EmbeddedPostgres

REPORTED = ("server_version", "fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Postgres:
    """`pid` is the server's first process, parent of its backends."""

    url: str
    pid: int
    settings: Mapping[str, str]

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[str]:
        """URL of an empty database, dropped at the end."""
        fresh = f"bench_{os.getpid()}_{name}"
        await self._execute(f'CREATE DATABASE "{fresh}"')
        try:
            yield make_url(self.url).set(database=fresh).render_as_string(hide_password=False)
        finally:
            await self._execute(f'DROP DATABASE "{fresh}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def postgres(stage: Stage) -> AsyncIterator[Postgres]:
    given = os.environ.get("MASSLINE_DATABASE_URL")
    if given:
        yield await _look_at(given)
        return
    with EmbeddedPostgres.start(stage.folder / "postgres") as server:
        yield await _look_at(server.url)


async def _look_at(url: str) -> Postgres:
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        pid = parent_of(await connection.fetchval("SELECT pg_backend_pid()"))
        settings = {name: await connection.fetchval(f"SHOW {name}") for name in REPORTED}
    finally:
        await connection.close()
    return Postgres(url, pid=pid or 0, settings=settings)
