"""Posts and contacts of a test, made through REST."""

from typing import Any

import httpx

from shared.auth import Principal
from tests.visits.house import LEAD, OFFICIAL, TOWNSHIP, House

TERMS = {"rhythm_days": 14, "meeting": "home", "companion": "neighbour"}
LABEL, PLACE = "The family by the well", "The last door of the lower lane"


def post_body(**changes: Any) -> dict[str, Any]:
    body = {
        "unit_id": str(TOWNSHIP.unit_id),
        "code": "lane",
        "name": "Officer of the lower lane",
        "holder_id": str(OFFICIAL.account_id),
        "visits_per_week": 10,
    }
    return {**body, **changes}


def contact_body(**changes: Any) -> dict[str, Any]:
    return {"unit_id": str(TOWNSHIP.unit_id), "kind": "household", "label": LABEL, "place": PLACE, **changes}


async def add_post(house: House, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/posts", caller=by, json=post_body(**changes))


async def posted(house: House, **changes: Any) -> str:
    """The id of a post that OFFICIAL holds."""
    answer = await add_post(house, **changes)
    assert answer.status_code == 201, answer.text
    post_id: str = answer.json()["id"]
    return post_id


async def add_contact(house: House, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/contacts", caller=by, json=contact_body(**changes))


async def listed(house: House, **changes: Any) -> str:
    """The id of a contact that is to be asked."""
    answer = await add_contact(house, **changes)
    assert answer.status_code == 201, answer.text
    contact_id: str = answer.json()["id"]
    return contact_id


async def seen(house: House, contact_id: str, *, by: Principal = LEAD) -> dict[str, Any]:
    answer = await house.client.get(f"/v1/contacts/{contact_id}", caller=by)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def choose(house: House, contact_id: str, verb: str, *, by: Principal = LEAD, **said: Any) -> httpx.Response:
    """What a resident chose, as somebody writes it down."""
    return await house.client.post(f"/v1/contacts/{contact_id}/{verb}", caller=by, json=said)


async def chosen(house: House, contact_id: str, verb: str, **said: Any) -> dict[str, Any]:
    answer = await choose(house, contact_id, verb, **said)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def agreed(house: House, **changes: Any) -> str:
    """The id of a contact that has agreed, and is visited by OFFICIAL, who holds its post."""
    contact_id = await listed(house, post_id=changes.pop("post_id", None) or await posted(house))
    await chosen(house, contact_id, "agree", **{**TERMS, **changes})
    return contact_id


def contact_plan(house: House, contact_id: str, **changes: Any) -> dict[str, Any]:
    return {"contact_id": contact_id, "purpose": "Regular contact", "starts_at": house.clock().isoformat(), **changes}


async def plan_for(house: House, contact_id: str, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    return await house.client.post("/v1/visit-plans", caller=by, json=contact_plan(house, contact_id, **changes))


async def planned_for(house: House, contact_id: str, **changes: Any) -> dict[str, Any]:
    answer = await plan_for(house, contact_id, **changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def visits_of(house: House, plan: dict[str, Any], *states: str) -> list[dict[str, Any]]:
    """The visits of a plan that are in one of these states."""
    answer = await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)
    return [visit for visit in answer.json()["visits"] if visit["state"] in states]
