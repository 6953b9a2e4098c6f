"""Signing grades: two persons outside the chain, or nobody's grade."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import col

from services.assessment.decisions.actions import record_decision
from services.assessment.grades import rules
from services.assessment.grades.actions.proposing import SUBJECT, count_anew
from services.assessment.grades.models import GradeSignature, UnitGrade
from services.assessment.grades.queries import audit_of, find_grade, in_chain, standing_grade
from services.assessment.grades.rules import Evidence, GradeState, Rule
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.practices.queries import grade_terms
from shared.auth import Principal
from shared.errors import DomainError, check_version
from shared.events.assessment import GradedAs, GradePublished
from shared.uow import UnitOfWork


async def sign_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID, version: int) -> UnitGrade:
    """Stand for the grade as it was read. The second signature publishes it. Tells `GradePublished`.

    Raises `NotFound` (grade-not-found), `Forbidden` (grade-in-your-chain, grade-audited-by-you), `Outdated`, `Conflict`
    (grade-state, grade-signed-by-you, grade-under-audit, grade-audit-unsettled, grade-under-objection).
    """
    grade = await _lock_to_decide(uow, principal, grade_id, version)
    signers = await signers_of(uow, grade.id)
    rules.check_not_signed(principal.account, signers)
    state = rules.move(GradeState(grade.state), rules.after_signature(len(signers)))
    rules.check_audited(audit_of(grade), principal.account, uow.now())
    await _add_signature(uow, principal, grade)
    await note(uow, principal, grade, "grade.signed", Rule.outside_the_chain, f"Signed as {grade.value}.", public=False)
    if state is GradeState.published:
        await _publish(uow, grade)
    else:
        grade.state = state
    await uow.session.flush()
    return grade


async def sign_grades(uow: UnitOfWork, principal: Principal, seen: Mapping[UUID, int]) -> dict[UUID, UnitGrade | DomainError]:
    """Stand for many at once, each in the version that was read. One that cannot be signed says why and stops none of the others.

    Tells `GradePublished` of each that has its second signature.
    """
    known = await uow.session.execute(select(col(UnitGrade.id), col(UnitGrade.unit_id)).where(col(UnitGrade.id).in_(seen)))
    units = dict(known.all())
    outcomes: dict[UUID, UnitGrade | DomainError] = {}
    for grade_id in sorted(seen, key=lambda each: (units.get(each, each), each)):
        try:
            async with uow.session.begin_nested():
                outcomes[grade_id] = await sign_grade(uow, principal, grade_id, seen[grade_id])
        except DomainError as error:
            outcomes[grade_id] = error
    return {grade_id: outcomes[grade_id] for grade_id in seen}


async def return_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID, version: int, reason: str) -> UnitGrade:
    """Refuse to sign: the grade is counted anew and loses the signature that it has.

    Raises `NotFound` (grade-not-found), `Forbidden` (grade-in-your-chain), `Outdated`, `Conflict` (grade-state).
    """
    grade = await _lock_to_decide(uow, principal, grade_id, version)
    await take_back(uow, grade)
    await count_anew(uow, grade)
    await note(uow, principal, grade, "grade.returned", Rule.returned, reason, public=False)
    await uow.session.flush()
    return grade


async def take_back(uow: UnitOfWork, grade: UnitGrade) -> None:
    """It is to be signed anew. Raises `Conflict` (grade-state)."""
    grade.state = rules.move(GradeState(grade.state), GradeState.proposed)
    await uow.session.execute(delete(GradeSignature).where(col(GradeSignature.grade_id) == grade.id))


async def lock_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID) -> UnitGrade:
    """A grade that the caller sees, with all that belongs to its unit's grades. Raises `NotFound` (grade-not-found)."""
    return await lock_grade_of(uow, (await find_grade(uow, principal, grade_id)).unit_id, grade_id)


async def lock_grade_of(uow: UnitOfWork, unit_id: UUID, grade_id: UUID) -> UnitGrade:
    """A grade of this unit, with all that belongs to its grades."""
    await lock_unit(uow, unit_id)
    return await uow.session.get_one(UnitGrade, grade_id, with_for_update=True, populate_existing=True)


async def lock_unit(uow: UnitOfWork, unit_id: UUID) -> None:
    """Whoever changes what stands as a unit's grade does so one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"grades of {unit_id}", 0))))


async def signers_of(uow: UnitOfWork, grade_id: UUID) -> set[UUID]:
    return set(await uow.session.scalars(select(col(GradeSignature.account_id)).where(col(GradeSignature.grade_id) == grade_id)))


async def note(
    uow: UnitOfWork, actor: Principal | None, grade: UnitGrade, kind: str, rule: str, reason: str, *, public: bool
) -> None:
    """Into the register of decisions."""
    about: dict[str, Any] = {"subject": SUBJECT, "subject_id": grade.id, "unit_id": grade.unit_id}
    await record_decision(uow, actor, kind=kind, rule=rule, reason=reason, public=public, **about)


async def _lock_to_decide(uow: UnitOfWork, principal: Principal, grade_id: UUID, version: int) -> UnitGrade:
    grade = await lock_grade(uow, principal, grade_id)
    rules.check_outside(in_chain(uow, principal, grade.unit_id))
    check_version(version, grade.version)
    return grade


async def _add_signature(uow: UnitOfWork, principal: Principal, grade: UnitGrade) -> None:
    signature = GradeSignature(
        id=uow.new_id(),
        grade_id=grade.id,
        account_id=principal.account,
        role=principal.role,
        unit_id=principal.unit_id,
        signed_at=uow.now(),
    )
    uow.session.add(signature)


async def _publish(uow: UnitOfWork, grade: UnitGrade) -> None:
    """It takes the place of the unit's grade, unless that one rests on later evidence: then it is history at once."""
    terms = await grade_terms(uow, Evidence.of(grade.evidence).level, uow.now())
    standing = await standing_grade(uow, grade.unit_id)
    outdated = standing is not None and _until(standing) > _until(grade)
    if standing is not None and not outdated:
        rules.check_nothing_objected(GradeState(standing.state))
        await _supersede(uow, standing, grade)
        grade.supersedes_id = standing.id
    grade.published_at = uow.now()
    grade.objectable_until, grade.valid_until, grade.plan_due_at = rules.terms_of(uow.now(), GradeValue(grade.value), terms)
    if standing is not None and outdated:
        grade.state = GradeState.published
        await _supersede(uow, grade, standing)
        return
    grade.state = GradeState.published
    await note(uow, None, grade, "grade.published", Rule.two_signatures, grade.reason, public=True)
    await _tell(uow, grade)


async def _supersede(uow: UnitOfWork, grade: UnitGrade, by: UnitGrade) -> None:
    """Written at once: no two stand at a time."""
    grade.state = rules.move(GradeState(grade.state), GradeState.superseded)
    await note(uow, None, grade, "grade.superseded", Rule.newest_stands, f"The grade {by.id} stands in its place.", public=True)


async def _tell(uow: UnitOfWork, grade: UnitGrade) -> None:
    assert grade.published_at is not None
    assert grade.objectable_until is not None
    assert grade.valid_until is not None
    await uow.record(
        GradePublished(
            grade_id=grade.id,
            unit_id=grade.unit_id,
            campaign_id=grade.campaign_id,
            standard_id=grade.standard_id,
            value=GradedAs(grade.value),
            supersedes_id=grade.supersedes_id,
            published_at=grade.published_at,
            objectable_until=grade.objectable_until,
            valid_until=grade.valid_until,
        )
    )


def _until(grade: UnitGrade) -> datetime:
    return Evidence.of(grade.evidence).until
