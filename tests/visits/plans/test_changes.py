"""What may be changed of a plan: the visits to come follow, and nothing else does."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.visits.jobs import follow_windows, plan_ahead
from shared.auth import ANONYMOUS, Principal
from shared.events.visits import CancelCause, VisitCancelled, VisitPlanned
from tests.visits.choices.test_routes import chosen, visited
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    VILLAGE_OFFICIAL,
    WEEK,
    House,
    moment,
)

Plan = dict[str, Any]
DAY = timedelta(days=1)


async def change(house: House, plan: Plan, *, by: Principal = LEAD, version: int | None = None, **changes: Any) -> httpx.Response:
    headers = {"If-Match": f'"{version or plan["version"]}"'}
    return await house.client.call("PATCH", f"/v1/visit-plans/{plan['id']}", caller=by, json=changes, headers=headers)


async def changed(house: House, plan: Plan, **changes: Any) -> Plan:
    answer = await change(house, plan, **changes)
    assert answer.status_code == 200, answer.text
    body: Plan = answer.json()
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    return body


async def done(house: House, plan: Plan, verb: str, body: Any = None, *, by: Principal = LEAD) -> httpx.Response:
    return await house.client.post(f"/v1/visit-plans/{plan['id']}/{verb}", caller=by, json=body or {})


async def seen(house: House, plan: Plan) -> Plan:
    body: Plan = (await house.client.get(f"/v1/visit-plans/{plan['id']}", caller=LEAD)).json()
    return body


def times(plan: Plan) -> list[datetime]:
    return [moment(visit["scheduled_at"]) for visit in plan["visits"]]


def ids(plan: Plan) -> list[str]:
    return [visit["id"] for visit in plan["visits"]]


async def weekly(house: House, **changes: Any) -> Plan:
    """Ten visits, the first of which is open."""
    plan = await house.planned(rrule="FREQ=WEEKLY;COUNT=10", **changes)
    await follow_windows(house.service.works)
    return await seen(house, plan)


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition(":")[2]


async def test_exceptions_take_visits_away_and_extra_dates_bring_some(house: House) -> None:
    now = house.clock()
    plan = await house.planned(
        rrule="FREQ=WEEKLY;COUNT=4",
        except_dates=[(now + WEEK).isoformat(), (now + 3 * DAY).isoformat()],
        extra_dates=[(now + 2 * DAY).isoformat(), (now + 3 * DAY).isoformat(), (now + 2 * WEEK).isoformat()],
    )
    assert times(plan) == [now, now + 2 * DAY, now + 2 * WEEK, now + 3 * WEEK]
    assert times(await house.planned(extra_dates=[(now + DAY).isoformat()])) == [now, now + DAY]


async def test_an_extra_date_beyond_the_horizon_is_planned_when_it_comes_inside(house: House) -> None:
    later = house.clock() + timedelta(days=200)
    plan = await house.planned(extra_dates=[later.isoformat()])
    assert times(plan) == [house.clock()]
    house.clock.advance(days=40)
    await plan_ahead(house.service.works)
    assert times(await seen(house, plan))[-1] == later


@pytest.mark.parametrize("field", ["except_dates", "extra_dates"])
async def test_single_dates_lie_between_the_start_and_two_years_ahead(house: House, field: str) -> None:
    for days in (-1, 733):
        date = (house.clock() + timedelta(days=days)).isoformat()
        dates: dict[str, Any] = {field: [date]}
        answer = await house.plan(rrule="FREQ=DAILY", **dates)
        assert (answer.status_code, slug(answer)) == (422, "date-out-of-reach")


async def test_an_exception_that_matches_nothing_is_refused_by_its_name(house: House) -> None:
    missed = house.clock() + WEEK + timedelta(seconds=1)
    answer = await house.plan(rrule="FREQ=WEEKLY", except_dates=[(house.clock() + WEEK).isoformat(), missed.isoformat()])
    assert (answer.status_code, slug(answer)) == (422, "exception-matches-nothing")
    assert missed.isoformat() in answer.json()["detail"]


async def test_a_visit_may_be_made_before_its_moment(house: House) -> None:
    starts_at = house.clock() + 10 * DAY
    plan = await house.planned(starts_at=starts_at.isoformat(), window_days_before=3, window_days=2)
    (visit,) = plan["visits"]
    assert moment(visit["scheduled_at"]) == starts_at
    assert moment(visit["window_starts_at"]) == starts_at - 3 * DAY
    assert moment(visit["window_ends_at"]) == starts_at + 2 * DAY
    (event,) = await house.told(VisitPlanned)
    assert event.window_starts_at == starts_at - 3 * DAY
    house.clock.advance(days=7)
    await follow_windows(house.service.works)
    assert await house.state(visit["id"]) == "ready"


async def test_a_change_of_words_reaches_the_visits_to_come_and_no_other(house: House) -> None:
    plan = await weekly(house)
    await house.template(code="pump")
    body = await changed(house, plan, purpose="See the new pump", place="The upper lane", population=None, template_code="pump")
    assert ids(body) == ids(plan)
    assert (body["purpose"], body["template_code"], body["version"]) == ("See the new pump", "pump", 2)
    first, second = [(await house.client.get(f"/v1/visits/{id}", caller=LEAD)).json() for id in ids(plan)[:2]]
    assert (first["purpose"], first["place"]) == ("See how the water runs", "The lower lane")
    assert (second["purpose"], second["place"]) == ("See the new pump", "The upper lane")
    assert len(await house.told(VisitPlanned)) == 10
    assert await house.told(VisitCancelled) == []


async def test_a_change_of_visitor_leaves_open_and_recorded_visits_with_whom_they_are(house: House) -> None:
    plan = await weekly(house)
    await house.record(ids(plan)[3])
    await changed(house, plan, assignee_id=str(COLLEAGUE.account))
    going = [(await house.client.get(f"/v1/visits/{id}", caller=LEAD)).json()["assignee_id"] for id in ids(plan)]
    stays = str(OFFICIAL.account)
    assert [who == stays for who in going] == [True, False, False, True, *[False] * 6]


async def test_a_new_rule_keeps_the_visits_that_still_occur(house: House) -> None:
    plan = await weekly(house)
    body = await changed(house, plan, rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=10")
    now = house.clock()
    assert times(body) == [now + n * 2 * WEEK for n in range(10)]
    assert ids(body)[:5] == ids(plan)[::2]
    cancelled = await house.told(VisitCancelled)
    assert sorted(str(event.visit_id) for event in cancelled) == sorted(ids(plan)[1::2])
    assert {event.cause for event in cancelled} == {CancelCause.plan_changed}
    gone = (await house.client.get(f"/v1/visits/{ids(plan)[1]}", caller=LEAD)).json()
    assert (gone["state"], gone["reason"]) == ("cancelled", "plan_changed")


async def test_a_visit_that_an_edit_took_away_can_be_planned_again(house: House) -> None:
    plan = await weekly(house)
    second = plan["visits"][1]["scheduled_at"]
    without = await changed(house, plan, except_dates=[second])
    assert times(without) == times(plan)[:1] + times(plan)[2:]
    again = await changed(house, without, except_dates=[])
    assert times(again) == times(plan)
    assert ids(again)[1] != ids(plan)[1]


async def test_a_new_time_does_not_ask_twice_for_the_visit_that_is_open(house: House) -> None:
    plan = await house.planned(rrule="FREQ=WEEKLY;COUNT=4", starts_at=(house.clock() + 2 * DAY).isoformat(), window_days_before=3)
    at = house.clock() + 2 * DAY
    later = timedelta(hours=1)
    body = await changed(house, plan, starts_at=(at + later).isoformat())
    assert times(body) == [at, at + WEEK + later, at + 2 * WEEK + later, at + 3 * WEEK + later]
    extra = house.clock() + DAY
    assert extra in times(await changed(house, body, starts_at=house.clock().isoformat(), extra_dates=[extra.isoformat()]))


async def test_a_plan_under_way_gets_no_visits_in_the_past(house: House) -> None:
    plan = await weekly(house)
    house.clock.advance(days=16)
    body = await changed(house, plan, rrule="FREQ=DAILY;COUNT=30")
    began = times(plan)[0]
    assert times(body) == [*times(plan)[:3], *(began + n * DAY for n in range(16, 30))]


async def test_a_new_window_is_told(house: House) -> None:
    plan = await weekly(house)
    body = await changed(house, plan, window_days=3, window_days_before=2)
    assert ids(body) == ids(plan)
    told = (await house.told(VisitPlanned))[10:]
    assert [str(event.visit_id) for event in told] == ids(plan)[1:]
    assert told[0].window_starts_at == times(plan)[1] - 2 * DAY
    assert told[0].window_ends_at == times(plan)[1] + 3 * DAY
    assert [moment(visit["window_ends_at"]) for visit in body["visits"]][:2] == [times(plan)[0] + WEEK, times(plan)[1] + 3 * DAY]


async def test_old_exceptions_do_not_hinder_a_new_rule(house: House) -> None:
    plan = await weekly(house, except_dates=[(house.clock() + WEEK).isoformat()])
    house.clock.advance(days=8)
    await changed(house, plan, rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=5")
    newer = await weekly(house, except_dates=[(house.clock() + WEEK).isoformat()])
    answer = await change(house, newer, rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=5")
    assert (answer.status_code, slug(answer)) == (422, "exception-matches-nothing")


async def test_a_change_of_what_somebody_else_has_changed_is_refused(house: House) -> None:
    plan = await weekly(house)
    await changed(house, plan, place="The upper lane")
    answer = await change(house, plan, place="The middle lane")
    assert (answer.status_code, slug(answer)) == (412, "changed-meanwhile")
    missing = await house.client.call("PATCH", f"/v1/visit-plans/{plan['id']}", caller=LEAD, json={"place": "There"})
    assert missing.status_code == 422
    assert (await seen(house, plan))["place"] == "The upper lane"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (ADMIN, 200),
        (LEAD, 200),
        (COLLEAGUE, 200),
        (OFFICIAL, 403),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (INSPECTOR, 403),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
@pytest.mark.parametrize("verb", ["change", "suspend", "resume", "end"])
async def test_a_plan_is_for_whoever_made_it_and_for_leads(house: House, verb: str, who: Principal, status: int) -> None:
    plan = await weekly(house, by=COLLEAGUE)
    if verb == "change":
        answer = await change(house, plan, by=who, place="There")
    else:
        if verb == "resume":
            await done(house, plan, "suspend")
        answer = await done(house, plan, verb, {"reason": "Done"} if verb == "end" else {}, by=who)
    assert answer.status_code == status, answer.text


async def test_whoever_is_sent_from_below_sees_the_plan_and_does_not_change_it(house: House) -> None:
    plan = await weekly(house, assignee_id=str(VILLAGE_OFFICIAL.account))
    answer = await change(house, plan, by=VILLAGE_OFFICIAL, place="There")
    assert (answer.status_code, slug(answer)) == (403, "not-your-plan")


async def test_a_template_that_the_unit_does_not_have_is_not_found(house: House) -> None:
    answer = await change(house, await weekly(house), template_code="pump")
    assert (answer.status_code, slug(answer)) == (404, "visit-template-not-found")


async def test_a_foreign_plan_is_answered_as_one_that_does_not_exist(house: House) -> None:
    plan = await weekly(house)
    foreign = (await change(house, plan, by=STRANGER, place="There")).json()
    missing = (await change(house, {**plan, "id": uuid4()}, by=STRANGER, place="There")).json()
    assert {**foreign, "request_id": ""} == {**missing, "request_id": ""}


async def test_a_suspended_plan_makes_no_visits_until_it_is_resumed(house: House) -> None:
    plan = await house.planned(rrule="FREQ=WEEKLY")
    body = (await done(house, plan, "suspend")).json()
    assert (body["state"], len(body["visits"])) == ("suspended", 1)
    assert {event.cause for event in await house.told(VisitCancelled)} == {CancelCause.plan_suspended}
    house.clock.advance(days=60)
    await plan_ahead(house.service.works)
    assert len((await seen(house, plan))["visits"]) == 1
    edited = await changed(house, await seen(house, plan), place="The upper lane")
    assert len(edited["visits"]) == 1
    resumed = (await done(house, plan, "resume")).json()
    began = times(plan)[0]
    assert (resumed["state"], resumed["suspended_at"]) == ("active", None)
    assert times(resumed) == [began, *(began + n * WEEK for n in range(9, 35))]
    assert (await done(house, plan, "resume")).status_code == 409


async def test_a_plan_suspended_until_a_date_goes_on_by_itself(house: House) -> None:
    plan = await house.planned(rrule="FREQ=WEEKLY")
    began = times(plan)[0]
    body = (await done(house, plan, "suspend", {"until": (began + 3 * WEEK).isoformat()})).json()
    assert times(body) == [began, *(began + n * WEEK for n in range(3, 26))]
    assert ids(body)[1:] == ids(plan)[3:]
    shorter = (await done(house, plan, "suspend", {"until": (began + 2 * WEEK).isoformat()})).json()
    assert times(shorter) == [began, *(began + n * WEEK for n in range(2, 26))]
    longer = (await done(house, plan, "suspend", {"until": (began + 27 * WEEK).isoformat()})).json()
    assert times(longer) == [began]
    house.clock.advance(days=100)
    await plan_ahead(house.service.works)
    assert (await seen(house, plan))["state"] == "suspended"
    house.clock.advance(days=27 * 7 - 100)
    later = await seen(house, plan)
    assert (later["state"], times(later)[1]) == ("active", began + 27 * WEEK)


async def test_an_ended_plan_is_over(house: House) -> None:
    plan = await weekly(house)
    ended = (await done(house, plan, "end", {"reason": "The pump runs"})).json()
    assert (ended["state"], ended["end_reason"], ids(ended)) == ("ended", "The pump runs", ids(plan)[:1])
    assert {event.cause for event in await house.told(VisitCancelled)} == {CancelCause.plan_ended}
    for answer in (
        await change(house, ended, place="There"),
        await done(house, plan, "suspend"),
        await done(house, plan, "resume"),
    ):
        assert (answer.status_code, slug(answer)) == (409, "visit-plan-state")
    assert (await house.record(ids(plan)[0])).json()["state"] == "done"


async def test_list_plans_by_assignee_and_state(house: House) -> None:
    active, suspended, rested, ended = [await weekly(house) for _ in range(4)]
    other = await weekly(house, assignee_id=str(COLLEAGUE.account))
    await done(house, suspended, "suspend")
    await done(house, rested, "suspend", {"until": (house.clock() + DAY).isoformat()})
    await done(house, ended, "end", {"reason": "Over"})
    house.clock.advance(days=2)

    async def listed(**params: str) -> list[str]:
        items = (await house.client.get("/v1/visit-plans", caller=LEAD, params=params)).json()["items"]
        return [item["id"] for item in items]

    assert await listed(state="active") == [active["id"], rested["id"], other["id"]]
    assert await listed(state="suspended") == [suspended["id"]]
    assert await listed(state="ended") == [ended["id"]]
    assert await listed(assignee_id=str(COLLEAGUE.account)) == [other["id"]]
    assert await listed(assignee_id=str(OFFICIAL.account), state="ended") == [ended["id"]]


async def test_what_the_resident_chose_is_not_the_planners_to_change(house: House) -> None:
    contact_id, plan = await visited(house)
    now = house.clock().isoformat()
    for changes in ({"rrule": "FREQ=DAILY"}, {"place": "home"}, {"extra_dates": [now]}, {"except_dates": [now]}):
        answer = await change(house, plan, **changes)
        assert (answer.status_code, slug(answer)) == (422, "chosen-by-the-resident")
    planned = {"contact_id": contact_id, "purpose": "More", "starts_at": now, "extra_dates": [now]}
    assert (await house.client.post("/v1/visit-plans", caller=LEAD, json=planned)).status_code == 422
    assert (await changed(house, plan, purpose="Listen"))["purpose"] == "Listen"


async def test_a_change_brings_nobody_to_a_contact_that_wants_no_visits(house: House) -> None:
    contact_id, plan = await visited(house)
    await chosen(house, contact_id, "suspend")
    body = await changed(house, await seen(house, plan), window_days=3)
    assert [visit["state"] for visit in body["visits"]] == ["refused_by_resident"], "that was open then"
    answer = await change(house, body, time_zone="Mars/Base")
    assert (answer.status_code, slug(answer)) == (422, "unknown-time-zone")
    await done(house, plan, "suspend", {"until": (house.clock() + 3 * WEEK).isoformat()})
    await chosen(house, contact_id, "resume")
    resumed = await seen(house, plan)
    assert times(resumed)[1] >= house.clock() + 3 * WEEK, "the plan rests still"
    await chosen(house, contact_id, "refuse")
    assert (await seen(house, plan))["state"] == "ended"


async def test_agreed_again_the_visit_that_is_open_stays(house: House) -> None:
    """Its moment is the one that the rhythm gives anew."""
    contact_id, plan = await visited(house)
    await house.record(ids(plan)[0])
    await chosen(house, contact_id, "agree", {"rhythm_days": 30})
    early = await changed(house, await seen(house, plan), window_days_before=5)
    house.clock.advance(days=20)
    await chosen(house, contact_id, "suspend")
    await chosen(house, contact_id, "resume")
    assert ids(await seen(house, plan))[0] == ids(early)[0]


HOSTILE: list[dict[str, Any]] = [
    {"purpose": None},
    {"place": "a\x00b"},
    {"assignee_id": None},
    {"assignee_id": "x"},
    {"assignee_id": str(uuid4()), "post_id": str(uuid4())},
    {"starts_at": "2025-12-01T00:00:00Z"},
    {"starts_at": "soon"},
    {"rrule": "FREQ=SECONDLY"},
    {"except_dates": None},
    {"except_dates": ["2026-03-02T09:00:00"]},
    {"extra_dates": ["2026-03-05T09:00:00Z"] * 101},
    {"extra_dates": ["9000-12-31T23:59:59Z"]},
    {"time_zone": "\x00"},
    {"window_days": -1},
    {"window_days_before": 31},
    {"template_code": "Two words"},
    {"unit_id": str(uuid4())},
]


async def test_change_plan_answers_hostile_input_with_a_problem(house: House) -> None:
    plan = await weekly(house)
    for changes in HOSTILE:
        answer = await change(house, plan, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    for tag in ("1", '"x"', 'W/"1"', '"' + "9" * 30 + '"'):
        headers = {"If-Match": tag}
        answer = await house.client.call(
            "PATCH", f"/v1/visit-plans/{plan['id']}", caller=LEAD, json={"place": "There"}, headers=headers
        )
        assert answer.status_code == 422, tag
    for verb, body in (("suspend", {"until": "2026-01-01T00:00:00Z"}), ("suspend", {"until": "soon"}), ("end", {"reason": " "})):
        assert (await done(house, plan, verb, body)).status_code == 422
    assert await seen(house, plan) == plan
