"""Records and what is heard of their cases take their locks in one order, so that none waits for another in a circle.

Each test holds one row until both sides wait, and then lets go. In a circle PostgreSQL would end one of them; so that this shows,
the batch is applied without the runner's second attempt.
"""

import asyncio
from uuid import UUID

from shared.events.envelope import Event
from shared.events.feedback import CaseAnswered, CaseWithdrawn, VisitRequested
from tests.visits.house import LEAD, OFFICIAL, TOWNSHIP, House, as_record
from tests.visits.sync.test_routes import item, sync
from tests.visits.waiting import begin, held

FIRST, SECOND = (UUID(f"01900000-0000-7000-8000-00000000000{number}") for number in (1, 2))


def answered(house: House, case_id: UUID) -> CaseAnswered:
    fact = {"finding_id": None, "first": True, "in_time": True}
    return CaseAnswered(case_id=case_id, unit_id=TOWNSHIP.unit_id, answered_at=house.clock(), **fact)


def withdrawn(house: House, case_id: UUID) -> CaseWithdrawn:
    return CaseWithdrawn(case_id=case_id, unit_id=TOWNSHIP.unit_id, withdrawn_at=house.clock())


async def apply(house: House, *events: Event) -> None:
    await house.service.consumer._apply([as_record(event) for event in events])


async def test_a_record_of_two_cases_and_events_of_both_the_other_way_round(house: House) -> None:
    visit_id = await house.visit()
    await house.tell(answered(house, FIRST), answered(house, SECOND))
    async with held(house, "known_cases", "case_id", FIRST):
        record = await begin(house, house.record(visit_id, case_ids=[str(SECOND), str(FIRST)]))
        batch = await begin(house, apply(house, answered(house, SECOND), answered(house, FIRST)))
    answer, _ = await asyncio.gather(record, batch)
    assert answer.status_code == 200, answer.text


async def test_a_phones_records_and_events_the_other_way_round(house: House) -> None:
    await house.planned(rrule="FREQ=DAILY;COUNT=2")
    one, other = (await sync(house))["changes"]
    await house.tell(answered(house, FIRST), answered(house, SECOND))
    sent = [item(house, one, case_ids=[str(SECOND)]), item(house, other, case_ids=[str(FIRST)])]
    async with held(house, "known_cases", "case_id", SECOND):
        records = await begin(house, sync(house, *sent))
        batch = await begin(house, apply(house, answered(house, FIRST), answered(house, SECOND)))
    answer, _ = await asyncio.gather(records, batch)
    assert [result["status"] for result in answer["results"]] == ["applied", "applied"]


async def test_a_record_of_a_requested_visit_and_the_withdrawal_of_its_case(house: House) -> None:
    await house.tell(VisitRequested(case_id=FIRST, unit_id=TOWNSHIP.unit_id, requested_at=house.clock()))
    body = {"assignee_id": str(OFFICIAL.account_id), "starts_at": house.clock().isoformat()}
    planned = await house.client.post(f"/v1/visit-requests/{FIRST}/plan", caller=LEAD, json=body)
    plan = await house.read(f"/v1/visit-plans/{planned.json()['plan_id']}")
    await house.tell(answered(house, FIRST))
    async with held(house, "visit_requests", "case_id", FIRST):
        batch = await begin(house, apply(house, withdrawn(house, FIRST)))
        record = await begin(house, house.record(plan["visits"][0]["id"]))
    answer, _ = await asyncio.gather(record, batch)
    assert answer.status_code == 409, "whoever was first stands"
    assert await house.state(plan["visits"][0]["id"]) == "cancelled"
