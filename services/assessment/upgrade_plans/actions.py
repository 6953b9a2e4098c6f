"""Upgrading: a plan, evidence that it was carried out, and a new grade. Nothing is upgraded by hand."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlmodel import col

from services.assessment.campaigns.rules import counts_from
from services.assessment.decisions.actions import record_decision
from services.assessment.grades.actions.proposing import propose_in_place_of
from services.assessment.grades.actions.signing import lock_unit
from services.assessment.grades.models import OWES_PLAN, UnitGrade
from services.assessment.grades.queries import standing_grade
from services.assessment.grades.rules import GradeCause
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.indicators.rules import Period
from services.assessment.units.models import Unit
from services.assessment.upgrade_plans import rules
from services.assessment.upgrade_plans.models import OPEN, UpgradeAction, UpgradePlan
from services.assessment.upgrade_plans.queries import actions_of, find_plan, gaps_for
from services.assessment.upgrade_plans.rules import PlanState, Rule
from services.assessment.upgrade_plans.schemas import ActionIn, PlanIn
from shared.auth import Principal, Role
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.assessment import UpgradePlanDelayed
from shared.uow import UnitOfWork


async def submit_plan(uow: UnitOfWork, principal: Principal, said: PlanIn) -> UpgradePlan:
    """Say what the caller's unit does about each gap of the grade that it has.

    Raises `Forbidden` (unit-needed), `Conflict` (upgrade-plan-aim, upgrade-plan-open), `Invalid` (upgrade-plan-leaves-gap,
    upgrade-plan-no-such-gap, upgrade-plan-past).
    """
    if principal.unit_id is None:
        raise Forbidden("unit-needed", "A unit makes its own plan: your account belongs to none.")
    await lock_unit(uow, principal.unit_id)
    grade = await standing_grade(uow, principal.unit_id)
    rules.check_aim(said.aim, GradeValue(grade.value) if grade else None)
    assert grade is not None
    gaps = await gaps_for(uow, grade, said.aim)
    rules.check_actions([gap.code for gap in gaps], [action.gap for action in said.actions])
    rules.check_due([action.due_on for action in said.actions], uow.now().date())
    if await uow.session.scalar(select(UpgradePlan).where(col(UpgradePlan.unit_id) == grade.unit_id, text(OPEN))):
        raise Conflict("upgrade-plan-open", "This unit has a plan that is not finished: carry that one out first.")
    plan = UpgradePlan(
        id=uow.new_id(),
        unit_id=grade.unit_id,
        grade_id=grade.id,
        aim=said.aim,
        state=PlanState.submitted,
        gaps=[asdict(gap) for gap in gaps],
        due_at=grade.plan_due_at,
        submitted_at=uow.now(),
    )
    uow.session.add(plan)
    await uow.session.flush()
    uow.session.add_all([_action(uow, plan, action) for action in said.actions])
    await _note(uow, principal, plan, "upgrade-plan.submitted", Rule.answers_gaps, f"To become {said.aim}.", public=False)
    return plan


def _action(uow: UnitOfWork, plan: UpgradePlan, said: ActionIn) -> UpgradeAction:
    return UpgradeAction(id=uow.new_id(), plan_id=plan.id, evidence_ids=[], **said.model_dump())


async def accept_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    """A unit above accepts it; from now on it is public, and what happens counts for the next grade.

    Raises `NotFound` (upgrade-plan-not-found), `Forbidden` (upgrade-plan-not-above), `Conflict` (upgrade-plan-state).
    """
    plan = await _lock_to_decide(uow, principal, plan_id)
    plan.state = rules.move(PlanState(plan.state), PlanState.accepted)
    plan.accepted_at, plan.decided_by_unit_id = uow.now(), principal.unit_id
    await _note(uow, principal, plan, "upgrade-plan.accepted", Rule.by_a_unit_above, "It answers every gap.", public=True)
    return plan


async def return_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, reason: str) -> UpgradePlan:
    """A unit above wants another one. Raises as `accept_plan`."""
    plan = await _lock_to_decide(uow, principal, plan_id)
    plan.state = rules.move(PlanState(plan.state), PlanState.returned)
    plan.returned_reason, plan.decided_by_unit_id = reason, principal.unit_id
    await _note(uow, principal, plan, "upgrade-plan.returned", Rule.by_a_unit_above, reason, public=False)
    return plan


async def show_done(
    uow: UnitOfWork, principal: Principal, plan_id: UUID, action_id: UUID, evidence_ids: tuple[UUID, ...]
) -> UpgradePlan:
    """An action is done when there is evidence of it; more may be shown later.

    Raises `NotFound` (upgrade-plan-not-found, upgrade-action-not-found), `Forbidden` (upgrade-plan-not-yours), `Conflict`
    (upgrade-plan-state).
    """
    plan = await _lock_own(uow, principal, plan_id)
    rules.move(PlanState(plan.state), PlanState.reassessed)
    action = next((each for each in (await actions_of(uow, [plan]))[plan.id] if each.id == action_id), None)
    if action is None:
        raise NotFound("upgrade-action-not-found", "This plan has no action with this id.")
    action.evidence_ids = [*dict.fromkeys([*action.evidence_ids, *map(str, evidence_ids)])]
    action.done_at = action.done_at or uow.now()
    reason = f"Shown by {len(action.evidence_ids)} piece(s) of evidence."
    await _note(uow, principal, plan, "upgrade-plan.action-done", Rule.with_evidence, reason, public=True)
    return plan


async def reassess(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    """Propose a new grade over what happened since the plan was accepted; two have to sign it.

    Raises `NotFound` (upgrade-plan-not-found), `Forbidden` (upgrade-plan-not-yours), `Conflict` (upgrade-plan-state,
    upgrade-plan-actions-open).
    """
    plan = await _lock_own(uow, principal, plan_id)
    state = rules.move(PlanState(plan.state), PlanState.reassessed)
    rules.check_all_done([action.done_at is not None for action in (await actions_of(uow, [plan]))[plan.id]])
    assert plan.accepted_at is not None
    grade = await uow.session.get_one(UnitGrade, plan.grade_id)
    period = Period(since=counts_from(plan.accepted_at), until=uow.now())
    new = await propose_in_place_of(uow, grade, GradeCause.reassessment, period=period)
    plan.state, plan.new_grade_id, plan.reassessed_at = state, new.id, uow.now()
    reason = "Every action is done: a new grade is proposed over what happened since the plan was accepted."
    await _note(uow, principal, plan, "upgrade-plan.reassessed", Rule.every_action_done, reason, public=True)
    return plan


async def tell_late_plans(uow: UnitOfWork, *, limit: int) -> int:
    """Units that had made no plan by the end of the term are told of to the unit above. Tells `UpgradePlanDelayed` once.

    Returns how many terms ended.
    """
    made = exists().where(col(UpgradePlan.grade_id) == col(UnitGrade.id))
    due = select(UnitGrade, col(Unit.parent_id), made).join(Unit, col(Unit.id) == col(UnitGrade.unit_id))
    due = due.where(text(OWES_PLAN), col(UnitGrade.plan_due_at) < uow.now()).order_by(col(UnitGrade.plan_due_at)).limit(limit)
    ended = (await uow.session.execute(due.with_for_update(skip_locked=True, of=UnitGrade))).all()
    for grade, above, has_plan in ended:
        grade.plan_told = True
        if not has_plan:
            await _tell_late(uow, grade, above)
    return len(ended)


async def _tell_late(uow: UnitOfWork, grade: UnitGrade, above: UUID | None) -> None:
    assert grade.plan_due_at is not None
    await record_decision(
        uow,
        None,
        kind="upgrade-plan.late",
        subject="grade",
        subject_id=grade.id,
        unit_id=grade.unit_id,
        rule=Rule.late,
        reason="No plan was made by the end of the term: the unit above was told.",
        public=True,
    )
    await uow.record(UpgradePlanDelayed(grade_id=grade.id, unit_id=grade.unit_id, to_unit_id=above, due_at=grade.plan_due_at))


async def _lock(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    found = await find_plan(uow, principal, plan_id)
    await lock_unit(uow, found.unit_id)
    return await uow.session.get_one(UpgradePlan, plan_id, with_for_update=True, populate_existing=True)


async def _lock_own(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    plan = await _lock(uow, principal, plan_id)
    rules.check_own(principal.unit_id == plan.unit_id)
    return plan


async def _lock_to_decide(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> UpgradePlan:
    plan = await _lock(uow, principal, plan_id)
    above = principal.unit_id != plan.unit_id and uow.units.covers(principal.unit_id, plan.unit_id)
    rules.check_above(principal.role is Role.admin or above)
    return plan


async def _note(uow: UnitOfWork, actor: Principal, plan: UpgradePlan, kind: str, rule: str, reason: str, *, public: bool) -> None:
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="upgrade-plan",
        subject_id=plan.id,
        unit_id=plan.unit_id,
        rule=rule,
        reason=reason,
        public=public,
    )
