from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Role
from shared.events.assessment import CampaignStarted, CampaignStartedV2
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.support.callers import principal


async def body_for(office: Office) -> dict[str, Any]:
    unit = await office.register_unit("north")
    standard = await office.adopt_standard()
    return {
        "code": "spring",
        "name": "Spring",
        "standard_id": standard["id"],
        "unit_id": unit["id"],
        "starts_at": "2026-03-02T09:00:00Z",
        "ends_at": "2026-06-01T00:00:00+08:00",
    }


async def test_schedule_campaign_that_runs_already(office: Office) -> None:
    body = await body_for(office)
    campaign = await office.post("/v1/campaigns", body)
    assert campaign == {**body, "id": campaign["id"], "ends_at": "2026-05-31T16:00:00Z", "state": "running"}
    assert await office.get(f"/v1/campaigns/{campaign['id']}", principal(Role.resident)) == campaign
    [event] = await office.recorded(CampaignStarted)
    told = event.model_dump(mode="json")
    assert told == {"campaign_id": campaign["id"]} | {name: campaign[name] for name in told if name != "campaign_id"}


async def test_a_campaign_without_a_unit_covers_every_unit_under_every_root(office: Office) -> None:
    """The first contract has no word for it, and is not told."""
    north, south = await office.register_unit("north"), await office.register_unit("south")
    campaign = await office.schedule_campaign(None, await office.adopt_standard())
    late = await office.register_unit("late", "township", north)
    for unit in (north, south, late):
        assert (await office.scorecard(unit))["campaign"]["id"] == campaign["id"]
    assert campaign["unit_id"] is None
    assert [event.model_dump()["unit_id"] for event in await office.recorded(CampaignStartedV2)] == [None]
    assert await office.recorded(CampaignStarted) == []


async def test_schedule_campaign_refusals(office: Office) -> None:
    body = await body_for(office)
    cases = [
        ({"ends_at": body["starts_at"]}, 422, "campaign-ends-before-start"),
        ({"standard_id": str(uuid4())}, 404, "standard-not-found"),
        ({"unit_id": str(uuid4())}, 404, "unit-not-found"),
        ({"starts_at": "2026-03-02T09:00:00"}, 422, "invalid-request"),
        ({"starts_at": "9999-12-31T23:59:59-12:00"}, 422, "invalid-request"),
        ({"ends_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid-request"),
        ({"ends_at": 10**30}, 422, "invalid-request"),
        ({"name": "\x00"}, 422, "invalid-request"),
        ({"code": "spring/summer"}, 422, "invalid-request"),
        ({"state": "running"}, 422, "invalid-request"),
    ]
    for fields, status, slug in cases:
        assert_problem(await office.client.post("/v1/campaigns", caller=ADMIN, json={**body, **fields}), status, slug)
    await office.post("/v1/campaigns", body)
    assert_problem(await office.client.post("/v1/campaigns", caller=ADMIN, json=body), 409, "campaign-code-taken")


async def test_campaigns_change_state_with_time(office: Office) -> None:
    unit, standard = await office.register_unit("north"), await office.adopt_standard()
    campaign = await office.schedule_campaign(unit, standard, start=1, days=2)
    states = [campaign["state"]]
    for _ in range(2):
        office.clock.advance(days=1.5)
        states.append((await office.get(f"/v1/campaigns/{campaign['id']}"))["state"])
    assert states == ["scheduled", "running", "ended"]


async def test_list_campaigns_pages(office: Office) -> None:
    unit, standard = await office.register_unit("north"), await office.adopt_standard()
    campaigns = [await office.schedule_campaign(unit, standard, code=f"campaign-{number}") for number in range(3)]
    page = await office.get("/v1/campaigns", limit=2)
    rest = await office.get("/v1/campaigns", limit=2, cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == campaigns
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("role", [Role.resident, Role.official, Role.lead, Role.inspector])
async def test_schedule_campaign_is_the_administrators(office: Office, role: Role) -> None:
    body = await body_for(office)
    assert_problem(await office.client.post("/v1/campaigns", caller=principal(role), json=body), 403, "role-not-allowed")


async def test_campaigns_need_an_account(office: Office) -> None:
    for path in ("/v1/campaigns", f"/v1/campaigns/{uuid4()}"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401)
    assert_problem(await office.client.post("/v1/campaigns", caller=ANONYMOUS, json={}), 401)


async def test_get_campaign_unknown(office: Office) -> None:
    assert_problem(await office.client.get(f"/v1/campaigns/{uuid4()}", caller=ADMIN), 404, "campaign-not-found")
