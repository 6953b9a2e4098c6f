"""Many open cases with a running clock each, and the worker that watches them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from bench.filling import fill_cases, fill_clocks
from bench.parts.feedback import plant_tree
from bench.parts.product import migrated
from bench.processes import working
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Clocks:
    """`environment` points a worker to the database of `dsn`."""

    dsn: str
    environment: Mapping[str, str]

    def worker(self) -> AbstractAsyncContextManager[int]:
        """The pid of a worker that is at work."""
        return working("bench.worker", self.environment)


def clocks(count: int) -> Callable[[Stage], AbstractAsyncContextManager[Clocks]]:
    """A part: a database with so many."""

    @asynccontextmanager
    async def part(stage: Stage) -> AsyncIterator[Clocks]:
        async with migrated(stage, "feedback", f"clocks_{count}") as environment:
            url = environment["MASSLINE_FEEDBACK_DATABASE_URL"]
            units = await plant_tree(url)
            connection = await asyncpg.connect(url)
            try:
                await fill_cases(connection, units, max(int(count * stage.scale), 1))
                await fill_clocks(connection)
                await connection.execute("VACUUM ANALYZE")
            finally:
                await connection.close()
            yield Clocks(url, environment)

    return part
