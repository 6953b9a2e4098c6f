from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import ANONYMOUS, Principal
from shared.events.envelope import Event
from shared.events.feedback import (
    AppealDecided,
    CaseAnswered,
    CaseConfirmed,
    CaseHandedOver,
    CaseLapsed,
    CaseOpened,
    CaseRejected,
    CaseReopened,
    CaseSource,
    CaseWithdrawn,
)
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    PROVINCE,
    RESIDENT,
    STRANGER,
    TOWNSHIP,
    VILLAGE,
    VILLAGE_OFFICIAL,
    House,
    as_record,
    finding,
)


async def _found(house: House, **changes: Any) -> dict[str, Any]:
    visit_id = await house.visit(**changes)
    body: dict[str, Any] = (await house.record(visit_id, by=ADMIN, findings=[finding()])).json()["findings"][0]
    return body


def opened(finding_id: str | None, at: datetime, *, case_id: UUID, unit_id: UUID = TOWNSHIP.unit_id) -> CaseOpened:
    return CaseOpened(
        case_id=case_id,
        unit_id=unit_id,
        source=CaseSource.finding if finding_id else CaseSource.opinion,
        opinion_id=None,
        finding_id=UUID(finding_id) if finding_id else None,
        visit_id=None,
        channel="public_opinion",
        category="water",
        opened_at=at,
        clocks=(),
    )


def of_finding(finding_id: str | None, case_id: UUID) -> dict[str, UUID | None]:
    return {"case_id": case_id, "unit_id": TOWNSHIP.unit_id, "finding_id": UUID(finding_id) if finding_id else None}


def answered(finding_id: str | None, at: datetime, *, case_id: UUID) -> CaseAnswered:
    return CaseAnswered.model_validate({**of_finding(finding_id, case_id), "answered_at": at, "first": True, "in_time": True})


def confirmed(finding_id: str | None, at: datetime, *, case_id: UUID, resolved: bool = True) -> CaseConfirmed:
    said = {"judgement": 1, "resolved": resolved, "satisfied": None, "score": None}
    return CaseConfirmed.model_validate({**of_finding(finding_id, case_id), **said, "confirmed_at": at})


def rejected(finding_id: str | None, at: datetime, *, case_id: UUID) -> CaseRejected:
    return CaseRejected.model_validate({**of_finding(finding_id, case_id), "rejected_at": at})


def lapsed(finding_id: str | None, at: datetime, *, case_id: UUID) -> CaseLapsed:
    return CaseLapsed.model_validate({**of_finding(finding_id, case_id), "lapsed_at": at})


def handed_over(finding_id: str | None, at: datetime, *, case_id: UUID, unit_id: UUID) -> CaseHandedOver:
    owners = {"unit_id": unit_id, "from_unit_id": TOWNSHIP.unit_id, "handed_over_count": 1}
    return CaseHandedOver.model_validate({**of_finding(finding_id, case_id), **owners, "handed_over_at": at})


def reopened(finding_id: str | None, at: datetime, *, case_id: UUID) -> CaseReopened:
    said = {"judgement": 1, "reopened_count": 1, "reopened_at": at, "clocks": ()}
    return CaseReopened.model_validate({**of_finding(finding_id, case_id), **said})


def withdrawn(finding_id: str | None, at: datetime, *, case_id: UUID) -> CaseWithdrawn:
    return CaseWithdrawn.model_validate({**of_finding(finding_id, case_id), "withdrawn_at": at})


def overturned(finding_id: str | None, at: datetime, *, case_id: UUID) -> AppealDecided:
    said = {"by_unit_id": PROVINCE.unit_id, "overturned": True, "decided_at": at, "clocks": ()}
    return AppealDecided.model_validate({**of_finding(finding_id, case_id), **said})


async def _case_of(house: House, found: dict[str, Any], who: Principal = OFFICIAL) -> tuple[str | None, str | None]:
    body = (await house.client.get(f"/v1/findings/{found['id']}", caller=who)).json()
    return body["case_id"], body["case_state"]


async def test_a_finding_shows_its_case_and_how_far_it_has_come(house: House) -> None:
    found = await _found(house)
    case_id, now = uuid4(), house.clock()
    assert await _case_of(house, found) == (None, None)
    steps: list[tuple[Event, str]] = [
        (opened(found["id"], now, case_id=case_id), "opened"),
        (answered(found["id"], now + timedelta(hours=1), case_id=case_id), "answered"),
        (confirmed(found["id"], now + timedelta(hours=2), case_id=case_id, resolved=False), "refused"),
        (answered(found["id"], now + timedelta(hours=3), case_id=case_id), "answered"),
        (confirmed(found["id"], now + timedelta(hours=4), case_id=case_id), "confirmed"),
    ]
    for event, state in steps:
        await house.tell(event)
        assert await _case_of(house, found) == (str(case_id), state)
    shown = (await house.client.get(f"/v1/visits/{found['visit_id']}", caller=OFFICIAL)).json()["findings"]
    assert [item["case_state"] for item in shown] == ["confirmed"]


@pytest.mark.parametrize(("last", "state"), [(answered, "answered"), (confirmed, "confirmed"), (rejected, "rejected")])
async def test_case_events_end_the_same_in_every_order_and_however_often_they_come(
    house: House, last: Callable[..., Event], state: str
) -> None:
    now = house.clock()
    for order in permutations(range(4)):
        found, case_id = await _found(house), uuid4()
        events: list[Event] = [
            opened(found["id"], now, case_id=case_id),
            answered(found["id"], now + timedelta(hours=1), case_id=case_id),
            confirmed(found["id"], now + timedelta(hours=2), case_id=case_id, resolved=False),
            last(found["id"], now + timedelta(hours=3), case_id=case_id),
        ]
        records = [as_record(events[position]) for position in order]
        for record in [*records, *records]:
            await house.service.consumer.deliver([record])
        assert await _case_of(house, found) == (str(case_id), state), order


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((answered, lapsed), "lapsed"),
        ((answered, lapsed, reopened), "opened"),
        ((answered, withdrawn), "withdrawn"),
        ((rejected, overturned), "opened"),
        ((rejected, overturned, answered), "answered"),
    ],
    ids=lambda given: given if isinstance(given, str) else " ".join(fact.__name__ for fact in given),
)
async def test_a_case_that_lapsed_was_opened_again_or_taken_back_shows_so_in_every_order(
    house: House, facts: tuple[Callable[..., Event], ...], state: str
) -> None:
    now = house.clock()
    for order in permutations(range(len(facts) + 1)):
        found, case_id = await _found(house), uuid4()
        told = [opened, *facts]
        events = [fact(found["id"], now + timedelta(hours=hours), case_id=case_id) for hours, fact in enumerate(told)]
        await house.tell(*(events[position] for position in order))
        assert await _case_of(house, found) == (str(case_id), state), order


async def test_the_unit_that_the_case_was_handed_over_to_reads_the_finding(house: House) -> None:
    now = house.clock()
    for order in permutations(range(2)):
        found, case_id = await _found(house), uuid4()
        events: list[Event] = [
            opened(found["id"], now, case_id=case_id),
            handed_over(found["id"], now + timedelta(hours=1), case_id=case_id, unit_id=VILLAGE.unit_id),
        ]
        await house.tell(*(events[position] for position in order))
        assert await _case_of(house, found, VILLAGE_OFFICIAL) == (str(case_id), "opened")


async def test_cases_that_no_visit_found_touch_no_finding(house: House) -> None:
    found, case_id, now = await _found(house), uuid4(), house.clock()
    await house.tell(*(fact(None, now, case_id=case_id) for fact in (opened, answered, confirmed, rejected)))
    assert await _case_of(house, found) == (None, None)
    assert await house.service.database.pool.fetch("SELECT 1 FROM case_progress") == []


@pytest.mark.parametrize("who", [OFFICIAL, COLLEAGUE, LEAD, INSPECTOR, ADMIN])
async def test_get_finding_shows_its_words_to_those_in_scope(house: House, who: Principal) -> None:
    found = await _found(house)
    answer = await house.client.get(f"/v1/findings/{found['id']}", caller=who)
    assert answer.status_code == 200
    assert answer.json() == found
    assert (found["title"], found["body"]) == ("Pressure too low", "The upper houses get none.")
    assert found["sponsor_id"] == str(OFFICIAL.account_id)


@pytest.mark.parametrize("who", [VILLAGE_OFFICIAL, STRANGER])
async def test_a_foreign_finding_is_answered_as_one_that_does_not_exist(house: House, who: Principal) -> None:
    found = await _found(house)
    foreign = await house.client.get(f"/v1/findings/{found['id']}", caller=who)
    missing = await house.client.get(f"/v1/findings/{uuid4()}", caller=who)
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    listed = await house.client.get("/v1/findings", caller=who, params={"visit_id": found["visit_id"]})
    assert listed.json()["items"] == []


@pytest.mark.parametrize(("who", "status"), [(RESIDENT, 403), (ANONYMOUS, 401)])
async def test_residents_see_no_findings(house: House, who: Principal, status: int) -> None:
    for path in ("/v1/findings", f"/v1/findings/{uuid4()}"):
        assert (await house.client.get(path, caller=who)).status_code == status


async def test_the_unit_that_owns_the_case_reads_the_finding_for_as_long_as_it_does(house: House) -> None:
    found, case_id, now = await _found(house), uuid4(), house.clock()
    await house.tell(opened(found["id"], now, case_id=case_id, unit_id=VILLAGE.unit_id))
    assert await _case_of(house, found, VILLAGE_OFFICIAL) == (str(case_id), "opened")
    await house.tell(answered(found["id"], now + timedelta(hours=1), case_id=case_id))
    gone = await house.client.get(f"/v1/findings/{found['id']}", caller=VILLAGE_OFFICIAL)
    assert gone.status_code == 404


async def test_the_sponsor_reads_the_finding_wherever_the_sponsor_works(house: House) -> None:
    found = await _found(house, assignee_id=str(VILLAGE_OFFICIAL.account_id))
    assert (await house.client.get(f"/v1/findings/{found['id']}", caller=VILLAGE_OFFICIAL)).status_code == 200


async def test_list_findings_filters_and_pages(house: House) -> None:
    first = await _found(house)
    visit_id = await house.visit()
    later = (await house.record(visit_id, findings=[finding(), finding()])).json()["findings"]

    async def ids(**params: Any) -> list[str]:
        page = (await house.client.get("/v1/findings", caller=LEAD, params=params)).json()
        return [item["id"] for item in page["items"]]

    assert await ids() == [first["id"], later[0]["id"], later[1]["id"]]
    assert await ids(visit_id=visit_id) == [later[0]["id"], later[1]["id"]]
    assert await ids(unit_id=str(PROVINCE.unit_id)) == []
    page = (await house.client.get("/v1/findings", caller=LEAD, params={"limit": 2})).json()
    assert await ids(cursor=page["next_cursor"]) == [later[1]["id"]]
