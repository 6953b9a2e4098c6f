"""What is done with templates and activities in a test."""

from datetime import timedelta
from typing import Any

import httpx

from shared.auth import Principal
from tests.visits.house import LEAD, OFFICIAL, TOWNSHIP, House


def template_body(**changes: Any) -> dict[str, Any]:
    body = {
        "code": "forum",
        "kind": "forum",
        "levels": ["county", "township"],
        "title": {"en": "Water forum", "zh": "用水论坛"},
        "target_group": "Households on the upper line",
        "expected_effect": {"indicator": "water.hours", "unit_of_measure": "hours a day"},
        "least_participants": 5,
        "most_participants": 50,
        "least_days_notice": 7,
    }
    return {**body, **changes}


async def adopt(house: House, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/activity-templates", caller=by, json=template_body(**changes))


async def adopted(house: House, *, by: Principal = LEAD, **changes: Any) -> dict[str, Any]:
    return said(await adopt(house, by=by, **changes))


def said(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def activity_body(house: House, **changes: Any) -> dict[str, Any]:
    starts_at = house.clock() + timedelta(days=8)
    body = {
        "unit_id": str(TOWNSHIP.unit_id),
        "template_code": "forum",
        "title": "How the water is shared",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "place": "The hall",
        "target_group": "Households on the upper line",
        "expected_effect": {"indicator": "water.hours", "value": 6},
    }
    return {**body, **changes}


async def plan(house: House, *, by: Principal = OFFICIAL, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/activities", caller=by, json=activity_body(house, **changes))


async def planned(house: House, *, by: Principal = OFFICIAL, **changes: Any) -> dict[str, Any]:
    return said(await plan(house, by=by, **changes))


async def act(house: House, activity_id: str, verb: str, body: Any, *, by: Principal = OFFICIAL) -> httpx.Response:
    return await house.client.post(f"/v1/activities/{activity_id}/{verb}", caller=by, json=body)


def record_body(officials: int = 3, residents: int = 20, *, turns: tuple[int, int] = (4, 6), **changes: Any) -> dict[str, Any]:
    body = {
        "participants": {"officials": officials, "residents": residents},
        "turns": {"officials": turns[0], "residents": turns[1]},
    }
    return {**body, **changes}
