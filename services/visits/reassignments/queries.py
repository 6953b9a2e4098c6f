"""What would happen if plans were given to somebody else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, func, literal, select, text
from sqlmodel import col

from services.visits.errors import plan_not_found
from services.visits.plans.models import VisitPlan
from services.visits.reassignments.rules import AHEAD, MOST_PLANS, WEEKS, obstacle
from services.visits.reassignments.schemas import ReassignedPlan, Reassignment, ReassignmentIn
from services.visits.visitors.queries import home_of, in_scope, is_in_chain
from services.visits.visits.models import UNRECORDED, Visit
from shared.auth import Principal, Role
from shared.uow import UnitOfWork


class Owed(NamedTuple):
    """Visits of a plan that can still be made in time: all, and those of the next weeks that are new to whoever gets them."""

    visits: int = 0
    soon: int = 0


async def find_plans(uow: UnitOfWork, principal: Principal, wanted: ReassignmentIn) -> Sequence[VisitPlan]:
    """Of those that the caller may change, one more than can be given away at once; to be locked in this order unless it is a
    preview. Raises `NotFound` (visit-plan-not-found) if one that is named is not among them."""
    statement = select(VisitPlan).where(await _changeable(uow, principal)).order_by(col(VisitPlan.id)).limit(MOST_PLANS + 1)
    if wanted.plan_ids is None:
        statement = statement.where(col(VisitPlan.assignee_id) == wanted.from_assignee_id, col(VisitPlan.ended_at).is_(None))
    else:
        statement = statement.where(col(VisitPlan.id) == any_(as_array(wanted.plan_ids)))
    if not wanted.preview:
        statement = statement.with_for_update()
    plans = (await uow.session.scalars(statement)).all()
    if wanted.plan_ids is not None and len(plans) < len(set(wanted.plan_ids)):
        raise plan_not_found()
    return plans


async def foresee(uow: UnitOfWork, wanted: ReassignmentIn, plans: Sequence[VisitPlan]) -> Reassignment:
    """What becomes of these plans. Raises `NotFound` (assignee-not-found)."""
    home = await home_of(uow, wanted.to_assignee_id)
    given = plans[:MOST_PLANS]
    owed = await _owed(uow, wanted.to_assignee_id, [plan.id for plan in given])
    shown = [
        ReassignedPlan(
            plan_id=plan.id,
            unit_id=plan.unit_id,
            from_assignee_id=plan.assignee_id,
            visits=owed.get(plan.id, Owed()).visits,
            obstacle=obstacle(ended=plan.ended_at is not None, in_chain=is_in_chain(uow, home, plan.unit_id)),
        )
        for plan in given
    ]
    moving = [plan for plan in shown if plan.obstacle is None]
    load = await _load(uow, wanted.to_assignee_id)
    brought = sum(owed.get(plan.plan_id, Owed()).soon for plan in moving)
    return Reassignment(
        preview=wanted.preview,
        to_assignee_id=wanted.to_assignee_id,
        plans=shown,
        more=len(plans) > MOST_PLANS,
        visits=sum(plan.visits for plan in moving),
        load_before=load / WEEKS,
        load_after=(load + brought) / WEEKS,
    )


def still_owed(now: datetime) -> ColumnElement[bool]:
    """SQL for visits that are not recorded and can still be made in time."""
    return and_(text(UNRECORDED), col(Visit.window_ends_at) >= now)


async def _owed(uow: UnitOfWork, account_id: UUID, plan_ids: Sequence[UUID]) -> Mapping[UUID, Owed]:
    soon = and_(col(Visit.assignee_id) != account_id, col(Visit.scheduled_at) < uow.now() + AHEAD)
    counts = select(col(Visit.plan_id), func.count(), func.count().filter(soon)).group_by(col(Visit.plan_id))
    rows = await uow.session.execute(counts.where(still_owed(uow.now()), col(Visit.plan_id) == any_(as_array(plan_ids))))
    return {plan_id: Owed(visits, new) for plan_id, visits, new in rows}


async def _load(uow: UnitOfWork, account_id: UUID) -> int:
    """Visits of an account in the next weeks."""
    mine = and_(col(Visit.assignee_id) == account_id, col(Visit.scheduled_at) < uow.now() + AHEAD)
    counted = await uow.session.scalar(select(func.count()).select_from(Visit).where(still_owed(uow.now()), mine))
    return counted or 0


async def _changeable(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the plans that `plans.queries.may_change` allows."""
    scope = await in_scope(uow, principal, col(VisitPlan.unit_id))
    leads = principal.role in (Role.lead, Role.admin)
    return scope if leads else and_(scope, col(VisitPlan.created_by) == principal.account_id)


def as_array(ids: Sequence[UUID]) -> ColumnElement[Sequence[UUID]]:
    return literal(ids, ARRAY(Uuid()))
