"""What becomes of a contact's plan when its resident or its post changes."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.plans import rules
from services.visits.plans.actions.changing import follow
from services.visits.plans.queries import live_plan
from services.visits.posts.models import Post
from services.visits.visits.actions import decline_visits
from services.visits.visits.models import UNRECORDED, Visit
from services.visits.visits.rules import VisitState
from shared.events.visits import CancelCause
from shared.uow import UnitOfWork


async def stop_visits(uow: UnitOfWork, contact: Contact, cause: CancelCause, *, by: UUID | None) -> None:
    """None are made there any more, unless the contact resumes; what is open is refused, or cancelled where nobody is left.
    `by`: who wrote it down, if it was not the resident. Tells `VisitRecorded` and `VisitCancelled`."""
    plan = await live_plan(uow, contact.id)
    if plan is not None:
        plan.planned_until = None
        plan.version += 1
        plan.ended_at = None if contact.state is ContactState.suspended else uow.now()
    outcome = VisitState.cancelled if contact.state is ContactState.ended else VisitState.refused_by_resident
    await decline_visits(uow, col(Visit.contact_id) == contact.id, outcome=outcome, by=by, cause=cause)


async def follow_rhythm(uow: UnitOfWork, contact: Contact) -> None:
    """Visits of a contact whose resident chose anew: those not opened yet are planned again, from the next one due. Tells
    `VisitCancelled` and `VisitPlanned`."""
    plan = await live_plan(uow, contact.id)
    if plan is None or contact.next_due_at is None:
        return
    for name, value in rules.chosen_terms(contact.meeting, contact.rhythm_days).items():
        setattr(plan, name, value)
    plan.starts_at = max(contact.next_due_at - timedelta(days=plan.window_days), uow.now())
    await follow(uow, plan, CancelCause.plan_changed)


async def give_plan(uow: UnitOfWork, contact: Contact, post: Post) -> bool:
    """Visits of the contact that are planned and not recorded go to this post from now on; whether there is such a plan."""
    plan = await live_plan(uow, contact.id)
    if plan is None:
        return False
    plan.post_id, plan.assignee_id = post.id, post.holder_id
    plan.version += 1
    mine = update(Visit).where(col(Visit.plan_id) == plan.id, text(UNRECORDED))
    await uow.session.execute(mine.values(post_id=post.id, assignee_id=post.holder_id))
    return True
