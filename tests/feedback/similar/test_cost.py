"""What a suggestion costs does not grow with the cases that there are, in its own unit and at its own place neither."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.feedback.cases.queries.access import Scope
from services.feedback.similar import queries
from services.feedback.similar.queries import BY_UNIT, NEARBY, TO_ANYBODY, TO_OFFICE
from services.feedback.similar.rules import Matter, Spot
from tests.feedback.cases.test_queries_cost import BOTH_MODES, explain, scans
from tests.feedback.house import House

OTHERS = 20_000
MY_UNIT = uuid4()
UNITS = [MY_UNIT, *(uuid4() for _ in range(9))]
HERE = Spot(30.572, 104.066)
INSERT_CASES = """
INSERT INTO cases (
    id, unit_id, state, source, channel, protection, title, body, policy_version, opened_at, updated_at, shared, latitude,
    longitude
)
SELECT uuidv7(), ($1::uuid[])[1 + n % cardinality($1)], CASE WHEN n % 7 = 0 THEN 'rejected' ELSE 'received' END, 'opinion',
    'thought', 'named', 'A lamp', 'It is dark.', 'test', now(), now(), n % 3 = 0, 30.572 + random() / 1000, 104.066
FROM generate_series(1, $2) n
"""


async def fill(house: House, *, units: int) -> None:
    await house.rows(INSERT_CASES, UNITS[:units], OTHERS)
    await house.rows("ANALYZE")


def values(**others: Any) -> dict[str, Any]:
    matter = Matter("A lamp", "", None, HERE, None, datetime.now(UTC))
    return {**queries._values(matter, [MY_UNIT], shared=others.pop("shared")), **others}


@BOTH_MODES
@pytest.mark.parametrize("units", [1, 10])
async def test_a_draft_is_compared_with_so_many_cases_and_no_more(house: House, mode: str, units: int) -> None:
    await fill(house, units=units)
    found = scans(await explain(house, mode, TO_ANYBODY, values(shared=[True])))
    assert found["cases_shared_by_unit"] == BY_UNIT
    assert found["cases_open_by_place"] <= NEARBY
    assert max(found.values()) <= BY_UNIT + NEARBY


@BOTH_MODES
@pytest.mark.parametrize("units", [1, 10])
async def test_a_case_is_compared_with_so_many_others_and_no_more(house: House, mode: str, units: int) -> None:
    await fill(house, units=units)
    (row,) = await house.rows("SELECT id FROM cases WHERE unit_id = $1 LIMIT 1", MY_UNIT)
    scope = Scope(uuid4(), [MY_UNIT], MY_UNIT, [MY_UNIT])
    asked = scope.values(case_id=row["id"], **values(shared=[True, False]))
    found = scans(await explain(house, mode, TO_OFFICE, asked))
    assert found["cases_by_unit"] == BY_UNIT
    assert found["cases_open_by_place"] <= NEARBY
    assert max(found.values()) <= BY_UNIT + NEARBY


@BOTH_MODES
async def test_where_nothing_is_shared_nothing_is_walked(house: House, mode: str) -> None:
    await fill(house, units=10)
    await house.rows("UPDATE cases SET shared = false")
    await house.rows("VACUUM ANALYZE cases")
    found = scans(await explain(house, mode, TO_ANYBODY, values(shared=[True])))
    assert max(found.values()) == 0
