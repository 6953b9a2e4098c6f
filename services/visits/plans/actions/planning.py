"""Making plans."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.visits.contacts.actions import lock_contact
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.discretion.rules import check_notes
from services.visits.plans import rules
from services.visits.plans.actions.making import make_visits, moments_of, occurrences_of
from services.visits.plans.models import VisitPlan
from services.visits.plans.queries import live_plan
from services.visits.plans.schemas import NewPlan
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.recurrence.rules import find_zone
from services.visits.templates.queries import template_for
from services.visits.visitors.queries import require_own_unit, require_visitor
from shared.auth import Principal
from shared.errors import Conflict
from shared.uow import UnitOfWork

WINDOW_DAYS = 7


async def plan_visits(uow: UnitOfWork, principal: Principal, wanted: NewPlan) -> VisitPlan:
    """Keep a plan and make its visits up to the horizon. Tells `VisitPlanned` of each.

    Waits for a unit or an assignee that is on its way. Raises `NotFound`, `Invalid`, and `Conflict` for a contact that has not
    agreed (contact-not-agreed), has a plan already (contact-has-plan) or no post (contact-has-no-post).
    """
    check_notes({"body.purpose": wanted.purpose, "body.place": wanted.place, "body.population": wanted.population})
    rules.check_start(wanted.starts_at, uow.now())
    find_zone(wanted.time_zone)
    contact = await lock_contact(uow, principal, wanted.contact_id) if wanted.contact_id else None
    values = wanted.model_dump(exclude={"need"})
    if contact is not None:
        values |= _of_contact(contact, wanted.post_id or contact.post_id)
        if wanted.assignee_id is not None:
            values["post_id"] = None
        elif values["post_id"] is None:
            raise Conflict(
                "contact-has-no-post", "Nobody visits this contact yet: say post_id or assignee_id, or give it a post."
            )
    unit = await require_own_unit(uow, principal, values["unit_id"])
    if values["post_id"] is not None:
        values["assignee_id"] = (await require_post(uow, principal, values["post_id"], hold=True)).holder_id
    await require_visitor(uow, values["assignee_id"], unit)
    if wanted.need is not None:
        values |= {"need_kind": wanted.need.kind, "need_ref": wanted.need.id_or_code}
    return await _keep(uow, VisitPlan(id=uow.new_id(), created_by=principal.account, created_at=uow.now(), **values))


async def plan_contacts(
    uow: UnitOfWork, principal: Principal, wanted: Sequence[tuple[Contact, Post, datetime]], *, purpose: str, time_zone: str
) -> None:
    """Visits of contacts that have no plan, each by its post from its start on and in the rhythm agreed, for somebody who may
    plan them. Tells `VisitPlanned` of each. Raises `Conflict` (contact-not-agreed)."""
    plans = [
        VisitPlan(
            id=uow.new_id(),
            purpose=purpose,
            starts_at=starts_at,
            time_zone=time_zone,
            assignee_id=post.holder_id,
            window_days=WINDOW_DAYS,
            planned_until=rules.horizon(starts_at, uow.now()),
            created_by=principal.account,
            created_at=uow.now(),
            **_of_contact(contact, post.id),
        )
        for contact, post, starts_at in wanted
    ]
    uow.session.add_all(plans)
    await uow.session.flush()
    starts = [(plan, start) for plan in plans if plan.planned_until for start in moments_of(plan, plan.planned_until)]
    await make_visits(uow, starts)


def _of_contact(contact: Contact, post_id: UUID | None) -> dict[str, Any]:
    """What a contact says of a plan. Raises `Conflict` (contact-not-agreed)."""
    if contact.state is not ContactState.agreed:
        raise Conflict("contact-not-agreed", f"The contact is {contact.state}: visit only whoever has agreed to it.")
    return {
        "contact_id": contact.id,
        "unit_id": contact.unit_id,
        "post_id": post_id,
        **rules.chosen_terms(contact.meeting, contact.rhythm_days),
    }


async def _keep(uow: UnitOfWork, plan: VisitPlan) -> VisitPlan:
    until = rules.horizon(plan.starts_at, uow.now())
    moments = moments_of(plan, until)
    check_dates(plan, uow.now(), plan.extra_dates, plan.except_dates)
    if plan.contact_id is not None and await live_plan(uow, plan.contact_id) is not None:
        raise Conflict("contact-has-plan", "Visits of this contact are planned already: change that plan.")
    await check_template(uow, plan)
    uow.session.add(plan)
    await uow.session.flush()
    await make_visits(uow, [(plan, start) for start in moments])
    plan.planned_until = until if plan.rrule or plan.extra_dates else None
    await uow.session.flush()
    return plan


async def check_template(uow: UnitOfWork, plan: VisitPlan) -> None:
    """Raises `NotFound` (visit-template-not-found)."""
    if plan.template_code is not None:
        await template_for(uow, plan.unit_id, plan.template_code)


def check_dates(plan: VisitPlan, now: datetime, extra: Collection[datetime], excepted: Collection[datetime]) -> None:
    """Raises `Invalid` (date-out-of-reach, exception-matches-nothing)."""
    rules.check_reach((*extra, *excepted), plan.starts_at, now)
    if excepted:
        rules.check_exceptions(excepted, {*occurrences_of(plan, max(excepted)), *extra})
