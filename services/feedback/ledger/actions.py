"""Sealing the ledger of a day."""

from datetime import date
from os import urandom
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlmodel import col

from services.feedback.ledger.models import LedgerBlock, LedgerDay
from services.feedback.ledger.rules import HASH, blocks_of, day_to_seal, root_of
from services.feedback.ledger.verifier import NO_SEAL, commitment_of, seal_of
from shared.events.feedback import LedgerSealed
from shared.uow import UnitOfWork

ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended("massline ledger", 0)))
PLACE = text("""
    UPDATE ledger_leaves SET day = :day, position = placed.position
    FROM (
        SELECT opinion_id, row_number() OVER (ORDER BY commitment) - 1 AS position
        FROM ledger_leaves WHERE day IS NULL AND filed_on <= :day
    ) AS placed
    WHERE ledger_leaves.opinion_id = placed.opinion_id
""")
PLACED = text("SELECT commitment FROM ledger_leaves WHERE day = :day ORDER BY position")


def leaf_row(opinion_id: UUID, content: dict[str, str], filed_on: date) -> dict[str, Any]:
    """The row of an opinion that is about to be written."""
    salt = urandom(HASH)
    return {"opinion_id": opinion_id, "commitment": commitment_of(salt, content), "salt": salt, "filed_on": filed_on}


async def seal_ledger(uow: UnitOfWork) -> bool:
    """Give everything filed until the end of the newest day that is over its place, once; there is never more to do at once.

    A day without opinions is sealed too, so that none can be left out unseen. Events: LedgerSealed.
    """
    day = day_to_seal(uow.now())
    if _is_due(day, await _last(uow)):
        await uow.session.execute(ONE_AT_A_TIME)
        last = await _last(uow)
        if _is_due(day, last):
            await _seal(uow, day, last)
    return False


async def _last(uow: UnitOfWork) -> LedgerDay | None:
    return await uow.session.scalar(select(LedgerDay).order_by(col(LedgerDay.day).desc()).limit(1))


def _is_due(day: date, last: LedgerDay | None) -> bool:
    return last is None or last.day < day


async def _seal(uow: UnitOfWork, day: date, last: LedgerDay | None) -> None:
    await uow.session.execute(PLACE, {"day": day})
    commitments = (await uow.session.scalars(PLACED, {"day": day})).all()
    if not commitments and last is None:
        return
    blocks = list(blocks_of(commitments))
    roots = [root_of(block) for block in blocks]
    root, previous, size = root_of(roots), last.seal if last else NO_SEAL, len(commitments)
    seal = seal_of(previous, day.isoformat(), size, root)
    sealed = LedgerDay(day=day, id=uow.new_id(), size=size, root=root, previous=previous, seal=seal, sealed_at=uow.now())
    uow.session.add(sealed)
    await uow.session.flush()
    uow.session.add_all(
        LedgerBlock(day=day, number=number, leaves=b"".join(block), root=root)
        for number, (block, root) in enumerate(zip(blocks, roots, strict=True))
    )
    await uow.record(LedgerSealed(ledger_id=sealed.id, day=day, size=size, root=root.hex(), seal=seal.hex()))
