"""Drawing answered cases, and writing down what their residents said."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.case_call_backs.models import CalledCase, CaseCallBack
from services.assessment.case_call_backs.queries import drawn_cases, find_call_back
from services.assessment.case_call_backs.rules import check_found, check_outside, check_over, first_day_of, span_of
from services.assessment.case_call_backs.schemas import CallBackIn, FoundIn
from services.assessment.indicators.models import AnswerEvidence
from services.assessment.scopes.queries import is_above, require_own_unit
from shared.auth import Principal
from shared.errors import Conflict, NotFound
from shared.uow import UnitOfWork


async def draw_call_back(uow: UnitOfWork, principal: Principal, said: CallBackIn) -> CaseCallBack:
    """A sample of the cases that a unit answered in a month, by somebody above it, and once.

    Raises `NotFound` (unit-not-found), `Forbidden` (call-back-not-yours), `Invalid` (month-not-over), `Conflict`
    (no-cases-to-draw, drawn-already).
    """
    unit, now = await require_own_unit(uow, principal, said.unit_id), uow.now()
    check_outside(above=is_above(uow, principal, unit.id))
    month = first_day_of(said.month)
    check_over(month, now)
    answered = _answered_in(unit.id, month)
    population = await uow.session.scalar(select(func.count()).select_from(AnswerEvidence).where(*answered)) or 0
    if population == 0:
        raise Conflict("no-cases-to-draw", "The unit answered no case in this month, as far as is known.")
    chosen = select(col(AnswerEvidence.case_id)).where(*answered).order_by(_order(said.seed)).limit(said.size)
    case_ids = (await uow.session.scalars(chosen)).all()
    call_back = CaseCallBack(
        id=uow.new_id(),
        unit_id=unit.id,
        month=month,
        seed=said.seed,
        population=population,
        size=len(case_ids),
        drawn_by=principal.account,
        drawn_at=now,
    )
    await _keep(uow, call_back)
    uow.session.add_all(
        CalledCase(call_back_id=call_back.id, case_id=case_id, place=place) for place, case_id in enumerate(case_ids, 1)
    )
    await uow.session.flush()
    return call_back


async def record_found(uow: UnitOfWork, principal: Principal, call_back_id: UUID, said: FoundIn) -> CaseCallBack:
    """What the resident of a drawn case said. With the last one the call-back is finished, and counts.

    Raises `NotFound` (call-back-not-found, case-not-drawn), `Conflict` (call-back-finished, found-already).
    """
    call_back = await find_call_back(uow, principal, call_back_id, lock=True)
    cases = await drawn_cases(uow, call_back.id)
    case = next((case for case in cases if case.case_id == said.case_id), None)
    if case is None:
        raise NotFound("case-not-drawn", "This case was not drawn: see the cases of the call-back.")
    check_found(case.found, finished=call_back.finished_at is not None)
    case.found = said.found
    if all(case.found for case in cases):
        call_back.finished_at = uow.now()
    await uow.session.flush()
    return call_back


async def _keep(uow: UnitOfWork, call_back: CaseCallBack) -> None:
    """Of two who draw at once, the second waits for the first, then is refused."""
    once = insert(CaseCallBack).values(call_back.model_dump()).on_conflict_do_nothing(constraint="case_call_backs_once")
    if await uow.session.scalar(once.returning(col(CaseCallBack.id))) is None:
        raise Conflict("drawn-already", "Cases of this unit and month were drawn: see GET /v1/case-call-backs.")


def _answered_in(unit_id: UUID, month: date) -> tuple[ColumnElement[bool], ...]:
    starts_at, ends_at = span_of(month)
    answered_at = col(AnswerEvidence.answered_at)
    return col(AnswerEvidence.unit_id) == unit_id, answered_at >= starts_at, answered_at < ends_at


def _order(seed: str) -> ColumnElement[bytes]:
    """SHA-256 of the seed followed by the case's id, as both are shown."""
    return func.sha256(func.convert_to(literal(seed) + cast(col(AnswerEvidence.case_id), String), "UTF8"))
