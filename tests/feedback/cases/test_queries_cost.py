"""What a list costs does not grow with the cases of others: no branch touches more rows than its own index gives."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from services.feedback.cases.queries import listing, reading
from services.feedback.cases.queries.access import Scope
from services.feedback.cases.queries.listing import LAST
from shared.ids import new_id_at
from shared.reads import Read
from tests.feedback.cases.test_queries import INSERT_CASE, INSERT_STEP
from tests.feedback.house import House

MOST = 21
OTHERS = 20_000
MINE = 25
INSERT_OTHERS = """
INSERT INTO cases
    (id, unit_id, state, owner_id, source, channel, protection, title, policy_version, opened_at, updated_at)
SELECT uuidv7(), ($1::uuid[])[1 + n % cardinality($1)], 'received', ($2::uuid[])[1 + n % cardinality($2)],
    'opinion', 'thought', 'named', 'A lamp', 'test', now(), now()
FROM generate_series(1, $3) n
"""
INSERT_OTHERS_STEPS = """
INSERT INTO case_units (case_id, unit_id, part, since)
SELECT id, ($1::uuid[])[1 + n % cardinality($1)], 'told', now()
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM cases ORDER BY id DESC LIMIT 5000) AS newest
"""
ME, MY_UNIT = uuid4(), uuid4()
OTHER_UNITS = [uuid4() for _ in range(100)]


async def fill(house: House, *, units: int = 100) -> None:
    """The caller's cases are the oldest; of the oldest of the others its unit was told. Thousands of others are newer.

    With few `units` the others have nearly all cases each, and statistics say that any unit has many.
    """
    others = OTHER_UNITS[:units]
    for owner_id, unit_id in ((ME, others[0]), (None, MY_UNIT)):
        for _ in range(MINE):
            await house.rows(INSERT_CASE, new_id_at(house.clock()), unit_id, "acknowledged", owner_id)
    await house.rows(INSERT_OTHERS, others, others, OTHERS)
    for row in await house.rows("SELECT id FROM cases WHERE state = 'received' ORDER BY id LIMIT $1", MINE):
        await house.rows(INSERT_STEP, row["id"], MY_UNIT)
    await house.rows(INSERT_OTHERS_STEPS, others)
    await house.rows("ANALYZE")


def literal(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case UUID() | str() | datetime():
            return "'" + str(value).replace("'", "''") + "'"
        case _:
            return "'{" + ",".join(map(str, value)) + "}'"


@asynccontextmanager
async def connected(house: House, mode: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(house.service.database.dsn)
    try:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        yield connection
    finally:
        await connection.close()


async def explain(house: House, mode: str, read: Read, values: Mapping[str, Any]) -> dict[str, Any]:
    """The plan as it was run, by the driver's kind of prepared statement: for these values, or for any."""
    async with connected(house, mode) as connection:
        await connection.execute(f"PREPARE reading AS {read.statement}")
        given = ", ".join(literal(values[name]) for name in read.names)
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE reading({given})")
    found: dict[str, Any] = msgspec.json.decode(plan)[0]["Plan"]
    return found


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def touched(node: Mapping[str, Any]) -> float:
    """Rows that a scan had in its hands, in all its runs."""
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def scans(plan: Mapping[str, Any]) -> dict[str, float]:
    tables = [node for node in nodes(plan) if "Relation Name" in node]
    sequential = [
        node["Relation Name"] for node in tables if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "cases"
    ]
    assert sequential == []
    found: dict[str, float] = {}
    for node in tables:
        name = node.get("Index Name", node["Relation Name"])
        found[name] = max(found.get(name, 0), touched(node))
    return found


def values(scope: Scope, **others: Any) -> dict[str, Any]:
    return scope.values(**{"within": None, "state": None, "before": LAST, "most": MOST, "recent": 0, **others})


OFFICIAL = Scope(ME, [MY_UNIT], MY_UNIT, [MY_UNIT])
STRANGER = Scope(uuid4(), [uuid4()], uuid4(), [uuid4()])
AT_HAND = 2 * (MOST + MINE)
"""All that the caller's own indexes hold, and each of them read once more for the page."""
FEW_OR_MANY = pytest.mark.parametrize("units", [1, 100])
BOTH_MODES = pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])


@BOTH_MODES
@FEW_OR_MANY
async def test_an_official_with_few_and_old_cases_walks_nobody_elses(house: House, mode: str, units: int) -> None:
    await fill(house, units=units)
    for scope in (OFFICIAL, STRANGER):
        plan = await explain(house, mode, listing.LIST_SCOPED, values(scope))
        assert plan["Actual Rows"] == (MOST if scope is OFFICIAL else 0)
        assert max(scans(plan).values()) <= AT_HAND
        filtered = await explain(house, mode, listing.LIST_SCOPED, values(scope, within=[MY_UNIT], state="acknowledged"))
        assert max(scans(filtered).values()) <= AT_HAND


@BOTH_MODES
@FEW_OR_MANY
async def test_a_residents_own_cases_come_by_their_index(house: House, mode: str, units: int) -> None:
    await fill(house, units=units)
    for account, found in ((ME, MOST), (uuid4(), 0)):
        plan = await explain(house, mode, listing.LIST_OWN, values(Scope(account)))
        assert plan["Actual Rows"] == found
        assert max(scans(plan).values()) <= AT_HAND


@BOTH_MODES
async def test_an_administrator_walks_no_further_than_a_page(house: House, mode: str) -> None:
    await fill(house)
    scope = Scope(ME, everything=True)
    for read, state in (
        (listing.LIST_ALL, None),
        (listing.LIST_ALL_IN_STATE, "received"),
        (listing.LIST_ALL_IN_STATE, "rejected"),
    ):
        plan = await explain(house, mode, read, values(scope, state=state))
        assert plan["Actual Rows"] == (0 if state == "rejected" else MOST)
        assert max(scans(plan).values()) <= MOST


@BOTH_MODES
async def test_a_lead_of_many_units_looks_at_the_newest_first(house: House, mode: str) -> None:
    """Nothing is then asked of the units one by one, unless the newest do not fill the page."""
    await fill(house)
    wide = Scope(ME, OTHER_UNITS, OTHER_UNITS[0], OTHER_UNITS[:1])
    plan = await explain(house, mode, listing.LIST_SCOPED, values(wide, recent=listing.RECENT))
    found = scans(plan)
    assert plan["Actual Rows"] == MOST
    assert found.get("cases_by_unit", 0) == 0
    assert max(found.values()) <= listing.RECENT
    quiet = Scope(ME, [MY_UNIT, *(uuid4() for _ in range(99))], MY_UNIT, [MY_UNIT])
    plan = await explain(house, mode, listing.LIST_SCOPED, values(quiet, recent=listing.RECENT))
    found = scans(plan)
    assert plan["Actual Rows"] == MOST
    assert found["cases_by_unit"] <= MOST
    assert max(found.values()) <= listing.RECENT


@BOTH_MODES
async def test_one_case_costs_one_case(house: House, mode: str) -> None:
    await fill(house)
    (row,) = await house.rows("SELECT id FROM cases WHERE unit_id = $1 ORDER BY id LIMIT 1", MY_UNIT)
    plan = await explain(house, mode, reading.FIND_CASE, OFFICIAL.values(case_id=row["id"]))
    assert plan["Actual Rows"] == 1
    assert max(scans(plan).values()) <= 2


async def test_a_list_is_planned_once_for_everybody(house: House) -> None:
    """PostgreSQL tries five plans of its own for the values it is given before it settles for one."""
    await fill(house)
    async with connected(house, "auto") as connection:
        for read in (listing.LIST_ALL, listing.LIST_ALL_IN_STATE, listing.LIST_OWN, listing.LIST_SCOPED):
            asked = values(OFFICIAL, state="received")
            for _ in range(8):
                await connection.fetch(read.statement, *(asked[name] for name in read.names))
            plans = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1"
            assert tuple(await connection.fetchrow(plans, read.statement) or ()) == (5, 3)
