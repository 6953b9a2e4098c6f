"""Saying what comes first, and what work is for it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.indicators.models import CaseEvidence, VisitEvidence
from services.assessment.outcomes.models import Outcome
from services.assessment.priorities.models import KnownActivity, Priority, PriorityTag
from services.assessment.priorities.queries import get_priority, priority_not_found
from services.assessment.priorities.rules import (
    WorkKind,
    check_end,
    check_free,
    check_in_effect,
    check_shared,
    check_span,
)
from services.assessment.priorities.schemas import PriorityIn, WorkIn
from services.assessment.scopes.queries import is_in_scope, require_own_unit
from shared.auth import Principal
from shared.errors import NotFound
from shared.uow import UnitOfWork

UNIT_OF = {
    WorkKind.case: (CaseEvidence.case_id, CaseEvidence.unit_id),
    WorkKind.visit: (VisitEvidence.visit_id, VisitEvidence.unit_id),
    WorkKind.activity: (KnownActivity.activity_id, KnownActivity.unit_id),
    WorkKind.outcome: (Outcome.id, Outcome.unit_id),
    WorkKind.campaign: (Campaign.id, Campaign.unit_id),
}
"""Where it stands whose work something is."""


async def register_priority(uow: UnitOfWork, principal: Principal, said: PriorityIn) -> Priority:
    """Raises `NotFound` (unit-not-found), `Invalid` (priority-in-the-past, priority-ends-before-start), `Conflict`
    (priority-code-taken)."""
    unit, now = await require_own_unit(uow, principal, said.unit_id), uow.now()
    check_span(said.since, said.until, now.date())
    await _one_at_a_time(uow, unit.id)
    check_free(taken=await _overlaps(uow, unit.id, said.code, said.since, said.until))
    priority = Priority(
        id=uow.new_id(),
        unit_id=unit.id,
        code=said.code,
        title=said.title,
        rank=said.rank,
        since=said.since,
        until=said.until,
        registered_by=principal.account,
        registered_at=now,
    )
    uow.session.add(priority)
    await uow.session.flush()
    return priority


async def end_priority(uow: UnitOfWork, principal: Principal, priority_id: UUID, until: date) -> Priority:
    """Raises `NotFound` (priority-not-found), `Invalid` (end-in-the-past, priority-ends-before-start), `Conflict`
    (priority-ended)."""
    priority = await get_priority(uow, priority_id, lock=True)
    if not is_in_scope(uow, principal, priority.unit_id):
        raise priority_not_found()
    check_end(priority.since, priority.until, until, uow.now().date())
    priority.until, priority.ended_by = until, principal.account
    return priority


async def tag_work(uow: UnitOfWork, principal: Principal, priority_id: UUID, work: WorkIn) -> None:
    """Say that a piece of work is for this priority, and for no other any more.

    Raises `NotFound` (priority-not-found, work-not-found), `Conflict` (priority-not-in-effect), `Invalid` (priority-elsewhere).
    """
    unit_id = await _unit_of(uow, principal, work)
    priority, now = await get_priority(uow, priority_id), uow.now()
    check_in_effect(priority.since, priority.until, now.date())
    check_shared(covered=uow.units.covers(priority.unit_id, unit_id))
    tag = {"priority_id": priority.id, "tagged_by": principal.account, "tagged_at": now}
    statement = insert(PriorityTag).values(kind=work.kind.value, work_id=work.id, **tag)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["kind", "work_id"], set_=tag))


async def untag_work(uow: UnitOfWork, principal: Principal, priority_id: UUID, work: WorkIn) -> None:
    """Take that back; where it was not said nothing changes. Raises `NotFound` (priority-not-found, work-not-found)."""
    await _unit_of(uow, principal, work)
    priority = await get_priority(uow, priority_id)
    tag = (col(PriorityTag.kind) == work.kind.value, col(PriorityTag.work_id) == work.id)
    await uow.session.execute(delete(PriorityTag).where(*tag, col(PriorityTag.priority_id) == priority.id))


async def keep_activity(uow: UnitOfWork, activity_id: UUID, unit_id: UUID, held_at: datetime | None) -> None:
    """Planned, or held; whichever is told first, and however often."""
    statement = insert(KnownActivity).values(activity_id=activity_id, unit_id=unit_id, held_at=held_at)
    first = func.least(col(KnownActivity.held_at), statement.excluded.held_at)
    await uow.session.execute(statement.on_conflict_do_update(index_elements=["activity_id"], set_={"held_at": first}))


async def _unit_of(uow: UnitOfWork, principal: Principal, work: WorkIn) -> UUID:
    """The unit whose work it is. Raises `NotFound` (work-not-found) where it is not the caller's."""
    key, unit = UNIT_OF[work.kind]
    unit_id: UUID | None = await uow.session.scalar(select(col(unit)).where(col(key) == work.id))
    if unit_id is None or not is_in_scope(uow, principal, unit_id):
        raise NotFound("work-not-found", f"No {work.kind} of your units has this id.")
    return unit_id


async def _one_at_a_time(uow: UnitOfWork, unit_id: UUID) -> None:
    """Two versions of a code must not overlap."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"priorities {unit_id}", 0))))


async def _overlaps(uow: UnitOfWork, unit_id: UUID, code: str, since: date, until: date | None) -> bool:
    ends = col(Priority.until)
    mine = select(col(Priority.id)).where(col(Priority.unit_id) == unit_id, col(Priority.code) == code)
    mine = mine.where(or_(ends.is_(None), ends >= since))
    if until is not None:
        mine = mine.where(col(Priority.since) <= until)
    return await uow.session.scalar(mine.limit(1)) is not None
