"""Reading visit plans."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, text
from sqlmodel import col

from services.visits.errors import plan_not_found
from services.visits.plans.models import VisitPlan
from services.visits.plans.rules import PlanState
from services.visits.plans.schemas import PlanDetail, PlanOut
from services.visits.recurrence.rules import MOST_OCCURRENCES
from services.visits.visitors.queries import in_scope, units_of
from services.visits.visits.models import ON_CALENDAR, Visit
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> PlanDetail:
    """Raises `NotFound` (visit-plan-not-found)."""
    statement = select(VisitPlan).where(col(VisitPlan.id) == plan_id, await visible(uow, principal))
    plan = await uow.session.scalar(statement)
    if plan is None:
        raise plan_not_found()
    return await show_plan(uow, plan)


async def list_plans(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    assignee_id: UUID | None,
    state: PlanState | None,
    limit: int,
    cursor: str | None,
) -> Page[PlanOut]:
    """Plans that the caller may see, oldest first."""
    statement = select(VisitPlan).where(await visible(uow, principal)).order_by(col(VisitPlan.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(VisitPlan.unit_id) == unit_id)
    if assignee_id is not None:
        statement = statement.where(col(VisitPlan.assignee_id) == assignee_id)
    if state is not None:
        statement = statement.where(_in_state(state, uow.now()))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(VisitPlan.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda plan: plan.id)
    return Page(items=[PlanOut.model_validate(_fields(plan, uow.now())) for plan in rows], next_cursor=following)


async def show_plan(uow: UnitOfWork, plan: VisitPlan) -> PlanDetail:
    """For somebody who may see it."""
    latest = select(Visit).where(text(ON_CALENDAR), col(Visit.plan_id) == plan.id).order_by(col(Visit.scheduled_at).desc())
    visits = (await uow.session.scalars(latest.limit(MOST_OCCURRENCES))).all()
    return PlanDetail.model_validate({**_fields(plan, uow.now()), "visits": visits[::-1]})


async def live_plan(uow: UnitOfWork, contact_id: UUID) -> VisitPlan | None:
    """By which a contact is visited, locked."""
    statement = select(VisitPlan).where(col(VisitPlan.contact_id) == contact_id, col(VisitPlan.ended_at).is_(None))
    return await uow.session.scalar(statement.with_for_update())


async def lock_plans(uow: UnitOfWork, *which: ColumnElement[bool]) -> Sequence[VisitPlan]:
    """Plans that are going to be given to somebody else."""
    return (await uow.session.scalars(select(VisitPlan).where(*which).order_by(col(VisitPlan.id)).with_for_update())).all()


async def live_plans(uow: UnitOfWork, contact_ids: Collection[UUID]) -> dict[UUID, VisitPlan]:
    """The same of many contacts, by contact."""
    plans = await lock_plans(uow, col(VisitPlan.ended_at).is_(None), col(VisitPlan.contact_id).in_(contact_ids))
    return {plan.contact_id: plan for plan in plans if plan.contact_id is not None}


async def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the plans of the caller's units, and those by which the caller goes."""
    scope = await in_scope(uow, principal, col(VisitPlan.unit_id))
    return or_(scope, col(VisitPlan.assignee_id) == principal.account_id)


def may_change(uow: UnitOfWork, principal: Principal, plan: VisitPlan) -> bool:
    """Whether a caller who may see the plan may also change it: leads over its unit, and whoever made it and is still there."""
    if principal.role is Role.admin:
        return True
    made = plan.created_by == principal.account_id
    return plan.unit_id in units_of(uow, principal) and (principal.role is Role.lead or made)


def _in_state(state: PlanState, now: datetime) -> ColumnElement[bool]:
    until = col(VisitPlan.suspended_until)
    rests = and_(col(VisitPlan.suspended_at).is_not(None), or_(until.is_(None), until > now))
    runs = col(VisitPlan.ended_at).is_(None)
    return {PlanState.ended: ~runs, PlanState.suspended: and_(runs, rests), PlanState.active: and_(runs, ~rests)}[state]


def _fields(plan: VisitPlan, now: datetime) -> dict[str, Any]:
    need = {"kind": plan.need_kind, "id_or_code": plan.need_ref} if plan.need_kind else None
    return {**plan.model_dump(), "need": need, "state": plan.state_at(now)}
