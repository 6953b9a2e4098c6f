"""Reading the ledger and proving from it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.ledger.models import LedgerBlock, LedgerDay, LedgerLeaf
from services.feedback.ledger.rules import BLOCK, GRACE, leaves_in, path_of
from services.feedback.ledger.schemas import LedgerDayOut, Opening, ProofOut
from shared.errors import Conflict
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def list_days(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[LedgerDayOut]:
    """Newest first. Raises `Invalid` (malformed-cursor)."""
    statement = select(LedgerDay).order_by(col(LedgerDay.id).desc()).limit(limit + 1)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(LedgerDay.id) < before)
    days, next_cursor = cut((await uow.session.scalars(statement)).all(), limit, lambda day: day.id)
    return Page[LedgerDayOut](items=[_show(day) for day in days], next_cursor=next_cursor)


async def prove(uow: UnitOfWork, opinion_id: UUID, content: Mapping[str, str] | None) -> ProofOut:
    """`content` as it was filed, None where it is erased. Raises `Conflict` (proof-not-ready, no-proof)."""
    leaf = await uow.session.get(LedgerLeaf, opinion_id)
    if leaf is None:
        raise Conflict("no-proof", "This was filed before the ledger was kept: there is no proof of it.")
    if leaf.day is None or leaf.position is None:
        minutes = int(GRACE.total_seconds()) // 60
        raise Conflict(
            "proof-not-ready", f"The ledger of a day is sealed {minutes} minutes after its end in UTC: come back then."
        )
    day = await uow.session.get_one(LedgerDay, leaf.day)
    return ProofOut(
        **_hashes(day),
        day=day.day,
        size=day.size,
        position=leaf.position,
        path=[node.hex() for node in await _path(uow, day.day, leaf.position)],
        commitment=leaf.commitment.hex(),
        opening=Opening(salt=leaf.salt.hex(), content=dict(content)) if leaf.salt and content else None,
    )


async def _path(uow: UnitOfWork, day: date, position: int) -> list[bytes]:
    number, inside = divmod(position, BLOCK)
    block = await uow.session.get_one(LedgerBlock, (day, number))
    roots = select(col(LedgerBlock.root)).where(col(LedgerBlock.day) == day).order_by(col(LedgerBlock.number))
    above = (await uow.session.scalars(roots)).all()
    return [*path_of(inside, leaves_in(block.leaves)), *path_of(number, above)]


def _hashes(day: LedgerDay) -> dict[str, str]:
    return {"root": day.root.hex(), "previous": day.previous.hex(), "seal": day.seal.hex()}


def _show(day: LedgerDay) -> LedgerDayOut:
    return LedgerDayOut(id=day.id, day=day.day, size=day.size, sealed_at=day.sealed_at, **_hashes(day))
