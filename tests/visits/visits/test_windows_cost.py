"""What the jobs look for is found by index, however many visits are made ahead."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.visits.visits.models import OPENED, UNOPENED, UNREMINDED
from tests.visits.house import OFFICIAL, TOWNSHIP, House

VISITS = """
INSERT INTO visits
    (id, plan_id, unit_id, assignee_id, purpose, place, state, scheduled_at, window_starts_at, window_ends_at, remind_at,
    planned_at, late)
SELECT uuidv7(), $1, $2, $3, 'See', 'There', CASE WHEN n <= 100 THEN 'ready' ELSE 'planned' END, starts, starts,
    starts + interval '3 days', starts + interval '2 days', now(), false
FROM generate_series(1, 10000) AS n, LATERAL (SELECT now() + (n - 200) * interval '1 hour' AS starts) AS window_of
"""
LOOKS = {
    "visits_to_open": (UNOPENED, "window_starts_at"),
    "visits_to_miss": (OPENED, "window_ends_at"),
    "visits_to_remind": (UNREMINDED, "remind_at"),
}


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.mark.parametrize("index", LOOKS)
async def test_what_is_due_is_found_by_its_index_and_nothing_else_is_read(house: House, index: str) -> None:
    pool = house.service.database.pool
    plan_id = UUID((await house.planned())["id"])
    await pool.execute(VISITS, plan_id, TOWNSHIP.unit_id, OFFICIAL.account)
    await pool.execute("ANALYZE")
    condition, due = LOOKS[index]
    look = f"SELECT * FROM visits WHERE {condition} AND {due} <= now() ORDER BY {due} LIMIT 200 FOR UPDATE SKIP LOCKED"
    told = await pool.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {look}")
    [scan] = [node for node in nodes(msgspec.json.decode(told)[0]["Plan"]) if "Relation Name" in node]
    assert scan["Index Name"] == index
    assert scan.get("Rows Removed by Filter", 0) == 0
    assert scan["Actual Rows"] == await pool.fetchval(f"SELECT count(*) FROM visits WHERE {condition} AND {due} <= now()")
