"""What a phone asks for costs nothing more for the visits and departures of others."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.visits.sync.queries import CHANGES, NO_ID
from tests.visits.house import COLLEAGUE, OFFICIAL, TOWNSHIP, House

VISITS = """
INSERT INTO visits
    (id, plan_id, unit_id, assignee_id, purpose, place, state, scheduled_at, window_starts_at, window_ends_at, planned_at, late)
SELECT uuidv7(), $1, $2, CASE WHEN n % 100 = 0 THEN $3::uuid ELSE gen_random_uuid() END, 'See', 'There', 'planned',
    now() + n * interval '1 day', now() + n * interval '1 day', now() + (n + 1) * interval '1 day', now(), false
FROM generate_series(1, 10000) AS n
"""
DEPART = "UPDATE visits SET assignee_id = $2 WHERE assignee_id <> $1"
USED = frozenset({"visits_changes", "visit_departures_changes", "visits_pkey"})


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
async def test_changes_are_found_by_index_alone(house: House, mode: str) -> None:
    pool = house.service.database.pool
    plan_id = UUID((await house.planned(assignee_id=str(COLLEAGUE.account_id)))["id"])
    await pool.execute(VISITS, plan_id, TOWNSHIP.unit_id, OFFICIAL.account)
    await pool.execute(DEPART, OFFICIAL.account, COLLEAGUE.account)
    await pool.execute("ANALYZE")
    given = {"account": f"'{OFFICIAL.account}'", "changed": "0", "last": f"'{NO_ID}'", "limit": "501"}
    arguments = ", ".join(given[name] for name in CHANGES.names)
    async with pool.acquire() as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE reading (uuid, bigint, uuid, bigint) AS {CHANGES.statement}")
        told = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE reading({arguments})")
    scans = [node for node in nodes(msgspec.json.decode(told)[0]["Plan"]) if "Relation Name" in node]
    assert {node.get("Index Name") for node in scans} <= USED
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) == 100, "the caller's own, and nothing else"
