"""What an objection does to the grade that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.assessment.grades import rules
from services.assessment.grades.actions.proposing import propose_in_place_of
from services.assessment.grades.models import UnitGrade
from services.assessment.grades.rules import Evidence, GradeCause, GradeState, Rule
from shared.errors import Conflict
from shared.uow import UnitOfWork

Reasons = Mapping[str, str]


def hold(uow: UnitOfWork, grade: UnitGrade) -> None:
    """From now on it is shown as objected to. Raises `Conflict` (objection-window-closed)."""
    if not rules.can_be_objected(GradeState(grade.state), grade.objectable_until, uow.now()):
        raise Conflict(
            "objection-window-closed",
            f"This grade is {grade.state}: it can be objected to once, while it is published and until `objectable_until`.",
        )
    grade.state = rules.move(GradeState(grade.state), GradeState.under_objection)


def confirm(grade: UnitGrade) -> None:
    """The objection was dismissed."""
    grade.state = rules.move(GradeState(grade.state), GradeState.confirmed)


async def correct(
    uow: UnitOfWork, grade: UnitGrade, excluded: Mapping[str, Sequence[UUID]], reasons: Reasons, objection_id: UUID
) -> UnitGrade:
    """Propose the grade that follows without the `excluded` cases, with a log of what that changed; two have to sign it."""
    grade.state = rules.move(GradeState(grade.state), GradeState.corrected)
    old = Evidence.of(grade.evidence)
    made = await propose_in_place_of(
        uow, grade, GradeCause.correction, period=old.period, excluded=rules.without(old.excluded, excluded)
    )
    common = {
        "value_before": grade.value,
        "value_after": made.value,
        "objection_id": str(objection_id),
        "at": uow.now().isoformat(),
    }
    made.corrections = corrections(old, Evidence.of(made.evidence), reasons, Rule.corrected, common)
    await uow.session.flush()
    return made


def corrections(
    old: Evidence, new: Evidence, reasons: Reasons, rule: Rule, common: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """The log: each criterion that has a reason, and each that is counted otherwise, with what is `common` to all of them."""
    changed = [code for code in new.criteria if code in reasons or old.criteria[code] != new.criteria[code]]
    return [{**_correction(old, new, criterion, reasons, rule), **common} for criterion in changed]


def _correction(old: Evidence, new: Evidence, criterion: str, reasons: Reasons, rule: Rule) -> dict[str, Any]:
    return {
        "criterion": criterion,
        "before": msgspec.to_builtins(old.criteria[criterion]),
        "after": msgspec.to_builtins(new.criteria[criterion]),
        "excluded_case_ids": [str(case_id) for case_id in new.excluded.get(criterion, ())],
        "reason": reasons.get(criterion, "Counted anew, with what was heard since."),
        "rule": rule if criterion in reasons else Rule.counted_anew,
    }
