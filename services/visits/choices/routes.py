"""What residents choose, written down by whoever they told."""

from uuid import UUID

from fastapi import APIRouter

from services.visits.choices import actions
from services.visits.choices.schemas import AgreementIn, SuspensionIn
from services.visits.contacts.queries import show_contact
from services.visits.contacts.schemas import ContactOut
from shared.auth import Staff
from shared.http import EdgeRoute, Uow
from shared.types import NothingIn

NOTHING = NothingIn()

router = APIRouter(prefix="/v1/contacts/{contact_id}", route_class=EdgeRoute, tags=["visits"])


@router.post("/agree")
async def agree(uow: Uow, principal: Staff, contact_id: UUID, body: AgreementIn) -> ContactOut:
    """The resident wants visits, this often, there, and with that companion. Said anew, it replaces what was agreed before."""
    return await show_contact(uow, principal, await actions.agree(uow, principal, contact_id, body))


@router.post("/refuse")
async def refuse(uow: Uow, principal: Staff, contact_id: UUID, body: NothingIn = NOTHING) -> ContactOut:
    """The resident wants no visits. It counts against nobody, and no reason is asked."""
    return await show_contact(uow, principal, await actions.refuse(uow, principal, contact_id))


@router.post("/suspend")
async def suspend(uow: Uow, principal: Staff, contact_id: UUID, body: SuspensionIn) -> ContactOut:
    """The resident wants none for a while; afterwards visits are owed again."""
    return await show_contact(uow, principal, await actions.suspend(uow, principal, contact_id, body.until))


@router.post("/resume")
async def take_up(uow: Uow, principal: Staff, contact_id: UUID, body: NothingIn = NOTHING) -> ContactOut:
    """The resident wants visits again."""
    return await show_contact(uow, principal, await actions.take_up(uow, principal, contact_id))


@router.post("/end")
async def end(uow: Uow, principal: Staff, contact_id: UUID, body: NothingIn = NOTHING) -> ContactOut:
    """Moved away, or dissolved: nothing that points at anybody is kept."""
    return await show_contact(uow, principal, await actions.end(uow, principal, contact_id))
