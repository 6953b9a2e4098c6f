from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.visits import FindingReported, VisitRecorded
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE_OFFICIAL,
    House,
    finding,
    moment,
)


async def test_record_visit_with_findings(house: House) -> None:
    visit_id = await house.visit()
    occurred_at = house.clock()
    house.clock.advance(hours=2)
    answer = await house.record(visit_id, occurred_at=occurred_at.isoformat(), findings=[finding(), finding(category="road")])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["id"], body["state"], body["late"]) == (visit_id, "done", False)
    assert moment(body["occurred_at"]) == occurred_at
    assert moment(body["recorded_at"]) == house.clock()
    assert body["recorded_by"] == str(OFFICIAL.account_id)
    assert [found["category"] for found in body["findings"]] == ["water", "road"]
    assert (await house.client.get(f"/v1/visits/{visit_id}", caller=OFFICIAL)).json() == body
    (recorded,) = await house.told(VisitRecorded)
    assert (recorded.outcome, recorded.late, recorded.findings) == ("done", False, 2)
    assert (recorded.occurred_at, recorded.recorded_at) == (occurred_at, house.clock())
    reported = await house.told(FindingReported)
    assert [str(event.finding_id) for event in reported] == [found["id"] for found in body["findings"]]
    assert {event.sponsor_id for event in reported} == {OFFICIAL.account_id}
    assert {event.unit_id for event in reported} == {TOWNSHIP.unit_id}


async def test_record_visit_by_a_lead_leaves_the_visitor_as_sponsor(house: House) -> None:
    answer = await house.record(await house.visit(), by=LEAD, findings=[finding()])
    assert answer.json()["recorded_by"] == str(LEAD.account_id)
    (reported,) = await house.told(FindingReported)
    assert reported.sponsor_id == OFFICIAL.account_id


async def test_record_visit_after_its_window_is_done_late(house: House) -> None:
    visit_id = await house.visit(window_days=2)
    house.clock.advance(days=3)
    body = (await house.record(visit_id)).json()
    assert (body["state"], body["late"]) == ("done_late", True)
    (event,) = await house.told(VisitRecorded)
    assert (event.outcome, event.late) == ("done_late", True)


async def test_record_visit_entered_late_counts_apart_whenever_it_is_said_to_have_happened(house: House) -> None:
    visit_id = await house.visit(window_days=2)
    in_time = house.clock() + timedelta(days=1)
    house.clock.advance(days=3)
    body = (await house.record(visit_id, occurred_at=in_time.isoformat())).json()
    assert (body["state"], body["late"]) == ("done_late", True)
    assert moment(body["occurred_at"]) == in_time
    assert moment(body["recorded_at"]) == house.clock()


async def test_record_visit_before_its_window_is_done(house: House) -> None:
    visit_id = await house.visit(starts_at=(house.clock() + timedelta(days=1)).isoformat())
    assert (await house.record(visit_id)).json()["state"] == "done"


async def test_record_visit_refused_by_the_resident_is_neutral(house: House) -> None:
    body = (await house.record(await house.visit(), outcome="refused_by_resident")).json()
    assert (body["state"], body["late"], body["reason"]) == ("refused_by_resident", False, None)


async def test_record_visit_cancelled_needs_a_reason_and_cannot_hide_a_miss(house: House) -> None:
    visit_id = await house.visit()
    nameless = await house.record(visit_id, outcome="cancelled")
    assert nameless.status_code == 422
    assert nameless.json()["type"].endswith("reason-needed")
    house.clock.advance(days=8)
    hidden = await house.record(visit_id, outcome="cancelled", reason="Flood")
    assert hidden.status_code == 409
    cancelled = await house.record(await house.visit(), outcome="cancelled", reason="Flood")
    assert cancelled.json()["state"] == "cancelled"
    assert cancelled.json()["reason"] == "Flood"


async def test_record_visit_twice_says_so(house: House) -> None:
    visit_id = await house.visit()
    await house.record(visit_id)
    again = await house.record(visit_id, findings=[finding()])
    assert again.status_code == 409
    assert again.json()["type"].endswith("visit-already-recorded")
    assert len(await house.told(VisitRecorded)) == 1
    assert await house.told(FindingReported) == []


async def test_record_visit_sent_again_with_its_key_records_once(house: House) -> None:
    visit_id = await house.visit()
    findings = [finding()]
    first = await house.record(visit_id, key="record-1", findings=findings)
    again = await house.record(visit_id, key="record-1", findings=findings)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len(await house.told(FindingReported)) == 1
    other = await house.record(visit_id, key="record-1", outcome="refused_by_resident")
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OFFICIAL, 200),
        (LEAD, 200),
        (ADMIN, 200),
        (COLLEAGUE, 403),
        (INSPECTOR, 403),
        (VILLAGE_OFFICIAL, 404),
        (STRANGER, 404),
        (RESIDENT, 403),
        (ANONYMOUS, 401),
    ],
)
async def test_record_visit_is_for_the_visitor_and_those_over_the_unit(house: House, who: Principal, status: int) -> None:
    assert (await house.record(await house.visit(), by=who)).status_code == status


@pytest.mark.parametrize("who", [OFFICIAL, COLLEAGUE, LEAD, INSPECTOR, ADMIN])
async def test_get_visit_shows_it_to_those_in_scope(house: House, who: Principal) -> None:
    visit_id = await house.visit()
    answer = await house.client.get(f"/v1/visits/{visit_id}", caller=who)
    assert answer.status_code == 200
    assert answer.json()["place"] == "The lower lane"
    items = (await house.client.get("/v1/visits", caller=who)).json()["items"]
    assert [item["id"] for item in items] == [visit_id]


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_a_foreign_visit_is_answered_as_one_that_does_not_exist(house: House, who: Principal) -> None:
    visit_id = await house.visit()
    for method, path in (("GET", ""), ("POST", "/record")):
        body = None if method == "GET" else house.record_body()
        foreign = await house.client.call(method, f"/v1/visits/{visit_id}{path}", caller=who, json=body)
        missing = await house.client.call(method, f"/v1/visits/{uuid4()}{path}", caller=who, json=body)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    assert (await house.client.get("/v1/visits", caller=who)).json()["items"] == []


@pytest.mark.parametrize(("who", "status"), [(RESIDENT, 403), (ANONYMOUS, 401)])
async def test_residents_see_no_visits(house: House, who: Principal, status: int) -> None:
    for path in ("/v1/visits", f"/v1/visits/{uuid4()}"):
        assert (await house.client.get(path, caller=who)).status_code == status


async def test_list_visits_filters_and_pages(house: House) -> None:
    mine = [visit["id"] for visit in (await house.planned(rrule="FREQ=DAILY;COUNT=3"))["visits"]]
    other = await house.visit(assignee_id=str(COLLEAGUE.account_id))
    await house.record(mine[0])

    async def ids(who: Principal = OFFICIAL, **params: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = (await house.client.get("/v1/visits", caller=who, params={"limit": 2, **params})).json()
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    assert await ids() == [*mine, other]
    assert await ids(assignee="me") == mine
    assert await ids(LEAD, assignee="me") == []
    assert await ids(state="done") == mine[:1]
    assert await ids(state="planned", assignee="me") == mine[1:]
    assert await ids(unit_id=str(TOWNSHIP.unit_id)) == [*mine, other]
    assert await ids(unit_id=str(uuid4())) == []


async def test_somebody_sent_from_elsewhere_in_the_chain_sees_and_records_the_visit(house: House) -> None:
    visit_id = await house.visit(assignee_id=str(VILLAGE_OFFICIAL.account_id))
    listed = await house.client.get("/v1/visits", caller=VILLAGE_OFFICIAL, params={"assignee": "me"})
    assert [item["id"] for item in listed.json()["items"]] == [visit_id]
    assert (await house.record(visit_id, by=VILLAGE_OFFICIAL, findings=[finding()])).status_code == 200


HOSTILE: list[dict[str, Any]] = [
    {"outcome": "missed"},
    {"outcome": "done_late"},
    {"outcome": None},
    {"occurred_at": "2026-03-02T09:30:00"},
    {"occurred_at": "1899-01-01T00:00:00Z"},
    {"occurred_at": "9999-12-31T00:00:00Z"},
    {"occurred_at": "2026-03-02T10:30:00Z"},
    {"occurred_at": "2026-02-01T00:00:00Z"},
    {"occurred_at": 2**63},
    {"reason": "\x00"},
    {"reason": "x" * 201},
    {"findings": None},
    {"findings": [finding()] * 51},
    {"findings": [finding(title="")]},
    {"findings": [finding(title="a\x00b")]},
    {"findings": [finding(body="a\x00b")]},
    {"findings": [finding(body="x" * 20_001)]},
    {"findings": [finding(category="Two words")]},
    {"findings": [finding(category="water\n")]},
    {"findings": [finding(faith="any")]},
    {"findings": [[]]},
    {"outcome": "refused_by_resident", "findings": [finding()]},
    {"state": "done"},
]


async def test_record_visit_answers_hostile_input_with_a_problem(house: House) -> None:
    visit_id = await house.visit()
    for changes in HOSTILE:
        answer = await house.record(visit_id, **changes)
        assert answer.status_code == 422, f"{changes}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
    for wrong in ("1", "%00", "x" * 300, str(2**63)):
        assert (await house.record(wrong)).status_code == 422
    assert await house.state(visit_id) == "planned"
    assert await house.told(VisitRecorded) == []
