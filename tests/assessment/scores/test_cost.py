"""What a grade asks for costs nothing more for the scores of other units and campaigns."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from services.assessment.scores.queries import SCORES_OF
from tests.assessment.office import Office

UNITS = """
INSERT INTO units (id, code, name, level, path, version, registered_at)
SELECT uuidv7(), 'unit-' || n, 'Unit', 'township', 'unit-' || n, 1, now() FROM generate_series(1, 2000) AS n
RETURNING id
"""
SCORES = """
INSERT INTO scores (id, campaign_id, unit_id, criterion, part, points, evidence, reason, rule, account_id, counts, given_at)
SELECT uuidv7(), $1, units.id, 'criterion-' || n % 4, 'inspector', 50, '[]', 'So it is', 'scores.inspector.v1', uuidv7(), n > 4,
    now()
FROM units, generate_series(1, 8) AS n WHERE code LIKE 'unit-%'
"""


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def test_scores_that_count_are_found_by_index_alone(office: Office) -> None:
    north, standard = await office.register_unit("north"), await office.adopt_standard()
    campaigns = [await office.schedule_campaign(north, standard, code=code) for code in ("spring", "autumn")]
    pool = office.service.database.pool
    ids = [row["id"] for row in await pool.fetch(UNITS)]
    for campaign in campaigns:
        await pool.execute(SCORES, UUID(campaign["id"]))
    await pool.execute("VACUUM ANALYZE")
    asked = str(SCORES_OF).replace(":campaign", "$1").replace(":units", "$2")
    told = await pool.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {asked}", UUID(campaigns[0]["id"]), ids[:50])
    [scan] = [node for node in nodes(json.loads(told)[0]["Plan"]) if "Relation Name" in node]
    assert scan["Index Name"] == "ix_scores_counting"
    assert scan["Actual Rows"] * scan["Actual Loops"] == 50 * 4, "what counts, and nothing else"
