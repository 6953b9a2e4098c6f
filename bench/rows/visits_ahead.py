"""What it costs to make the visits of many plans ahead, held against only reckoning when they would be.

Each is measured once in a run, because it is long; every round says the same. A request is a visit; the time is the whole run's.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import msgspec

from bench.cpu import tree_seconds
from bench.horizon import Done
from bench.model import Alone, Comparison, Round, Row
from bench.parts.postgres import postgres
from bench.parts.product import migrated
from bench.processes import ROOT, ServerFailed
from bench.stage import Stage

PLANS = 100_000
MOST_MIB = 64.0
FILL = """
INSERT INTO visit_plans
    (id, unit_id, purpose, place, assignee_id, starts_at, rrule, time_zone, window_days, planned_until, created_by, created_at,
    except_dates, extra_dates, window_days_before, version)
SELECT uuidv7(), md5(text 'unit' || n % 400)::uuid, 'Regular contact', 'home', md5(text 'official' || n % 4000)::uuid,
    date_trunc('hour', now()) - INTERVAL '1 day' * (n % 90),
    (ARRAY['FREQ=WEEKLY;BYDAY=MO', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', 'FREQ=MONTHLY;BYDAY=1WE', 'FREQ=DAILY;INTERVAL=30',
        'FREQ=DAILY;INTERVAL=90'])[1 + n % 5],
    (ARRAY['Asia/Shanghai', 'Europe/Berlin'])[1 + n % 2], 7, now(), md5('lead')::uuid, now(), '{}', '{}', 0, 1
FROM generate_series(1, $1) AS n
"""
"""Weekly, fortnightly, monthly by weekday, every 30 and every 90 days, a fifth each; half of them with daylight saving."""


@dataclass(frozen=True, slots=True)
class Plans:
    environment: Mapping[str, str]

    async def run(self, what: str, postgres_pid: int) -> Round:
        before = tree_seconds(postgres_pid)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bench.horizon", what),
            cwd=ROOT,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("MASSLINE_")}, **self.environment},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise ServerFailed(f"bench.horizon {what} ended with status {process.returncode}")
        done = msgspec.json.decode(said, type=Done)
        cpu = {"worker": done.cpu, "postgres": tree_seconds(postgres_pid) - before}
        return Round(
            requests=done.visits,
            rate=done.visits / done.seconds,
            p50=done.seconds * 1e3,
            p99=done.seconds * 1e3,
            cpu={name: seconds * 1e6 / max(done.visits, 1) for name, seconds in cpu.items()},
            errors=0,
            generator=0.0,
            grown=done.grown,
        )


@asynccontextmanager
async def plans(stage: Stage) -> AsyncIterator[Plans]:
    async with migrated(stage, "visits", "plans") as environment:
        connection = await asyncpg.connect(environment["MASSLINE_VISITS_DATABASE_URL"])
        try:
            await connection.execute(FILL, max(int(PLANS * stage.scale), 1))
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()
        yield Plans(environment)


def _row(name: str, said: str, what: str, *against: Comparison) -> Row:
    async def prepare(stage: Stage) -> Alone:
        database, filled = await stage.use(postgres), await stage.use(plans)
        measured: list[Round] = []

        async def measure(seconds: float) -> Round:
            if not measured:
                measured.append(await filled.run(what, database.pid))
            return measured[0]

        return Alone(measure)

    return Row(name, said, 1, prepare, against)


def _time(row: Round, baseline: Round) -> float:
    return row.p50 / baseline.p50


def _memory(row: Round, baseline: Round) -> float:
    return row.grown


LIBRARY = _row("recurrence_library", f"python-dateutil alone reckons 180 days of {PLANS:,} plans", "library")
ROWS = (
    LIBRARY,
    _row(
        "visits_ahead",
        f"the job makes 180 days of visits of {PLANS:,} plans, with their events; a request is a visit",
        "job",
        Comparison(LIBRARY.name, "time", _time, at_most=3.0),
        Comparison("visits_ahead", "MiB grown", _memory, at_most=MOST_MIB),
    ),
)
