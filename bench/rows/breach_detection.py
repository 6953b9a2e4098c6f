"""How late a clock that runs out is noticed among so many that run, and what noticing it costs.

Clocks are made to run out at a steady rate while a worker is at work; the first step up the tree is taken after each breach, and
its events leave the outbox. Lateness is from the moment that was due to the one at which the batch that told it began.
"""

import asyncio

import asyncpg

from bench.cpu import tree_seconds
from bench.model import Alone, Comparison, Round, Row, cpu_in_all
from bench.parts.clocks import Clocks, clocks
from bench.parts.postgres import postgres
from bench.stage import Stage

PER_SECOND = 50
LEAD = 1.0
"""Seconds: so long before the first runs out the worker is at work."""
LATE = 5.0
"""Seconds: what is noticed later is an error."""
HASTEN = """
WITH chosen AS (
    SELECT case_id, row_number() OVER () AS n FROM (
        SELECT case_id FROM case_clocks WHERE met_at IS NULL AND breached_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL
            AND due_at > now() + INTERVAL '1 day'
        ORDER BY due_at LIMIT $1
    ) AS next
)
UPDATE case_clocks SET due_at = now() + (n * $2::float + $3::float) * INTERVAL '1 second'
FROM chosen WHERE case_clocks.case_id = chosen.case_id RETURNING case_clocks.case_id
"""
LATENESS = """
SELECT extract(epoch FROM breached_at - due_at)::float AS late FROM case_clocks WHERE case_id = ANY($1) ORDER BY late NULLS LAST
"""


def row(count: int, name: str, *against: Comparison) -> Row:
    part = clocks(count)

    async def prepare(stage: Stage) -> Alone:
        database, filled = await stage.use(postgres), await stage.use(part)

        async def measure(seconds: float) -> Round:
            return await _round(filled, database.pid, seconds)

        return Alone(measure)

    said = f"clocks run out, {PER_SECOND} a second, among {count:,} that run; requests are breaches, the time is their lateness"
    return Row(f"breach_detection_{name}", said, 1, prepare, against)


async def _round(filled: Clocks, postgres_pid: int, seconds: float) -> Round:
    connection = await asyncpg.connect(filled.dsn)
    try:
        async with filled.worker() as worker_pid:
            servers = {"worker": worker_pid, "postgres": postgres_pid}
            many = max(int(seconds * PER_SECOND), 1)
            hastened = [row["case_id"] for row in await connection.fetch(HASTEN, many, seconds / many, LEAD)]
            before = {name: tree_seconds(pid) for name, pid in servers.items()}
            late = await _all_noticed(connection, hastened, LEAD + seconds)
            after = {name: tree_seconds(pid) for name, pid in servers.items()}
    finally:
        await connection.close()
    found = [each for each in late if each is not None]
    wrong = [f"noticed after {each} s" for each in late if each is None or each > LATE]
    return Round(
        requests=len(found),
        rate=len(found) / seconds,
        p50=_percentile(found, 0.5),
        p99=_percentile(found, 0.99),
        cpu={name: (after[name] - before[name]) * 1e6 / max(len(found), 1) for name in servers},
        errors=len(wrong),
        generator=0.0,
        seen_errors=wrong[:3],
    )


async def _all_noticed(
    connection: "asyncpg.Connection[asyncpg.Record]", hastened: list[object], seconds: float
) -> list[float | None]:
    """How late each was, once all were noticed, or too late for any."""
    await asyncio.sleep(seconds)
    late: list[float | None] = []
    for _ in range(int(2 * LATE)):
        late = [row["late"] for row in await connection.fetch(LATENESS, hastened)]
        if None not in late:
            break
        await asyncio.sleep(0.5)
    return late


def _percentile(values: list[float], share: float) -> float:
    """In milliseconds, of values in order."""
    return values[min(int(len(values) * share), len(values) - 1)] * 1e3 if values else 0.0


SMALL = row(10_000, "10k")
ROWS = (
    SMALL,
    row(100_000, "100k", Comparison(SMALL.name, "CPU", cpu_in_all)),
    row(1_000_000, "1m", Comparison(SMALL.name, "CPU", cpu_in_all, at_most=2.0)),
)
