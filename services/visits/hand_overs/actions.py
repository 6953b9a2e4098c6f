"""Handing over with all that belongs to it: a post to somebody else, and a contact to another post."""

from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import col

from services.visits.contacts import actions as contacts
from services.visits.contacts.models import Contact
from services.visits.contacts.schemas import ContactChange
from services.visits.errors import post_not_found
from services.visits.findings.actions import pass_findings_on
from services.visits.hand_overs.queries import passes_on, plans_of, visits_of
from services.visits.hand_overs.schemas import HandOverOut
from services.visits.plans.actions.contacting import Given, give_plans
from services.visits.plans.models import VisitPlan
from services.visits.plans.queries import lock_plans
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.promises.actions import pass_on
from services.visits.visitors.queries import require_own_unit, require_visitor
from services.visits.visits.actions import lock_visits
from services.visits.visits.models import Visit
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.visits import PostHandedOver
from shared.uow import UnitOfWork


async def hand_over_post(uow: UnitOfWork, principal: Principal, post_id: UUID, holder_id: UUID) -> HandOverOut:
    """Contacts stay with the post; the new holder makes its visits, owes what was promised and sees its findings through. Says
    what passed on.

    Tells `PostHandedOver`, and `FindingSponsorChanged` of each finding. Waits for a holder that is on its way. Raises `NotFound`
    (post-not-found, unit-not-found, holder-not-found), `Invalid` (holder-out-of-chain), `Conflict` (holds-the-post).
    """
    seen = await require_post(uow, principal, post_id)
    unit = await require_own_unit(uow, principal, seen.unit_id)
    await require_visitor(uow, holder_id, unit, called="holder")
    post = await _lock(uow, post_id)
    if post.holder_id == holder_id:
        raise Conflict("holds-the-post", "This account has the post already: name another.")
    passed = await passes_on(uow, post)
    post.holder_id, post.held_since = holder_id, uow.now()
    await uow.record(PostHandedOver(post_id=post_id, unit_id=post.unit_id, holder_id=holder_id, handed_over_at=post.held_since))
    await _pass_visits_on(uow, post)
    await pass_on(uow, post_id, holder_id)
    await pass_findings_on(uow, post_id, holder_id)
    await uow.session.flush()
    return passed.model_copy(update={"holder_id": holder_id})


async def _lock(uow: UnitOfWork, post_id: UUID) -> Post:
    """Its contacts first, as whoever gives them to a post does."""
    contacts = select(col(Contact.id)).where(col(Contact.post_id) == post_id).order_by(col(Contact.id))
    await uow.session.execute(contacts.with_for_update(key_share=True))
    found = select(Post).where(col(Post.id) == post_id).with_for_update(key_share=True)
    post = await uow.session.scalar(found.execution_options(populate_existing=True))
    if post is None:
        raise post_not_found()
    return post


async def _pass_visits_on(uow: UnitOfWork, post: Post) -> None:
    await lock_plans(uow, plans_of(post.id))
    await lock_visits(uow, visits_of(post.id))
    changed = {"assignee_id": post.holder_id, "version": col(VisitPlan.version) + 1}
    plans = update(VisitPlan).where(plans_of(post.id)).values(changed)
    visits = update(Visit).where(visits_of(post.id)).values(assignee_id=post.holder_id)
    for statement in (plans, visits):
        await uow.session.execute(statement.execution_options(synchronize_session=False))


async def change_contact(
    uow: UnitOfWork, principal: Principal, contact_id: UUID, wanted: ContactChange
) -> tuple[Contact, Given | None]:
    """What it is known by, where it is, and which post visits it: another one makes its planned visits from now on. Returns the
    plan that went.

    Raises `NotFound`, `Forbidden` (not-your-contact), `Conflict` (contact-state), `Invalid` (post-out-of-chain, sensitive-note).
    """
    contact = await contacts.change_contact(uow, principal, contact_id, wanted)
    if wanted.post_id is None or wanted.post_id == contact.post_id:
        return contact, None
    post = await contacts.give_contact(uow, contact, wanted.post_id)
    given = await give_plans(uow, {contact.id: post})
    await uow.session.flush()
    return contact, given.get(contact.id)
