from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.visits.jobs import follow_windows
from shared.auth import ANONYMOUS, Principal
from shared.events.envelope import Event
from shared.events.feedback import CaseHandedOver, CaseReopened, CaseWithdrawn, VisitRequested
from shared.events.visits import (
    CancelCause,
    VisitCancelled,
    VisitMissed,
    VisitPlanned,
    VisitRecorded,
    VisitRequestAnswered,
)
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
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
    moment,
)

CASE = UUID("01900000-0000-7000-8000-000000000001")
HOUR = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


def asked(case_id: UUID = CASE) -> VisitRequested:
    return VisitRequested(case_id=case_id, unit_id=TOWNSHIP.unit_id, requested_at=HOUR)


def handed_over(count: int = 1, to: UUID = VILLAGE.unit_id) -> CaseHandedOver:
    return CaseHandedOver(
        case_id=CASE,
        unit_id=to,
        finding_id=None,
        from_unit_id=TOWNSHIP.unit_id,
        handed_over_count=count,
        handed_over_at=HOUR,
    )


def withdrawn(at: datetime = HOUR) -> CaseWithdrawn:
    return CaseWithdrawn(case_id=CASE, unit_id=TOWNSHIP.unit_id, withdrawn_at=at)


def reopened(at: datetime = HOUR) -> CaseReopened:
    facts = {"judgement": 0, "reopened_count": 1, "clocks": ()}
    return CaseReopened(case_id=CASE, unit_id=TOWNSHIP.unit_id, reopened_at=at, **facts)


async def read(house: House, case_id: UUID = CASE, *, by: Principal = ADMIN) -> Any:
    answer = await house.client.get(f"/v1/visit-requests/{case_id}", caller=by)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(house: House, *, by: Principal = LEAD, **params: Any) -> list[str]:
    answer = await house.client.get("/v1/visit-requests", caller=by, params=params)
    assert answer.status_code == 200, answer.text
    return [item["case_id"] for item in answer.json()["items"]]


def plan_body(house: House, **changes: Any) -> dict[str, Any]:
    return {"assignee_id": str(OFFICIAL.account_id), "starts_at": house.clock().isoformat(), "window_days": 3, **changes}


async def plan(house: House, case_id: UUID | str = CASE, *, by: Principal = LEAD, **changes: Any) -> Any:
    path = f"/v1/visit-requests/{case_id}/plan"
    return await house.client.post(path, caller=by, json=plan_body(house, **changes))


async def planned(house: House) -> str:
    """The id of the visit that was planned for a request just told."""
    await house.tell(asked())
    assert (await plan(house)).status_code == 200
    return await visit_of(house)


async def visit_of(house: House) -> str:
    plan_id = (await read(house))["plan_id"]
    shown = await house.client.get(f"/v1/visit-plans/{plan_id}", caller=ADMIN)
    visit_id: str = shown.json()["visits"][0]["id"]
    return visit_id


async def come_round(house: House, *kinds: type[Event]) -> None:
    """Let the service hear what it told itself."""
    await house.tell(*await house.told(*kinds))


async def decline(house: House, case_id: UUID | str = CASE, *, by: Principal = LEAD, reason: Any = "Nobody may go there.") -> Any:
    return await house.client.post(f"/v1/visit-requests/{case_id}/decline", caller=by, json={"reason": reason})


async def test_a_request_is_due_fourteen_days_after_it_was_made(house: House) -> None:
    await house.tell(asked())
    request = await read(house)
    assert request == {
        "case_id": str(CASE),
        "unit_id": str(TOWNSHIP.unit_id),
        "requested_at": "2026-03-02T09:00:00Z",
        "due_at": "2026-03-16T09:00:00Z",
        "state": "open",
        "overdue": False,
        "plan_id": None,
        "declined_reason": None,
        "answered_at": None,
    }
    assert await listed(house) == [str(CASE)]
    assert await listed(house, overdue=True) == []
    house.clock.advance(days=14)
    assert (await read(house))["overdue"] is True
    assert await listed(house, overdue=True) == [str(CASE)]


async def test_requests_are_found_by_unit_and_state_and_in_pages(house: House) -> None:
    cases = [UUID(int=CASE.int + number) for number in range(5)]
    await house.tell(*(asked(case_id) for case_id in cases))
    await decline(house, cases[1])
    everything = [str(case_id) for case_id in cases]
    assert await listed(house) == await listed(house, unit_id=str(TOWNSHIP.unit_id)) == everything
    assert await listed(house, unit_id=str(ELSEWHERE.unit_id)) == []
    assert await listed(house, state="declined") == [str(cases[1])]
    first = (await house.client.get("/v1/visit-requests", caller=LEAD, params={"limit": 3})).json()
    assert [item["case_id"] for item in first["items"]] == everything[:3]
    assert await listed(house, limit=3, cursor=first["next_cursor"]) == everything[3:]


async def test_planning_makes_a_visit_that_answers_to_the_case(house: House) -> None:
    await house.tell(asked())
    answer = await plan(house)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "planned"
    shown = (await house.client.get(f"/v1/visit-plans/{answer.json()['plan_id']}", caller=OFFICIAL)).json()
    assert shown["need"] == {"kind": "case", "id_or_code": str(CASE)}
    assert (shown["unit_id"], shown["assignee_id"]) == (str(TOWNSHIP.unit_id), str(OFFICIAL.account_id))
    assert shown["purpose"] == "A resident asked for a visit"
    assert len(shown["visits"]) == len(await house.told(VisitPlanned)) == 1
    assert (await plan(house)).status_code == 409, "once"


async def test_a_plan_is_worded_in_the_planners_language(house: House) -> None:
    await house.tell(asked())
    headers = {"Accept-Language": "zh"}
    path = f"/v1/visit-requests/{CASE}/plan"
    answer = await house.client.post(path, caller=LEAD, json=plan_body(house), headers=headers)
    shown = (await house.client.get(f"/v1/visit-plans/{answer.json()['plan_id']}", caller=OFFICIAL)).json()
    assert shown["purpose"] == "居民请求走访"


@pytest.mark.parametrize("days", [0, 30], ids=["in time", "late"])
async def test_a_request_is_visited_when_its_visit_was_made(house: House, days: int) -> None:
    visit_id = await planned(house)
    house.clock.advance(days=days)
    await house.record(visit_id)
    await come_round(house, VisitRecorded)
    request = await read(house)
    assert (request["state"], request["overdue"]) == ("visited", False)
    assert moment(request["answered_at"]) == house.clock()
    (told,) = await house.told(VisitRequestAnswered)
    assert (told.case_id, told.unit_id, told.outcome, told.in_time) == (CASE, TOWNSHIP.unit_id, "visited", days == 0)


async def test_that_the_resident_refused_the_visitor_is_an_answer_and_counts_against_nobody(house: House) -> None:
    await house.record(await planned(house), outcome="refused_by_resident")
    await come_round(house, VisitRecorded)
    assert (await read(house))["state"] == "declined_by_resident"
    (told,) = await house.told(VisitRequestAnswered)
    assert told.outcome == "declined_by_resident"


async def test_a_cancelled_visit_leaves_the_request_open_to_be_planned_anew(house: House) -> None:
    first = await planned(house)
    await house.record(first, outcome="cancelled", reason="Flood")
    await come_round(house, VisitRecorded)
    assert (await read(house))["state"] == "open"
    assert await house.told(VisitRequestAnswered) == []
    assert (await plan(house)).json()["state"] == "planned"
    assert await visit_of(house) != first


async def test_a_missed_visit_leaves_the_request_open_and_may_still_be_recorded_late(house: House) -> None:
    visit_id = await planned(house)
    house.clock.advance(days=4)
    await follow_windows(house.service.works)
    await come_round(house, VisitMissed)
    assert (await read(house))["state"] == "open"
    await house.record(visit_id)
    await come_round(house, VisitRecorded)
    assert (await read(house))["state"] == "visited"


async def test_the_newest_plan_decides(house: House) -> None:
    old = await planned(house)
    house.clock.advance(days=4)
    await follow_windows(house.service.works)
    await come_round(house, VisitMissed)
    await plan(house)
    await house.record(old, outcome="refused_by_resident")
    await come_round(house, VisitRecorded)
    assert (await read(house))["state"] == "planned"


@pytest.mark.parametrize(("cause", "state"), [(CancelCause.plan_ended, "open"), (CancelCause.plan_changed, "planned")])
async def test_a_visit_taken_off_the_calendar_opens_the_request_unless_its_plan_was_only_changed(
    house: House, cause: CancelCause, state: str
) -> None:
    visit_id = await planned(house)
    request = await read(house)
    ids = {"visit_id": UUID(visit_id), "plan_id": UUID(request["plan_id"]), "unit_id": TOWNSHIP.unit_id}
    await house.tell(VisitCancelled(**ids, cause=cause, cancelled_at=house.clock()))
    assert (await read(house))["state"] == state


async def test_declining_says_why_and_is_final(house: House) -> None:
    await house.tell(asked())
    answer = await decline(house)
    assert (answer.json()["state"], answer.json()["declined_reason"]) == ("declined", "Nobody may go there.")
    (told,) = await house.told(VisitRequestAnswered)
    assert (told.outcome, told.in_time, told.answered_at) == ("declined", True, house.clock())
    for again in (await decline(house), await plan(house)):
        assert again.status_code == 409
        assert again.json()["type"].endswith("visit-request-state")
    await house.tell(withdrawn())
    assert (await read(house))["state"] == "declined"


async def test_what_is_planned_is_not_declined(house: House) -> None:
    await planned(house)
    assert (await decline(house)).status_code == 409
    assert (await read(house))["declined_reason"] is None


FACTS: tuple[Event, ...] = (asked(), handed_over(1, ELSEWHERE.unit_id), handed_over(2, VILLAGE.unit_id), withdrawn())


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
async def test_facts_about_the_case_are_heard_in_any_order(house: House, order: tuple[int, ...]) -> None:
    for place in order:
        await house.tell(FACTS[place])
    request = await read(house)
    assert (request["unit_id"], request["state"]) == (str(VILLAGE.unit_id), "withdrawn")
    assert moment(request["due_at"]) == HOUR + timedelta(days=14)


DAY = timedelta(days=1)


@pytest.mark.parametrize("days", [0, 3], ids=["in the same hour", "later"])
async def test_a_request_comes_back_with_its_case_and_is_due_anew(house: House, days: int) -> None:
    first = await planned(house)
    await house.tell(withdrawn(HOUR + DAY))
    await come_round(house, VisitCancelled)
    assert (await read(house))["state"] == "withdrawn"
    back = HOUR + DAY + days * DAY
    await house.tell(reopened(back))
    request = await read(house)
    assert (request["state"], moment(request["due_at"])) == ("open", back + timedelta(days=14))
    assert moment(request["requested_at"]) == HOUR
    await come_round(house, VisitCancelled)
    assert (await plan(house)).json()["state"] == "planned"
    again = await visit_of(house)
    assert again != first
    await house.record(again)
    await come_round(house, VisitRecorded)
    assert (await read(house))["state"] == "visited"


async def test_what_was_answered_does_not_come_back_with_its_case(house: House) -> None:
    await house.tell(asked())
    await decline(house)
    await house.tell(withdrawn(), reopened(HOUR + DAY))
    assert (await read(house))["state"] == "declined"


LATER: tuple[Event, ...] = (asked(), withdrawn(HOUR + DAY), reopened(HOUR + 2 * DAY))


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_a_request_that_came_back_is_owed_whatever_was_heard_first(house: House, order: tuple[int, ...]) -> None:
    for place in order:
        await house.tell(LATER[place])
    request = await read(house)
    assert (request["state"], moment(request["due_at"])) == ("open", HOUR + timedelta(days=16))


async def test_a_case_that_is_withdrawn_anew_takes_its_request_with_it(house: House) -> None:
    await house.tell(*LATER, withdrawn(HOUR + 3 * DAY))
    assert (await read(house))["state"] == "withdrawn"


async def test_a_case_without_a_request_shows_nowhere(house: House) -> None:
    await house.tell(handed_over(), withdrawn())
    assert await listed(house, by=ADMIN) == []
    for answer in (
        await house.client.get(f"/v1/visit-requests/{CASE}", caller=ADMIN),
        await plan(house, by=ADMIN),
        await decline(house, by=ADMIN),
    ):
        assert answer.status_code == 404


async def test_a_request_goes_with_its_case_to_another_unit(house: House) -> None:
    await house.tell(asked())
    assert await listed(house, by=OFFICIAL) == [str(CASE)]
    await house.tell(handed_over())
    assert await listed(house, by=OFFICIAL) == []
    assert await listed(house, by=VILLAGE_OFFICIAL) == [str(CASE)]
    assert (await plan(house, by=VILLAGE_OFFICIAL, assignee_id=str(VILLAGE_OFFICIAL.account_id))).status_code == 200


@pytest.mark.parametrize("opened", [False, True], ids=["before its window", "in its window"])
async def test_nobody_is_to_go_once_the_request_is_withdrawn(house: House, opened: bool) -> None:
    visit_id = await planned(house)
    if opened:
        await follow_windows(house.service.works)
    await house.tell(withdrawn())
    assert (await read(house))["state"] == "withdrawn"
    visit = (await house.client.get(f"/v1/visits/{visit_id}", caller=OFFICIAL)).json()
    assert (visit["state"], visit["reason"]) == ("cancelled", "plan_ended")
    await come_round(house, VisitCancelled)
    assert (await read(house))["state"] == "withdrawn"


async def test_a_visit_that_was_made_stays_made_when_the_case_is_withdrawn_later(house: House) -> None:
    visit_id = await planned(house)
    await house.record(visit_id)
    await come_round(house, VisitRecorded)
    await house.tell(withdrawn())
    assert (await read(house))["state"] == "visited"
    assert await house.state(visit_id) == "done"


@pytest.mark.parametrize("who", [OFFICIAL, COLLEAGUE, LEAD, INSPECTOR, ADMIN])
async def test_a_request_is_seen_by_those_in_scope(house: House, who: Principal) -> None:
    await house.tell(asked())
    assert await listed(house, by=who) == [str(CASE)]
    assert (await read(house, by=who))["case_id"] == str(CASE)


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_a_foreign_request_is_answered_as_one_that_does_not_exist(house: House, who: Principal) -> None:
    await house.tell(asked())
    assert await listed(house, by=who) == []
    for ask in (plan, decline):
        if ask is decline and who is VILLAGE_OFFICIAL:
            continue
        foreign, missing = await ask(house, by=who), await ask(house, uuid4(), by=who)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}


@pytest.mark.parametrize(
    ("who", "plans", "declines"),
    [
        (OFFICIAL, 200, 403),
        (LEAD, 200, 200),
        (ADMIN, 200, 200),
        (INSPECTOR, 403, 403),
        (RESIDENT, 403, 403),
        (ANONYMOUS, 401, 401),
    ],
)
async def test_staff_of_the_unit_plan_and_its_lead_declines(house: House, who: Principal, plans: int, declines: int) -> None:
    other = UUID(int=CASE.int + 1)
    await house.tell(asked(), asked(other))
    assert (await plan(house, by=who)).status_code == plans
    assert (await decline(house, other, by=who)).status_code == declines


async def test_hostile_input_is_answered_with_a_problem(house: House) -> None:
    await house.tell(asked())
    wrong: list[dict[str, Any]] = [
        {"assignee_id": "1"},
        {"starts_at": "2026-03-02T09:30:00"},
        {"starts_at": "2025-03-02T09:30:00Z"},
        {"window_days": -1},
        {"window_days": 61},
        {"purpose": "mine"},
    ]
    for changes in wrong:
        answer = await plan(house, **changes)
        assert answer.status_code == 422, changes
        assert answer.headers["content-type"] == "application/problem+json"
    for reason in ("", "a\x00b", "x" * 201, None, "two\nlines"):
        assert (await decline(house, reason=reason)).status_code == 422
    for path in ("x", "%00", str(2**63)):
        assert (await plan(house, path)).status_code == 422
    assert (await plan(house, assignee_id=str(STRANGER.account_id))).status_code == 422
    assert (await read(house))["state"] == "open"
