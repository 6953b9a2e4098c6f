"""Turning a receipt into a case of one's own."""

from sqlalchemy import delete
from sqlmodel import col

from services.feedback.cases.queries.access import Holder, open_case, owner_of
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Protection
from services.feedback.cases.schemas import CaseOut
from services.feedback.errors import receipt_not_found
from services.feedback.protection.models import Receipt
from shared.auth import Principal
from shared.errors import Conflict
from shared.uow import UnitOfWork


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
