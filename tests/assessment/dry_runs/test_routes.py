from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.assessment.dry_runs import actions
from shared.auth import Role
from tests.assessment.cases import judged_cases
from tests.assessment.office import ADMIN, Office, a_standard, assert_problem
from tests.support.callers import principal

WELL = {"due": 10, "in_time": 10, "judged": 10, "resolved": 9, "rated": 10, "satisfied": 9}
BADLY = {"due": 10, "in_time": 2, "judged": 10, "resolved": 7, "rated": 10, "satisfied": 7}


async def two_counties(office: Office) -> tuple[Any, Any, Any]:
    north = await office.register_unit("north", "province")
    good, bad = [await office.register_unit(code, "county", north) for code in ("good", "bad")]
    await office.hear(judged_cases(good, **WELL))
    await office.hear(judged_cases(bad, **BADLY))
    office.clock.advance(days=10)
    return north, good, bad


def past(office: Office, days: float = 30) -> dict[str, str]:
    return {"since": (office.clock() - timedelta(days=days)).isoformat(), "until": office.clock().isoformat()}


async def test_a_dry_run_grades_the_past_beside_the_active_version(office: Office) -> None:
    """By 10/45/45 the second county reaches 0.65; by 40/30/30, 0.50."""
    await two_counties(office)
    active = await office.adopt_standard()
    weights = {"response": 40, "resolution": 30, "satisfaction": 30}
    draft = await office.draft_standard(weights=weights)
    run = await office.try_standard(draft, **past(office))
    assert (run["units"], run["compared_with"], run["unit_id"]) == (3, active["id"], None)
    assert run["grades"] == {"province": {"not_graded": 1}, "county": {"excellent": 1, "unqualified": 1}}
    assert run["grades_before"] == {"province": {"not_graded": 1}, "county": {"excellent": 1, "qualified": 1}}
    assert run["moves"] == {"qualified -> unqualified": 1}
    assert run["missing"] == {"resolution": 1, "response": 1, "satisfaction": 1}
    assert run["finished_at"] is not None
    listed = await office.get(f"/v1/standards/{draft['id']}/dry-runs", principal(Role.resident))
    assert [each["id"] for each in listed["items"]] == [run["id"]]
    assert all(card["campaign"] is None for card in [await office.scorecard(each) for each in await two_units(office)])


async def two_units(office: Office) -> list[Any]:
    return [unit for unit in (await office.get("/v1/units"))["items"] if unit["level"] == "county"]


async def test_a_dry_run_keeps_to_a_subtree_and_to_the_standards_level(office: Office) -> None:
    north, good, _ = await two_counties(office)
    for_all = await office.draft_standard()
    assert (await office.try_standard(for_all, **past(office), unit_id=good["id"]))["units"] == 1
    assert (await office.try_standard(for_all, **past(office), unit_id=north["id"]))["units"] == 3
    for_provinces = await office.draft_standard("provinces", level="province")
    assert (await office.try_standard(for_provinces, **past(office)))["units"] == 1


async def test_a_dry_run_goes_on_where_it_stopped(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    await two_counties(office)
    run = await office.try_standard(await office.draft_standard(), **past(office))
    assert (run["units"], run["grades"]["county"]) == (3, {"excellent": 1, "qualified": 1})


async def test_dry_run_refusals(office: Office) -> None:
    draft = await office.draft_standard()
    path = f"/v1/standards/{draft['id']}/dry-runs"
    for fields, status, slug in (
        ({"until": (office.clock() + timedelta(days=1)).isoformat()}, 422, "dry-run-span"),
        ({"since": office.clock().isoformat()}, 422, "dry-run-span"),
        ({"since": "yesterday"}, 422, "invalid-request"),
        ({"unit_id": str(uuid4())}, 404, "unit-not-found"),
        ({"days": 3}, 422, "invalid-request"),
    ):
        answer = await office.client.post(path, caller=ADMIN, json={**past(office), **fields})
        assert_problem(answer, status, slug)
    elsewhere = f"/v1/standards/{uuid4()}/dry-runs"
    assert_problem(await office.client.post(elsewhere, caller=ADMIN, json=past(office)), 404, "standard-not-found")
    assert_problem(await office.client.get(f"{path}/{uuid4()}", caller=ADMIN), 404, "dry-run-not-found")
    refused = await office.client.post(path, caller=principal(Role.inspector), json=past(office))
    assert_problem(refused, 403, "role-not-allowed")


async def test_floors_and_criteria_of_visits_are_tried_too(office: Office) -> None:
    await two_counties(office)
    floors = [{"indicator": "response", "at_least": 0.5}]
    run = await office.try_standard(await office.draft_standard(floors=floors), **past(office))
    assert run["grades"]["county"] == {"excellent": 1, "unqualified": 1}
    visits = {"code": "visits", "name": "Visits", "weight": 100, "source": "measured", "owner": "Visits"}
    amount = {**visits, "indicator": "visits_made", "normalisation": {"by": "population"}, "scale": {"floor": 0, "target": 9}}
    draft = await office.post("/v1/standards", {**a_standard("visits"), "criteria": [amount]})
    assert (await office.try_standard(draft, **past(office)))["missing"] == {"visits": 3}
