"""Objecting to a grade, and deciding about it."""

from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.assessment.decisions.actions import record_decision
from services.assessment.grades.actions.objecting import confirm, correct, hold
from services.assessment.grades.actions.signing import lock_grade, signers_of
from services.assessment.grades.models import UnitGrade
from services.assessment.grades.queries import in_chain, uncounted
from services.assessment.grades.rules import check_outside
from services.assessment.objections import rules
from services.assessment.objections.models import WAITS, Objection
from services.assessment.objections.queries import find_objection
from services.assessment.objections.rules import ObjectionState, Outcome, Rule
from services.assessment.objections.schemas import DecisionIn, ObjectionIn
from services.assessment.standards.queries import get_standard
from services.assessment.units.models import Unit
from shared.auth import Principal
from shared.events.assessment import ObjectionDelayed
from shared.uow import UnitOfWork


async def object_to_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID, said: ObjectionIn) -> Objection:
    """The unit that was graded objects, within the window; until it is decided the grade is shown as objected to.

    Raises `NotFound` (grade-not-found), `Forbidden` (objection-not-yours), `Conflict` (objection-window-closed), `Invalid`
    (no-such-criterion).
    """
    grade = await lock_grade(uow, principal, grade_id)
    rules.check_own(principal.unit_id, grade.unit_id)
    rules.check_named(said.criteria, (await get_standard(uow, grade.standard_id)).terms)
    hold(uow, grade)
    objection = Objection(
        id=uow.new_id(),
        grade_id=grade.id,
        unit_id=grade.unit_id,
        grounds=said.grounds,
        text=said.text,
        criteria=[*said.criteria],
        evidence_ids=[str(each) for each in said.evidence_ids],
        state=ObjectionState.open,
        raised_by=principal.account,
        raised_at=uow.now(),
        review_due_at=rules.review_due_at(uow.now()),
    )
    uow.session.add(objection)
    await _note(uow, principal, objection, "objection.raised", Rule.by_the_unit, f"On the grounds: {said.grounds}.")
    return objection


async def decide_objection(uow: UnitOfWork, principal: Principal, objection_id: UUID, said: DecisionIn) -> Objection:
    """Somebody outside the chain who did not sign decides. What is upheld is counted anew, without the cases that are taken out.

    Raises `NotFound` (objection-not-found), `Forbidden` (grade-in-your-chain, reviewer-has-signed), `Conflict`
    (objection-decided), `Invalid` (corrections-missing, corrections-without-effect, criterion-corrected-twice, no-such-criterion,
    criterion-without-cases, case-not-counted).
    """
    found = await find_objection(uow, principal, objection_id)
    grade = await lock_grade(uow, principal, found.grade_id)
    objection = await uow.session.get_one(Objection, objection_id, with_for_update=True, populate_existing=True)
    check_outside(in_chain(uow, principal, objection.unit_id))
    rules.check_reviewer(principal.account, await signers_of(uow, grade.id))
    rules.check_open(ObjectionState(objection.state))
    rules.check_corrections(said.outcome, [each.criterion for each in said.corrections])
    new = await _take_effect(uow, grade, objection, said)
    objection.new_grade_id = new.id if new else None
    objection.state, objection.reason, objection.decided_at = said.outcome.value, said.reason, uow.now()
    objection.reviewer_id, objection.reviewer_unit_id = principal.account, principal.unit_id
    await _note(uow, principal, objection, f"objection.{said.outcome}", Rule.independent, said.reason)
    return objection


async def _take_effect(uow: UnitOfWork, grade: UnitGrade, objection: Objection, said: DecisionIn) -> UnitGrade | None:
    if said.outcome is Outcome.dismissed:
        confirm(grade)
        return None
    terms = (await get_standard(uow, grade.standard_id)).terms
    rules.check_named([each.criterion for each in said.corrections], terms)
    rules.check_counts_cases([each.criterion for each in said.corrections if each.case_ids], terms)
    cases = {case_id for each in said.corrections for case_id in each.case_ids}
    rules.check_counted(await uncounted(uow, grade.unit_id, cases))
    excluded = {each.criterion: each.case_ids for each in said.corrections if each.case_ids}
    return await correct(uow, grade, excluded, {each.criterion: each.reason for each in said.corrections}, objection.id)


async def tell_overdue_reviews(uow: UnitOfWork, *, limit: int) -> int:
    """Reviews that are due tell the unit above the one that waits. Tells `ObjectionDelayed` once. Returns how many."""
    due = select(Objection, col(Unit.parent_id)).join(Unit, col(Unit.id) == col(Objection.unit_id))
    due = due.where(text(WAITS), col(Objection.review_due_at) < uow.now()).order_by(col(Objection.review_due_at)).limit(limit)
    waiting = (await uow.session.execute(due.with_for_update(skip_locked=True, of=Objection))).all()
    for objection, above in waiting:
        objection.told_overdue = True
        reason = "It was not decided in time: the unit above was told."
        await _note(uow, None, objection, "objection.overdue", Rule.overdue, reason)
        ids = {"objection_id": objection.id, "grade_id": objection.grade_id, "unit_id": objection.unit_id}
        await uow.record(ObjectionDelayed(**ids, to_unit_id=above, due_at=objection.review_due_at))
    return len(waiting)


async def _note(uow: UnitOfWork, actor: Principal | None, objection: Objection, kind: str, rule: str, reason: str) -> None:
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="objection",
        subject_id=objection.id,
        unit_id=objection.unit_id,
        rule=rule,
        reason=reason,
        public=True,
    )
