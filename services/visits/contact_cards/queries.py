"""What the holder of a card sees."""

from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import col

from services.visits.contact_cards.models import ContactCard
from services.visits.contact_cards.schemas import CardOut, WindowOut
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.visits.models import UNRECORDED, Visit
from shared.codes import lookup_of
from shared.errors import NotFound
from shared.uow import UnitOfWork

PURPOSE = b"contact card"


async def open_card(uow: UnitOfWork, card: str) -> CardOut:
    """Raises `NotFound` (card-not-found)."""
    return await show_card(uow, await find_by_card(uow, card))


async def show_card(uow: UnitOfWork, contact: Contact) -> CardOut:
    """For whoever has its card."""
    unit = uow.units.get(contact.unit_id)
    return CardOut(
        unit_id=contact.unit_id,
        unit=unit.name if unit else None,
        kind=contact.kind,
        state=contact.state,
        rhythm_days=contact.rhythm_days,
        meeting=contact.meeting,
        companion=contact.companion,
        suspended_until=contact.suspended_until,
        next_visit=await _next_visit(uow, contact.id),
    )


async def find_by_card(uow: UnitOfWork, card: str, *, lock: bool = False) -> Contact:
    """Raises `NotFound` (card-not-found), alike for one that is wrong, was never issued, is void, or whose contact has ended."""
    lookup = lookup_of(uow.keyring, PURPOSE, card)
    found = _contact_of(lookup)
    contact = await uow.session.scalar(found.with_for_update(of=Contact, key_share=True) if lock else found) if lookup else None
    if contact is None:
        raise NotFound(
            "card-not-found", "This card opens nothing: it is wrong, or there is a newer one. Ask the unit for a new one."
        )
    return contact


def _contact_of(lookup: bytes | None) -> Select[Contact]:
    found = select(Contact).join(ContactCard, col(ContactCard.contact_id) == col(Contact.id))
    return found.where(col(ContactCard.lookup) == lookup, col(Contact.state) != ContactState.ended)


async def _next_visit(uow: UnitOfWork, contact_id: UUID) -> WindowOut | None:
    ahead = select(Visit).where(text(UNRECORDED), col(Visit.contact_id) == contact_id, col(Visit.window_ends_at) >= uow.now())
    visit = await uow.session.scalar(ahead.order_by(col(Visit.window_starts_at)).limit(1))
    return WindowOut.model_validate(visit) if visit else None
