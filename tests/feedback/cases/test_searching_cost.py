"""What a filtered list costs does not grow with the cases of others: the window ends with the page, and what is rare is found by
its own index."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import msgspec

from services.feedback.cases.queries.access import Scope
from services.feedback.cases.queries.searching import ORDERS, WINDOW, Filters, Sort, by_index, by_window, values_of
from services.feedback.cases.rules import Channel, State
from shared.reads import Read
from tests.feedback.cases.test_queries_cost import MOST, literal, scans
from tests.feedback.house import House

CASES, UNITS = 20_000, 200
FILL = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, category, title, policy_version, opened_at, updated_at,
    endorsement_count)
SELECT uuidv7(), ($1::uuid[])[1 + n % cardinality($1)], CASE WHEN n % 5000 = 0 THEN 'withdrawn' ELSE 'received' END, 'opinion',
    'thought', 'named', CASE WHEN n % 2000 = 0 THEN 'rare' ELSE 'light' END, 'A lamp', 'test', now(), now() + n * INTERVAL '1 s',
    n % 3
FROM generate_series(1, $2) AS n
"""
TEXTS = """
INSERT INTO case_texts (case_id, terms)
SELECT id, CAST(format($$'lamp' 'channel=thought' 'category=%s' '村口':1 '路灯':3$$, category) AS tsvector) FROM cases
"""
CLOCKS = """
INSERT INTO case_clocks (case_id, kind, started_at, due_at, counted_in, breached_at)
SELECT id, 'resolution', now(), updated_at, 'days', CASE WHEN category = 'rare' THEN now() END FROM cases
"""
EVERYTHING = Scope(uuid4(), everything=True)


async def fill(house: House) -> Scope:
    """Many cases of many units; returns the scope of a lead of them all."""
    units = [uuid4() for _ in range(UNITS)]
    await house.rows(FILL, units, CASES)
    await house.rows(TEXTS)
    await house.rows(CLOCKS)
    await house.rows("ANALYZE")
    return Scope(uuid4(), units, units[0], units[:1])


async def explain(house: House, statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    read = Read(statement)
    async with house.service.database.searches.acquire() as connection:
        await connection.execute(f"PREPARE reading AS {read.statement}")
        given = ", ".join(literal(values[name]) for name in read.names)
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE reading({given})")
        await connection.execute("DEALLOCATE reading")
    found: dict[str, Any] = msgspec.json.decode(plan)[0]["Plan"]
    return found


def asked(scope: Scope, filters: Filters, sort: Sort) -> dict[str, Any]:
    key, last = ORDERS[sort].start
    return scope.values(within=None, most=MOST, key=key, id=last, **values_of(filters))


async def test_what_many_have_fills_the_page_at_once(house: House) -> None:
    lead = await fill(house)
    for scope in (EVERYTHING, lead):
        for filters in (Filters(words="lamp"), Filters(channel=Channel.thought, states=(State.received,)), Filters(words="村口")):
            for sort in Sort:
                plan = await explain(house, by_window(filters, sort, scope, None), asked(scope, filters, sort))
                assert plan["Actual Rows"] == MOST
                assert max(scans(plan).values()) <= 4 * MOST, (filters, sort)


async def test_what_nobody_has_ends_with_the_window(house: House) -> None:
    lead = await fill(house)
    for scope in (EVERYTHING, lead):
        for sort in Sort:
            filters = Filters(words="bridge")
            plan = await explain(house, by_window(filters, sort, scope, None), asked(scope, filters, sort))
            assert plan["Actual Rows"] == 0
            assert max(scans(plan).values()) <= 2 * WINDOW


async def test_what_is_rare_comes_by_its_index(house: House) -> None:
    lead = await fill(house)
    few = CASES // 2000
    for scope in (EVERYTHING, lead):
        for filters in (Filters(category="rare"), Filters(words="lamp", category="rare"), Filters(overdue=True)):
            for sort in Sort:
                plan = await explain(house, by_index(filters, sort, scope, None), asked(scope, filters, sort))
                assert plan["Actual Rows"] <= few
                assert max(scans(plan).values()) <= 10 * few, (filters, sort)
