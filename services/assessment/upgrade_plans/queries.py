"""Reading upgrade plans."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, true
from sqlmodel import col

from services.assessment.decisions.queries import sees_persons
from services.assessment.grades.models import UnitGrade
from services.assessment.grades.queries import standing_grade, terms_of
from services.assessment.grades.rules import Evidence, recompute
from services.assessment.scopes.queries import in_scope
from services.assessment.units.queries import get_unit
from services.assessment.upgrade_plans.models import PUBLIC, UpgradeAction, UpgradePlan
from services.assessment.upgrade_plans.rules import Aim, Gap, gaps_of
from services.assessment.upgrade_plans.schemas import PlanOut, PublicPlan
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the plans that the caller sees: all for those who assess, the own units' for the others."""
    return true() if sees_persons(principal) else in_scope(uow, principal, col(UpgradePlan.unit_id))


async def find_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    """Raises `NotFound` (upgrade-plan-not-found)."""
    plan = await uow.session.scalar(select(UpgradePlan).where(col(UpgradePlan.id) == plan_id, visible(uow, principal)))
    if plan is None:
        raise NotFound("upgrade-plan-not-found", "There is no upgrade plan with this id that you may see.")
    return plan


async def gaps_for(uow: UnitOfWork, grade: UnitGrade, aim: Aim) -> tuple[Gap, ...]:
    """What keeps a unit with this grade from the one that it aims at."""
    evidence, terms = Evidence.of(grade.evidence), (await terms_of(uow, [grade]))[grade.standard_id]
    bands = terms.bands_for(evidence.level)
    return gaps_of(recompute(evidence, terms), bands.qualified if aim is Aim.qualified else bands.excellent)


async def actions_of(uow: UnitOfWork, plans: Sequence[UpgradePlan]) -> dict[UUID, list[UpgradeAction]]:
    """In the order of the plan. One query for all of them."""
    found: dict[UUID, list[UpgradeAction]] = {plan.id: [] for plan in plans}
    statement = select(UpgradeAction).where(col(UpgradeAction.plan_id).in_(found)).order_by(col(UpgradeAction.id))
    for action in await uow.session.scalars(statement):
        found[action.plan_id].append(action)
    return found


async def show_plan(uow: UnitOfWork, plan: UpgradePlan) -> PlanOut:
    """For somebody who may see it."""
    return PlanOut.of(plan, (await actions_of(uow, [plan]))[plan.id], uow.now())


async def list_plans(
    uow: UnitOfWork, principal: Principal, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[PlanOut]:
    """A page of the plans that the caller may see, oldest first. Raises `Invalid` (malformed-cursor)."""
    seen = visible(uow, principal)
    statement = select(UpgradePlan).where(seen).filter_by(**given).order_by(col(UpgradePlan.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(UpgradePlan.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda plan: plan.id)
    actions = await actions_of(uow, rows)
    return Page(items=[PlanOut.of(plan, actions[plan.id], uow.now()) for plan in rows], next_cursor=following)


async def get_public_plan(uow: UnitOfWork, unit_id: UUID) -> PublicPlan:
    """What a unit does about its grade, or that it owes a plan. Raises `NotFound` (unit-not-found, upgrade-plan-not-found)."""
    await get_unit(uow, unit_id)
    grade = await standing_grade(uow, unit_id)
    newest = select(UpgradePlan).where(col(UpgradePlan.unit_id) == unit_id, text(PUBLIC)).order_by(col(UpgradePlan.id).desc())
    plan = await uow.session.scalar(newest.limit(1))
    if grade is not None and grade.plan_due_at is not None and (plan is None or plan.grade_id != grade.id):
        return PublicPlan.owed(unit_id, grade.id, grade.plan_due_at, await gaps_for(uow, grade, Aim.qualified), uow.now())
    if plan is None:
        raise NotFound("upgrade-plan-not-found", "This unit owes no upgrade plan, and none of it has been accepted.")
    return PublicPlan.of(plan, (await actions_of(uow, [plan]))[plan.id], uow.now())
