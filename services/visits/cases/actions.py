"""Keeping what feedback tells of cases, and which visits serve them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.cases.models import KnownCase, ServedCase
from shared.uow import UnitOfWork


async def open_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, at: datetime) -> None:
    case = await _known(uow, case_id)
    case.opened_at = at
    if case.moves == 0:
        case.unit_id = unit_id


async def hand_over_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, moves: int) -> None:
    """The newest hand-over decides whose case it is."""
    case = await _known(uow, case_id)
    if moves > case.moves:
        case.unit_id, case.moves = unit_id, moves


async def answer_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    case = await _known(uow, case_id)
    case.answered_at = max(case.answered_at or at, at)


async def lapse_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    case = await _known(uow, case_id)
    case.lapsed_at = max(case.lapsed_at or at, at)


async def reopen_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    """By its speaker, or because an appeal overturned its rejection."""
    case = await _known(uow, case_id)
    case.reopened_at = max(case.reopened_at or at, at)


async def withdraw_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    case = await _known(uow, case_id)
    case.withdrawn_at = max(case.withdrawn_at or at, at)


async def serve_cases(uow: UnitOfWork, visit_id: UUID, *, named: Collection[UUID], need: UUID | None) -> None:
    """Keep which cases a visit serves. Their rows stay locked, so that no fact about them comes between unseen."""
    for case_id in sorted({*named, *([need] if need else [])}):
        await _known(uow, case_id)
        uow.session.add(ServedCase(visit_id=visit_id, case_id=case_id, named=case_id in named))
    await uow.session.flush()


async def _known(uow: UnitOfWork, case_id: UUID) -> KnownCase:
    """The locked row of a case, begun by whichever fact comes first."""
    await uow.session.execute(insert(KnownCase).values(case_id=case_id, moves=0).on_conflict_do_nothing())
    found = await uow.session.scalars(select(KnownCase).where(col(KnownCase.case_id) == case_id).with_for_update())
    return found.one()
