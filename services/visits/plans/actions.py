"""Making plans, and the visits that they ask for."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.visits.plans import rules
from services.visits.plans.models import VisitPlan
from services.visits.plans.schemas import NewPlan
from services.visits.recurrence.rules import occurrences, parse
from services.visits.visitors.queries import require_own_unit, require_visitor
from services.visits.visits.actions import plan_visit
from services.visits.visits.models import Visit
from services.visits.visits.rules import VisitState
from shared.auth import Principal
from shared.uow import UnitOfWork


async def plan_visits(uow: UnitOfWork, principal: Principal, wanted: NewPlan) -> VisitPlan:
    """Keep a plan and make its visits up to the horizon. Tells `VisitPlanned` of each.

    Waits for a unit or an assignee that is on its way. Raises `NotFound` and `Invalid`.
    """
    now = uow.now()
    rules.check_start(wanted.starts_at, now)
    until = rules.horizon(wanted.starts_at, now)
    plan = VisitPlan(
        id=uow.new_id(),
        need_kind=wanted.need.kind if wanted.need else None,
        need_ref=wanted.need.id_or_code if wanted.need else None,
        created_by=principal.account,
        created_at=now,
        **wanted.model_dump(exclude={"need"}),
    )
    moments = _moments(plan, until)
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    await require_visitor(uow, wanted.assignee_id, unit)
    uow.session.add(plan)
    await uow.session.flush()
    await _make_visits(uow, plan, moments)
    plan.planned_until = until if plan.rrule else None
    await uow.session.flush()
    return plan


async def plan_visits_ahead(uow: UnitOfWork, *, limit: int) -> int:
    """Carry up to `limit` plans on to the horizon; returns how many. Tells `VisitPlanned` of each visit."""
    until = uow.now() + rules.HORIZON
    due = select(VisitPlan).where(col(VisitPlan.planned_until) < until - rules.STEP)
    statement = due.order_by(col(VisitPlan.planned_until)).limit(limit).with_for_update(skip_locked=True)
    plans = (await uow.session.scalars(statement)).all()
    for plan in plans:
        await _make_visits(uow, plan, _moments(plan, until, after=plan.planned_until))
        plan.planned_until = until
    return len(plans)


def _moments(plan: VisitPlan, until: datetime, *, after: datetime | None = None) -> list[datetime]:
    """When visits are to start. Raises `Invalid` for a recurrence or a time zone that is not accepted."""
    rule = parse(plan.rrule) if plan.rrule else None
    starts = occurrences(rule, plan.starts_at, plan.time_zone, until)
    return [start for start in starts if after is None or start > after]


async def _make_visits(uow: UnitOfWork, plan: VisitPlan, starts: list[datetime]) -> None:
    for start in starts:
        visit = Visit(
            id=uow.new_id(),
            plan_id=plan.id,
            unit_id=plan.unit_id,
            assignee_id=plan.assignee_id,
            purpose=plan.purpose,
            place=plan.place,
            population=plan.population,
            state=VisitState.planned,
            window_starts_at=start,
            window_ends_at=rules.window_end(start, plan.window_days, plan.time_zone),
            planned_at=uow.now(),
        )
        await plan_visit(uow, visit)
