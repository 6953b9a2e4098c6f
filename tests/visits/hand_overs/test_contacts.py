"""A contact that is given to another post, with its plan."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from shared.auth import Principal
from tests.visits.house import COLLEAGUE, ELSEWHERE, LEAD, OFFICIAL, STRANGER, House
from tests.visits.register import agreed, chosen, planned_for, posted, seen


async def give(house: House, contact_id: str, post_id: str, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    body = {"post_id": post_id, **changes}
    return await house.client.call("PATCH", f"/v1/contacts/{contact_id}", caller=by, json=body)


async def goes(house: House, visit_id: str) -> tuple[str, str | None]:
    visit = await house.read(f"/v1/visits/{visit_id}")
    return visit["assignee_id"], visit["post_id"]


async def test_another_post_makes_the_visits_to_come_and_its_holder_is_told_whom_at_once(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    plan = await planned_for(house, contact_id)
    made, following, *later = [visit["id"] for visit in plan["visits"]]
    assert (await house.record(made)).status_code == 200
    other = await posted(house, code="other", holder_id=str(COLLEAGUE.account_id))
    answer = await give(house, contact_id, other)
    assert answer.status_code == 200, answer.text
    mine = {"post_id": other, "assignee_id": str(COLLEAGUE.account_id)}
    assert answer.json()["plan"] == {"id": plan["id"], **mine, "visits": len(later) + 1}
    shown = await house.read(f"/v1/visit-plans/{plan['id']}")
    assert {name: shown[name] for name in mine} == mine
    assert shown["version"] > plan["version"]
    for visit_id in (following, *later):
        assert await goes(house, visit_id) == (str(COLLEAGUE.account_id), other)
    assert await goes(house, made) == (str(OFFICIAL.account_id), post_id), "who made a visit made it"
    assert (await house.read(f"/v1/visits/{following}", by=COLLEAGUE))["contact"] is not None
    assert (await house.record(following, by=OFFICIAL)).status_code == 403
    assert (await house.record(following, by=COLLEAGUE)).status_code == 200


async def test_visits_made_later_are_the_new_posts(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    other = await posted(house, code="other", holder_id=str(COLLEAGUE.account_id))
    await give(house, contact_id, other)
    await chosen(house, contact_id, "agree", rhythm_days=7)
    visits = (await house.read(f"/v1/visit-plans/{plan['id']}"))["visits"]
    assert {await goes(house, visit["id"]) for visit in visits} == {(str(COLLEAGUE.account_id), other)}


async def test_a_plan_that_has_ended_stays_with_its_post(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    plan = await planned_for(house, contact_id)
    ended = await house.client.post(f"/v1/visit-plans/{plan['id']}/end", caller=LEAD, json={"reason": "By another plan"})
    assert ended.status_code == 200, ended.text
    other = await posted(house, code="other", holder_id=str(COLLEAGUE.account_id))
    answer = await give(house, contact_id, other)
    assert (answer.json()["post_id"], answer.json()["plan"]) == (other, None)
    assert (await house.read(f"/v1/visit-plans/{plan['id']}"))["post_id"] == post_id
    assert await goes(house, plan["visits"][0]["id"]) == (str(OFFICIAL.account_id), post_id)


async def test_a_contact_that_rests_comes_back_to_its_new_post(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    await chosen(house, contact_id, "suspend")
    other = await posted(house, code="other", holder_id=str(COLLEAGUE.account_id))
    answer = await give(house, contact_id, other)
    assert answer.json()["plan"]["visits"] == 0
    await chosen(house, contact_id, "resume")
    visits = (await house.read(f"/v1/visit-plans/{plan['id']}"))["visits"]
    ahead = [visit["id"] for visit in visits if visit["state"] in ("planned", "ready")]
    assert ahead
    assert {await goes(house, visit_id) for visit_id in ahead} == {(str(COLLEAGUE.account_id), other)}


async def test_the_post_that_a_contact_has_already_changes_nothing(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    plan = await planned_for(house, contact_id)
    answer = await give(house, contact_id, post_id, label="The smith")
    assert (answer.json()["label"], answer.json()["plan"]) == ("The smith", None)
    assert (await house.read(f"/v1/visit-plans/{plan['id']}"))["version"] == plan["version"]


async def test_a_post_of_another_chain_gets_neither_contact_nor_plan(house: House) -> None:
    post_id = await posted(house)
    contact_id = await agreed(house, post_id=post_id)
    plan = await planned_for(house, contact_id)
    foreign = await posted(house, code="far", unit_id=str(ELSEWHERE.unit_id), holder_id=str(STRANGER.account_id), by=STRANGER)
    answers = [await give(house, contact_id, id, label="The smith") for id in (foreign, str(uuid4()))]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}
    contact = await seen(house, contact_id)
    assert contact["post_id"] == post_id
    assert contact["label"] != "The smith"
    assert (await house.read(f"/v1/visit-plans/{plan['id']}"))["post_id"] == post_id


async def test_giving_contacts_and_handing_their_posts_over_at_once_leaves_each_with_the_holder(house: House) -> None:
    post_id, other = await posted(house), await posted(house, code="other")
    contacts = [await agreed(house, post_id=post_id) for _ in range(3)]
    plans = [await planned_for(house, contact_id) for contact_id in contacts]
    hand_overs = [
        house.client.post(f"/v1/posts/{id}/hand-over", caller=LEAD, json={"holder_id": str(COLLEAGUE.account_id)})
        for id in (post_id, other)
    ]
    answers = await asyncio.gather(*(give(house, contact_id, other) for contact_id in contacts), *hand_overs)
    assert [answer.status_code for answer in answers] == [200] * 5
    for plan in plans:
        assert (await house.read(f"/v1/visit-plans/{plan['id']}"))["assignee_id"] == str(COLLEAGUE.account_id)
        assert await goes(house, plan["visits"][0]["id"]) == (str(COLLEAGUE.account_id), other)
