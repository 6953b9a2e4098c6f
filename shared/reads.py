"""Hand-tuned reads: constant statements run by the driver itself."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from shared.uow import UnitOfWork


class Read:
    """A statement of constant text, run by the driver itself on the connection of the unit of work.

    It begins no transaction, and costs less than half of what the same statement costs through the session. Inside one it
    sees what was flushed. The session's pool does not see the driver fail, so a dead connection is taken out of it here.
    """

    def __init__(self, statement: str) -> None:
        compiled = text(statement).compile(dialect=asyncpg_dialect())  # type: ignore[no-untyped-call]
        self.statement = compiled.string
        self.names: Sequence[str] = compiled.positiontup or ()

    async def fetch(self, uow: UnitOfWork, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        connection = await uow.session.connection()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            rows: list[asyncpg.Record] = await driver.fetch(self.statement, *(values[name] for name in self.names))
        except BaseException:
            if driver.is_closed():
                await connection.invalidate()
            raise
        return rows


SETTINGS = "; ".join(
    f"SET LOCAL {name} = {value}"
    for name, value in {
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "enable_seqscan": "off",
        "random_page_cost": 1.1,
    }.items()
)
Fetch = Callable[[Read, Mapping[str, Any]], Awaitable[list[asyncpg.Record]]]


@asynccontextmanager
async def planned_for_values(uow: UnitOfWork) -> AsyncIterator[Fetch]:
    """For reads whose best plan depends on what is asked for: PostgreSQL plans each anew, in a transaction of their own.

    They look for a page, so whole tables are never the way.
    """
    driver: Any = (await (await uow.session.connection()).get_raw_connection()).driver_connection
    async with driver.transaction(readonly=True):
        await driver.execute(SETTINGS)

        async def fetch(read: Read, values: Mapping[str, Any]) -> list[asyncpg.Record]:
            return await read.fetch(uow, values)

        yield fetch
