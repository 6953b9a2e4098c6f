"""`python -m bench.horizon job|library`: makes the visits of all plans that are due, or only reckons when they would be, with the
bare recurrence library; says how many, how long it took and by how much it grew."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
from dateutil.rrule import rrulestr

from bench.parts.told import Done, timed
from services.visits.app import create_service
from services.visits.jobs import plan_ahead
from services.visits.plans.rules import HORIZON
from services.visits.settings import VisitsSettings
from shared.service import settle_garbage_collector

PLANS = "SELECT rrule, starts_at, time_zone, planned_until FROM visit_plans"


async def job(url: str) -> Done:
    """As a worker does it, until nothing is left."""
    service = create_service(VisitsSettings())
    async with service.open():
        settle_garbage_collector()
        done = await timed(lambda: _until_done(lambda: plan_ahead(service.works)))
        return Done(await service.database.pool.fetchval("SELECT count(*) FROM visits"), *done)


async def _until_done(run: Callable[[], Awaitable[bool]]) -> None:
    while await run():
        pass


async def library(url: str) -> Done:
    """The same moments, made by python-dateutil and thrown away."""
    connection = await asyncpg.connect(url)
    plans = await connection.fetch(PLANS)
    await connection.close()
    counts: list[int] = []

    async def expand() -> None:
        counts.extend(map(_reckon, plans))

    took = await timed(expand)
    return Done(sum(counts), *took)


def _reckon(plan: asyncpg.Record) -> int:
    starts_at: datetime = plan["starts_at"].astimezone(ZoneInfo(plan["time_zone"]))
    after, until = plan["planned_until"], plan["planned_until"] + HORIZON
    rule = rrulestr(plan["rrule"], dtstart=starts_at)
    return sum(1 for start in takewhile(lambda start: start <= until, rule) if start > after)


if __name__ == "__main__":
    what = {"job": job, "library": library}[sys.argv[1]]
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(what(VisitsSettings().database))))
