"""What was escalated to a unit, and how it says that it has seen it."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import Principal, Role
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.work import work
from tests.support.callers import principal

TOWNSHIP = official("township")


async def escalations(house: House, caller: Principal, **params: Any) -> list[Any]:
    items: list[Any] = (await house.get("/v1/escalations", caller=caller, **params))["items"]
    return items


async def escalate(house: House, cases: int = 1) -> list[str]:
    """Cases whose acknowledgement was just found late, in the order in which they were told."""
    ids = []
    for _ in range(cases):
        ids.append(await house.case())
        house.clock.advance(minutes=1)
    house.clock.advance(days=7)
    await work(house.service)
    return ids


async def acknowledge(house: House, escalation_id: str, caller: Principal) -> Any:
    return await house.client.post(f"/v1/escalations/{escalation_id}/acknowledge", caller=caller, json={})


async def test_list_escalations_shows_what_was_told_to_ones_unit(house: House) -> None:
    (case_id,) = await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    assert (item["case_id"], item["unit_id"], item["owing_unit_id"]) == (case_id, str(unit("township")), str(unit("village")))
    assert (item["cause"], item["round"], item["step"]) == ("acknowledgement", 0, 1)
    assert (item["title"], item["state"], item["acknowledged_at"]) == ("The lamp is broken", "received", None)
    assert datetime.fromisoformat(item["notified_at"]) == house.clock()
    assert datetime.fromisoformat(item["next_at"]) == house.clock() + timedelta(days=7)
    assert await escalations(house, official("county")) == []
    assert await escalations(house, official("village")) == []


async def test_list_escalations_newest_first_page_by_page(house: House) -> None:
    ids = await escalate(house, 5)
    seen, cursor = [], None
    while True:
        page = await house.get("/v1/escalations", caller=TOWNSHIP, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["case_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


async def test_list_escalations_of_another_unit_shows_only_cases_that_one_may_see(house: House) -> None:
    (case_id,) = await escalate(house)
    township = str(unit("township"))
    for caller in (lead("county"), inspector("prefecture"), admin(), lead("township")):
        assert [item["case_id"] for item in await escalations(house, caller, unit_id=township)] == [case_id]
    for caller in (official("county"), lead("elsewhere"), official("neighbour")):
        assert await escalations(house, caller, unit_id=township) == []


async def test_list_escalations_needs_a_unit_and_a_role(house: House) -> None:
    answer = await house.client.get("/v1/escalations", caller=admin())
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:unit-needed")
    assert (await house.client.get("/v1/escalations", caller=resident())).status_code == 403
    assert (await house.client.get("/v1/escalations")).status_code == 401


async def test_acknowledge_escalation_gives_the_unit_above_time_from_then_on(house: House) -> None:
    (case_id,) = await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    house.clock.advance(days=3)
    answer = await acknowledge(house, item["id"], TOWNSHIP)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert datetime.fromisoformat(said["acknowledged_at"]) == house.clock()
    assert datetime.fromisoformat(said["next_at"]) == house.clock() + timedelta(days=7)
    assert await escalations(house, TOWNSHIP, acknowledged=False) == []
    assert await escalations(house, TOWNSHIP, acknowledged=True) == [said]
    type, data = (await house.events(case_id))[-1]
    assert (type, json.loads(data)) == (
        "escalation.acknowledged",
        {
            "case_id": case_id,
            "unit_id": str(unit("village")),
            "by_unit_id": str(unit("township")),
            "cause": "acknowledgement",
            "round": 0,
            "step": 1,
            "acknowledged_at": house.clock().isoformat().replace("+00:00", "Z"),
        },
    )
    house.clock.advance(days=7, microseconds=-1)
    await work(house.service)
    assert await escalations(house, official("county")) == []
    house.clock.advance(microseconds=1)
    await work(house.service)
    assert [item["step"] for item in await escalations(house, official("county"))] == [2]


async def test_acknowledge_escalation_buys_time_once(house: House) -> None:
    await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    assert (await acknowledge(house, item["id"], TOWNSHIP)).status_code == 200
    answer = await acknowledge(house, item["id"], lead("township"))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:escalation-acknowledged")


async def test_acknowledge_escalation_of_a_step_before_the_last_moves_nothing(house: House) -> None:
    await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    house.clock.advance(days=7)
    await work(house.service)
    (above,) = await escalations(house, official("county"))
    house.clock.advance(days=2)
    said = (await acknowledge(house, item["id"], TOWNSHIP)).json()
    assert said["next_at"] == above["next_at"]


async def test_acknowledge_escalation_of_a_chain_that_has_ended_starts_none(house: House) -> None:
    (case_id,) = await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    await house.do(case_id, "acknowledge", caller=official("village"))
    assert (await acknowledge(house, item["id"], TOWNSHIP)).json()["next_at"] is None
    house.clock.advance(days=8)
    await work(house.service)
    assert await escalations(house, official("county")) == []


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        (official("village"), 403),
        (lead("county"), 403),
        (inspector("township"), 403),
        (admin(), 403),
        (official("county"), 404),
        (official("elsewhere"), 404),
        (resident(), 404),
        (principal(Role.official), 404),
    ],
)
async def test_acknowledge_escalation_is_for_the_unit_that_was_told(house: House, caller: Principal, status: int) -> None:
    await escalate(house)
    (item,) = await escalations(house, TOWNSHIP)
    answer = await acknowledge(house, item["id"], caller)
    assert answer.status_code == status, answer.text
    if status == 404:
        missing = await acknowledge(house, str(uuid4()), caller)
        assert {**missing.json(), "request_id": ""} == {**answer.json(), "request_id": ""}
    assert (await acknowledge(house, item["id"], lead("township"))).status_code == 200


async def test_the_speaker_sees_the_chain_and_cannot_acknowledge_it(house: House) -> None:
    (case_id,) = await escalate(house)
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert [(chain["cause"], chain["next_step"]) for chain in case["chains"]] == [("acknowledgement", 2)]
    assert (await acknowledge(house, case["escalations"][0]["id"], house.speaker)).status_code == 403
