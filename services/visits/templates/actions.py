"""Making visit templates."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.visits.templates.models import VisitTemplate
from services.visits.templates.queries import line_of
from services.visits.templates.rules import check_questions, check_wording
from services.visits.templates.schemas import TemplateIn
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal
from shared.errors import Conflict
from shared.uow import UnitOfWork


async def add_template(uow: UnitOfWork, principal: Principal, said: TemplateIn) -> VisitTemplate:
    """A template, or the next version of the unit's template of this code; visits recorded before keep theirs.

    Raises `NotFound` (unit-not-found), `Invalid` (question-twice, question-unfit, sensitive-note), `Conflict`
    (visit-template-code-taken).
    """
    check_questions([question.asked() for question in said.questions])
    check_wording(said.codes(), said.titles())
    unit = await require_own_unit(uow, principal, said.unit_id)
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"visit template {said.code}", 0))))
    newest = await _newest_in_line(uow, unit.id, said.code)
    if newest is not None and newest.unit_id != unit.id:
        raise Conflict(
            "visit-template-code-taken", "A unit above or below this one has a template of this code: choose another code."
        )
    template = VisitTemplate(
        id=newest.id if newest else uow.new_id(),
        version=newest.version + 1 if newest else 1,
        unit_id=unit.id,
        code=said.code,
        title_en=said.title.en,
        title_zh=said.title.zh,
        questions=[question.model_dump(mode="json") for question in said.questions],
        created_by=principal.account,
        created_at=uow.now(),
    )
    uow.session.add(template)
    await uow.session.flush()
    return template


async def _newest_in_line(uow: UnitOfWork, unit_id: UUID, code: str) -> VisitTemplate | None:
    statement = select(VisitTemplate).where(
        col(VisitTemplate.code) == code, col(VisitTemplate.unit_id).in_(line_of(uow, unit_id))
    )
    return await uow.session.scalar(statement.order_by(col(VisitTemplate.version).desc()).limit(1))
