"""What a resident chooses about being visited: whether, how often, where, and with whom. It is done at once, by whoever says it,
and a refusal is nobody's fault."""

from datetime import datetime
from uuid import UUID

from services.visits.choices.schemas import AgreementIn
from services.visits.contacts.actions import lock_contact, owe_anew, resume, take_rested
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import Choice, agreed_rhythm, check_asked_again, choose
from services.visits.plans.actions.contacting import follow_rhythm, stop_visits
from services.visits.plans.queries import live_plans
from services.visits.plans.rules import check_suspension
from shared.auth import Principal, Role
from shared.events.visits import CancelCause
from shared.uow import UnitOfWork

ERASED = ""


async def agree(uow: UnitOfWork, principal: Principal, contact_id: UUID, said: AgreementIn) -> Contact:
    """From now on visits are owed, as the resident wants them; a plan that there is already follows.

    Events: VisitCancelled, VisitPlanned. Raises `NotFound`, `Forbidden` (not-your-contact, refused-before), `Conflict`
    (contact-state), `Invalid` (rhythm-too-long).
    """
    contact = await lock_contact(uow, principal, contact_id)
    check_asked_again(contact.state, leads=principal.role in (Role.lead, Role.admin))
    return await take_agreement(uow, contact, said, by_wish=said.fewer_by_wish)


async def refuse(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """No visits, and no reason asked for. Events: VisitRecorded, VisitCancelled. Raises as `agree`."""
    return await take_refusal(uow, await lock_contact(uow, principal, contact_id), by=principal.account)


async def suspend(uow: UnitOfWork, principal: Principal, contact_id: UUID, until: datetime | None) -> Contact:
    """No visits for a while. Events: VisitRecorded, VisitCancelled. Raises as `agree`, and `Invalid` (suspension-over)."""
    return await take_suspension(uow, await lock_contact(uow, principal, contact_id), until, by=principal.account)


async def take_up(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """Visits again, before the suspension is over. Events: VisitPlanned. Raises as `agree`."""
    return await take_return(uow, await lock_contact(uow, principal, contact_id))


async def end(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """Over for good: whom it was about and where is erased. Events: VisitRecorded, VisitCancelled. Raises as `agree`."""
    contact = await lock_contact(uow, principal, contact_id)
    await _stop(uow, contact, Choice.end, CancelCause.contact_ended, by=principal.account)
    contact.label, contact.place, contact.latitude, contact.longitude = ERASED, ERASED, None, None
    await uow.session.flush()
    return contact


async def resume_rested(uow: UnitOfWork, *, limit: int) -> int:
    """Take up again up to `limit` contacts whose suspension is over; returns how many. Events: VisitPlanned."""
    contacts = await take_rested(uow, limit=limit)
    await live_plans(uow, [contact.id for contact in contacts])
    for contact in contacts:
        await follow_rhythm(uow, contact)
    await uow.session.flush()
    return len(contacts)


async def take_agreement(uow: UnitOfWork, contact: Contact, said: AgreementIn, *, by_wish: bool) -> Contact:
    """Of a contact that is locked, like all that follow, whoever says it. `by_wish`: it is the resident who wants it so."""
    contact.state, contact.agreed_at, contact.suspended_until = choose(contact.state, Choice.agree), uow.stamp(), None
    contact.rhythm_days = _rhythm(uow, contact, said.rhythm_days, by_wish=by_wish)
    contact.meeting, contact.companion = said.meeting, said.companion
    owe_anew(uow, contact)
    await follow_rhythm(uow, contact)
    await uow.session.flush()
    return contact


def _rhythm(uow: UnitOfWork, contact: Contact, days: int | None, *, by_wish: bool) -> int:
    unit = uow.units.get(contact.unit_id)
    policy = uow.policies.practices.visit_rhythm(unit.level if unit else None, uow.now())
    return agreed_rhythm(policy, days, by_wish=by_wish)


async def take_refusal(uow: UnitOfWork, contact: Contact, *, by: UUID | None) -> Contact:
    """`by`: who wrote it down, if it was not the resident."""
    return await _stop(uow, contact, Choice.refuse, CancelCause.contact_refused, by=by)


async def take_suspension(uow: UnitOfWork, contact: Contact, until: datetime | None, *, by: UUID | None) -> Contact:
    check_suspension(until, uow.now())
    await _stop(uow, contact, Choice.suspend, CancelCause.contact_suspended, by=by)
    contact.suspended_until = until
    await uow.session.flush()
    return contact


async def take_return(uow: UnitOfWork, contact: Contact) -> Contact:
    """From a suspension."""
    resume(uow, contact)
    await follow_rhythm(uow, contact)
    await uow.session.flush()
    return contact


async def _stop(uow: UnitOfWork, contact: Contact, choice: Choice, cause: CancelCause, *, by: UUID | None) -> Contact:
    contact.state, contact.suspended_until = choose(contact.state, choice), None
    owe_anew(uow, contact)
    await stop_visits(uow, contact, cause, by=by)
    await uow.session.flush()
    return contact
