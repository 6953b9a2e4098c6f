"""Keeping what feedback tells of cases, and which visits serve them.

Every change locks the row of its case, so that a record which names a case and what is heard of it never miss each other.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlmodel import col

from services.visits.cases.models import KnownCase, ServedCase
from shared.uow import UnitOfWork


async def open_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, at: datetime) -> None:
    """Whose case it is, unless a hand-over was heard of before."""
    row = _row(case_id, unit_id=unit_id, opened_at=at)
    owner = case((col(KnownCase.moves) == 0, row.excluded.unit_id), else_=col(KnownCase.unit_id))
    await _keep(uow, row, unit_id=owner, opened_at=row.excluded.opened_at)


async def hand_over_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, moves: int) -> None:
    """The newest hand-over decides whose case it is."""
    row = _row(case_id, unit_id=unit_id, moves=moves)
    newer = row.excluded.moves > col(KnownCase.moves)
    owner = case((newer, row.excluded.unit_id), else_=col(KnownCase.unit_id))
    await _keep(uow, row, unit_id=owner, moves=func.greatest(col(KnownCase.moves), row.excluded.moves))


async def answer_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    row = _row(case_id, answered_at=at)
    await _keep(uow, row, answered_at=func.greatest(col(KnownCase.answered_at), row.excluded.answered_at))


async def lapse_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    row = _row(case_id, lapsed_at=at)
    await _keep(uow, row, lapsed_at=func.greatest(col(KnownCase.lapsed_at), row.excluded.lapsed_at))


async def reopen_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    """By its speaker, or because an appeal overturned its rejection."""
    row = _row(case_id, reopened_at=at)
    await _keep(uow, row, reopened_at=func.greatest(col(KnownCase.reopened_at), row.excluded.reopened_at))


async def withdraw_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    row = _row(case_id, withdrawn_at=at)
    await _keep(uow, row, withdrawn_at=func.greatest(col(KnownCase.withdrawn_at), row.excluded.withdrawn_at))


async def serve_cases(uow: UnitOfWork, visit_id: UUID, *, named: Collection[UUID], need: UUID | None) -> None:
    """Keep which cases a visit serves, also those not heard of yet."""
    served = sorted({*named, *([need] if need else [])})
    if not served:
        return
    begun = insert(KnownCase).values([{"case_id": case_id, "moves": 0} for case_id in served])
    await uow.session.execute(begun.on_conflict_do_nothing())
    lock = select(col(KnownCase.case_id)).where(col(KnownCase.case_id).in_(served)).order_by(col(KnownCase.case_id))
    await uow.session.execute(lock.with_for_update())
    uow.session.add_all(ServedCase(visit_id=visit_id, case_id=case_id, named=case_id in named) for case_id in served)
    await uow.session.flush()


def _row(case_id: UUID, **facts: Any) -> Insert:
    return insert(KnownCase).values({"case_id": case_id, "moves": 0, **facts})


async def _keep(uow: UnitOfWork, row: Insert, **facts: Any) -> None:
    """Begun by whichever fact comes first."""
    await uow.session.execute(row.on_conflict_do_update(index_elements=["case_id"], set_=facts))
