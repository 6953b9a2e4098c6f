"""What is done with visits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, select, text
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.visits.cases.actions import lock_cases, serve_cases
from services.visits.cases.models import KnownCase, ServedCase
from services.visits.cases.rules import effect_of
from services.visits.contacts.actions import keep_contact
from services.visits.contacts.models import Contact
from services.visits.discretion.rules import check_notes
from services.visits.errors import visit_not_found
from services.visits.findings.actions import report_findings
from services.visits.promises.actions import Occasion, make_promises
from services.visits.tables import metadata
from services.visits.templates.queries import template_for
from services.visits.templates.rules import check_answers
from services.visits.templates.schemas import asked_by
from services.visits.visits import rules
from services.visits.visits.models import OPENED, UNOPENED, UNRECORDED, UNREMINDED, Visit
from services.visits.visits.queries import visible
from services.visits.visits.rules import Outcome, VisitState
from services.visits.visits.schemas import VisitRecord
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.errors import Forbidden, Invalid
from shared.events.visits import (
    CancelCause,
    VisitCancelled,
    VisitCounted,
    VisitEffect,
    VisitMissed,
    VisitRecorded,
    VisitReminded,
)
from shared.reads import Read
from shared.uow import UnitOfWork

VISITS: Table = metadata.tables[str(Visit.__tablename__)]
SERVING = (
    select(Visit, KnownCase, ServedCase)
    .join(ServedCase, col(ServedCase.visit_id) == col(Visit.id))
    .join(KnownCase, col(KnownCase.case_id) == col(ServedCase.case_id))
    .where(col(Visit.counted_at).is_(None), col(KnownCase.unit_id).is_not(None))
    .order_by(col(Visit.id))
    .with_for_update(of=Visit)
)
SERVING_CASE = SERVING.where(col(ServedCase.case_id) == bindparam("about"))
SERVED_BY_VISIT = SERVING.where(col(ServedCase.visit_id) == bindparam("about"))
IS_SERVED = Read("SELECT FROM served_cases WHERE case_id = :case_id LIMIT 1")
"""Asked first, because almost every case that is heard of is served by no visit."""


async def record_visit(uow: UnitOfWork, principal: Principal, visit_id: UUID, said: VisitRecord) -> Visit:
    """Keep what came of a visit. Tells `VisitRecorded`, `FindingReported` for each finding, `PromiseMade` for each promise, and
    `VisitCounted` if something came of it already.

    Only its assignee, or a lead or administrator over its unit, records. Raises `NotFound`, `Forbidden`, `Invalid`, and
    `Conflict` for a visit recorded before.
    """
    await lock_for_records(uow, principal, [(visit_id, said)])
    visit = await _lock_recordable(uow, principal, visit_id)
    now = uow.now()
    rules.check_record(said.outcome, reason=said.reason, findings=len(said.findings))
    rules.check_brought(said.outcome, brought=said.brings)
    check_notes(said.notes())
    late = rules.is_late(visit.window_ends_at, occurred_at=said.occurred_at, recorded_at=now)
    state = rules.state_at(visit.state, visit.window_starts_at, visit.window_ends_at, now)
    visit.state = rules.move(state, rules.recorded_state(said.outcome, late=late))
    rules.check_occurred_at(said.occurred_at, now=now, planned_at=visit.planned_at, starts_at=visit.window_starts_at)
    visit.occurred_at, visit.recorded_at, visit.recorded_by = said.occurred_at, now, principal.account
    visit.late, visit.reason, visit.present = late, said.reason, said.present
    if said.outcome is Outcome.done:
        await _keep_answers(uow, visit, said)
    await uow.record(_recorded(visit, said.occurred_at, now, findings=len(said.findings)))
    if said.outcome is rules.Outcome.done and visit.contact_id is not None:
        await keep_contact(uow, visit.contact_id, said.occurred_at)
    await _keep_brought(uow, visit, said)
    if visit.state in rules.MADE:
        await _count_recorded(uow, visit, said)
    await uow.session.flush()
    return visit


async def add_to_visit(uow: UnitOfWork, principal: Principal, visit_id: UUID, said: VisitRecord) -> None:
    """What a second record of a visit found and promised is added to it; else the first record stands. Tells `FindingReported`,
    `PromiseMade` and `VisitCounted`.

    Raises `NotFound`, `Forbidden`, `Invalid`, and `Conflict` (visit-not-made).
    """
    visit = await _lock_recordable(uow, principal, visit_id)
    rules.check_made(visit.state)
    check_notes(said.notes())
    await _keep_brought(uow, visit, said)
    if said.findings:
        await count_visit(uow, visit, VisitEffect.finding)


async def _keep_brought(uow: UnitOfWork, visit: Visit, said: VisitRecord) -> None:
    await report_findings(
        uow,
        visit_id=visit.id,
        unit_id=visit.unit_id,
        post_id=visit.post_id,
        sponsor_id=visit.assignee_id,
        drafts=said.findings,
    )
    await make_promises(uow, _occasion(visit, said.occurred_at), said.promises)
    await uow.session.flush()


def _occasion(visit: Visit, occurred_at: datetime) -> Occasion:
    return Occasion(
        visit_id=visit.id,
        unit_id=visit.unit_id,
        owner_id=visit.assignee_id,
        occurred_at=occurred_at,
        post_id=visit.post_id,
    )


async def _keep_answers(uow: UnitOfWork, visit: Visit, said: VisitRecord) -> None:
    """As the visit's template asks. Raises `Invalid` (no-template, answers-unfit) and `NotFound`."""
    if visit.template_code is None:
        if said.answers or said.template_version:
            raise Invalid(
                "no-template", "This visit has no template, so nothing is asked: leave answers and template_version out."
            )
        return
    template = await template_for(uow, visit.unit_id, visit.template_code, said.template_version)
    check_answers(asked_by(template), said.answers)
    visit.template_version, visit.answers = template.version, dict(said.answers)


async def _count_recorded(uow: UnitOfWork, visit: Visit, said: VisitRecord) -> None:
    await serve_cases(uow, visit.id, named=said.case_ids, need=visit.need_case_id)
    if said.findings:
        await count_visit(uow, visit, VisitEffect.finding)
    else:
        await _count_served(uow, SERVED_BY_VISIT, visit.id)


async def count_visits_serving(uow: UnitOfWork, case_id: UUID) -> None:
    """Something became known of a case: the visits that serve it count if it shows that something came of them.

    Tells `VisitCounted` of each.
    """
    if await IS_SERVED.fetch(uow, {"case_id": case_id}):
        await _count_served(uow, SERVING_CASE, case_id)


async def _count_served(uow: UnitOfWork, serving: Select[Visit, KnownCase, ServedCase], about: UUID) -> None:
    effects = [
        (visit, effect)
        for visit, case, served in await uow.session.execute(serving, {"about": about})
        if (effect := await _shows(uow, visit, case, served)) is not None
    ]
    for visit, effect in sorted(effects, key=lambda found: found[1] is not VisitEffect.case):
        await count_visit(uow, visit, effect)


async def _shows(uow: UnitOfWork, visit: Visit, case: KnownCase, served: ServedCase) -> VisitEffect | None:
    """Nothing, when the case is another line's."""
    assert visit.occurred_at is not None
    assert case.unit_id is not None
    await uow.units.find(case.unit_id)
    if not (uow.units.covers(case.unit_id, visit.unit_id) or uow.units.covers(visit.unit_id, case.unit_id)):
        return None
    return effect_of(occurred_at=visit.occurred_at, named=served.named, opened_at=case.opened_at, answered_at=case.answered_at)


async def count_visit(uow: UnitOfWork, visit: Visit, effect: VisitEffect) -> None:
    """From now on a visit counts that was made; what it counted by first stands. Tells `VisitCounted`, once.

    A confirmation has no finer time than the hour: it is somebody's without an account.
    """
    if visit.counted_at is not None or visit.occurred_at is None:
        return
    coarse = effect is VisitEffect.confirmation
    visit.counted_at, visit.counted_by = hour_of(uow.now()) if coarse else uow.now(), effect
    counted = VisitCounted(
        visit_id=visit.id,
        plan_id=visit.plan_id,
        unit_id=visit.unit_id,
        by=effect,
        occurred_at=visit.occurred_at,
        counted_at=visit.counted_at,
    )
    await uow.record(counted, coarse=coarse)


async def lock_for_records(uow: UnitOfWork, principal: Principal, records: Collection[tuple[UUID, VisitRecord]]) -> None:
    """Lock what records of these visits touch, before any of the visits: the cases that those made are to serve, then their
    contacts, each in the order of their ids. What merely points at a contact is not kept waiting."""
    theirs = and_(col(Visit.id).in_([visit_id for visit_id, _ in records]), await visible(uow, principal))
    made = {visit_id: said for visit_id, said in records if said.outcome is Outcome.done}
    needs = select(col(Visit.need_case_id)).where(theirs, col(Visit.id).in_(made), col(Visit.need_case_id).is_not(None))
    needed = {case_id for case_id in await uow.session.scalars(needs) if case_id is not None}
    await lock_cases(uow, needed.union(*(said.case_ids for said in made.values())))
    mine = select(col(Visit.contact_id)).where(theirs)
    contacts = select(col(Contact.id)).where(col(Contact.id).in_(mine)).order_by(col(Contact.id))
    await uow.session.execute(contacts.with_for_update(key_share=True))


async def lock_visits(uow: UnitOfWork, *which: ColumnElement[bool]) -> Sequence[UUID]:
    """Visits that are going to be given to somebody else, whose plans are locked; returns of each its plan."""
    locked = select(col(Visit.plan_id)).where(*which).order_by(col(Visit.id)).with_for_update()
    return (await uow.session.scalars(locked)).all()


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
    """Mark as missed up to `limit` ready visits whose window ended unrecorded; returns how many. Tells `VisitMissed` of each."""
    now = uow.now()
    visits = await _take(uow, OPENED, col(Visit.window_ends_at) < now, col(Visit.window_ends_at), limit)
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
            VisitCancelled(visit_id=visit.id, plan_id=visit.plan_id, unit_id=visit.unit_id, cause=cause, cancelled_at=uow.stamp())
        )
    await uow.session.flush()
    return len(visits)


async def decline_visits(
    uow: UnitOfWork, *which: ColumnElement[bool], outcome: VisitState, by: UUID | None, cause: CancelCause
) -> None:
    """No visit follows a no: of those that could still be made, the ones whose window is open are recorded with this outcome, the
    others taken off the calendar. Tells `VisitRecorded` and `VisitCancelled`."""
    await cancel_ahead(uow, *which, cause=cause)
    at = uow.stamp()
    still_open = select(Visit).where(text(UNRECORDED), col(Visit.window_ends_at) >= uow.now(), *which)
    for visit in (await uow.session.scalars(still_open.order_by(col(Visit.id)).with_for_update())).all():
        visit.state, visit.reason = rules.move(visit.state, outcome), cause
        visit.occurred_at, visit.recorded_at, visit.recorded_by = at, at, by
        await uow.record(_recorded(visit, at, at, findings=0))
    await uow.session.flush()


async def remind_of_visits(uow: UnitOfWork, *, limit: int) -> int:
    """Remind of up to `limit` ready visits before their window ends, of each once; returns how many.

    Tells `VisitReminded`.
    """
    now = uow.now()
    due = and_(col(Visit.remind_at) <= now, col(Visit.window_ends_at) > now)
    visits = await _take(uow, UNREMINDED, due, col(Visit.remind_at), limit)
    for visit in visits:
        visit.reminded_at = now
        await uow.record(
            VisitReminded(
                visit_id=visit.id,
                plan_id=visit.plan_id,
                unit_id=visit.unit_id,
                window_ends_at=visit.window_ends_at,
                reminded_at=now,
            )
        )
    return len(visits)


async def _take(uow: UnitOfWork, index: str, due: ColumnElement[bool], order: Mapped[Any], limit: int) -> Sequence[Visit]:
    """Due visits that no other worker has in hand, through a partial index."""
    statement = select(Visit).where(text(index), due).order_by(order).limit(limit).with_for_update(skip_locked=True)
    return (await uow.session.scalars(statement)).all()
