"""Making plans, and the visits that they ask for."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import col

from services.visits.contacts.actions import lock_contact
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.needs.rules import NeedKind
from services.visits.plans import rules
from services.visits.plans.models import VisitPlan
from services.visits.plans.schemas import NewPlan
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.recurrence.rules import find_zone, occurrences, parse
from services.visits.templates.queries import template_for
from services.visits.visitors.queries import require_own_unit, require_visitor
from services.visits.visits.actions import cancel_ahead, put_on_calendar
from services.visits.visits.models import UNRECORDED, Visit
from services.visits.visits.rules import VisitState, remind_at
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.visits import CancelCause
from shared.uow import UnitOfWork

WINDOW_DAYS = 7
PLAN: Sequence[InstrumentedAttribute[Any]] = [
    getattr(VisitPlan, name)
    for name in (
        *("id", "unit_id", "assignee_id", "post_id", "contact_id", "purpose", "place", "population"),
        *("starts_at", "rrule", "time_zone", "window_days", "planned_until", "template_code", "need_kind", "need_ref"),
    )
]
"""What making visits takes."""


class Planned(Protocol):
    """A plan, or a row of `PLAN`."""

    id: UUID
    unit_id: UUID
    assignee_id: UUID
    post_id: UUID | None
    contact_id: UUID | None
    purpose: str
    place: str
    population: str | None
    starts_at: datetime
    rrule: str | None
    time_zone: str
    window_days: int
    template_code: str | None
    need_kind: NeedKind | None
    need_ref: str | None


async def plan_visits(uow: UnitOfWork, principal: Principal, wanted: NewPlan) -> VisitPlan:
    """Keep a plan and make its visits up to the horizon. Tells `VisitPlanned` of each.

    Waits for a unit or an assignee that is on its way. Raises `NotFound`, `Invalid`, and `Conflict` for a contact that has not
    agreed (contact-not-agreed), has a plan already (contact-has-plan) or no post (contact-has-no-post).
    """
    rules.check_start(wanted.starts_at, uow.now())
    find_zone(wanted.time_zone)
    contact = await lock_contact(uow, principal, wanted.contact_id) if wanted.contact_id else None
    values = wanted.model_dump(exclude={"need"})
    if contact is not None:
        values |= _of_contact(contact, None if wanted.assignee_id else wanted.post_id or _post_of(contact))
    unit = await require_own_unit(uow, principal, values["unit_id"])
    if values["post_id"] is not None:
        values["assignee_id"] = (await require_post(uow, principal, values["post_id"])).holder_id
    await require_visitor(uow, values["assignee_id"], unit)
    if wanted.need is not None:
        values |= {"need_kind": wanted.need.kind, "need_ref": wanted.need.id_or_code}
    return await _keep(uow, VisitPlan(id=uow.new_id(), created_by=principal.account, created_at=uow.now(), **values))


async def plan_contact(
    uow: UnitOfWork, principal: Principal, contact: Contact, post: Post, *, purpose: str, starts_at: datetime, time_zone: str
) -> VisitPlan:
    """Visits of a contact by a post, in the rhythm agreed, for somebody who may plan both. Tells `VisitPlanned` of each. Raises
    `Conflict` (contact-not-agreed)."""
    plan = VisitPlan(
        id=uow.new_id(),
        purpose=purpose,
        starts_at=starts_at,
        time_zone=time_zone,
        assignee_id=post.holder_id,
        window_days=WINDOW_DAYS,
        created_by=principal.account,
        created_at=uow.now(),
        **_of_contact(contact, post.id),
    )
    return await _keep(uow, plan)


async def plan_contacts(
    uow: UnitOfWork, principal: Principal, wanted: Sequence[tuple[Contact, Post, datetime]], *, purpose: str, time_zone: str
) -> None:
    """Like `plan_contact` for many that have no plan, each with its post and its start."""
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
    starts = [(plan, start) for plan in plans if plan.planned_until for start in _moments(plan, plan.planned_until)]
    await _make_visits(uow, starts)


def _of_contact(contact: Contact, post_id: UUID | None) -> dict[str, Any]:
    """What a contact says of a plan. Raises `Conflict` (contact-not-agreed)."""
    if contact.state is not ContactState.agreed:
        raise Conflict("contact-not-agreed", f"The contact is {contact.state}: visit only whoever has agreed to it.")
    return {
        "contact_id": contact.id,
        "unit_id": contact.unit_id,
        "post_id": post_id,
        "place": contact.meeting,
        "rrule": f"FREQ=DAILY;INTERVAL={contact.rhythm_days}",
    }


def _post_of(contact: Contact) -> UUID:
    """Raises `Conflict` (contact-has-no-post)."""
    if contact.post_id is None:
        raise Conflict("contact-has-no-post", "Nobody visits this contact yet: say post_id or assignee_id, or give it a post.")
    return contact.post_id


async def _keep(uow: UnitOfWork, plan: VisitPlan) -> VisitPlan:
    until = rules.horizon(plan.starts_at, uow.now())
    moments = list(_moments(plan, until))
    if plan.contact_id is not None and await _live_plan(uow, plan.contact_id) is not None:
        raise Conflict("contact-has-plan", "Visits of this contact are planned already: change that plan.")
    if plan.template_code is not None:
        await template_for(uow, plan.unit_id, plan.template_code)
    uow.session.add(plan)
    await uow.session.flush()
    await _make_visits(uow, [(plan, start) for start in moments])
    plan.planned_until = until if plan.rrule else None
    await uow.session.flush()
    return plan


async def _live_plan(uow: UnitOfWork, contact_id: UUID) -> VisitPlan | None:
    statement = select(VisitPlan).where(col(VisitPlan.contact_id) == contact_id, col(VisitPlan.ended_at).is_(None))
    return await uow.session.scalar(statement.with_for_update())


async def stop_visits(uow: UnitOfWork, contact: Contact, cause: CancelCause) -> None:
    """None are made there any more, and those that are not made yet are off the calendar, unless the contact resumes. Tells
    `VisitCancelled` of each."""
    plan = await _live_plan(uow, contact.id)
    if plan is not None:
        await cancel_ahead(uow, col(Visit.plan_id) == plan.id, cause=cause, opened_too=True)
        plan.planned_until = None
        plan.ended_at = None if contact.state is ContactState.suspended else uow.now()


async def follow_rhythm(uow: UnitOfWork, contact: Contact) -> None:
    """Visits of a contact whose resident chose anew: those not opened yet are planned again, from the next one due. Tells
    `VisitCancelled` and `VisitPlanned`."""
    plan = await _live_plan(uow, contact.id)
    if plan is None or contact.next_due_at is None:
        return
    await cancel_ahead(uow, col(Visit.plan_id) == plan.id, cause=CancelCause.plan_changed)
    plan.place, plan.rrule = contact.meeting, f"FREQ=DAILY;INTERVAL={contact.rhythm_days}"
    plan.starts_at = max(contact.next_due_at - timedelta(days=plan.window_days), uow.now())
    until = rules.horizon(plan.starts_at, uow.now())
    await _make_visits(uow, [(plan, start) for start in _moments(plan, until)])
    plan.planned_until = until


async def give_plan(uow: UnitOfWork, contact: Contact, post: Post) -> bool:
    """Visits of the contact that are planned and not recorded go to this post from now on; whether there is such a plan."""
    plan = await _live_plan(uow, contact.id)
    if plan is None:
        return False
    plan.post_id, plan.assignee_id = post.id, post.holder_id
    mine = update(Visit).where(col(Visit.plan_id) == plan.id, text(UNRECORDED))
    await uow.session.execute(mine.values(post_id=post.id, assignee_id=post.holder_id))
    return True


async def plan_visits_ahead(uow: UnitOfWork, *, limit: int) -> int:
    """Carry up to `limit` plans on to the horizon; returns how many. Tells `VisitPlanned` of each visit.

    What was carried on is not looked at again before `rules.STEP` has passed: a worker that stops leaves the rest to the next.
    """
    until = uow.now() + rules.HORIZON
    due = select(*PLAN).where(col(VisitPlan.planned_until) < until - rules.STEP)
    statement = due.order_by(col(VisitPlan.planned_until)).limit(limit).with_for_update(skip_locked=True)
    plans = (await uow.session.execute(statement)).all()
    await _make_visits(uow, [(plan, start) for plan in plans for start in _moments(plan, until, after=plan.planned_until)])
    carried = update(VisitPlan).where(col(VisitPlan.id).in_([plan.id for plan in plans])).values(planned_until=until)
    await uow.session.execute(carried.execution_options(synchronize_session=False))
    return len(plans)


def _moments(plan: Planned, until: datetime, *, after: datetime | None = None) -> Iterator[datetime]:
    """When visits are to start. Raises `Invalid` for a recurrence or a time zone that is not accepted."""
    rule = parse(plan.rrule) if plan.rrule else None
    return occurrences(rule, plan.starts_at, plan.time_zone, until, after=after)


async def _make_visits(uow: UnitOfWork, starts: Sequence[tuple[Planned, datetime]]) -> None:
    now = uow.now()
    await put_on_calendar(uow, [_visit(plan, start, now, uow.new_id()) for plan, start in starts])


def _visit(plan: Planned, start: datetime, now: datetime, id: UUID) -> dict[str, Any]:
    """Its row."""
    end = rules.window_end(start, plan.window_days, plan.time_zone)
    return {
        "id": id,
        "plan_id": plan.id,
        "unit_id": plan.unit_id,
        "assignee_id": plan.assignee_id,
        "post_id": plan.post_id,
        "contact_id": plan.contact_id,
        "purpose": plan.purpose,
        "place": plan.place,
        "population": plan.population,
        "window_starts_at": start,
        "window_ends_at": end,
        "planned_at": now,
        "state": VisitState.planned,
        "late": False,
        "template_code": plan.template_code,
        "need_case_id": rules.case_of_need(plan.need_kind, plan.need_ref),
        "remind_at": remind_at(start, end),
    }
