"""A fresh, migrated database per test: cloned from a template that is migrated once per run."""

import asyncio
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.migrations import migrate_async
from shared.schema import kernel_metadata

SERVICES = Path(__file__).parents[2] / "services"


class Databases:
    """Hands out databases on one PostgreSQL server. Synchronous: it is used from fixtures of any scope."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._templates: set[str] = set()
        self._numbers = itertools.count(1)

    def fresh(self, service: str) -> str:
        """URL of a new database with this service's newest schema; `kernel` for the kernel's tables alone."""
        template = f"template_{service}_{os.getpid()}"
        name = f"{service}_{os.getpid()}_{next(self._numbers)}"
        with ThreadPoolExecutor(1) as aside:  # the caller may have an event loop of its own
            aside.submit(asyncio.run, self._make(service, template, name)).result()
        return self._url(name)

    def empty(self) -> str:
        """URL of a new database without anything in it."""
        name = f"empty_{os.getpid()}_{next(self._numbers)}"
        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, self._create(name)).result()
        return self._url(name)

    async def _create(self, name: str) -> None:
        server = await asyncpg.connect(self._server_url)
        try:
            await server.execute(f'CREATE DATABASE "{name}"')
        finally:
            await server.close()

    async def _make(self, service: str, template: str, name: str) -> None:
        server = await asyncpg.connect(self._server_url)
        try:
            if template not in self._templates:
                await server.execute(f'CREATE DATABASE "{template}"')
                await self._fill(service, self._url(template))
                self._templates.add(template)
            await server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        finally:
            await server.close()

    async def _fill(self, service: str, url: str) -> None:
        if service == "kernel":
            await create_tables(url, kernel_metadata)
        else:
            await migrate_async(SERVICES / service / "migrations", url)

    def _url(self, name: str) -> str:
        return make_url(self._server_url).set(database=name).render_as_string(hide_password=False)


async def create_tables(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
