"""Who waits for whom in the database: a row is held until others wait for it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from tests.support.eventually import eventually
from tests.visits.house import House


@asynccontextmanager
async def held(house: House, table: str, column: str, id: UUID) -> AsyncIterator[None]:
    """Nobody else locks this row inside the block."""
    connection = await asyncpg.connect(house.service.database.dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"SELECT FROM {table} WHERE {column} = $1 FOR UPDATE", id)
            yield
    finally:
        await connection.close()


async def begin(house: House, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Until it waits for somebody else, too."""
    before = await waiting(house)
    task = asyncio.create_task(work)

    async def waits() -> bool:
        return await waiting(house) > before

    await eventually(waits)
    return task


async def waiting(house: House) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    count: int = await house.service.database.pool.fetchval(asked)
    return count
