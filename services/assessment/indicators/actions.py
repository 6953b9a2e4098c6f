"""Keeping evidence. One statement per event, and the same row in the end whatever order the events arrive in.

Of a fact that can be told twice, the first telling counts (the first answer) or the last one, by the time that the events carry;
judgements and hand-overs carry their number, which says more: anonymous speakers' times are full hours, so two may be equal. Of
other equally old facts the values decide, so that it is still the same row in every order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, case, cast, func, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert

from services.assessment.indicators.models import (
    AnswerEvidence,
    CaseEvidence,
    PromiseEvidence,
    RetaliationEvidence,
    VisitEvidence,
)
from services.assessment.tables import metadata
from shared.events.feedback import (
    AppealDecided,
    CaseAcknowledged,
    CaseAnswered,
    CaseConfirmed,
    CaseEscalated,
    CaseEscalatedV2,
    CaseHandedOver,
    CaseLapsed,
    CaseOpened,
    CaseReopened,
    ClockBreached,
    ClockBreachedV2,
    ClockKind,
    EscalationCause,
    RetaliationDecided,
)
from shared.events.visits import (
    PromiseBroken,
    PromiseKept,
    PromiseWithdrawn,
    VisitCancelled,
    VisitCounted,
    VisitMissed,
    VisitPlanned,
    VisitRecorded,
)
from shared.uow import UnitOfWork

Fact = Sequence[str]
"""Columns that are told together, the one that orders them first."""

CASES: Table = metadata.tables[str(CaseEvidence.__tablename__)]
VISITS: Table = metadata.tables[str(VisitEvidence.__tablename__)]
ANSWERS: Table = metadata.tables[str(AnswerEvidence.__tablename__)]
UNIT: Mapping[Table, Sequence[Fact]] = {CASES: [("owner", "unit_id")], VISITS: [("unit_since", "unit_id")], ANSWERS: []}
"""Whose it is, where that can change."""
OPENED, UNHEARD_OF = 0, -1
"""What `owner` is before the first hand-over, and before the opening was heard of."""


def _order(source: Any, fact: Fact) -> ColumnElement[Any]:
    """What is compared: never null but for a time that is not known yet."""
    return tuple_(*(_comparable(source[name]) for name in fact))


def _comparable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(cast(column, Integer), -1) if column.type.python_type is bool else column


def _keep(table: Table, *, first: Sequence[Fact] = (), last: Sequence[Fact] = ()) -> Insert:
    """An upsert that sets these facts where they are unknown, earlier (`first`) or later (`last`) than what is known."""
    statement = insert(table)
    new, known = statement.excluded, table.c
    changes: dict[str, ColumnElement[Any]] = {}
    for fact in (*first, *UNIT[table], *last):
        older, newer = (new, known) if fact in first else (known, new)
        wins = known[fact[0]].is_(None) | (_order(older, fact) < _order(newer, fact))
        changes |= {name: case((wins, new[name]), else_=known[name]) for name in fact}
    return statement.on_conflict_do_update(index_elements=[*table.primary_key], set_=changes)


KEEP_OPENED = _keep(CASES, first=[("opened_at",)])
KEEP_ACKNOWLEDGED = _keep(CASES, first=[("acknowledged_at",)])
KEEP_ANSWERED = _keep(CASES, first=[("first_answered_at", "first_answer_in_time")])
KEEP_VERDICT = _keep(CASES, last=[("judgement", "verdict_at", "resolved", "satisfied")])
KEEP_REOPENED = _keep(CASES, last=[("reopened_judgement", "reopened_at")])
KEEP_OWNER = _keep(CASES)
KEEP_BREACHED = _keep(CASES, first=[("breached_at",)])
KEEP_FIRST_ANSWER_BREACHED = _keep(CASES, first=[("breached_at",), ("first_answer_breached_at",)])
KEEP_ESCALATED = _keep(CASES, first=[("escalated_at",)])
KEEP_ANSWER = _keep(ANSWERS, first=[("answered_at",)])
KEEP_ANSWER_JUDGED = _keep(ANSWERS, last=[("judgement", "judged_at", "resolved")])
KEEP_ANSWER_CONFIRMED = _keep(
    ANSWERS, first=[("confirmed_judgement", "confirmed_at")], last=[("judgement", "judged_at", "resolved")]
)
KEEP_ANSWER_LAPSED = _keep(ANSWERS, last=[("lapsed_at",)])
KEEP_ANSWER_REOPENED = _keep(ANSWERS, last=[("reopened_judgement",)])
KEEP_PLANNED = _keep(VISITS, last=[("planned_for",)])
KEEP_RECORDED = _keep(VISITS, last=[("recorded_at", "occurred_at", "findings", "outcome")])
KEEP_MISSED = _keep(VISITS, first=[("missed_at",)])
KEEP_CANCELLED = _keep(VISITS, first=[("cancelled_at",)])
KEEP_COUNTED = _keep(VISITS, first=[("counted_at",)])

CaseEvent = (
    CaseOpened
    | CaseAcknowledged
    | CaseAnswered
    | CaseConfirmed
    | CaseReopened
    | CaseHandedOver
    | AppealDecided
    | ClockBreached
    | ClockBreachedV2
    | CaseEscalated
    | CaseEscalatedV2
)
VisitEvent = VisitPlanned | VisitRecorded | VisitMissed | VisitCancelled | VisitCounted


async def keep_case_opened(uow: UnitOfWork, event: CaseOpened) -> None:
    await uow.session.execute(KEEP_OPENED, _case(event, owner=OPENED, opened_at=event.opened_at))


async def keep_case_acknowledged(uow: UnitOfWork, event: CaseAcknowledged) -> None:
    await uow.session.execute(KEEP_ACKNOWLEDGED, _case(event, acknowledged_at=event.acknowledged_at))


async def keep_case_answered(uow: UnitOfWork, event: CaseAnswered) -> None:
    """Only the first answer says anything about the clock; by any the unit calls the case resolved."""
    if event.first:
        values = {"first_answered_at": event.answered_at, "first_answer_in_time": event.in_time}
        await uow.session.execute(KEEP_ANSWERED, _case(event, **values))
    await uow.session.execute(KEEP_ANSWER, _answer(event, answered_at=event.answered_at))


async def keep_case_confirmed(uow: UnitOfWork, event: CaseConfirmed) -> None:
    values = {"resolved": event.resolved, "satisfied": event.satisfied, "judgement": event.judgement}
    await uow.session.execute(KEEP_VERDICT, _case(event, verdict_at=event.confirmed_at, **values))
    verdict = {"judgement": event.judgement, "judged_at": event.confirmed_at, "resolved": event.resolved}
    if event.resolved:
        confirmed = {"confirmed_judgement": event.judgement, "confirmed_at": event.confirmed_at}
        await uow.session.execute(KEEP_ANSWER_CONFIRMED, _answer(event, **verdict, **confirmed))
    else:
        await uow.session.execute(KEEP_ANSWER_JUDGED, _answer(event, **verdict))


async def keep_case_lapsed(uow: UnitOfWork, event: CaseLapsed) -> None:
    """Called resolved, and nobody said so."""
    await uow.session.execute(KEEP_ANSWER_LAPSED, _answer(event, lapsed_at=event.lapsed_at))


async def keep_case_reopened(uow: UnitOfWork, event: CaseReopened) -> None:
    """A closed case changes no hands, so who owes it then is who had resolved it, and stays so whoever owes it afterwards."""
    await uow.session.execute(KEEP_REOPENED, _case(event, reopened_at=event.reopened_at, reopened_judgement=event.judgement))
    await uow.session.execute(KEEP_ANSWER_REOPENED, _answer(event, reopened_judgement=event.judgement))


async def keep_case_handed_over(uow: UnitOfWork, event: CaseHandedOver) -> None:
    """All that is known of the case counts for the unit that owes it now."""
    await uow.session.execute(KEEP_OWNER, _case(event, owner=event.handed_over_count))


async def keep_appeal_decided(uow: UnitOfWork, event: AppealDecided) -> None:
    """An overturned rejection is a reopening that overrules no verdict."""
    if event.overturned:
        await uow.session.execute(KEEP_REOPENED, _case(event, reopened_at=event.decided_at, reopened_judgement=0))


async def keep_clock_breached(uow: UnitOfWork, event: ClockBreached | ClockBreachedV2) -> None:
    """The decision of an appeal is not owed by the unit whose case it is."""
    if event.kind == ClockKind.appeal:
        return
    values = {"breached_at": event.breached_at}
    if event.kind == ClockKind.first_answer:
        values["first_answer_breached_at"] = event.breached_at
        await uow.session.execute(KEEP_FIRST_ANSWER_BREACHED, _case(event, **values))
    else:
        await uow.session.execute(KEEP_BREACHED, _case(event, **values))


async def keep_case_escalated(uow: UnitOfWork, event: CaseEscalated | CaseEscalatedV2) -> None:
    """Seen above, owed below: the case stays with its unit, and an appeal that nobody decided does not count against it."""
    if isinstance(event, CaseEscalatedV2) and event.cause is EscalationCause.appeal:
        return
    await uow.session.execute(KEEP_ESCALATED, _case(event, escalated_at=event.escalated_at))


async def keep_visit_planned(uow: UnitOfWork, event: VisitPlanned) -> None:
    await uow.session.execute(KEEP_PLANNED, _visit(event, planned_for=event.window_starts_at))


async def keep_visit_recorded(uow: UnitOfWork, event: VisitRecorded) -> None:
    values = {"occurred_at": event.occurred_at, "findings": event.findings, "outcome": event.outcome}
    await uow.session.execute(KEEP_RECORDED, _visit(event, recorded_at=event.recorded_at, **values))


async def keep_visit_missed(uow: UnitOfWork, event: VisitMissed) -> None:
    """A record that follows corrects it."""
    await uow.session.execute(KEEP_MISSED, _visit(event, missed_at=event.missed_at))


async def keep_visit_cancelled(uow: UnitOfWork, event: VisitCancelled) -> None:
    await uow.session.execute(KEEP_CANCELLED, _visit(event, cancelled_at=event.cancelled_at))


async def keep_visit_counted(uow: UnitOfWork, event: VisitCounted) -> None:
    await uow.session.execute(KEEP_COUNTED, _visit(event, counted_at=event.counted_at))


async def keep_promise_kept(uow: UnitOfWork, event: PromiseKept) -> None:
    await _keep_promise(uow, event, due_on=event.due_on, kept_at=event.kept_at, in_time=event.in_time)


async def keep_promise_broken(uow: UnitOfWork, event: PromiseBroken) -> None:
    """It may still be kept, late."""
    await _keep_promise(uow, event, due_on=event.due_on, broken_at=event.broken_at)


async def keep_promise_withdrawn(uow: UnitOfWork, event: PromiseWithdrawn) -> None:
    await _keep_promise(uow, event, withdrawn_at=event.withdrawn_at)


async def keep_retaliation_decided(uow: UnitOfWork, event: RetaliationDecided) -> None:
    """A report is decided once, and one that was not found true leaves no trace here."""
    if event.substantiated and event.unit_id is not None:
        values = {"report_id": event.report_id, "unit_id": event.unit_id, "decided_at": event.decided_at}
        await uow.session.execute(insert(RetaliationEvidence).values(values).on_conflict_do_nothing())


async def _keep_promise(uow: UnitOfWork, event: PromiseKept | PromiseBroken | PromiseWithdrawn, **facts: Any) -> None:
    """Each of these happens once to a promise, which stays with its unit: whatever the order, none overwrites another."""
    kept = insert(PromiseEvidence).values({"promise_id": event.promise_id, "unit_id": event.unit_id, **facts})
    await uow.session.execute(kept.on_conflict_do_update(index_elements=["promise_id"], set_=facts))


def _case(event: CaseEvent, **facts: Any) -> dict[str, Any]:
    return {"case_id": event.case_id, "unit_id": event.unit_id, "owner": UNHEARD_OF, **facts}


def _answer(event: CaseAnswered | CaseConfirmed | CaseLapsed | CaseReopened, **facts: Any) -> dict[str, Any]:
    return {"case_id": event.case_id, "unit_id": event.unit_id, **facts}


def _visit(event: VisitEvent, **facts: Any) -> dict[str, Any]:
    """The first fact is the event's time."""
    return {"visit_id": event.visit_id, "unit_id": event.unit_id, "unit_since": next(iter(facts.values())), **facts}
