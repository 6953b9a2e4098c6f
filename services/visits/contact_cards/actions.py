"""Cards for residents, and what they choose by them: nothing that comes of it has a finer time than the hour."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.visits.choices.actions import take_agreement, take_refusal, take_return, take_suspension
from services.visits.choices.schemas import AgreementIn
from services.visits.contact_cards.models import ContactCard
from services.visits.contact_cards.queries import PURPOSE, find_by_card
from services.visits.contact_cards.schemas import CardTerms, IssuedCard
from services.visits.contacts.actions import lock_contact
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState, check_asked_again
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.codes import BITS, lookup_of, write_code
from shared.errors import Conflict, Invalid
from shared.uow import UnitOfWork


async def issue_card(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> IssuedCard:
    """A card by which the resident chooses without an account; it voids the one before.

    Once the resident has refused, only a lead issues one: by it they may agree again. Raises `NotFound` (contact-not-found),
    `Forbidden` (not-your-contact, refused-before), `Conflict` (contact-state).
    """
    contact = await lock_contact(uow, principal, contact_id)
    check_asked_again(contact.state, leads=principal.role in (Role.lead, Role.admin))
    if contact.state is ContactState.ended:
        raise Conflict("contact-state", "The contact has ended: there is nothing left to choose.")
    card = write_code(secrets.randbits(BITS))
    kept = insert(ContactCard).values(contact_id=contact.id, lookup=lookup_of(uow.keyring, PURPOSE, card))
    newer = {"lookup": kept.excluded.lookup}
    await uow.session.execute(kept.on_conflict_do_update(index_elements=["contact_id"], set_=newer))
    return IssuedCard(card=card)


async def choose_by_card(uow: UnitOfWork, said: CardTerms) -> Contact:
    """The resident agrees, for the first time, anew, or to other terms. Events: VisitCancelled, VisitPlanned. Raises `NotFound`
    (card-not-found), `Invalid` (rhythm-needed), `Conflict` (contact-state)."""
    uow = uow.by_the_hour()
    contact = await find_by_card(uow, said.card, lock=True)
    rhythm_days = said.rhythm_days or contact.rhythm_days
    if rhythm_days is None:
        raise Invalid("rhythm-needed", "Say in rhythm_days every how many days somebody may come.")
    terms = AgreementIn(
        rhythm_days=rhythm_days, meeting=said.meeting or contact.meeting, companion=said.companion or contact.companion
    )
    return await take_agreement(uow, contact, terms, by_wish=True)


async def refuse_by_card(uow: UnitOfWork, card: str) -> Contact:
    """Events: VisitRecorded, VisitCancelled. Raises `NotFound`, `Conflict`, as all that follow."""
    return await take_refusal(uow.by_the_hour(), await find_by_card(uow, card, lock=True), by=None)


async def suspend_by_card(uow: UnitOfWork, card: str, until: datetime | None) -> Contact:
    """Events: VisitRecorded, VisitCancelled. Raises also `Invalid` (suspension-over)."""
    contact = await find_by_card(uow, card, lock=True)
    return await take_suspension(uow.by_the_hour(), contact, hour_of(until) if until else None, by=None)


async def resume_by_card(uow: UnitOfWork, card: str) -> Contact:
    """Events: VisitPlanned."""
    return await take_return(uow.by_the_hour(), await find_by_card(uow, card, lock=True))
