"""Who is comparable costs nothing more for the units that are not."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import event as sqlalchemy_event

from services.assessment.profiles.queries import PROFILES_OF
from tests.assessment.office import Office
from tests.assessment.profiles.test_routes import declare

UNITS = """
INSERT INTO units (id, code, name, level, path, version, registered_at)
SELECT uuidv7(), 'unit-' || n, 'Unit', 'township', 'unit-' || n, 1, now() FROM generate_series(1, 20000) AS n
"""
PROFILES = """
INSERT INTO unit_profiles (id, unit_id, version, as_of, population, staff, terrain, peer_group, source, newest, declared_by,
    declared_at)
SELECT uuidv7(), id, n, DATE '2024-01-01' + n * 30, 20000, 9, 'hills',
    CASE WHEN right(code, 2) = '07' THEN 'township.hills.1e4' ELSE 'township.city.1e4' END, 'Census', n = 3,
    uuidv7(), now()
FROM units, generate_series(1, 3) AS n WHERE code LIKE 'unit-%'
"""


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def scans(office: Office, statement: str, *given: Any) -> list[Mapping[str, Any]]:
    pool = office.service.database.pool
    told = await pool.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", *given)
    return [node for node in nodes(json.loads(told)[0]["Plan"]) if "Relation Name" in node]


async def test_peers_and_profiles_are_found_by_index_alone(office: Office) -> None:
    own = await office.register_unit("own", "township")
    await declare(office, own)
    pool = office.service.database.pool
    await pool.execute(UNITS)
    await pool.execute(PROFILES)
    await pool.execute("ANALYZE")
    asked: list[tuple[str, Any]] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    page = await office.get(f"/v1/units/{own['id']}/peers", limit=50)
    assert len(page["items"]) == 50
    statement, given = asked[-1]
    used = await scans(office, statement, *given)
    assert {node.get("Index Name") for node in used} == {"ix_unit_profiles_peers", "units_pkey"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in used) <= 2 * 52, "the page, and nothing else"

    few = [UUID(peer["unit_id"]) for peer in page["items"]]
    positional = str(PROFILES_OF).replace(":units", "$1").replace(":day", "$2")
    used = await scans(office, positional, few, date(2024, 2, 15))
    assert {node.get("Index Name") for node in used} <= {"unit_profiles_unit_id_as_of_version", None}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in used) == 50
