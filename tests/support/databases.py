"""A fresh, migrated database per test: cloned from a template that is migrated once per run."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.migrations import migrate_async
from shared.schema import kernel_metadata

SERVICES = Path(__file__).parents[2] / "services"
IDLE = """
SELECT datname FROM pg_database d WHERE datname = ANY($1)
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)
"""


class Databases:
    """Hands out databases on one PostgreSQL server. Synchronous: it is used from fixtures of any scope."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._templates: set[str] = set()
        self._numbers = itertools.count(1)
        self._passing: set[str] = set()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is made inside is dropped at the end, or at a later one while something is connected to it."""
        first = next(self._numbers)
        yield
        self._passing.update(self._named(number) for number in range(first + 1, next(self._numbers)))
        if self._passing:
            _aside(self._drop_passing())

    def fresh(self, service: str) -> str:
        """URL of a new database with this service's newest schema; `kernel` for the kernel's tables alone."""
        name = self._named(next(self._numbers))
        _aside(self._make(service, f"template_{service}_{os.getpid()}", name))
        return self._url(name)

    def empty(self) -> str:
        """URL of a new database without anything in it."""
        name = self._named(next(self._numbers))
        _aside(self._create(name))
        return self._url(name)

    def _named(self, number: int) -> str:
        return f"database_{os.getpid()}_{number}"

    @asynccontextmanager
    async def _server(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        server = await asyncpg.connect(self._server_url)
        try:
            yield server
        finally:
            await server.close()

    async def _create(self, name: str) -> None:
        async with self._server() as server:
            await server.execute(f'CREATE DATABASE "{name}"')

    async def _drop_passing(self) -> None:
        async with self._server() as server:
            for row in await server.fetch(IDLE, list(self._passing)):
                await server.execute(f'DROP DATABASE "{row["datname"]}"')
                self._passing.remove(row["datname"])

    async def _make(self, service: str, template: str, name: str) -> None:
        async with self._server() as server:
            if template not in self._templates:
                await server.execute(f'CREATE DATABASE "{template}"')
                await self._fill(service, self._url(template))
                self._templates.add(template)
            await server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    async def _fill(self, service: str, url: str) -> None:
        if service == "kernel":
            await create_tables(url, kernel_metadata)
        else:
            await migrate_async(SERVICES / service / "migrations", url)

    def _url(self, name: str) -> str:
        return make_url(self._server_url).set(database=name).render_as_string(hide_password=False)


def _aside(work: Coroutine[None, None, None]) -> None:
    """Done in a thread: the caller may have an event loop of its own."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, work).result()


async def create_tables(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


async def everything_in(pool: "asyncpg.Pool[asyncpg.Record]") -> list[tuple[str, str]]:
    """(table.column, value) of every value in a database, as text."""
    columns = await pool.fetch("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    found = []
    for table, column in columns:
        rows = await pool.fetch(f'SELECT "{column}"::text AS value FROM "{table}" WHERE "{column}" IS NOT NULL')
        found += [(f"{table}.{column}", row["value"]) for row in rows]
    return found
