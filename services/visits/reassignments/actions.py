"""Giving plans to somebody else, many at once."""

from sqlalchemy import and_, any_, update
from sqlmodel import col

from services.visits.plans.models import VisitPlan
from services.visits.reassignments.queries import as_array, find_plans, foresee, still_owed
from services.visits.reassignments.schemas import Reassignment, ReassignmentIn
from services.visits.visits.actions import lock_visits
from services.visits.visits.models import Visit
from shared.auth import Principal
from shared.uow import UnitOfWork


async def reassign(uow: UnitOfWork, principal: Principal, wanted: ReassignmentIn) -> Reassignment:
    """Plans, with their visits that can still be made in time, go to somebody else; with `preview` nothing changes.

    What was recorded or missed stays with whoever had it, and so do plans with an obstacle. Raises `NotFound`
    (visit-plan-not-found, assignee-not-found).
    """
    plans = await find_plans(uow, principal, wanted)
    foreseen = await foresee(uow, wanted, plans)
    if not wanted.preview:
        await _give(uow, foreseen)
    return foreseen


async def _give(uow: UnitOfWork, foreseen: Reassignment) -> None:
    given = any_(as_array([plan.plan_id for plan in foreseen.plans if plan.obstacle is None]))
    goes = {"assignee_id": foreseen.to_assignee_id, "post_id": None}
    theirs = and_(still_owed(uow.now()), col(Visit.plan_id) == given)
    await lock_visits(uow, theirs)
    visits = update(Visit).where(theirs).values(goes)
    plans = update(VisitPlan).where(col(VisitPlan.id) == given).values({**goes, "version": col(VisitPlan.version) + 1})
    for statement in (visits, plans):
        await uow.session.execute(statement.execution_options(synchronize_session=False))
