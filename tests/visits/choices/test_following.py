"""What follows from a choice for the visits to whoever made it."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.visits.jobs import follow_windows, plan_ahead, resume_contacts
from shared.auth import Principal
from shared.events.visits import CancelCause, VisitCancelled, VisitMissed, VisitPlanned, VisitRecorded
from tests.visits.house import ADMIN, COLLEAGUE, INSPECTOR, LEAD, OFFICIAL, House, finding, moment
from tests.visits.register import LABEL, TERMS, agreed, choose, chosen, listed, planned_for, posted, seen, visits_of


def a_month_on(house: House) -> str:
    return (house.clock() + timedelta(days=30)).isoformat()


async def test_an_agreed_contact_is_overdue_once_its_rhythm_has_passed(house: House) -> None:
    contact_id = await agreed(house)
    house.clock.advance(days=14)
    assert (await seen(house, contact_id))["overdue"] is False
    house.clock.advance(seconds=1)
    assert (await seen(house, contact_id))["overdue"] is True
    items = (await house.client.get("/v1/contacts", caller=LEAD, params={"overdue": "true"})).json()["items"]
    assert [item["id"] for item in items] == [contact_id]


async def test_a_visit_that_was_made_is_the_last_contact_and_another_is_not(house: House) -> None:
    contact_id = await agreed(house)
    first, second = (await planned_for(house, contact_id))["visits"][:2]
    house.clock.advance(days=1)
    await house.record(first["id"], outcome="refused_by_resident")
    assert (await seen(house, contact_id))["last_contact_at"] is None
    at = house.clock() + timedelta(days=13)
    house.clock.advance(days=14)
    await house.record(second["id"], occurred_at=at.isoformat())
    body = await seen(house, contact_id)
    assert moment(body["last_contact_at"]) == at
    assert moment(body["next_due_at"]) == at + timedelta(days=14)
    items = (await house.client.get("/v1/contacts", caller=LEAD, params={"never_contacted": "true"})).json()["items"]
    assert items == []


async def test_a_visit_entered_late_does_not_bring_the_last_contact_back(house: House) -> None:
    contact_id = await agreed(house)
    first, second = (await planned_for(house, contact_id))["visits"][:2]
    early = house.clock() + timedelta(days=1)
    house.clock.advance(days=15)
    await house.record(second["id"])
    await house.record(first["id"], occurred_at=early.isoformat())
    assert moment((await seen(house, contact_id))["last_contact_at"]) == house.clock()


async def test_a_refusal_takes_every_visit_off_and_is_told_as_the_residents(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    await follow_windows(house.service.works)
    body = await chosen(house, contact_id, "refuse")
    assert (body["state"], body["next_due_at"]) == ("refused", None)
    open_now, *ahead = plan["visits"]
    assert await house.state(open_now["id"]) == "refused_by_resident"
    cancelled = await house.told(VisitCancelled)
    assert {event.cause for event in cancelled} == {CancelCause.contact_refused}
    assert [str(event.visit_id) for event in cancelled] == [visit["id"] for visit in ahead]
    (recorded,) = await house.told(VisitRecorded)
    assert (str(recorded.visit_id), recorded.outcome, recorded.late) == (open_now["id"], "refused_by_resident", False)
    house.clock.advance(days=400)
    await follow_windows(house.service.works)
    await plan_ahead(house.service.works)
    assert await house.told(VisitMissed) == []
    assert len(await house.told(VisitPlanned)) == len(plan["visits"])


async def test_a_visit_that_was_missed_before_the_refusal_stays_missed(house: House) -> None:
    contact_id = await agreed(house)
    missed = (await planned_for(house, contact_id))["visits"][0]["id"]
    house.clock.advance(days=8)
    await chosen(house, contact_id, "refuse")
    await follow_windows(house.service.works)
    assert await house.state(missed) == "missed"


async def test_an_end_cancels_the_open_visit_and_no_resident_is_said_to_have_refused(house: House) -> None:
    contact_id = await agreed(house)
    open_now = (await planned_for(house, contact_id))["visits"][0]["id"]
    await chosen(house, contact_id, "end")
    assert await house.state(open_now) == "cancelled"
    (recorded,) = await house.told(VisitRecorded)
    assert recorded.outcome == "cancelled"
    assert {event.cause for event in await house.told(VisitCancelled)} == {CancelCause.contact_ended}


async def test_a_visit_left_open_by_a_plan_that_has_ended_is_refused_too(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    ended = await house.client.post(f"/v1/visit-plans/{plan['id']}/end", caller=LEAD, json={"reason": "Another plan."})
    assert ended.status_code == 200, ended.text
    await chosen(house, contact_id, "refuse")
    assert await house.state(plan["visits"][0]["id"]) == "refused_by_resident"


async def test_who_refused_is_shown_to_those_who_lead_alone(house: House) -> None:
    contact_id = await agreed(house)
    await chosen(house, contact_id, "refuse")
    assert (await seen(house, contact_id, by=LEAD))["label"] == LABEL
    for who in (OFFICIAL, COLLEAGUE, INSPECTOR):
        assert (await seen(house, contact_id, by=who))["label"] is None


@pytest.mark.parametrize(("who", "status"), [(OFFICIAL, 403), (LEAD, 200), (ADMIN, 200)], ids=["holder", "lead", "admin"])
async def test_only_a_lead_writes_down_that_somebody_who_refused_agrees_after_all(
    house: House, who: Principal, status: int
) -> None:
    contact_id = await agreed(house)
    await chosen(house, contact_id, "refuse")
    answer = await choose(house, contact_id, "agree", by=who, **TERMS)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"].endswith("refused-before")
    assert (await seen(house, contact_id))["state"] == ("agreed" if status == 200 else "refused")


async def test_a_suspension_ends_by_itself_and_nobody_is_overdue_at_once(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    await house.record(plan["visits"][0]["id"])
    await chosen(house, contact_id, "suspend", until=a_month_on(house))
    assert await visits_of(house, plan, "planned", "ready") == []
    house.clock.advance(days=29)
    await resume_contacts(house.service.works)
    assert (await seen(house, contact_id))["state"] == "suspended"
    house.clock.advance(days=1)
    await resume_contacts(house.service.works)
    body = await seen(house, contact_id)
    assert (body["state"], body["suspended_until"], body["rhythm_days"]) == ("agreed", None, 14)
    assert moment(body["next_due_at"]) == house.clock() + timedelta(days=7), "the time away was the resident's wish"
    first, second = (await visits_of(house, plan, "planned", "ready"))[-13:][:2]
    assert moment(first["window_starts_at"]) >= house.clock()
    assert moment(second["window_starts_at"]) - moment(first["window_starts_at"]) == timedelta(days=14)


async def test_after_new_terms_the_next_contact_is_due_no_sooner_than_in_a_week(house: House) -> None:
    contact_id = await agreed(house, rhythm_days=60)
    await house.record((await planned_for(house, contact_id))["visits"][0]["id"])
    house.clock.advance(days=50)
    body = await chosen(house, contact_id, "agree", **TERMS)
    assert moment(body["next_due_at"]) == house.clock() + timedelta(days=7)


async def test_a_new_rhythm_dates_the_visits_ahead_anew_and_leaves_the_open_one(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    await follow_windows(house.service.works)
    await chosen(house, contact_id, "agree", **{**TERMS, "rhythm_days": 30})
    (open_now,) = await visits_of(house, plan, "ready")
    assert open_now["id"] == plan["visits"][0]["id"]
    starts = [moment(visit["window_starts_at"]) for visit in await visits_of(house, plan, "planned")]
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(days=30)}
    assert {event.cause for event in await house.told(VisitCancelled)} == {CancelCause.plan_changed}


BODIES: dict[str, Any] = {"agree": {**TERMS, "rhythm_days": 30}, "suspend": {}, "refuse": {}, "end": {}}


@pytest.mark.parametrize("verb", BODIES)
async def test_a_choice_and_a_record_at_the_same_moment_both_stand(house: House, verb: str) -> None:
    """Whoever comes second finds what the first has done: neither waits for the other in a circle."""
    contact_id = await agreed(house)
    visit_id = (await planned_for(house, contact_id))["visits"][0]["id"]
    recorded, answer = await asyncio.gather(
        house.record(visit_id, findings=[finding()]), choose(house, contact_id, verb, **BODIES[verb])
    )
    assert answer.status_code == 200, answer.text
    stopped = "cancelled" if verb == "end" else "refused_by_resident"
    assert (recorded.status_code, await house.state(visit_id)) in {(200, "done"), (409, stopped)}
    met = (await seen(house, contact_id))["last_contact_at"]
    assert (met is not None) == (recorded.status_code == 200)


async def test_many_choices_and_records_at_once_end_in_no_circle(house: House) -> None:
    """Batches of phones name the same contacts in another order than the visits were planned in."""
    post_id = await posted(house)
    contacts = [await agreed(house, post_id=post_id) for _ in range(3)]
    visits = [(await planned_for(house, contact_id))["visits"][:2] for contact_id in contacts]
    crossed = (
        [visits[0][0]["id"], visits[2][0]["id"], visits[1][1]["id"]],
        [visits[2][1]["id"], visits[1][0]["id"], visits[0][1]["id"]],
    )
    batches = [house.client.post("/v1/visits/sync", caller=OFFICIAL, json=batch(house, ids)) for ids in crossed]
    terms: dict[str, Any] = {**TERMS, "rhythm_days": 30}
    choices = [choose(house, contact_id, "agree", **terms) for contact_id in contacts]
    *_, answers = await asyncio.gather(plan_ahead(house.service.works), asyncio.gather(*batches, *choices))
    assert [answer.status_code for answer in answers] == [200] * 5


def batch(house: House, visit_ids: list[str]) -> dict[str, Any]:
    return {
        "items": [
            {"client_id": visit_id, "visit_id": visit_id, "base_version": "0", "record": house.record_body()}
            for visit_id in visit_ids
        ]
    }


async def test_a_choice_while_visits_are_made_ahead_leaves_none_behind(house: House) -> None:
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    house.clock.advance(days=40)
    await asyncio.gather(plan_ahead(house.service.works), chosen(house, contact_id, "refuse"), plan_ahead(house.service.works))
    await plan_ahead(house.service.works)
    left = await visits_of(house, plan, "planned", "ready")
    assert all(moment(visit["window_ends_at"]) < house.clock() for visit in left), "only what was missed before"


async def test_whoever_was_only_listed_is_refused_for_with_nothing_to_take_off(house: House) -> None:
    contact_id = await listed(house)
    assert (await chosen(house, contact_id, "refuse"))["state"] == "refused"
    assert await house.told(VisitCancelled, VisitRecorded) == []


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    ("agree", {"faith": "none"}),
    ("agree", {**TERMS, "rhythm_days": 6}),
    ("agree", {**TERMS, "rhythm_days": 367}),
    ("agree", {**TERMS, "meeting": "bar"}),
    ("agree", {**TERMS, "companion": None}),
    ("refuse", {"reason": "because"}),
    ("suspend", {"until": "tomorrow"}),
    ("suspend", {"until": "2020-01-01T00:00:00Z"}),
    ("end", {"reason": "because"}),
]


@pytest.mark.parametrize(("verb", "said"), HOSTILE, ids=[f"{verb} {said}"[:60] for verb, said in HOSTILE])
async def test_a_choice_that_is_not_offered_is_answered_with_a_problem(house: House, verb: str, said: dict[str, Any]) -> None:
    contact_id = await agreed(house)
    answer = await choose(house, contact_id, verb, **said)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await seen(house, contact_id))["state"] == "agreed"
