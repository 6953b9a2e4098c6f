"""What becomes of a contact's plan when its resident or its post changes."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, text, update
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.plans import rules
from services.visits.plans.actions.changing import follow
from services.visits.plans.models import VisitPlan
from services.visits.plans.queries import live_plan, live_plans
from services.visits.posts.models import Post
from services.visits.visits.actions import decline_visits, lock_visits
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
        plan.ended_at = None if contact.state is ContactState.suspended else uow.stamp()
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
    plan.starts_at = max(contact.next_due_at - timedelta(days=plan.window_days), rules.earliest_start(uow.now(), uow.stamp()))
    await follow(uow, plan, CancelCause.plan_changed)


class Given(NamedTuple):
    """A plan that went to a post, and how many visits with it."""

    plan: VisitPlan
    visits: int


async def give_plans(uow: UnitOfWork, posts: Mapping[UUID, Post]) -> dict[UUID, Given]:
    """Visits of contacts that are planned and not recorded go to these posts from now on, of each contact to its own; returns
    what went, by contact. The contacts are locked, and the posts held."""
    plans = await live_plans(uow, posts)
    mine = and_(col(Visit.plan_id).in_([plan.id for plan in plans.values()]), text(UNRECORDED))
    visits = Counter(await lock_visits(uow, mine))
    for contact_id, plan in plans.items():
        plan.post_id, plan.assignee_id = posts[contact_id].id, posts[contact_id].holder_id
        plan.version += 1
    await uow.session.flush()
    follow = update(Visit).where(mine, col(Visit.plan_id) == col(VisitPlan.id))
    goes = {"post_id": col(VisitPlan.post_id), "assignee_id": col(VisitPlan.assignee_id)}
    await uow.session.execute(follow.values(goes).execution_options(synchronize_session=False))
    return {contact_id: Given(plan, visits[plan.id]) for contact_id, plan in plans.items()}
