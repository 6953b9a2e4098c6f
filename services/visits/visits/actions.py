"""What is done with visits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select, text
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.visits.contacts.actions import keep_contact
from services.visits.errors import visit_not_found
from services.visits.findings.actions import report_findings
from services.visits.tables import metadata
from services.visits.visits import rules
from services.visits.visits.models import UNOPENED, UNRECORDED, Visit
from services.visits.visits.queries import visible
from services.visits.visits.rules import VisitState
from services.visits.visits.schemas import VisitRecord
from shared.auth import Principal, Role
from shared.db import copy_in
from shared.errors import Forbidden
from shared.events.visits import CancelCause, VisitCancelled, VisitMissed, VisitPlanned, VisitRecorded
from shared.uow import UnitOfWork

VISITS: Table = metadata.tables[str(Visit.__tablename__)]


async def put_on_calendar(uow: UnitOfWork, visits: Sequence[Mapping[str, Any]]) -> None:
    """Keep new visits, given as rows. Tells `VisitPlanned` of each."""
    await copy_in(uow.session, VISITS, visits)
    await uow.record_all(
        [
            VisitPlanned(
                visit_id=visit["id"],
                plan_id=visit["plan_id"],
                unit_id=visit["unit_id"],
                window_starts_at=visit["window_starts_at"],
                window_ends_at=visit["window_ends_at"],
            )
            for visit in visits
        ]
    )


async def record_visit(uow: UnitOfWork, principal: Principal, visit_id: UUID, said: VisitRecord) -> Visit:
    """Keep what came of a visit. Tells `VisitRecorded`, and `FindingReported` for each finding.

    Only its assignee, or a lead or administrator over its unit, records. Raises `NotFound`, `Forbidden`, `Invalid`, and
    `Conflict` for a visit recorded before.
    """
    visit = await _lock_recordable(uow, principal, visit_id)
    now = uow.now()
    rules.check_record(said.outcome, reason=said.reason, findings=len(said.findings))
    late = rules.is_late(visit.window_ends_at, occurred_at=said.occurred_at, recorded_at=now)
    state = rules.state_at(visit.state, visit.window_starts_at, visit.window_ends_at, now)
    visit.state = rules.move(state, rules.recorded_state(said.outcome, late=late))
    rules.check_occurred_at(said.occurred_at, now=now, planned_at=visit.planned_at, starts_at=visit.window_starts_at)
    visit.occurred_at, visit.recorded_at, visit.recorded_by = said.occurred_at, now, principal.account
    visit.late, visit.reason = late, said.reason
    await uow.record(_recorded(visit, said.occurred_at, now, findings=len(said.findings)))
    if said.outcome is rules.Outcome.done and visit.contact_id is not None:
        await keep_contact(uow, visit.contact_id, said.occurred_at)
    await report_findings(uow, visit_id=visit.id, unit_id=visit.unit_id, sponsor_id=visit.assignee_id, drafts=said.findings)
    await uow.session.flush()
    return visit


async def _lock_recordable(uow: UnitOfWork, principal: Principal, visit_id: UUID) -> Visit:
    statement = select(Visit).where(col(Visit.id) == visit_id, await visible(uow, principal)).with_for_update()
    visit = await uow.session.scalar(statement)
    if visit is None:
        raise visit_not_found()
    if principal.account != visit.assignee_id and principal.role not in (Role.lead, Role.admin):
        raise Forbidden("not-the-visitor", "Only the official who makes this visit, or a lead of the unit, records it.")
    return visit


def _recorded(visit: Visit, occurred_at: datetime, recorded_at: datetime, *, findings: int) -> VisitRecorded:
    return VisitRecorded(
        visit_id=visit.id,
        plan_id=visit.plan_id,
        unit_id=visit.unit_id,
        outcome=visit.state,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        late=visit.late,
        findings=findings,
    )


async def ready_visits(uow: UnitOfWork, *, limit: int) -> int:
    """Mark as ready up to `limit` planned visits whose window has opened; returns how many."""
    visits = await _take(uow, UNOPENED, col(Visit.window_starts_at) <= uow.now(), col(Visit.window_starts_at), limit)
    for visit in visits:
        visit.state = rules.move(visit.state, VisitState.ready)
    return len(visits)


async def miss_visits(uow: UnitOfWork, *, limit: int) -> int:
    """Mark as missed up to `limit` visits whose window ended unrecorded; returns how many. Tells `VisitMissed` of each."""
    now = uow.now()
    visits = await _take(uow, UNRECORDED, col(Visit.window_ends_at) < now, col(Visit.window_ends_at), limit)
    for visit in visits:
        visit.state = rules.move(visit.state, VisitState.missed)
        await uow.record(
            VisitMissed(
                visit_id=visit.id,
                plan_id=visit.plan_id,
                unit_id=visit.unit_id,
                window_ends_at=visit.window_ends_at,
                missed_at=now,
            )
        )
    return len(visits)


async def cancel_ahead(uow: UnitOfWork, *which: ColumnElement[bool], cause: CancelCause, opened_too: bool = False) -> int:
    """Take off the calendar the unrecorded visits that meet these conditions, of those whose window is open only if
    `opened_too`; returns how many. Tells `VisitCancelled` of each."""
    statement = select(Visit).where(text(UNRECORDED), *which).order_by(col(Visit.id)).with_for_update()
    if not opened_too:
        statement = statement.where(text(UNOPENED), col(Visit.window_starts_at) > uow.now())
    visits = (await uow.session.scalars(statement)).all()
    for visit in visits:
        visit.state, visit.reason = rules.move(visit.state, VisitState.cancelled), cause
        await uow.record(
            VisitCancelled(visit_id=visit.id, plan_id=visit.plan_id, unit_id=visit.unit_id, cause=cause, cancelled_at=uow.now())
        )
    await uow.session.flush()
    return len(visits)


async def _take(uow: UnitOfWork, index: str, due: ColumnElement[bool], order: Mapped[datetime], limit: int) -> Sequence[Visit]:
    """Due visits that no other worker has in hand, through a partial index."""
    statement = select(Visit).where(text(index), due).order_by(order).limit(limit).with_for_update(skip_locked=True)
    return (await uow.session.scalars(statement)).all()
