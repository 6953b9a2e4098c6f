"""Listing contacts, and keeping when they were met."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.visits.contacts.models import SUSPENDED, Contact
from services.visits.contacts.queries import may_handle, visible
from services.visits.contacts.rules import DECIMALS, Choice, ContactState, choose, due_anew, next_due
from services.visits.contacts.schemas import ContactChange, NewContact
from services.visits.discretion.rules import check_notes
from services.visits.errors import contact_not_found
from services.visits.posts.models import Post
from services.visits.posts.schemas import Location
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, Invalid
from shared.types import coarse
from shared.uow import UnitOfWork


async def list_contact(uow: UnitOfWork, principal: Principal, wanted: NewContact) -> Contact:
    """Write down whom to ask. No visit is owed until the resident agrees. Raises `NotFound`, `Invalid` (post-out-of-chain,
    sensitive-note)."""
    check_notes({"body.label": wanted.label, "body.place": wanted.place})
    await require_own_unit(uow, principal, wanted.unit_id)
    contact = Contact(
        **wanted.model_dump(exclude={"location", "post_id"}),
        id=uow.new_id(),
        state=ContactState.listed,
        created_by=principal.account,
        created_at=uow.now(),
    )
    _locate(contact, wanted.location)
    if wanted.post_id is not None:
        await give_contact(uow, contact, wanted.post_id)
    uow.session.add(contact)
    await uow.session.flush()
    return contact


async def change_contact(uow: UnitOfWork, principal: Principal, contact_id: UUID, wanted: ContactChange) -> Contact:
    """What it is known by, and where it is. Raises `NotFound`, `Forbidden` (not-your-contact), `Conflict` (contact-state),
    `Invalid` (sensitive-note)."""
    contact = await lock_contact(uow, principal, contact_id)
    check_notes({"body.label": wanted.label, "body.place": wanted.place})
    if contact.state is ContactState.ended:
        raise Conflict("contact-state", "The contact has ended and was erased: list it anew if it is to be visited again.")
    contact.label, contact.place = wanted.label or contact.label, wanted.place or contact.place
    if wanted.location is not None:
        _locate(contact, wanted.location)
    await uow.session.flush()
    return contact


async def lock_contact(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> Contact:
    """The contact, to be changed. Raises `NotFound` (contact-not-found), `Forbidden` (not-your-contact)."""
    statement = select(Contact).where(col(Contact.id) == contact_id, await visible(uow, principal))
    contact = await uow.session.scalar(statement.with_for_update(key_share=True).execution_options(populate_existing=True))
    if contact is None:
        raise contact_not_found()
    if not await may_handle(uow, principal, contact):
        raise Forbidden("not-your-contact", "Only the visitor, whoever listed it, or a lead of the unit changes a contact.")
    return contact


async def keep_contact(uow: UnitOfWork, contact_id: UUID, met_at: datetime) -> None:
    """A visit was made there, to a contact that is locked."""
    contact = await uow.session.get_one(Contact, contact_id)
    contact.last_contact_at = max(contact.last_contact_at or met_at, met_at)
    if contact.next_due_at is not None and contact.agreed_at is not None and contact.rhythm_days is not None:
        contact.next_due_at = next_due(contact.agreed_at, contact.last_contact_at, contact.rhythm_days)


def owe_anew(uow: UnitOfWork, contact: Contact) -> None:
    """Reckon by when the next visit is owed, now that the resident has chosen: not at all unless they have agreed."""
    if contact.state is ContactState.agreed and contact.rhythm_days is not None:
        contact.next_due_at = due_anew(uow.stamp(), contact.last_contact_at, contact.rhythm_days)
    else:
        contact.next_due_at = None


async def take_rested(uow: UnitOfWork, *, limit: int) -> list[Contact]:
    """Up to `limit` contacts whose suspension is over, agreed again."""
    over = select(Contact).where(text(SUSPENDED), col(Contact.suspended_until) <= uow.now())
    statement = over.order_by(col(Contact.suspended_until)).limit(limit).with_for_update(skip_locked=True, key_share=True)
    contacts = list((await uow.session.scalars(statement)).all())
    for contact in contacts:
        resume(uow, contact)
    return contacts


def resume(uow: UnitOfWork, contact: Contact) -> None:
    """Visits are owed again, from now on. Raises `Conflict` (contact-state)."""
    contact.state, contact.suspended_until = choose(contact.state, Choice.resume), None
    owe_anew(uow, contact)


async def give_contact(uow: UnitOfWork, contact: Contact, post_id: UUID) -> Post:
    """To a post of the contact's unit, or of one above or below it, which nobody hands over meanwhile. Raises `Invalid`
    (post-out-of-chain)."""
    post = await uow.session.scalar(select(Post).where(col(Post.id) == post_id).with_for_update(read=True))
    if post is None or not (uow.units.covers(post.unit_id, contact.unit_id) or uow.units.covers(contact.unit_id, post.unit_id)):
        raise Invalid("post-out-of-chain", "post_id must be a post of this unit, or of a unit above or below it.")
    contact.post_id = post_id
    return post


def _locate(contact: Contact, location: Location | None) -> None:
    if location is not None:
        contact.latitude = coarse(location.latitude, DECIMALS)
        contact.longitude = coarse(location.longitude, DECIMALS)
