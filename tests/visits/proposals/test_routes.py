import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.visits import jobs
from services.visits.jobs import make_proposed
from services.visits.proposals.actions.accepting import make_accepted
from shared.auth import Principal
from shared.events.visits import VisitPlanned, VisitProposalAccepted
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    COUNTY,
    ELSEWHERE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
)

WEST, EAST = {"latitude": 30.0, "longitude": 110.0}, {"latitude": 30.0, "longitude": 110.5}


async def made(house: House, path: str, body: dict[str, Any], *, by: Principal = LEAD) -> Any:
    answer = await house.client.post(path, caller=by, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def post(house: House, code: str, holder: Principal, **changes: Any) -> str:
    body = {"unit_id": str(TOWNSHIP.unit_id), "code": code, "name": code, "holder_id": str(holder.account_id)}
    found: str = (await made(house, "/v1/posts", {**body, "visits_per_week": 5, "location": WEST, **changes}, by=ADMIN))["id"]
    return found


async def contact(house: House, *, rhythm_days: int = 28, by: Principal = ADMIN, **changes: Any) -> str:
    body = {"unit_id": str(TOWNSHIP.unit_id), "kind": "household", "label": "The Lins", "place": "Lower lane 4"}
    listed = await made(house, "/v1/contacts", {**body, "location": WEST, **changes}, by=by)
    await made(house, f"/v1/contacts/{listed['id']}/agree", {"rhythm_days": rhythm_days}, by=by)
    found: str = listed["id"]
    return found


async def ask(house: House, *, by: Principal = LEAD, **changes: Any) -> httpx.Response:
    body = {"unit_id": str(TOWNSHIP.unit_id), "starts_on": house.clock().date().isoformat(), **changes}
    return await house.client.post("/v1/visit-proposals", caller=by, json=body)


async def proposed(house: House, **changes: Any) -> Any:
    answer = await ask(house, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def assignments(house: House, proposal_id: str, *, by: Principal = LEAD, **params: Any) -> dict[str, Any]:
    path = f"/v1/visit-proposals/{proposal_id}/assignments"
    page = await house.client.get(path, caller=by, params={"limit": 100, **params})
    assert page.status_code == 200, page.text
    return {item["contact_id"]: item for item in page.json()["items"]}


async def accept(house: House, proposal_id: str, *, by: Principal = LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/visit-proposals/{proposal_id}/accept", caller=by)


async def accepted(house: House, proposal_id: str) -> Any:
    answer = await accept(house, proposal_id)
    assert answer.status_code == 202, answer.text
    while await make_proposed(house.service.works):
        pass
    return (await house.client.get(f"/v1/visit-proposals/{proposal_id}", caller=LEAD)).json()


async def test_a_proposal_sends_the_nearest_and_says_so(house: House) -> None:
    west, east = await post(house, "west", OFFICIAL), await post(house, "east", COLLEAGUE, location=EAST)
    near, far = await contact(house), await contact(house, location=EAST)
    body = await proposed(house)
    assert (body["state"], body["contacts"], body["posts"], body["out_of_reach"]) == ("proposed", 2, 2, 0)
    assert (body["visits_needed_per_week"], body["visits_possible_per_week"], body["limits"]) == (0.5, 10, [])
    assert body["measures"] == {"max_load": 0.05, "overdue": 0, "km_per_year": 0.0}
    assert [load["contacts"] for load in body["loads"]] == [1, 1]
    found = await assignments(house, body["id"])
    assert [found[near]["post_id"], found[far]["post_id"]] == [west, east]
    assert found[near]["explanation"] == (
        "This is the nearest post, less than a kilometre away. The post carries 5% of what it can make, before it 0%."
    )
    assert found[near]["first_on"] >= body["starts_on"]


async def test_a_proposal_stands_beside_dealing_out_in_turn_and_is_never_worse(house: House) -> None:
    await post(house, "west", OFFICIAL, visits_per_week=2)
    await post(house, "east", COLLEAGUE, location=EAST, visits_per_week=6)
    for number in range(12):
        await contact(house, rhythm_days=14, location=EAST if number % 3 else WEST)
    body = await proposed(house)
    better, turn = body["measures"], body["round_robin"]
    assert better["max_load"] < turn["max_load"]
    assert better["km_per_year"] < turn["km_per_year"]
    assert better["overdue"] <= turn["overdue"]


async def test_more_need_than_capacity_is_said_in_plain_words(house: House) -> None:
    await post(house, "west", OFFICIAL, visits_per_week=1)
    for _ in range(4):
        await contact(house, rhythm_days=7)
    body = await proposed(house)
    assert body["limits"][0].startswith("The contacts ask for 4.0 visits a week and the posts can make 1:")
    answer = await house.client.get(f"/v1/visit-proposals/{body['id']}", caller=LEAD, headers={"Accept-Language": "zh"})
    assert answer.json()["limits"][0].startswith("联系对象每周需要走访4.0次")
    reaches = sorted(item["reach"] for item in (await assignments(house, body["id"])).values())
    assert reaches == ["in_time", "over_capacity", "over_capacity", "over_capacity"]


async def test_a_post_takes_contacts_of_its_unit_and_of_those_below_it_only(house: House) -> None:
    await post(house, "village", VILLAGE_OFFICIAL, unit_id=str(VILLAGE.unit_id))
    below, above = await contact(house, unit_id=str(VILLAGE.unit_id)), await contact(house)
    body = await proposed(house, unit_id=str(COUNTY.unit_id))
    assert set(await assignments(house, body["id"])) == {below}
    assert body["out_of_reach"] == 1
    assert body["limits"] == ["1 contacts go to nobody: a post takes contacts of its own unit and of the units below it."]
    await post(house, "township", OFFICIAL)
    assert set(await assignments(house, (await proposed(house))["id"])) == {below, above}


async def test_only_who_has_agreed_is_considered_and_nothing_changes_before_it_is_accepted(house: House) -> None:
    await post(house, "west", OFFICIAL)
    mine = await contact(house)
    refused, suspended = await contact(house), await contact(house)
    await made(house, f"/v1/contacts/{refused}/refuse", {}, by=ADMIN)
    await made(house, f"/v1/contacts/{suspended}/suspend", {"until": (house.clock() + timedelta(days=9)).isoformat()}, by=ADMIN)
    body = await proposed(house)
    assert set(await assignments(house, body["id"])) == {mine}
    assert (await house.client.get(f"/v1/contacts/{mine}", caller=ADMIN)).json()["post_id"] is None
    assert await house.told(VisitPlanned, VisitProposalAccepted) == []


async def test_who_has_a_post_keeps_it_unless_all_are_asked_for(house: House) -> None:
    west, east = await post(house, "west", OFFICIAL), await post(house, "east", COLLEAGUE, location=EAST)
    settled, free = await contact(house, post_id=west, location=EAST), await contact(house)
    body = await proposed(house)
    assert set(await assignments(house, body["id"])) == {free}
    assert [load["load_before"] for load in body["loads"] if load["post_id"] == west] == [0.05]
    every = await assignments(house, (await proposed(house, only_unassigned=False))["id"])
    assert [every[settled]["post_id"], every[free]["post_id"]] == [east, west]


async def test_accepting_gives_posts_and_visits_and_tells_it_once(house: House) -> None:
    west, east = await post(house, "west", OFFICIAL), await post(house, "east", COLLEAGUE, location=EAST)
    near, far = await contact(house), await contact(house, location=EAST)
    body = await proposed(house, purpose="See how they are", time_zone="Asia/Shanghai")
    first_on = (await assignments(house, body["id"]))[near]["first_on"]
    done = await accepted(house, body["id"])
    assert (done["state"], done["accepted_by"]) == ("accepted", str(LEAD.account_id))
    for contact_id, post_id, visitor in ((near, west, OFFICIAL), (far, east, COLLEAGUE)):
        assert (await house.client.get(f"/v1/contacts/{contact_id}", caller=ADMIN)).json()["post_id"] == post_id
        visits = (await house.client.get("/v1/visits", caller=visitor, params={"assignee": "me"})).json()["items"]
        assert len(visits) == 7
        assert {visit["purpose"] for visit in visits} == {"See how they are"}
    visits = (await house.client.get("/v1/visits", caller=OFFICIAL, params={"assignee": "me"})).json()["items"]
    assert visits[0]["window_starts_at"] == f"{_day_before(first_on)}T16:00:00Z", "the day begins where the contacts are"
    (event,) = await house.told(VisitProposalAccepted)
    assert (str(event.proposal_id), event.contacts, event.posts) == (body["id"], 2, 2)
    again = await accept(house, body["id"])
    assert again.status_code == 409
    assert again.json()["type"].endswith("proposal-accepted")


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


async def test_a_contact_whose_visits_are_planned_already_passes_on_with_its_plan(house: House) -> None:
    west, east = await post(house, "west", OFFICIAL), await post(house, "east", COLLEAGUE, location=EAST)
    moved = await contact(house, post_id=west, location=EAST)
    plan = {"contact_id": moved, "purpose": "See how they are", "starts_at": house.clock().isoformat()}
    await made(house, "/v1/visit-plans", plan)
    body = await proposed(house, only_unassigned=False)
    assert (await accepted(house, body["id"]))["state"] == "accepted"
    plans = (await house.client.get("/v1/visit-plans", caller=LEAD)).json()["items"]
    assert [plan["assignee_id"] for plan in plans] == [str(COLLEAGUE.account_id)]
    visits = (await house.client.get("/v1/visits", caller=LEAD)).json()["items"]
    assert {visit["assignee_id"] for visit in visits} == {str(COLLEAGUE.account_id)}
    assert (await house.client.get(f"/v1/contacts/{moved}", caller=ADMIN)).json()["post_id"] == east


async def change_rhythm(house: House, contact_id: str, post_id: str) -> None:
    await made(house, f"/v1/contacts/{contact_id}/agree", {"rhythm_days": 14}, by=ADMIN)


async def refuse(house: House, contact_id: str, post_id: str) -> None:
    await made(house, f"/v1/contacts/{contact_id}/refuse", {}, by=ADMIN)


async def settle(house: House, contact_id: str, post_id: str) -> None:
    answer = await house.client.call("PATCH", f"/v1/contacts/{contact_id}", caller=ADMIN, json={"post_id": post_id})
    assert answer.status_code == 200


async def move_away(house: House, contact_id: str, post_id: str) -> None:
    answer = await house.client.call("PATCH", f"/v1/contacts/{contact_id}", caller=ADMIN, json={"location": EAST})
    assert answer.status_code == 200


@pytest.mark.parametrize("change", [change_rhythm, refuse, settle, move_away])
async def test_a_proposal_whose_contacts_have_changed_is_not_accepted_and_names_them(
    house: House, change: Callable[[House, str, str], Awaitable[None]]
) -> None:
    west = await post(house, "west", OFFICIAL)
    changed, same = await contact(house), await contact(house)
    body = await proposed(house)
    await change(house, changed, west)
    answer = await accept(house, body["id"])
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("proposal-outdated")
    assert answer.json()["contact_ids"] == [changed]
    assert (await house.client.get(f"/v1/contacts/{same}", caller=ADMIN)).json()["post_id"] is None


@pytest.mark.parametrize("change", [{"visits_per_week": 4}, {"location": EAST}])
async def test_a_proposal_whose_posts_have_changed_is_not_accepted(house: House, change: dict[str, Any]) -> None:
    west = await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    await house.client.call("PATCH", f"/v1/posts/{west}", caller=LEAD, json=change)
    answer = await accept(house, body["id"])
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("proposal-outdated")
    assert answer.json()["post_ids"] == ([west] if "visits_per_week" in change else [])


async def test_a_post_that_was_given_other_contacts_meanwhile_is_named(house: House) -> None:
    west = await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    await contact(house, post_id=west)
    answer = await accept(house, body["id"])
    assert (answer.status_code, answer.json()["post_ids"]) == (409, [west])


async def test_a_name_that_changes_is_no_change(house: House) -> None:
    west = await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    await house.client.call("PATCH", f"/v1/posts/{west}", caller=LEAD, json={"name": "The west"})
    assert (await accept(house, body["id"])).status_code == 202


async def test_to_accept_says_nothing_more(house: House) -> None:
    await post(house, "west", OFFICIAL)
    await contact(house)
    path = f"/v1/visit-proposals/{(await proposed(house))['id']}/accept"
    assert (await house.client.post(path, caller=LEAD, json={"only": "some"})).status_code == 422


async def test_a_proposal_whose_start_has_passed_is_not_accepted(house: House) -> None:
    await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    house.clock.advance(days=1)
    answer = await accept(house, body["id"])
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1].rsplit(":")[-1]) == (409, "proposal-too-old")


async def test_whoever_thinks_otherwise_after_it_was_accepted_is_left_alone(house: House) -> None:
    await post(house, "west", OFFICIAL)
    willing, unwilling = await contact(house), await contact(house)
    body = await proposed(house)
    assert (await accept(house, body["id"])).json()["state"] == "accepting"
    await refuse(house, unwilling, "")
    while await make_proposed(house.service.works):
        pass
    found = await assignments(house, body["id"])
    assert (found[willing]["outcome"], found[unwilling]["outcome"]) == ("planned", "left")
    (event,) = await house.told(VisitProposalAccepted)
    assert event.contacts == 1
    assert (await house.client.get(f"/v1/contacts/{unwilling}", caller=ADMIN)).json()["post_id"] is None


async def test_workers_share_the_contacts_and_one_of_them_tells_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CONTACTS_BATCH", 3)
    await post(house, "west", OFFICIAL, visits_per_week=50)
    for _ in range(20):
        await contact(house, rhythm_days=90)
    body = await proposed(house)
    await accept(house, body["id"])

    async def work() -> None:
        while await make_proposed(house.service.works):
            pass

    await asyncio.gather(work(), work(), work())
    await work()
    assert len(await house.told(VisitProposalAccepted)) == 1
    plans = (await house.client.get("/v1/visit-plans", caller=LEAD, params={"limit": 100})).json()["items"]
    assert len(plans) == 20


async def test_a_worker_that_is_stopped_midway_is_followed_by_another(house: House) -> None:
    await post(house, "west", OFFICIAL)
    for _ in range(3):
        await contact(house, rhythm_days=90)
    body = await proposed(house)
    await accept(house, body["id"])
    with suppress(ZeroDivisionError):
        async with house.service.works.begin() as uow:
            assert await make_accepted(uow, limit=2) == 2
            raise ZeroDivisionError
    async with house.service.works.begin() as uow:
        assert await make_accepted(uow, limit=2) == 2
    async with house.service.works.begin() as uow:
        assert await make_accepted(uow, limit=2) == 1
    assert (await house.client.get(f"/v1/visit-proposals/{body['id']}", caller=LEAD)).json()["state"] == "accepted"


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"starts_on": "2026-03-01"}, 422, "proposal-start"),
        ({"starts_on": "2028-01-01"}, 422, "proposal-start"),
        ({"time_zone": "Nowhere/Atall"}, 422, "unknown-time-zone"),
        ({"starts_on": 1_800_000_000}, 422, "invalid-request"),
        ({"weeks": 0}, 422, "invalid-request"),
        ({"weeks": 53}, 422, "invalid-request"),
        ({"purpose": ""}, 422, "invalid-request"),
        ({"unit_id": str(ELSEWHERE.unit_id)}, 404, "unit-not-found"),
    ],
)
async def test_what_cannot_be_proposed(house: House, changes: dict[str, Any], status: int, slug: str) -> None:
    answer = await ask(house, **changes)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(slug)


async def test_without_posts_or_without_contacts_there_is_nothing_to_propose(house: House) -> None:
    answer = await ask(house)
    assert (answer.status_code, answer.json()["type"].endswith("no-posts")) == (409, True)
    await post(house, "west", OFFICIAL)
    answer = await ask(house)
    assert (answer.status_code, answer.json()["type"].endswith("no-contacts")) == (409, True)


@pytest.mark.parametrize("who", [OFFICIAL, INSPECTOR, RESIDENT], ids=lambda who: str(who.role))
async def test_only_leads_propose_and_accept(house: House, who: Principal) -> None:
    await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    assert (await ask(house, by=who)).status_code == 403
    assert (await accept(house, body["id"], by=who)).status_code == 403


async def test_a_foreign_proposal_answers_as_one_that_there_is_not(house: House) -> None:
    await post(house, "west", OFFICIAL)
    await contact(house)
    body = await proposed(house)
    for rest in ("", "/assignments"):
        answers = [await house.client.get(f"/v1/visit-proposals/{each}{rest}", caller=STRANGER) for each in (body["id"], uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json()["type"] == answers[1].json()["type"]
    assert (await accept(house, body["id"], by=STRANGER)).status_code == 404
    assert (await house.client.get("/v1/visit-proposals", caller=STRANGER)).json()["items"] == []


async def test_who_only_holds_a_post_reads_what_is_proposed_for_it(house: House) -> None:
    await post(house, "west", OFFICIAL)
    village = await post(house, "village", VILLAGE_OFFICIAL, unit_id=str(VILLAGE.unit_id), location=EAST)
    mine, other = await contact(house, unit_id=str(VILLAGE.unit_id), location=EAST), await contact(house)
    body = await proposed(house, unit_id=str(COUNTY.unit_id))
    found = await assignments(house, body["id"], by=VILLAGE_OFFICIAL)
    assert {each: item["post_id"] for each, item in found.items()} == {mine: village}
    assert set(await assignments(house, body["id"], by=INSPECTOR)) == {mine, other}
    listed = await house.client.get("/v1/visit-proposals", caller=VILLAGE_OFFICIAL)
    assert [item["id"] for item in listed.json()["items"]] == [body["id"]]


async def test_lists_are_pages(house: House) -> None:
    await post(house, "west", OFFICIAL)
    contacts = [await contact(house) for _ in range(3)]
    proposals = [(await proposed(house))["id"] for _ in range(3)]
    for path, key, expected in (
        ("/v1/visit-proposals", "id", proposals),
        (f"/v1/visit-proposals/{proposals[0]}/assignments", "contact_id", contacts),
    ):
        first = (await house.client.get(path, caller=LEAD, params={"limit": 2})).json()
        rest = (await house.client.get(path, caller=LEAD, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [item[key] for item in first["items"] + rest["items"]] == sorted(expected)
        assert rest["next_cursor"] is None
        assert (await house.client.get(path, caller=LEAD, params={"cursor": "nonsense"})).status_code == 422
    of_unit = await house.client.get("/v1/visit-proposals", caller=LEAD, params={"unit_id": str(VILLAGE.unit_id)})
    assert of_unit.json()["items"] == []
