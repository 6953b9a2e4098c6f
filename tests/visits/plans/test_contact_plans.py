from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import Principal
from shared.events.visits import VisitPlanned
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    House,
    moment,
)
from tests.visits.register import LABEL, PLACE, TERMS, agreed, chosen, listed, plan_for, planned_for, posted, seen

WHOM = {"label": LABEL, "place": PLACE, "meeting": "home", "companion": "neighbour"}


async def visit_as(house: House, visit_id: str, who: Principal) -> dict[str, Any]:
    body: dict[str, Any] = (await house.client.get(f"/v1/visits/{visit_id}", caller=who)).json()
    (listed,) = [
        item
        for item in (await house.client.get("/v1/visits", caller=who, params={"limit": 100})).json()["items"]
        if item["id"] == visit_id
    ]
    assert listed["contact"] == body["contact"]
    return body


async def test_a_plan_of_a_post_sends_its_holder(house: House) -> None:
    post_id = await posted(house)
    plan = await house.planned(post_id=post_id, assignee_id=None)
    assert (plan["post_id"], plan["assignee_id"], plan["contact_id"]) == (post_id, str(OFFICIAL.account_id), None)
    visit = (await house.client.get(f"/v1/visits/{plan['visits'][0]['id']}", caller=OFFICIAL)).json()
    assert (visit["post_id"], visit["assignee_id"]) == (post_id, str(OFFICIAL.account_id))


async def test_a_plan_for_a_contact_takes_unit_post_and_rhythm_from_it_and_no_copy_of_its_place(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    assert (plan["contact_id"], plan["unit_id"]) == (contact_id, str(TOWNSHIP.unit_id))
    assert (plan["assignee_id"], plan["rrule"]) == (str(OFFICIAL.account_id), "FREQ=DAILY;INTERVAL=14")
    assert plan["place"] == "home"
    starts = [moment(visit["window_starts_at"]) for visit in plan["visits"]]
    assert starts == [house.clock() + timedelta(days=14 * number) for number in range(13)]
    assert not any(word in str(event) for event in await house.told(VisitPlanned) for word in (LABEL, PLACE, contact_id))


@pytest.mark.parametrize(
    ("who", "sees"),
    [(OFFICIAL, True), (LEAD, True), (ADMIN, True), (COLLEAGUE, False), (INSPECTOR, False)],
    ids=["visitor", "lead", "admin", "colleague", "inspector"],
)
async def test_whom_a_visit_is_to_is_shown_to_who_makes_it_and_who_leads(house: House, who: Principal, sees: bool) -> None:
    visit_id = (await planned_for(house, await agreed(house)))["visits"][0]["id"]
    assert (await visit_as(house, visit_id, who))["contact"] == (WHOM if sees else None)


async def test_whom_a_visit_was_to_is_hidden_from_who_made_it(house: House) -> None:
    visit_id = (await planned_for(house, await agreed(house)))["visits"][0]["id"]
    answer = await house.record(visit_id)
    assert answer.json()["contact"] is None
    assert (await visit_as(house, visit_id, OFFICIAL))["contact"] is None
    assert (await visit_as(house, visit_id, LEAD))["contact"] == WHOM


async def test_a_visitor_without_the_post_sees_whom_the_visit_is_to_and_nothing_else(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id, assignee_id=str(COLLEAGUE.account_id))
    assert (plan["post_id"], plan["assignee_id"]) == (None, str(COLLEAGUE.account_id))
    assert (await visit_as(house, plan["visits"][0]["id"], COLLEAGUE))["contact"] == WHOM
    assert (await seen(house, contact_id, by=COLLEAGUE))["label"] is None


@pytest.mark.parametrize("state", ["listed", "refused", "suspended", "ended"])
async def test_nobody_is_visited_who_has_not_agreed(house: House, state: str) -> None:
    contact_id = await listed(house, post_id=await posted(house))
    if state == "suspended":
        await chosen(house, contact_id, "agree", **TERMS)
        await chosen(house, contact_id, "suspend", until=(house.clock() + timedelta(days=30)).isoformat())
    elif state != "listed":
        await chosen(house, contact_id, {"refused": "refuse", "ended": "end"}[state])
    answer = await plan_for(house, contact_id)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("contact-not-agreed")
    assert state in answer.json()["detail"]
    assert await house.told(VisitPlanned) == []


async def test_a_contact_has_one_plan(house: House) -> None:
    contact_id = await agreed(house)
    await planned_for(house, contact_id)
    again = await plan_for(house, contact_id)
    assert again.status_code == 409
    assert again.json()["type"].endswith("contact-has-plan")


async def test_a_contact_without_a_post_needs_somebody_who_goes(house: House) -> None:
    contact_id = await listed(house)
    await chosen(house, contact_id, "agree", **TERMS)
    answer = await plan_for(house, contact_id)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("contact-has-no-post")


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER], ids=["below", "elsewhere"])
async def test_a_foreign_contact_or_post_is_answered_as_one_that_does_not_exist(house: House, who: Principal) -> None:
    contact_id = await agreed(house)
    answers = [await plan_for(house, id, by=who) for id in (contact_id, str(uuid4()))]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert {**answers[0].json(), "request_id": ""} == {**answers[1].json(), "request_id": ""}


HOSTILE: list[dict[str, Any]] = [
    {"assignee_id": None},
    {"post_id": str(uuid4()), "assignee_id": str(uuid4())},
    {"unit_id": None},
    {"place": None},
    {"contact_id": str(uuid4()), "place": "The last door"},
    {"contact_id": 1},
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
async def test_a_plan_says_where_and_who_goes_exactly_once(house: House, number: int) -> None:
    answer = await house.plan(**HOSTILE[number])
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
