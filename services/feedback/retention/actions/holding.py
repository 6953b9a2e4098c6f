"""Keeping a case from being erased."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.feedback.audit.actions import record_act
from services.feedback.audit.rules import Act
from services.feedback.cases.queries.access import Access, open_case
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Party
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import seal
from services.feedback.errors import not_yours_to_do
from services.feedback.retention.models import LegalHold
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.feedback import LegalHoldLifted, LegalHoldPlaced
from shared.uow import UnitOfWork


async def hold_case(uow: UnitOfWork, principal: Principal, case_id: UUID, motive: str) -> CaseOut:
    """Nothing of it is erased from now on, and its speaker sees that and why. Whoever may see the case and does not speak in it.

    Events: LegalHoldPlaced, AuditRecorded. Raises `NotFound`, `Forbidden`, `Conflict` (case-held, case-erased).
    """
    access = await _open(uow, principal, case_id)
    case = access.case
    if await _standing(uow, case_id) is not None:
        raise Conflict("case-held", "This case is held already: see `legal_hold` on it.")
    number = 1 + (await uow.session.scalar(select(func.max(col(LegalHold.number))).where(col(LegalHold.case_id) == case_id)) or 0)
    hold = LegalHold(
        case_id=case_id,
        number=number,
        motive=seal(uow, case, motive),
        by_role=principal.role,
        by_unit_id=principal.unit_id,
        placed_at=uow.now(),
    )
    uow.session.add(hold)
    await uow.record(LegalHoldPlaced(case_id=case_id, unit_id=case.unit_id, number=number, placed_at=hold.placed_at))
    shown = await show_case(uow, access)
    await record_act(uow, principal, Act.case_held, case_id=case_id, detail={"number": number})
    return shown


async def lift_hold(uow: UnitOfWork, principal: Principal, case_id: UUID, reason: str) -> CaseOut:
    """The ends of its channel count again.

    Events: LegalHoldLifted, AuditRecorded. Raises `NotFound`, `Forbidden`, `Conflict` (case-not-held).
    """
    access = await _open(uow, principal, case_id)
    hold = await _standing(uow, case_id)
    if hold is None:
        raise Conflict("case-not-held", "This case is not held: there is nothing to lift.")
    hold.lifted_at, hold.lift_reason = uow.now(), seal(uow, access.case, reason)
    event = LegalHoldLifted(case_id=case_id, unit_id=access.case.unit_id, number=hold.number, lifted_at=hold.lifted_at)
    await uow.record(event)
    shown = await show_case(uow, access)
    await record_act(uow, principal, Act.hold_lifted, case_id=case_id, detail={"number": hold.number})
    return shown


async def _open(uow: UnitOfWork, principal: Principal, case_id: UUID) -> Access:
    access = await open_case(uow, principal, case_id, lock=True)
    if access.party is Party.speaker:
        raise not_yours_to_do("hold")
    return access


async def _standing(uow: UnitOfWork, case_id: UUID) -> LegalHold | None:
    standing = (col(LegalHold.case_id) == case_id) & col(LegalHold.lifted_at).is_(None)
    return await uow.session.scalar(select(LegalHold).where(standing))
