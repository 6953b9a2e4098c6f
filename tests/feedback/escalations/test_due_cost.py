"""What is due is found by its index, however many clocks and chains run: nothing that is not due is touched."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from services.feedback.escalations.actions import breaching, climbing
from services.feedback.escalations.actions.batching import DUE_BATCH
from tests.feedback.house import House

RUNNING, DUE = 20_000, 30
FILL = """
WITH opened AS (
    INSERT INTO cases (id, unit_id, state, source, channel, protection, title, policy_version, opened_at, updated_at)
    SELECT uuidv7(), uuidv7(), 'received', 'opinion', 'thought', 'named', 'A lamp', 'default.v1', now(), now()
    FROM generate_series(1, $1) RETURNING id
), clocks AS (
    INSERT INTO case_clocks (case_id, kind, started_at, due_at, counted_in)
    SELECT id, 'resolution', $2, $2, 'days' FROM opened
)
INSERT INTO escalation_chains (case_id, cause, round, next_step, next_at) SELECT id, 'acknowledgement', 0, 1, $2 FROM opened
"""
BOTH_MODES = pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])


async def fill(house: House) -> None:
    await house.rows(FILL, RUNNING, datetime.fromisoformat("2030-01-01T00:00:00Z"))
    await house.rows(FILL, DUE, datetime.fromisoformat("2026-01-01T00:00:00Z"))
    await house.rows("ANALYZE")


def literal(value: Any) -> str:
    match value:
        case int():
            return str(value)
        case list():
            return "'{" + ",".join(map(str, value)) + "}'"
        case _:
            return f"'{value}'"


async def explain(house: House, mode: str, statement: TextClause, values: Mapping[str, Any]) -> dict[str, Any]:
    compiled = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
    connection = await asyncpg.connect(house.service.database.dsn)
    try:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE due AS {compiled.string}")
        given = ", ".join(literal(values[name]) for name in compiled.positiontup or ())
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE due({given})")
    finally:
        await connection.close()
    found: dict[str, Any] = msgspec.json.decode(plan)[0]["Plan"]
    return found


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def touched(plan: Mapping[str, Any]) -> dict[str, float]:
    """By index, or by table where there is none: rows that a scan had in its hands, in all its runs."""
    found: dict[str, float] = {}
    for node in nodes(plan):
        if ("Relation Name" in node and node["Node Type"] != "ModifyTable") or "Index Name" in node:
            name = node.get("Index Name") or node["Relation Name"]
            removed = sum(value for key, value in node.items() if key.startswith("Rows Removed"))
            found[name] = found.get(name, 0) + (node["Actual Rows"] + removed) * node["Actual Loops"]
    return found


@BOTH_MODES
@pytest.mark.parametrize(
    ("statement", "index"), [(breaching.DUE, "case_clocks_running"), (climbing.DUE, "escalation_chains_due")]
)
async def test_the_due_are_found_by_their_index_alone(house: House, mode: str, statement: TextClause, index: str) -> None:
    await fill(house)
    plan = await explain(house, mode, statement, {"now": house.clock(), "most": DUE_BATCH})
    assert plan["Actual Rows"] == DUE
    assert touched(plan) == {index: DUE, "cases_pkey": DUE}


@BOTH_MODES
@pytest.mark.parametrize("statement", [breaching.BREACH, climbing.CHAINS])
async def test_what_is_done_to_the_due_touches_only_them(house: House, mode: str, statement: TextClause) -> None:
    """Also when thousands wait, as after an outage."""
    await house.rows(FILL, RUNNING, datetime.fromisoformat("2026-01-01T00:00:00Z"))
    await house.rows("ANALYZE")
    ids = [row["case_id"] for row in await house.rows("SELECT case_id FROM escalation_chains LIMIT $1", DUE)]
    plan = await explain(house, mode, statement, {"now": house.clock(), "ids": ids})
    assert max(touched(plan).values()) <= DUE
