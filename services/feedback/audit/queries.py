"""Reading the audit log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from services.feedback.audit.models import AuditEntry
from services.feedback.audit.rules import NO_HASH, Act, follow
from services.feedback.audit.schemas import AuditCheckOut, AuditEntryOut
from services.feedback.tables import metadata
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

ENTRIES: Table = metadata.tables[str(AuditEntry.__tablename__)]
UNBLAMED = text("""NOT EXISTS (
    SELECT FROM case_exclusions
    WHERE case_exclusions.case_id = audit_entries.case_id AND unit_id = ANY(:chain)
        AND (post = '' OR (unit_id, post) = (:own_unit, :post))
)""").bindparams(bindparam("chain", type_=ARRAY(Uuid)), bindparam("own_unit", type_=Uuid))
"""Whom a case is about learns nothing of it here either."""
AT_ONCE = 500
"""Entries that a check has in memory."""


async def list_entries(
    uow: UnitOfWork, principal: Principal, *, case_id: UUID | None, act: Act | None, limit: int, cursor: str | None
) -> Page[AuditEntryOut]:
    """Newest first; to an inspector, what its own unit and those below it did, but nothing of a case that is about it.

    Raises `Invalid` (malformed-cursor).
    """
    statement = select(AuditEntry).order_by(col(AuditEntry.number).desc()).limit(limit + 1)
    values: dict[str, Any] = {}
    if principal.role is not Role.admin:
        statement = statement.where(col(AuditEntry.by_unit_id).in_(await _inspected(uow, principal)), UNBLAMED)
        chain = uow.units.chain(principal.unit_id) if principal.unit_id else ()
        values = {"chain": [unit.id for unit in chain], "own_unit": principal.unit_id, "post": principal.role}
    if case_id is not None:
        statement = statement.where(col(AuditEntry.case_id) == case_id)
    if act is not None:
        statement = statement.where(col(AuditEntry.act) == act)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(AuditEntry.number) < min(before.int, 2**63 - 1))
    entries, next_cursor = cut((await uow.session.scalars(statement, values)).all(), limit, lambda entry: UUID(int=entry.number))
    return Page[AuditEntryOut](items=[_show(entry) for entry in entries], next_cursor=next_cursor)


async def _inspected(uow: UnitOfWork, principal: Principal) -> Sequence[UUID]:
    known = await uow.units.find(principal.unit_id) if principal.unit_id else None
    return uow.units.subtree(known.id) if known else []


def _show(entry: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(**{**entry.model_dump(), "previous": entry.previous.hex(), "hash": entry.hash.hex()})


async def check_chain(uow: UnitOfWork) -> AuditCheckOut:
    """Walk from the first entry to the last, or to the first that does not follow from those before it."""
    number, head, broken_at = 0, NO_HASH, None
    while broken_at is None and (batch := await _entries_after(uow, number)):
        number, head, broken_at = follow(batch, number, head)
    return AuditCheckOut(entries=number, head=head.hex(), intact=broken_at is None, broken_at=broken_at)


async def _entries_after(uow: UnitOfWork, number: int) -> list[dict[str, Any]]:
    statement = select(ENTRIES).where(ENTRIES.c.number > number).order_by(ENTRIES.c.number).limit(AT_ONCE)
    return [dict(row) for row in (await uow.session.execute(statement)).mappings()]
