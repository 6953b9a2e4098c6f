"""What time does to grades: windows pass, terms end."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.assessment.grades import rules
from services.assessment.grades.actions.signing import note
from services.assessment.grades.models import LASTS, OPEN_TO_OBJECTION, UnitGrade
from services.assessment.grades.rules import GradeState, Rule
from shared.events.assessment import GradeExpired
from shared.uow import UnitOfWork


async def confirm_unobjected(uow: UnitOfWork, *, limit: int) -> int:
    """Grades whose window for objections has passed. Returns how many."""
    passed = await _due(uow, OPEN_TO_OBJECTION, col(UnitGrade.objectable_until), limit)
    for grade in passed:
        grade.state = rules.move(GradeState(grade.state), GradeState.confirmed)
        reason = "Nobody objected within the window."
        await note(uow, None, grade, "grade.confirmed", Rule.window_passed, reason, public=True)
    return len(passed)


async def expire_grades(uow: UnitOfWork, *, limit: int) -> int:
    """Grades whose term has ended. Tells `GradeExpired`. Returns how many."""
    ended = await _due(uow, LASTS, col(UnitGrade.valid_until), limit)
    for grade in ended:
        grade.state = rules.move(GradeState(grade.state), GradeState.expired)
        await note(uow, None, grade, "grade.expired", Rule.term_ended, "Its term has ended.", public=True)
    await uow.record_all([GradeExpired(grade_id=each.id, unit_id=each.unit_id, expired_at=uow.now()) for each in ended])
    return len(ended)


async def _due(uow: UnitOfWork, kind: str, until: Mapped[datetime | None], limit: int) -> Sequence[UnitGrade]:
    statement = select(UnitGrade).where(text(kind), until < uow.now()).order_by(until).limit(limit)
    return (await uow.session.scalars(statement.with_for_update(skip_locked=True))).all()
