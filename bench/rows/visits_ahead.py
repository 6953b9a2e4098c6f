"""What it costs to make the visits of many plans ahead, held against only reckoning when they would be.

Each is measured once in a run, because it is long; every round says the same. A request is a visit; the time is the whole run's.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from bench.model import Comparison
from bench.parts.product import migrated
from bench.parts.told import memory, times, told_once
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


@asynccontextmanager
async def plans(stage: Stage) -> AsyncIterator[Mapping[str, str]]:
    async with migrated(stage, "visits", "plans") as environment:
        connection = await asyncpg.connect(environment["MASSLINE_VISITS_DATABASE_URL"])
        try:
            await connection.execute(FILL, max(int(PLANS * stage.scale), 1))
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()
        yield environment


LIBRARY = told_once(
    "recurrence_library", f"python-dateutil alone reckons 180 days of {PLANS:,} plans", plans, "bench.horizon", "library"
)
ROWS = (
    LIBRARY,
    told_once(
        "visits_ahead",
        f"the job makes 180 days of visits of {PLANS:,} plans, with their events; a request is a visit",
        plans,
        "bench.horizon",
        "job",
        Comparison(LIBRARY.name, "time", times, at_most=3.0),
        Comparison("visits_ahead", "MiB grown", memory, at_most=MOST_MIB),
    ),
)
