"""Nowhere is it written down what a person believes, thinks or suffers from: what names whom visits are to is read as well."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.visits.activities import acts as activities
from tests.visits.house import LEAD, TOWNSHIP, House
from tests.visits.register import add_contact, add_post, agreed, listed, posted
from tests.visits.research.acts import propose

TELLS = {"faith": "The Christian family", "politics": "The dissident's house", "health": "Grandfather is ill", "": "上访户的家"}
Send = Callable[[House, dict[str, Any]], Awaitable[httpx.Response]]


async def contact(house: House, said: dict[str, Any]) -> httpx.Response:
    return await add_contact(house, **said)


async def contact_change(house: House, said: dict[str, Any]) -> httpx.Response:
    return await house.client.call("PATCH", f"/v1/contacts/{await listed(house)}", caller=LEAD, json=said)


async def post(house: House, said: dict[str, Any]) -> httpx.Response:
    return await add_post(house, **said)


async def post_change(house: House, said: dict[str, Any]) -> httpx.Response:
    return await house.client.call("PATCH", f"/v1/posts/{await posted(house)}", caller=LEAD, json=said)


async def plan(house: House, said: dict[str, Any]) -> httpx.Response:
    return await house.plan(**said)


async def plan_change(house: House, said: dict[str, Any]) -> httpx.Response:
    plan_id = (await house.planned())["id"]
    headers = {"If-Match": '"1"'}
    return await house.client.call("PATCH", f"/v1/visit-plans/{plan_id}", caller=LEAD, json=said, headers=headers)


async def proposal(house: House, said: dict[str, Any]) -> httpx.Response:
    await agreed(house)
    body = {"unit_id": str(TOWNSHIP.unit_id), "starts_on": house.clock().date().isoformat()}
    return await house.client.post("/v1/visit-proposals", caller=LEAD, json={**body, "only_unassigned": False, **said})


async def research(house: House, said: dict[str, Any]) -> httpx.Response:
    return await propose(house, by=LEAD, leader_id=str(LEAD.account_id), **said)


async def activity(house: House, said: dict[str, Any]) -> httpx.Response:
    await activities.adopted(house)
    return await activities.plan(house, **said)


async def activity_template(house: House, said: dict[str, Any]) -> httpx.Response:
    return await activities.adopt(house, **said)


FIELDS: dict[Send, tuple[str, ...]] = {
    contact: ("label", "place"),
    contact_change: ("label", "place"),
    post: ("name",),
    post_change: ("name",),
    plan: ("purpose", "place", "population"),
    plan_change: ("purpose", "place", "population"),
    proposal: ("purpose",),
    research: ("question", "population"),
    activity: ("title", "place", "target_group"),
    activity_template: ("target_group",),
}


def cases() -> Iterator[Any]:
    for send, fields in FIELDS.items():
        for at, field in enumerate(fields):
            text = list(TELLS.values())[at % len(TELLS)]
            yield pytest.param(send, field, text, id=f"{send.__name__}-{field}")


@pytest.mark.parametrize(("send", "field", "text"), list(cases()))
async def test_what_tells_of_a_persons_faith_politics_or_health_is_refused(
    house: House, send: Send, field: str, text: str
) -> None:
    answer = await send(house, {field: text})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].endswith("sensitive-note")
    assert [error["field"] for error in body["errors"]] == [f"body.{field}"]
    assert text not in answer.text, "it is not said again"


async def test_titles_and_steps_of_a_template_are_read_too(house: House) -> None:
    title = {"en": "Evening for believers", "zh": "信徒之夜"}
    answer = await activity_template(house, {"title": title, "steps": ["Open the hall", "Ask who is ill"]})
    assert [error["field"] for error in answer.json()["errors"]] == ["body.title.en", "body.title.zh", "body.steps.1"]


@pytest.mark.parametrize("send", FIELDS, ids=lambda send: send.__name__)
async def test_what_tells_of_a_service_is_taken(house: House, send: Send) -> None:
    for field in FIELDS[send][:1]:
        answer = await send(house, {field: "The clinic without cancer screening"})
        assert answer.status_code < 300, answer.text


async def test_a_change_that_is_refused_changes_nothing(house: House) -> None:
    contact_id = await listed(house)
    before = (await house.client.get(f"/v1/contacts/{contact_id}", caller=LEAD)).json()
    refused = {"label": "The Christian family", "place": "Elsewhere"}
    answer = await house.client.call("PATCH", f"/v1/contacts/{contact_id}", caller=LEAD, json=refused)
    assert answer.status_code == 422
    assert (await house.client.get(f"/v1/contacts/{contact_id}", caller=LEAD)).json() == before
