"""What the audit of a sample does to the grade whose evidence it looked at."""

from uuid import UUID

from services.assessment.grades import rules
from services.assessment.grades.actions.objecting import corrections
from services.assessment.grades.actions.proposing import count_anew, propose_in_place_of
from services.assessment.grades.actions.signing import take_back
from services.assessment.grades.models import UnitGrade
from services.assessment.grades.rules import PENDING, AuditFound, Evidence, Excluded, GradeCause, Rule, Settlement
from shared.uow import UnitOfWork


def show_audit(grade: UnitGrade, found: AuditFound) -> None:
    """Whoever signs reads what was found."""
    grade.audit = found.model_dump(mode="json")


async def explain_found(uow: UnitOfWork, grade: UnitGrade, found: AuditFound, settlement: Settlement) -> None:
    """What does not hold counts all the same, for a reason. What was to be signed is read again before it is."""
    show_audit(grade, found.model_copy(update={"settlement": settlement}))
    if grade.state in PENDING:
        await take_back(uow, grade)
        grade.version += 1


async def count_without(
    uow: UnitOfWork, grade: UnitGrade, found: AuditFound, settlement: Settlement, excluded: Excluded
) -> UnitGrade:
    """What does not hold does not count: what was to be signed is counted anew, with a log of what that changed; in the place of
    a grade that stands another one is proposed, which two have to sign.

    Returns the grade that is counted so. Raises `Conflict` (grade-state) where a newer one has taken its place.
    """
    old, value = Evidence.of(grade.evidence), grade.value
    show_audit(grade, found.model_copy(update={"settlement": settlement}))
    if grade.state in PENDING:
        await take_back(uow, grade)
        await count_anew(uow, grade, excluded)
        made = grade
    else:
        rules.check_stands(grade.state)
        taken_out = rules.without(old.excluded, excluded)
        made = await propose_in_place_of(uow, grade, GradeCause.correction, period=old.period, excluded=taken_out)
    made.corrections = [*made.corrections, *_log(uow, old, value, made, settlement, found.audit_id, excluded)]
    await uow.session.flush()
    return made


def _log(
    uow: UnitOfWork, old: Evidence, value: str, made: UnitGrade, settlement: Settlement, audit_id: UUID, excluded: Excluded
) -> list[dict[str, object]]:
    common = {
        "value_before": value,
        "value_after": made.value,
        "objection_id": None,
        "audit_id": str(audit_id),
        "at": uow.now().isoformat(),
    }
    reasons = dict.fromkeys(excluded, settlement.reason)
    return corrections(old, Evidence.of(made.evidence), reasons, Rule.corrected_on_audit, common)
