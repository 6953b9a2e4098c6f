from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.visits.house import ADMIN, COUNTY, INSPECTOR, LEAD, OFFICIAL, RESIDENT, STRANGER, TOWNSHIP, VILLAGE, House
from tests.visits.register import agreed, chosen, listed, planned_for, posted


async def covered(house: House, *, by: Principal = LEAD, unit_id: Any = COUNTY.unit_id) -> dict[str, Any]:
    answer = await house.client.get("/v1/contacts/coverage", caller=by, params={"unit_id": str(unit_id)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def visited(house: House, contact_id: str) -> None:
    visit = (await planned_for(house, contact_id))["visits"][0]
    assert (await house.record(visit["id"])).status_code == 200


async def test_coverage_says_who_was_reached_and_leaves_out_who_refused(house: House) -> None:
    post_id = await posted(house)
    reached = await agreed(house, post_id=post_id)
    await visited(house, reached)
    said_no = await agreed(house, post_id=post_id)
    await visited(house, said_no)
    await chosen(house, said_no, "refuse")
    await agreed(house, post_id=post_id)
    await chosen(house, await listed(house), "end")
    below = await listed(house, unit_id=str(VILLAGE.unit_id))
    assert below
    house.clock.advance(days=20)
    body = await covered(house)
    assert body["total"] == {
        "contacts": 4,
        "listed": 1,
        "agreed": 2,
        "refused": 1,
        "suspended": 0,
        "contacted": 1,
        "never_contacted": 2,
        "overdue": 2,
        "share_contacted": 1 / 3,
        "median_age_days": None,
    }
    rows = {row["unit_id"]: row for row in body["units"]}
    assert set(rows) == {str(unit.unit_id) for unit in (TOWNSHIP, VILLAGE)}
    assert (rows[str(TOWNSHIP.unit_id)]["contacts"], rows[str(TOWNSHIP.unit_id)]["share_contacted"]) == (3, 0.5)
    assert (rows[str(VILLAGE.unit_id)]["contacts"], rows[str(VILLAGE.unit_id)]["share_contacted"]) == (1, 0.0)


async def test_coverage_shows_the_median_age_over_five_and_more(house: House) -> None:
    post_id = await posted(house)
    for number in range(5):
        await visited(house, await agreed(house, post_id=post_id))
        if number == 3:
            assert (await covered(house))["total"]["median_age_days"] is None
        house.clock.advance(days=1)
    assert (await covered(house))["total"]["median_age_days"] == 3.0


@pytest.mark.parametrize(
    ("who", "units"),
    [(OFFICIAL, [TOWNSHIP]), (LEAD, [TOWNSHIP, VILLAGE]), (INSPECTOR, [TOWNSHIP, VILLAGE]), (ADMIN, [TOWNSHIP, VILLAGE])],
    ids=["official", "lead", "inspector", "admin"],
)
async def test_coverage_shows_the_units_in_scope(house: House, who: Principal, units: list[Any]) -> None:
    await listed(house)
    await listed(house, unit_id=str(VILLAGE.unit_id))
    body = await covered(house, by=who, unit_id=TOWNSHIP.unit_id)
    assert {row["unit_id"] for row in body["units"]} == {str(unit.unit_id) for unit in units}


@pytest.mark.parametrize(
    ("who", "status"), [(STRANGER, 404), (RESIDENT, 403), (ANONYMOUS, 401)], ids=["stranger", "resident", "nobody"]
)
async def test_coverage_is_for_those_in_scope(house: House, who: Principal, status: int) -> None:
    answers = [
        await house.client.get("/v1/contacts/coverage", caller=who, params={"unit_id": str(id)})
        for id in (TOWNSHIP.unit_id, uuid4())
    ]
    assert [answer.status_code for answer in answers] == [status, status]
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
