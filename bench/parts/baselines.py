"""The two baselines as running servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from bench.baselines.raw_limit import SCHEMA
from bench.parts.postgres import postgres
from bench.processes import Server, serving_app
from bench.stage import Stage

CONNECTIONS = 20


@asynccontextmanager
async def raw_limit(stage: Stage) -> AsyncIterator[Server]:
    server = await stage.use(postgres)
    async with server.database("raw_limit") as url:
        connection = await asyncpg.connect(url)
        await connection.execute(SCHEMA)
        await connection.close()
        environment = {"BENCH_DSN": url, "BENCH_CONNECTIONS": str(CONNECTIONS)}
        async with serving_app("bench.baselines.raw_limit:app", environment, stage.folder / "raw_limit.log") as server_process:
            yield server_process


@asynccontextmanager
async def validation(stage: Stage) -> AsyncIterator[Server]:
    async with serving_app("bench.baselines.validation:app", {}, stage.folder / "validation.log") as server:
        yield server
