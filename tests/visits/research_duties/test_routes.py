from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.visits.research_duties.rules import check_year, year_of
from shared.auth import ANONYMOUS, Principal
from shared.errors import Invalid
from tests.visits.house import (
    ADMIN,
    COUNTY,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    House,
)
from tests.visits.research.acts import TOWNSHIP_LEAD, day, done, engage, publish, result, running, said

OWED = {"unit_id": str(TOWNSHIP.unit_id), "year": 2026, "projects": 1, "hours": 4}


@pytest.fixture
async def desk(house: House) -> House:
    return await engage(house)


async def owe(desk: House, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await desk.client.post("/v1/research-duties", caller=by, json={**OWED, **changes})


async def duties(desk: House, *, by: Principal = LEAD, unit: Any = COUNTY, year: int = 2026, **more: Any) -> dict[str, Any]:
    params = {"unit_id": str(unit.unit_id), "year": year, **more}
    return said(await desk.client.get("/v1/research-duties", caller=by, params=params))


async def work(desk: House, hours: float = 2.5) -> str:
    """The id of a project with a day in the field, a visit that was made, and a result."""
    project_id = await running(desk)
    visit_id = await desk.visit()
    await desk.record(visit_id)
    await done(desk, project_id, "field-days", {"on": day(desk), "hours": hours})
    await done(desk, project_id, "links", {"kind": "visit", "id": visit_id})
    await result(desk, project_id)
    return project_id


async def test_what_was_done_stands_against_what_is_owed(desk: House) -> None:
    owed = said(await owe(desk))
    assert (owed["owed"], owed["met"], owed["leaders"]) == ({"projects": 1, "hours": 4}, False, [])
    project_id = await work(desk)
    (duty,) = (await duties(desk))["items"]
    assert duty["done"] == {"projects": 1, "hours": 2.5, "visits": 1, "results": 0}
    assert duty["met"] is False
    await publish(desk, project_id)
    desk.clock.advance(days=1)
    await done(desk, project_id, "field-days", {"on": day(desk), "hours": 1.5})
    (duty,) = (await duties(desk))["items"]
    assert (duty["met"], duty["done"]) == (True, {"projects": 1, "hours": 4.0, "visits": 1, "results": 1})
    (leader,) = duty["leaders"]
    assert (leader["leader_id"], leader["quota"], leader["met"]) == (
        str(TOWNSHIP_LEAD.account_id),
        {"visits": 1, "hours": 4},
        True,
    )


async def test_nothing_is_met_where_nothing_is_owed(desk: House) -> None:
    await work(desk)
    (duty,) = (await duties(desk))["items"]
    assert (duty["owed"], duty["met"], duty["done"]["projects"]) == (None, None, 1)
    (before,) = (await duties(desk, year=2025))["items"]
    assert (before["done"], before["leaders"]) == ({"projects": 0, "hours": 0.0, "visits": 0, "results": 0}, [])


async def test_a_visit_counts_once_however_many_projects_name_it_and_a_stopped_project_not_at_all(desk: House) -> None:
    visit_id = await desk.visit()
    await desk.record(visit_id)
    for _ in range(2):
        await done(desk, await running(desk), "links", {"kind": "visit", "id": visit_id})
    planned = await desk.visit()
    project_id = await running(desk)
    await done(desk, project_id, "links", {"kind": "visit", "id": planned})
    await done(desk, project_id, "stop", {"reason": "Flood"})
    (duty,) = (await duties(desk))["items"]
    assert duty["done"] == {"projects": 2, "hours": 0.0, "visits": 1, "results": 0}


async def test_set_duty_again_replaces_it_until_its_year_is_over(desk: House) -> None:
    await owe(desk)
    assert said(await owe(desk, hours=8))["owed"] == {"projects": 1, "hours": 8}
    past = await owe(desk, year=2025)
    assert (past.status_code, past.json()["type"].rpartition(":")[2]) == (422, "duty-year-over")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (LEAD, 200),
        (ADMIN, 200),
        (TOWNSHIP_LEAD, 403),
        (OFFICIAL, 403),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (STRANGER, 404),
        (VILLAGE_OFFICIAL, 404),
        (ANONYMOUS, 401),
    ],
)
async def test_what_a_unit_owes_is_said_from_above(desk: House, who: Principal, status: int) -> None:
    assert (await owe(desk, by=who)).status_code == status


async def test_list_duties_of_the_callers_units_page_by_page(desk: House) -> None:
    for unit in (COUNTY, TOWNSHIP):
        said(await owe(desk, by=ADMIN, unit_id=str(unit.unit_id)))
    first = await duties(desk, limit=1)
    rest = await duties(desk, limit=1, cursor=first["next_cursor"])
    found = [item["unit_id"] for item in first["items"] + rest["items"]]
    assert (sorted(found), rest["next_cursor"]) == (sorted([str(COUNTY.unit_id), str(TOWNSHIP.unit_id)]), None)
    assert [item["unit_id"] for item in (await duties(desk, by=OFFICIAL, unit=TOWNSHIP))["items"]] == [str(TOWNSHIP.unit_id)]
    for who, unit_id in ((OFFICIAL, COUNTY.unit_id), (STRANGER, TOWNSHIP.unit_id), (LEAD, uuid4())):
        params = {"unit_id": str(unit_id), "year": 2026}
        assert (await desk.client.get("/v1/research-duties", caller=who, params=params)).status_code == 404


HOSTILE: list[dict[str, Any]] = [
    {"unit_id": "x"},
    {"year": 1999},
    {"year": 2101},
    {"year": "2026"},
    {"projects": -1},
    {"hours": 2**63},
    {"hours": 1.5},
    {"leader_id": str(uuid4())},
]


async def test_duties_answer_hostile_input_with_a_problem(desk: House) -> None:
    for changes in HOSTILE:
        answer = await owe(desk, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    right = {"unit_id": str(TOWNSHIP.unit_id), "year": "2026"}
    for wrong in ({"year": "x"}, {"year": "1"}, {"unit_id": "x"}, {"limit": "0"}, {"cursor": "?"}, {"month": "5"}):
        answer = await desk.client.get("/v1/research-duties", caller=LEAD, params={**right, **wrong})
        assert answer.status_code == 422, f"{wrong}: {answer.text}"


def test_a_year_lasts_to_the_next() -> None:
    since, until = year_of(2026)
    assert (since.date(), until.date()) == (date(2026, 1, 1), date(2027, 1, 1))
    check_year(2026, date(2026, 12, 31))
    with pytest.raises(Invalid):
        check_year(2026, date(2027, 1, 1))
