"""Keeping what feedback tells of cases, and which visits serve them.

Every change locks the row of its case, so that a record which names a case and what is heard of it never miss each other.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, case, func, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlmodel import col

from services.visits.cases.models import KnownCase, ServedCase
from services.visits.tables import metadata
from shared.uow import UnitOfWork

KNOWN: Table = metadata.tables[str(KnownCase.__tablename__)]
NEW = insert(KNOWN).excluded
MOVED = case((NEW.moves >= KNOWN.c.moves, NEW.unit_id), else_=KNOWN.c.unit_id)
"""Whose case it is: the newest hand-over decides, and its opening where there was none."""


def _keep(**facts: ColumnElement[Any]) -> Insert:
    """Begun by whichever fact comes first. Made once: building a statement costs more than running it."""
    return insert(KNOWN).on_conflict_do_update(index_elements=["case_id"], set_=facts)


def _newest(fact: str) -> Insert:
    return _keep(**{fact: func.greatest(KNOWN.c[fact], NEW[fact])})


KEEP_OPENED = _keep(unit_id=MOVED, opened_at=NEW.opened_at)
KEEP_HANDED_OVER = _keep(unit_id=MOVED, moves=func.greatest(KNOWN.c.moves, NEW.moves))
KEEP_ANSWERED = _newest("answered_at")
KEEP_LAPSED = _newest("lapsed_at")
KEEP_REOPENED = _newest("reopened_at")
KEEP_WITHDRAWN = _newest("withdrawn_at")


async def open_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, at: datetime) -> None:
    await uow.session.execute(KEEP_OPENED, {"case_id": case_id, "moves": 0, "unit_id": unit_id, "opened_at": at})


async def hand_over_case(uow: UnitOfWork, case_id: UUID, unit_id: UUID, moves: int) -> None:
    await uow.session.execute(KEEP_HANDED_OVER, {"case_id": case_id, "moves": moves, "unit_id": unit_id})


async def answer_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    await uow.session.execute(KEEP_ANSWERED, {"case_id": case_id, "moves": 0, "answered_at": at})


async def lapse_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    await uow.session.execute(KEEP_LAPSED, {"case_id": case_id, "moves": 0, "lapsed_at": at})


async def reopen_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    """By its speaker, or because an appeal overturned its rejection."""
    await uow.session.execute(KEEP_REOPENED, {"case_id": case_id, "moves": 0, "reopened_at": at})


async def withdraw_case(uow: UnitOfWork, case_id: UUID, at: datetime) -> None:
    await uow.session.execute(KEEP_WITHDRAWN, {"case_id": case_id, "moves": 0, "withdrawn_at": at})


async def lock_cases(uow: UnitOfWork, case_ids: Collection[UUID]) -> None:
    """In the order of their ids, also those not heard of yet: whoever needs more than one takes them by this, all at once."""
    if not case_ids:
        return
    begun = insert(KnownCase).values([{"case_id": case_id, "moves": 0} for case_id in sorted(case_ids)])
    await uow.session.execute(begun.on_conflict_do_nothing())
    lock = select(col(KnownCase.case_id)).where(col(KnownCase.case_id).in_(case_ids)).order_by(col(KnownCase.case_id))
    await uow.session.execute(lock.with_for_update())


async def serve_cases(uow: UnitOfWork, visit_id: UUID, *, named: Collection[UUID], need: UUID | None) -> None:
    """Keep which cases a visit serves. They are locked."""
    served = sorted({*named, *([need] if need else [])})
    uow.session.add_all(ServedCase(visit_id=visit_id, case_id=case_id, named=case_id in named) for case_id in served)
    await uow.session.flush()
