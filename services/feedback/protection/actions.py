"""Giving a case to whom it concerns: by receipt, and from the receipt to an account."""

from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from services.feedback.cases.actions.history import write_act
from services.feedback.cases.queries.access import Access, Holder, open_case, owner_of
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Party, Protection
from services.feedback.cases.schemas import CaseOut
from services.feedback.errors import not_yours_to_do, receipt_not_found
from services.feedback.protection.desk import ReceiptDesk
from services.feedback.protection.models import Receipt
from services.feedback.protection.schemas import IssuedReceiptOut
from shared.auth import Principal
from shared.errors import Conflict, Forbidden
from shared.events.feedback import CaseSource
from shared.uow import UnitOfWork

ISSUE = "issue_receipt"


async def issue_receipt(uow: UnitOfWork, desk: ReceiptDesk, principal: Principal, case_id: UUID) -> IssuedReceiptOut:
    """A receipt for the resident whom a visit's finding concerns, who then reads, replies and judges like any speaker; one that
    was issued before is void.

    Its unit issues it, or the one above, but never the visitor: whoever found something does not also confirm that it is mended.
    The timeline tells that it was issued. Raises `NotFound`, `Forbidden` (not-yours-to-do, sponsor-hands-nothing-over),
    `Conflict` (case-has-a-speaker), `Unavailable` (receipts-busy).
    """
    _check_issue(await open_case(uow, principal, case_id), principal)
    issued = await desk.issue(case_id)
    access = await open_case(uow, principal, case_id, lock=True)
    _check_issue(access, principal)
    write_act(uow, access.case, ISSUE, uow.now(), by_role=access.role, by_unit_id=access.unit_id)
    await uow.session.execute(delete(Receipt).where(col(Receipt.case_id) == case_id))
    uow.session.add(Receipt(**issued.row))
    return IssuedReceiptOut(receipt=issued.code)


def _check_issue(access: Access, principal: Principal) -> None:
    if access.party not in (Party.unit, Party.above):
        raise not_yours_to_do(ISSUE)
    if access.case.source != CaseSource.finding or access.case.owner_id is not None:
        raise Conflict("case-has-a-speaker", "This case has a speaker: only that of a visit's finding is given to somebody.")
    if access.case.sponsor_id == principal.account:
        raise Forbidden("sponsor-hands-nothing-over", "You made the visit: let somebody else of the unit hand over the receipt.")


async def claim_case(uow: UnitOfWork, principal: Principal, holder: Holder) -> CaseOut:
    """What was written down for somebody is from now on as if that account had filed it, and its receipt opens nothing more.

    Raises `Conflict` (case-stays-anonymous), `NotFound` (receipt-not-found) when somebody else was a moment earlier.
    """
    case = (await open_case(uow, holder, holder.case_id, lock=True)).case
    if case.protection is Protection.anonymous:
        raise Conflict("case-stays-anonymous", "An anonymous case never belongs to an account: come back with its receipt.")
    if case.owner_id is not None:
        raise receipt_not_found()
    case.owner_id = owner_of(uow.keyring, principal.account, case.protection)
    await uow.session.execute(delete(Receipt).where(col(Receipt.case_id) == case.id))
    await uow.session.flush()
    return await show_case(uow, await open_case(uow, principal, case.id))
