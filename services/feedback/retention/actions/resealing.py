"""Sealing anew: after a change of keys, and what is there from before words were sealed."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import String, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from services.feedback.attachments.cabinet import Cabinet
from services.feedback.attachments.models import Attachment
from services.feedback.cases.models import SEAL, SEALABLE, Case, CaseText
from services.feedback.cases.queries.access import owner_of
from services.feedback.cases.sealing import SEVERAL, write_attributes
from services.feedback.cases.words import facet_terms
from services.feedback.identities.actions import reseal_identity
from services.feedback.identities.models import SealedIdentity
from services.feedback.retention.words import WORDS, Words
from shared.keyring import Unreadable
from shared.uow import UnitOfWork

log = structlog.get_logger(__name__)

AT_ONCE = 50
"""Identities."""
DUE = text(f"SELECT * FROM cases WHERE {SEALABLE} AND {SEAL} = ANY(:seals) ORDER BY {SEAL} LIMIT 1 FOR UPDATE SKIP LOCKED")
"""In the order of its index: there is mostly none, and no table is to be walked for that."""
NEXT = select(Case).from_statement(DUE.bindparams(bindparam("seals", type_=ARRAY(String))))


def seal_next_case(cabinet: Cabinet) -> Callable[[UnitOfWork], Awaitable[bool]]:
    """Job: everything in one protected case is sealed with the current key. Whether there may be more.

    What cannot be opened, because its key is not here, stays as it is and holds up nothing; its case keeps the name of that key,
    and is taken again once it is back.
    """

    async def run(uow: UnitOfWork) -> bool:
        case = await uow.session.scalar(NEXT, {"seals": [SEVERAL, *_older_keys(uow)]})
        if case is None:
            return False
        await _seal_case(uow, cabinet, case)
        return True

    return run


async def seal_next_identities(uow: UnitOfWork) -> bool:
    """Job: some identities are sealed with the current key, as far as their keys are here. Whether there may be more.

    A damaged one stays as it is and holds up nothing.
    """
    due = select(SealedIdentity).where(col(SealedIdentity.key_id).in_(_older_keys(uow)))
    kept = (await uow.session.scalars(due.limit(AT_ONCE).with_for_update(skip_locked=True))).all()
    return any([await _seal_identity(uow, each.case_id) for each in kept])


async def _seal_identity(uow: UnitOfWork, case_id: UUID) -> bool:
    try:
        await reseal_identity(uow, case_id)
    except Unreadable:
        log.error("an identity cannot be sealed anew", case_id=str(case_id))
        return False
    return True


def _older_keys(uow: UnitOfWork) -> list[str]:
    return [key for key in uow.keyring.key_ids if key != uow.keyring.current]


async def _seal_case(uow: UnitOfWork, cabinet: Cabinet, case: Case) -> None:
    first = case.sealed_with is None
    closed = await _seal_files(uow, cabinet, case.id)
    for words in WORDS:
        closed |= await _seal_words(uow, case.id, words)
    if closed:
        log.error("words of a case cannot be sealed anew", case_id=str(case.id), key_ids=sorted(closed))
    if first:
        of_case = update(CaseText).where(col(CaseText.case_id) == case.id)
        await uow.session.execute(of_case.values(terms=facet_terms(case.model_dump())))
        if case.owner_id is not None:
            case.owner_id = owner_of(uow.keyring, case.owner_id, case.protection)
    missing = sorted(closed - set(uow.keyring.key_ids))
    case.sealed_with = missing[0] if missing else uow.keyring.current


async def _seal_words(uow: UnitOfWork, case_id: UUID, words: Words) -> set[str]:
    """The keys of what stays closed."""
    table, closed = words.table, set()
    keys = list(table.primary_key.columns)
    mine = table.c[words.case_column] == case_id
    rows = await uow.session.execute(select(*keys, *(table.c[name] for name in words.columns)).where(mine, words.are_words))
    for row in rows.mappings().all():
        sealed: dict[str, str] = {}
        for name in (name for name in words.columns if row[name] is not None):
            try:
                sealed[name] = _sealed_anew(uow, case_id, row[name])
            except Unreadable as error:
                closed.add(str(error))
        if sealed:
            await uow.session.execute(update(table).where(*(key == row[key.name] for key in keys)).values(sealed))
    return closed


def _sealed_anew(uow: UnitOfWork, case_id: UUID, kept: Any) -> str:
    plain = uow.keyring.open(case_id, kept) if isinstance(kept, str) else write_attributes(kept)
    return uow.keyring.seal(case_id, plain)


async def _seal_files(uow: UnitOfWork, cabinet: Cabinet, case_id: UUID) -> set[str]:
    """The keys of those that stay closed."""
    mine, closed = col(Attachment.case_id) == case_id, set()
    for attachment in (await uow.session.scalars(select(Attachment).where(mine))).all():
        if attachment.sealed_with != uow.keyring.current:
            try:
                await cabinet.seal_anew(uow, attachment)
            except Unreadable as error:
                closed.add(str(error))
    return closed
