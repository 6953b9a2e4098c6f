"""Changing plans: only visits to come follow."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, all_, literal, select, text
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.discretion.rules import check_notes
from services.visits.errors import plan_not_found
from services.visits.plans import rules
from services.visits.plans.actions.making import make_visits, moments_of, planned_facts, window_of
from services.visits.plans.actions.planning import check_dates, check_template
from services.visits.plans.models import VisitPlan
from services.visits.plans.queries import may_change, visible
from services.visits.plans.rules import Verb
from services.visits.plans.schemas import PlanChange, PlanEnd, PlanSuspension
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.recurrence.rules import find_zone
from services.visits.visitors.queries import require_visitor
from services.visits.visits.actions import cancel_ahead
from services.visits.visits.models import ON_CALENDAR, UNOPENED, Visit
from services.visits.visits.rules import VisitState, remind_at
from shared.auth import Principal
from shared.errors import Forbidden, check_version
from shared.events.visits import CancelCause, VisitPlanned
from shared.uow import UnitOfWork


async def change_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, version: int, wanted: PlanChange) -> VisitPlan:
    """Visits whose window is not open yet follow; the others stay as they are. Tells `VisitCancelled` of those that do not occur
    any more, and `VisitPlanned` of new ones and of those whose window has moved.

    Raises `NotFound`, `Forbidden` (not-your-plan), `Outdated`, `Conflict` (visit-plan-state), `Invalid`.
    """
    post = await require_post(uow, principal, wanted.post_id, hold=True) if wanted.post_id else None
    plan = await _lock_plan(uow, principal, plan_id, Verb.change)
    check_version(version, plan.version)
    check_notes({"body.purpose": wanted.purpose, "body.place": wanted.place, "body.population": wanted.population})
    changes, now = wanted.changes(), uow.now()
    if plan.contact_id is not None:
        rules.check_chosen(changes)
    if changes.get("starts_at", plan.starts_at) != plan.starts_at:
        rules.check_start(changes["starts_at"], now)
    if "assignee_id" in changes or "post_id" in changes:
        changes |= await _who_goes(uow, plan, post, changes.get("assignee_id"))
    for name, value in changes.items():
        setattr(plan, name, value)
    find_zone(plan.time_zone)
    await check_template(uow, plan)
    to_come = ([date for date in dates if date >= now] for dates in (plan.extra_dates, plan.except_dates))
    check_dates(plan, now, *to_come)
    return await follow(uow, plan, CancelCause.plan_changed)


async def _who_goes(uow: UnitOfWork, plan: VisitPlan, post: Post | None, assignee_id: UUID | None) -> dict[str, Any]:
    """Raises `NotFound` and `Invalid`, as `require_visitor` does."""
    goes = post.holder_id if post else assignee_id
    assert goes is not None
    await require_visitor(uow, goes, await uow.units.require(plan.unit_id))
    return {"post_id": post.id if post else None, "assignee_id": goes}


async def suspend_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, said: PlanSuspension) -> VisitPlan:
    """No visits until then, when it goes on by itself. Tells `VisitCancelled` of each that is not open yet. Raises as
    `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.suspend)
    rules.check_suspension(said.until, uow.now())
    plan.suspended_at, plan.suspended_until = uow.now(), said.until
    return await follow(uow, plan, CancelCause.plan_suspended)


async def resume_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> VisitPlan:
    """Visits again, from now on. Tells `VisitPlanned` of each. Raises as `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.resume)
    plan.suspended_at, plan.suspended_until = None, None
    return await follow(uow, plan, CancelCause.plan_changed)


async def end_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, said: PlanEnd) -> VisitPlan:
    """No visits any more but those that are open. Tells `VisitCancelled` of the others. Raises as `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.end)
    await cancel_ahead(uow, col(Visit.plan_id) == plan.id, cause=CancelCause.plan_ended)
    plan.planned_until, plan.ended_at, plan.end_reason = None, uow.now(), said.reason
    plan.version += 1
    await uow.session.flush()
    return plan


async def _lock_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, verb: Verb) -> VisitPlan:
    statement = select(VisitPlan).where(col(VisitPlan.id) == plan_id, await visible(uow, principal))
    plan = await uow.session.scalar(statement.with_for_update())
    if plan is None:
        raise plan_not_found()
    if not may_change(uow, principal, plan):
        raise Forbidden("not-your-plan", "Only whoever made the plan, or a lead over its unit, changes it.")
    rules.move(plan.state_at(uow.now()), verb)
    return plan


async def follow(uow: UnitOfWork, plan: VisitPlan, cause: CancelCause) -> VisitPlan:
    """Let the visits whose window is not open yet be those that the plan asks for by now: what still occurs keeps its id."""
    until = rules.horizon(plan.starts_at, uow.now())
    goes_on = await _is_wanted(uow, plan)
    moments = moments_of(plan, until) if goes_on else []
    ahead = await _lock_ahead(uow, plan)
    taken, busy = await _taken(uow, plan)
    gone = col(Visit.scheduled_at) != all_(literal(moments, ARRAY(DateTime(timezone=True))))
    await cancel_ahead(uow, col(Visit.plan_id) == plan.id, gone, cause=cause)
    taken |= await _refit(uow, plan, [visit for visit in ahead if visit.state is VisitState.planned])
    busy_until = uow.now() + timedelta(days=plan.window_days_before) if busy else None
    starts = rules.fresh(moments, now=uow.now(), extra=plan.extra_dates, taken=taken, busy_until=busy_until)
    await make_visits(uow, [(plan, start) for start in starts])
    plan.planned_until = until if goes_on and (plan.rrule or plan.extra_dates) else None
    plan.version += 1
    await uow.session.flush()
    return plan


async def _is_wanted(uow: UnitOfWork, plan: VisitPlan) -> bool:
    contact = await uow.session.get(Contact, plan.contact_id) if plan.contact_id else None
    return contact is None or contact.state is ContactState.agreed


async def _taken(uow: UnitOfWork, plan: VisitPlan) -> tuple[set[datetime], bool]:
    """Moments to come of visits that stay as they are: open already, or recorded ahead; and whether one is open."""
    to_come = select(Visit).where(text(ON_CALENDAR), col(Visit.plan_id) == plan.id, col(Visit.scheduled_at) >= uow.now())
    visits = (await uow.session.scalars(to_come)).all()
    opened = {visit.scheduled_at for visit in visits if visit.window_starts_at <= uow.now()}
    return opened | {visit.scheduled_at for visit in visits if visit.recorded_at is not None}, bool(opened)


async def _lock_ahead(uow: UnitOfWork, plan: VisitPlan) -> Sequence[Visit]:
    """Visits that are not open yet, so that nobody records one meanwhile."""
    ahead = select(Visit).where(text(UNOPENED), col(Visit.plan_id) == plan.id, col(Visit.window_starts_at) > uow.now())
    return (await uow.session.scalars(ahead.order_by(col(Visit.id)).with_for_update())).all()


async def _refit(uow: UnitOfWork, plan: VisitPlan, visits: Sequence[Visit]) -> set[datetime]:
    """Give visits what the plan says now; returns their moments."""
    moved = []
    for visit in visits:
        window = window_of(plan, visit.scheduled_at)
        if window != (visit.window_starts_at, visit.window_ends_at):
            visit.window_starts_at, visit.window_ends_at = window
            visit.remind_at, visit.reminded_at = remind_at(*window), None
            moved.append(visit)
        visit.purpose, visit.place, visit.population = plan.purpose, plan.place, plan.population
        visit.assignee_id, visit.post_id, visit.template_code = plan.assignee_id, plan.post_id, plan.template_code
    facts = [planned_facts(visit.id, plan, visit.window_starts_at, visit.window_ends_at) for visit in moved]
    await uow.record_facts(VisitPlanned, facts)
    return {visit.scheduled_at for visit in visits}
