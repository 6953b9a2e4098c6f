"""A visit counts only when something was learned or done."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.envelope import Event
from shared.events.feedback import CaseAnswered, CaseHandedOver, CaseOpened, CaseSource
from shared.events.visits import VisitCounted
from tests.visits.house import ELSEWHERE, LEAD, TOWNSHIP, VILLAGE, House, as_record, finding


def opened(case_id: UUID, at: datetime, unit_id: UUID = TOWNSHIP.unit_id) -> CaseOpened:
    return CaseOpened(
        case_id=case_id,
        unit_id=unit_id,
        source=CaseSource.opinion,
        opinion_id=uuid4(),
        finding_id=None,
        visit_id=None,
        channel="public_opinion",
        category=None,
        opened_at=at,
        clocks=(),
    )


def answered(case_id: UUID, at: datetime, unit_id: UUID = TOWNSHIP.unit_id) -> CaseAnswered:
    return CaseAnswered(case_id=case_id, unit_id=unit_id, finding_id=None, answered_at=at, first=True, in_time=True)


def handed_over(case_id: UUID, at: datetime, unit_id: UUID, count: int = 1) -> CaseHandedOver:
    return CaseHandedOver(
        case_id=case_id,
        unit_id=unit_id,
        finding_id=None,
        from_unit_id=TOWNSHIP.unit_id,
        handed_over_count=count,
        handed_over_at=at,
    )


async def _counts(house: House, visit_id: str) -> str | None:
    visit = await house.read(f"/v1/visits/{visit_id}")
    assert (visit["counted_at"] is None) == (visit["counted_by"] is None)
    by: str | None = visit["counted_by"]
    return by


async def test_a_visit_that_found_something_counts_at_once(house: House) -> None:
    visit_id = await house.visit()
    body = (await house.record(visit_id, findings=[finding()], case_ids=[str(uuid4())])).json()
    assert body["counted_by"] == "finding"
    (event,) = await house.told(VisitCounted)
    assert (str(event.visit_id), event.by, event.counted_at) == (visit_id, "finding", house.clock())


async def test_a_visit_that_brought_nothing_does_not_count(house: House) -> None:
    visit_id = await house.visit()
    await house.record(visit_id, present="few")
    assert await _counts(house, visit_id) is None
    assert await house.told(VisitCounted) == []


@pytest.mark.parametrize("outcome", ["refused_by_resident", "cancelled"])
async def test_a_visit_that_was_not_made_never_counts_and_brings_nothing(house: House, outcome: str) -> None:
    case_id = uuid4()
    visit_id = await house.visit(need={"kind": "case", "id_or_code": str(case_id)})
    refused = await house.record(visit_id, outcome=outcome, reason="So it was", case_ids=[str(case_id)])
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("needs-a-visit")
    await house.record(visit_id, outcome=outcome, reason="So it was")
    await house.tell(opened(case_id, house.clock()), answered(case_id, house.clock()))
    assert await _counts(house, visit_id) is None


async def test_a_late_visit_counts_as_any_other(house: House) -> None:
    visit_id = await house.visit()
    house.clock.advance(days=20)
    assert (await house.record(visit_id, findings=[finding()])).json()["counted_by"] == "finding"


@pytest.mark.parametrize("first", ["record", "case"])
async def test_a_case_filed_at_the_visit_makes_it_count_whichever_is_heard_first(house: House, first: str) -> None:
    visit_id, case_id = await house.visit(), uuid4()
    event = opened(case_id, house.clock().replace(minute=0, second=0, microsecond=0))
    if first == "case":
        await house.tell(event)
    body = (await house.record(visit_id, case_ids=[str(case_id)])).json()
    assert body["counted_by"] == ("case" if first == "case" else None)
    await house.tell(event, event)
    assert await _counts(house, visit_id) == "case"
    assert len(await house.told(VisitCounted)) == 1


async def test_a_record_and_the_case_that_it_names_at_the_same_moment_miss_each_other_never(house: House) -> None:
    for _ in range(8):
        visit_id, case_id = await house.visit(), uuid4()
        await asyncio.gather(
            house.record(visit_id, case_ids=[str(case_id)]),
            house.service.consumer.deliver([as_record(opened(case_id, house.clock()))]),
        )
        assert await _counts(house, visit_id) == "case"


async def test_an_older_case_counts_once_it_is_answered_after_the_visit(house: House) -> None:
    visit_id, case_id, now = await house.visit(), uuid4(), house.clock()
    await house.tell(opened(case_id, now - timedelta(days=3)), answered(case_id, now - timedelta(days=2)))
    await house.record(visit_id, case_ids=[str(case_id)])
    assert await _counts(house, visit_id) is None
    await house.tell(answered(case_id, now + timedelta(hours=1)))
    assert await _counts(house, visit_id) == "answer"


@pytest.mark.parametrize("first", ["record", "answer"])
async def test_a_visit_made_for_a_case_counts_when_that_is_answered(house: House, first: str) -> None:
    case_id = uuid4()
    visit_id = await house.visit(need={"kind": "case", "id_or_code": str(case_id)})
    told: list[Callable[[], Any]] = [
        lambda: house.record(visit_id),
        lambda: house.tell(opened(case_id, house.clock() - timedelta(days=3)), answered(case_id, house.clock())),
    ]
    for tell in told if first == "record" else told[::-1]:
        await tell()
    assert await _counts(house, visit_id) == "answer"


async def test_a_case_that_the_visit_was_made_for_does_not_count_by_being_opened(house: House) -> None:
    case_id = uuid4()
    visit_id = await house.visit(need={"kind": "case", "id_or_code": str(case_id)})
    await house.record(visit_id)
    await house.tell(opened(case_id, house.clock()))
    assert await _counts(house, visit_id) is None


async def test_a_case_of_another_line_counts_only_when_it_is_handed_over_into_this_one(house: House) -> None:
    visit_id, case_id = await house.visit(), uuid4()
    await house.record(visit_id, case_ids=[str(case_id)])
    await house.tell(opened(case_id, house.clock(), ELSEWHERE.unit_id))
    assert await _counts(house, visit_id) is None
    await house.tell(handed_over(case_id, house.clock(), VILLAGE.unit_id))
    assert await _counts(house, visit_id) == "case"


async def test_what_is_heard_of_a_case_ends_the_same_in_every_order(house: House) -> None:
    """All within one hour, as an anonymous speaker's facts are told."""
    now = house.clock()
    for order in permutations(range(3)):
        case_id = uuid4()
        events: list[Event] = [
            opened(case_id, now, TOWNSHIP.unit_id),
            handed_over(case_id, now, VILLAGE.unit_id, 1),
            handed_over(case_id, now, ELSEWHERE.unit_id, 2),
        ]
        await house.tell(*(events[position] for position in order))
        row = await house.service.database.pool.fetchrow("SELECT unit_id, opened_at FROM known_cases WHERE case_id = $1", case_id)
        assert tuple(row or ()) == (ELSEWHERE.unit_id, now), order


async def test_what_counted_first_stands(house: House) -> None:
    visit_id, case_id = await house.visit(), uuid4()
    await house.record(visit_id, findings=[finding()], case_ids=[str(case_id)])
    await house.tell(opened(case_id, house.clock()), answered(case_id, house.clock()))
    assert await _counts(house, visit_id) == "finding"
    assert len(await house.told(VisitCounted)) == 1


async def test_nothing_but_ids_and_times_is_known_of_cases(house: House) -> None:
    await house.tell(opened(uuid4(), house.clock()))
    columns = await house.service.database.pool.fetch(
        "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_name IN ('known_cases', 'served_cases')"
    )
    assert {row["data_type"] for row in columns} == {"uuid", "integer", "boolean", "timestamp with time zone"}


async def test_cases_are_named_within_bounds(house: House) -> None:
    visit_id = await house.visit()
    for wrong in ([str(uuid4())] * 21, ["1"], None, "all"):
        assert (await house.record(visit_id, by=LEAD, case_ids=wrong)).status_code == 422
    twice = str(uuid4())
    assert (await house.record(visit_id, case_ids=[twice, twice])).status_code == 200
