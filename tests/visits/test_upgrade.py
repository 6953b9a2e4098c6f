"""Visits from before visits were counted: what they found counts too, and nothing else of them changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from services.visits.app import create_service
from services.visits.settings import VisitsSettings
from shared.migrations import migrate_async
from tests.architecture.sources import ROOT
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.visits.house import ADMIN, TOWNSHIP, House, moment

MIGRATIONS = ROOT / "services" / "visits" / "migrations"
MADE = datetime(2026, 2, 2, 9, tzinfo=UTC)
PLAN = """
INSERT INTO visit_plans (id, unit_id, purpose, place, assignee_id, starts_at, time_zone, window_days, created_by, created_at)
VALUES ($1, $2, 'The water', 'The lane', $3, $4, 'UTC', 7, $3, $4)
"""
VISIT = """
INSERT INTO visits (id, plan_id, unit_id, assignee_id, purpose, place, state, window_starts_at, window_ends_at, planned_at,
    occurred_at, recorded_at, recorded_by, late)
VALUES ($1, $2, $3, $4, 'The water', 'The lane', $5, $6, $7, $6, $6, $6, $4, false)
"""
FINDING = """
INSERT INTO findings (id, visit_id, unit_id, title, body, category, sponsor_id, reported_at)
VALUES ($1, $2, $3, 'No pressure', 'None.', 'water', $4, $5)
"""


async def record_as_before(url: str) -> tuple[UUID, UUID]:
    """A visit that found something, and one that did not."""
    plan_id, official_id, connection = uuid4(), uuid4(), await asyncpg.connect(url)
    found, empty = uuid4(), uuid4()
    try:
        await connection.execute(PLAN, plan_id, TOWNSHIP.unit_id, official_id, MADE)
        for weeks, visit_id in enumerate((found, empty)):
            start = MADE + timedelta(weeks=weeks)
            await connection.execute(
                VISIT, visit_id, plan_id, TOWNSHIP.unit_id, official_id, "done", start, start + timedelta(days=7)
            )
        await connection.execute(FINDING, uuid4(), found, TOWNSHIP.unit_id, official_id, MADE)
    finally:
        await connection.close()
    return found, empty


async def test_a_visit_that_found_something_before_visits_were_counted_counts(databases: Databases) -> None:
    url, clock = databases.empty(), ManualClock()
    await migrate_async(MIGRATIONS, url, to="0003")
    found, empty = await record_as_before(url)
    await migrate_async(MIGRATIONS, url)
    service = create_service(VisitsSettings(database_url=url), clock=clock)
    async with service.open():
        house = House(service, ServiceClient(service), clock)
        counted = await house.read(f"/v1/visits/{found}", by=ADMIN)
        assert (counted["counted_by"], moment(counted["counted_at"])) == ("finding", MADE)
        assert (await house.read(f"/v1/visits/{empty}", by=ADMIN))["counted_by"] is None
