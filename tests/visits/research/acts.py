"""What is done with research in a test."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from shared.auth import Principal, Role
from tests.visits.house import LEAD, TOWNSHIP, VILLAGE, House, account, caller

TOWNSHIP_LEAD = caller(Role.lead, TOWNSHIP)
"""Who leads the research."""
VILLAGE_LEAD = caller(Role.lead, VILLAGE)
"""Who is to answer what it recommends."""


async def engage(house: House) -> House:
    await house.tell(account(TOWNSHIP_LEAD), account(VILLAGE_LEAD))
    return house


def day(house: House, days: int = 0) -> str:
    return (house.clock() + timedelta(days=days)).date().isoformat()


def research_body(house: House, **changes: Any) -> dict[str, Any]:
    body = {
        "unit_id": str(TOWNSHIP.unit_id),
        "question": "Why do the upper houses get no water?",
        "population": "Households on the upper line",
        "method": "visits",
        "leader_id": str(TOWNSHIP_LEAD.account_id),
        "starts_on": day(house),
        "ends_on": day(house, 30),
        "follow_up_on": day(house, 180),
        "quota": {"visits": 1, "hours": 4},
    }
    return {**body, **changes}


async def propose(house: House, *, by: Principal = TOWNSHIP_LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/research-projects", caller=by, json=research_body(house, **changes))


def said(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


async def act(house: House, project_id: str, verb: str, body: Any = None, *, by: Principal = TOWNSHIP_LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/research-projects/{project_id}/{verb}", caller=by, json=body)


async def done(house: House, project_id: str, verb: str, body: Any = None, *, by: Principal = TOWNSHIP_LEAD) -> dict[str, Any]:
    return said(await act(house, project_id, verb, body, by=by))


async def running(house: House, **changes: Any) -> str:
    """The id of a project that has begun."""
    project_id: str = said(await propose(house, **changes))["id"]
    await done(house, project_id, "start")
    return project_id


async def result(house: House, project_id: str) -> dict[str, Any]:
    """With a case that it rests on."""
    links = (await done(house, project_id, "links", {"kind": "case", "id": str(uuid4())}))["links"]
    return await done(house, project_id, "results", {"text": "The upper line has no valve.", "evidence": [links[-1]["id"]]})


async def recommended(house: House, project_id: str, unit_id: Any = VILLAGE.unit_id) -> str:
    """The id of a recommendation."""
    said = {"text": "Put a valve in.", "addressed_to": str(unit_id)}
    recommendation_id: str = (await done(house, project_id, "recommendations", said))["recommendations"][-1]["id"]
    return recommendation_id


async def reported(house: House, **changes: Any) -> tuple[str, str]:
    """The ids of a project that has reported, and of its recommendation to the village."""
    project_id = await running(house, **changes)
    await result(house, project_id)
    recommendation_id = await recommended(house, project_id)
    await done(house, project_id, "report")
    return project_id, recommendation_id


async def adopted(house: House) -> tuple[str, str]:
    project_id, recommendation_id = await reported(house)
    verb = f"recommendations/{recommendation_id}/adopt"
    await done(house, project_id, verb, {"by_when": day(house, 60)}, by=VILLAGE_LEAD)
    return project_id, recommendation_id


def measure(house: House, **changes: Any) -> dict[str, Any]:
    body = {
        "indicator": "water.hours",
        "before": 2,
        "after": 7.5,
        "unit_of_measure": "hours a day",
        "measured_on": day(house),
        "text": "The upper houses have water in the evening.",
    }
    return {**body, **changes}


async def publish(house: House, project_id: str, *, by: Principal = LEAD) -> dict[str, Any]:
    return await done(house, project_id, "publish", by=by)
