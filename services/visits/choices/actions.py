"""What a resident chooses about being visited: whether, how often, where, and with whom. It is done at once, by whoever says it,
and a refusal is nobody's fault."""

from datetime import datetime
from uuid import UUID

from services.visits.choices.schemas import AgreementIn
from services.visits.contacts.actions import lock_contact, owe, resume, take_rested
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import Choice, choose
from services.visits.plans.actions import follow_rhythm, stop_visits
from services.visits.plans.rules import check_suspension
from shared.auth import Principal
from shared.events.visits import CancelCause
from shared.uow import UnitOfWork

ERASED = ""


async def agree(uow: UnitOfWork, principal: Principal, contact_id: UUID, said: AgreementIn) -> Contact:
    """From now on visits are owed, as the resident wants them; a plan that there is already follows.

    Events: VisitCancelled, VisitPlanned. Raises `NotFound`, `Forbidden` (not-your-contact), `Conflict` (contact-state).
    """
    contact = await lock_contact(uow, principal, contact_id)
    contact.state, contact.agreed_at, contact.suspended_until = choose(contact.state, Choice.agree), uow.now(), None
    contact.rhythm_days, contact.meeting, contact.companion = said.rhythm_days, said.meeting, said.companion
    return await _owed(uow, contact)


async def refuse(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """No visits, and no reason asked for. Events: VisitCancelled. Raises as `agree`."""
    return await _stop(uow, await lock_contact(uow, principal, contact_id), Choice.refuse, CancelCause.contact_refused)


async def suspend(uow: UnitOfWork, principal: Principal, contact_id: UUID, until: datetime | None) -> Contact:
    """No visits for a while. Events: VisitCancelled. Raises as `agree`, and `Invalid` (suspension-over)."""
    contact = await lock_contact(uow, principal, contact_id)
    check_suspension(until, uow.now())
    contact.suspended_until = until
    return await _stop(uow, contact, Choice.suspend, CancelCause.contact_suspended)


async def take_up(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """Visits again, before the suspension is over. Events: VisitPlanned. Raises as `agree`."""
    contact = await lock_contact(uow, principal, contact_id)
    resume(uow, contact)
    return await _owed(uow, contact)


async def end(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """Over for good: whom it was about and where is erased. Events: VisitCancelled. Raises as `agree`."""
    contact = await _stop(uow, await lock_contact(uow, principal, contact_id), Choice.end, CancelCause.contact_ended)
    contact.label, contact.place, contact.latitude, contact.longitude = ERASED, ERASED, None, None
    await uow.session.flush()
    return contact


async def resume_rested(uow: UnitOfWork, *, limit: int) -> int:
    """Take up again up to `limit` contacts whose suspension is over; returns how many. Events: VisitPlanned."""
    contacts = await take_rested(uow, limit=limit)
    for contact in contacts:
        await _owed(uow, contact)
    return len(contacts)


async def _owed(uow: UnitOfWork, contact: Contact) -> Contact:
    if contact.next_due_at is None or contact.agreed_at == uow.now():
        owe(contact)
    await follow_rhythm(uow, contact)
    await uow.session.flush()
    return contact


async def _stop(uow: UnitOfWork, contact: Contact, choice: Choice, cause: CancelCause) -> Contact:
    contact.state = choose(contact.state, choice)
    if choice is not Choice.suspend:
        contact.suspended_until = None
    owe(contact)
    await stop_visits(uow, contact, cause)
    await uow.session.flush()
    return contact
