"""Ending a receipt's access, and erasing what was said in a case."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import delete, null, select, update
from sqlmodel import col

from services.feedback.attachments.cabinet import Cabinet
from services.feedback.attachments.models import Attachment
from services.feedback.cases.models import Case, CaseText
from services.feedback.cases.words import facet_terms
from services.feedback.endorsements.models import Endorsement
from services.feedback.identities.models import SealedIdentity
from services.feedback.ledger.models import LedgerLeaf
from services.feedback.protection.models import Receipt
from services.feedback.retaliation.models import WatchCheckIn
from services.feedback.retention.queries import due_cases, still_due
from services.feedback.retention.rules import End
from services.feedback.retention.words import ERASED, WORDS, Words
from shared.clock import hour_of
from shared.events.feedback import CaseErased
from shared.uow import UnitOfWork

AT_ONCE = 50


async def end_due_access(uow: UnitOfWork) -> bool:
    """Job: a receipt whose case ended long enough ago is as if it had never been issued. Whether there may be more."""
    due = [case.id for case in await _take_due(uow, End.access)]
    await uow.session.execute(delete(Receipt).where(col(Receipt.case_id).in_(due)))
    return len(due) > 0


def erase_due_words(cabinet: Cabinet) -> Callable[[UnitOfWork], Awaitable[bool]]:
    """Job: what was said in a case that ended long enough ago is erased. Whether there may be more.

    What remains tells which unit did what by when, and how it ended. Events: CaseErased.
    """

    async def run(uow: UnitOfWork) -> bool:
        due = await _take_due(uow, End.words)
        for case in due:
            await _erase(uow, cabinet, case)
        return len(due) > 0

    return run


async def _take_due(uow: UnitOfWork, end: End) -> Sequence[Case]:
    """Those that no other has locked, and that are due still now that nobody can hold or move them."""
    found = [row["case_id"] for row in await due_cases(uow, end, most=AT_ONCE)]
    taken = select(Case).where(col(Case.id).in_(found)).order_by(col(Case.id)).with_for_update(skip_locked=True)
    cases = (await uow.session.scalars(taken)).all()
    still = await still_due(uow, end, [case.id for case in cases])
    return [case for case in cases if case.id in still]


async def _erase(uow: UnitOfWork, cabinet: Cabinet, case: Case) -> None:
    case_id, at = case.id, hour_of(uow.now())
    for words in WORDS:
        await uow.session.execute(_without(words).where(words.table.c[words.case_column] == case_id, words.are_words))
    await _drop_files(uow, cabinet, case)
    leaf = update(LedgerLeaf).where(col(LedgerLeaf.opinion_id) == case.opinion_id).values(salt=None)
    await uow.session.execute(leaf)
    terms = update(CaseText).where(col(CaseText.case_id) == case_id).values(terms=facet_terms(case.model_dump()))
    await uow.session.execute(terms)
    for model in (Receipt, Endorsement, SealedIdentity, WatchCheckIn):
        await uow.session.execute(delete(model).where(col(model.case_id) == case_id))
    remains: dict[str, Any] = {
        "latitude": None,
        "longitude": None,
        "owner_id": None,
        "shared": False,
        "sealed_with": None,
        "erased_at": at,
    }
    await uow.session.execute(update(Case).where(col(Case.id) == case_id).values(attachment_count=0, **remains))
    await uow.record(CaseErased(case_id=case_id, unit_id=case.unit_id, erased_at=at), coarse=True)


def _without(words: Words) -> Any:
    table = words.table
    return update(table).values({name: null() if table.c[name].nullable else ERASED for name in words.columns})


async def _drop_files(uow: UnitOfWork, cabinet: Cabinet, case: Case) -> None:
    mine = col(Attachment.case_id) == case.id
    for attachment in (await uow.session.scalars(select(Attachment).where(mine))).all():
        await cabinet.release(uow, attachment)
    await uow.session.execute(delete(Attachment).where(mine))
