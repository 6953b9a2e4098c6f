"""A fact in every version that is still published, the oldest first."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import hour_of
from shared.db import Database
from shared.events.envelope import Event
from shared.events.feedback import CaseEscalatedV2, CaseLapsed, ClockBreachedV2, ClockKind, EscalationCause
from shared.events.visits import VisitPlanned
from shared.ids import new_id
from shared.keyring import Keyring
from shared.outbox import row, rows
from shared.policy_directory import PolicyDirectory
from shared.units import UnitDirectory
from shared.uow import Works
from tests.support.clock import ManualClock
from tests.support.databases import Databases

CASE, UNIT = {"case_id": uuid4(), "unit_id": uuid4()}, uuid4()
BREACH, ESCALATION = "massline.feedback.clock.breached.v", "massline.feedback.case.escalated.v"


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with Database(databases.fresh("kernel")) as opened:
        yield opened


@pytest.fixture
def works(database: Database, clock: ManualClock) -> Works:
    return Works(database, clock, new_id, UnitDirectory(database), PolicyDirectory(database), Keyring({}, ""))


def breach(at: datetime, kind: ClockKind = ClockKind.first_answer) -> ClockBreachedV2:
    return ClockBreachedV2(**CASE, kind=kind, due_at=at, breached_at=at)


def escalation(at: datetime, cause: EscalationCause = EscalationCause.first_answer) -> CaseEscalatedV2:
    return CaseEscalatedV2(**CASE, to_unit_id=UNIT, cause=cause, round=2, step=3, escalated_at=at)


async def outbox(works: Works) -> list[tuple[str, Event]]:
    """The type and the event of each row, in order; none has another's id, and all have the case as their key."""
    rows = await works.database.pool.fetch("SELECT id, type, key, data FROM outbox ORDER BY position")
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["key"] for row in rows} <= {CASE["case_id"]}
    return [(row["type"], Event.registry[row["type"]].model_validate_json(row["data"])) for row in rows]


async def test_record_writes_every_version_the_oldest_first(works: Works, clock: ManualClock) -> None:
    now = clock()
    async with works.begin() as uow:
        await uow.record(breach(now))
        await uow.record(escalation(now))
    (_, first), (_, second), (_, third), (_, fourth) = found = await outbox(works)
    assert [type for type, _ in found] == [f"{BREACH}1", f"{BREACH}2", f"{ESCALATION}1", f"{ESCALATION}2"]
    assert (second, fourth) == (breach(now), escalation(now))
    assert first.model_dump() == breach(now).model_dump()
    told = {**escalation(now).model_dump(), "kind": "first_answer"}
    assert third.model_dump() == {name: value for name, value in told.items() if name not in ("cause", "round")}


async def test_record_all_does_so_for_each_in_turn(works: Works, clock: ManualClock) -> None:
    now = clock()
    events = [breach(now, ClockKind.appeal), breach(now), escalation(now, EscalationCause.reopening), escalation(now)]
    async with works.begin() as uow:
        await uow.record_all(events)
    expected = [f"{BREACH}2", f"{BREACH}1", f"{BREACH}2", f"{ESCALATION}2", f"{ESCALATION}1", f"{ESCALATION}2"]
    assert [type for type, _ in await outbox(works)] == expected


async def test_what_an_anonymous_speaker_did_has_the_hour_in_every_version(works: Works, clock: ManualClock) -> None:
    async with works.begin() as uow:
        await uow.record(breach(clock()), coarse=True)
    rows = await works.database.pool.fetch("SELECT id, time, traceparent FROM outbox")
    assert {(row["time"], row["traceparent"]) for row in rows} == {(hour_of(clock()), "")}
    assert {row["id"].int >> 80 for row in rows} == {int(hour_of(clock()).timestamp() * 1000)}
    assert len(rows) == 2


async def test_a_rolled_back_fact_is_told_in_no_version(works: Works, clock: ManualClock) -> None:
    async with works.open() as (uow, _):
        await uow.record(breach(clock()))
    assert await outbox(works) == []


def test_a_kind_that_the_first_version_has_no_word_for_is_told_in_the_second_alone(clock: ManualClock) -> None:
    now = clock()
    first = {"acknowledgement", "first_answer", "resolution"}
    assert {kind.value for kind in ClockKind if len(breach(now, kind).versions()) == 2} == first
    assert {cause.value for cause in EscalationCause if len(escalation(now, cause).versions()) == 2} == first
    lapsed = CaseLapsed(**CASE, finding_id=None, lapsed_at=now)
    assert lapsed.versions() == [lapsed]


ID, TIME = st.uuids(), st.datetimes(timezones=st.just(UTC))
FACTS = st.tuples(ID, ID, ID, TIME, TIME).map(lambda values: dict(zip(VisitPlanned.model_fields, values, strict=True)))


@given(st.lists(FACTS), st.datetimes(timezones=st.just(UTC)))
def test_facts_that_are_not_validated_again_are_told_to_the_byte_as_the_contract_tells_them(
    facts: list[dict[str, Any]], now: datetime
) -> None:
    contract, event_id = VisitPlanned, uuid4()
    told = rows(contract, facts, ids=lambda: event_id, time=now, traceparent="trace")
    assert told == [row(contract(**fact), id=event_id, time=now, traceparent="trace") for fact in facts]


async def test_facts_are_told_in_their_order_and_each_by_its_own_id(works: Works, clock: ManualClock) -> None:
    ids = [new_id() for _ in range(5)]
    facts = [
        {"visit_id": each, "plan_id": UNIT, "unit_id": UNIT, "window_starts_at": clock(), "window_ends_at": clock()}
        for each in ids
    ]
    async with works.begin() as uow:
        await uow.record_facts(VisitPlanned, facts)
    found = await works.database.pool.fetch("SELECT id, key, topic, type FROM outbox ORDER BY position")
    assert [row["key"] for row in found] == ids
    assert len({row["id"] for row in found}) == 5
    assert {(row["topic"], row["type"]) for row in found} == {("massline.visits", "massline.visits.visit.planned.v1")}


async def test_facts_told_by_the_hour_tell_no_finer_time(works: Works, clock: ManualClock) -> None:
    fact = {"visit_id": UNIT, "plan_id": UNIT, "unit_id": UNIT, "window_starts_at": clock(), "window_ends_at": clock()}
    async with works.begin() as uow:
        await uow.by_the_hour().record_facts(VisitPlanned, [fact])
    [told] = await works.database.pool.fetch("SELECT id, time, traceparent FROM outbox")
    hour = hour_of(clock())
    assert (told["time"], told["traceparent"], told["id"].int >> 80) == (hour, "", int(hour.timestamp() * 1000))


@pytest.mark.parametrize("contract", [VisitPlanned, ClockBreachedV2])
def test_facts_that_are_not_a_contracts_or_want_a_second_version_are_a_mistake(contract: type[Event], clock: ManualClock) -> None:
    with pytest.raises(AssertionError):
        rows(contract, [{"visit_id": UNIT}], ids=new_id, time=clock(), traceparent="")
