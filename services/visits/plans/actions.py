"""Making plans, and the visits that they ask for."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, all_, literal, select, text, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import col

from services.visits.contacts.actions import lock_contact
from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.errors import plan_not_found
from services.visits.plans import rules
from services.visits.plans.models import VisitPlan
from services.visits.plans.queries import may_change, visible
from services.visits.plans.rules import Verb
from services.visits.plans.schemas import NewPlan, PlanChange, PlanEnd, PlanSuspension
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.recurrence.rules import find_zone, occurrences, parse
from services.visits.templates.queries import template_for
from services.visits.visitors.queries import require_own_unit, require_visitor
from services.visits.visits.actions import cancel_ahead, decline_visits
from services.visits.visits.models import ON_CALENDAR, UNOPENED, UNRECORDED, Visit
from services.visits.visits.rules import VisitState, remind_at
from shared.auth import Principal
from shared.db import run_in
from shared.errors import Conflict, Forbidden, check_version
from shared.events.visits import CancelCause, VisitPlanned
from shared.uow import UnitOfWork

WINDOW_DAYS = 7
AT_A_TIME = 100
"""Plans whose visits are reckoned before anything else has a turn."""
PLAN: Sequence[InstrumentedAttribute[Any]] = [
    getattr(VisitPlan, name)
    for name in (
        *("id", "unit_id", "starts_at", "rrule", "except_dates", "extra_dates", "time_zone", "window_days_before", "window_days"),
        *("suspended_at", "suspended_until", "planned_until"),
    )
]
"""What reckoning visits takes."""
COPIED = "unit_id, assignee_id, post_id, contact_id, purpose, place, population, template_code"
MAKE = f"""
INSERT INTO visits
    (id, plan_id, scheduled_at, window_starts_at, window_ends_at, remind_at, planned_at, state, late, need_case_id, {COPIED})
SELECT made.*, $7, 'planned', false, CASE need_kind WHEN 'case' THEN CAST(need_ref AS uuid) END, {COPIED}
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
    AS made (id, plan_id, scheduled_at, window_starts_at, window_ends_at, remind_at)
    JOIN visit_plans ON visit_plans.id = made.plan_id
"""


class Planned(Protocol):
    """A plan, or a row of `PLAN`."""

    id: UUID
    unit_id: UUID
    starts_at: datetime
    rrule: str | None
    except_dates: list[datetime]
    extra_dates: list[datetime]
    time_zone: str
    window_days_before: int
    window_days: int
    suspended_at: datetime | None
    suspended_until: datetime | None


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


async def _keep(uow: UnitOfWork, plan: VisitPlan) -> VisitPlan:
    until = rules.horizon(plan.starts_at, uow.now())
    moments = _moments(plan, until)
    _check_dates(plan, uow.now(), plan.extra_dates, plan.except_dates)
    if plan.contact_id is not None and await _live_plan(uow, plan.contact_id) is not None:
        raise Conflict("contact-has-plan", "Visits of this contact are planned already: change that plan.")
    await _check_template(uow, plan)
    uow.session.add(plan)
    await uow.session.flush()
    await _make_visits(uow, [(plan, start) for start in moments])
    plan.planned_until = until if plan.rrule or plan.extra_dates else None
    await uow.session.flush()
    return plan


async def _check_template(uow: UnitOfWork, plan: VisitPlan) -> None:
    """Raises `NotFound` (visit-template-not-found)."""
    if plan.template_code is not None:
        await template_for(uow, plan.unit_id, plan.template_code)


def _check_dates(plan: VisitPlan, now: datetime, extra: Collection[datetime], excepted: Collection[datetime]) -> None:
    """Raises `Invalid` (date-out-of-reach, exception-matches-nothing)."""
    rules.check_reach((*extra, *excepted), plan.starts_at, now)
    if excepted:
        rules.check_exceptions(excepted, {*_occurrences(plan, max(excepted)), *extra})


async def change_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, version: int, wanted: PlanChange) -> VisitPlan:
    """Visits whose window is not open yet follow; the others stay as they are. Tells `VisitCancelled` of those that do not occur
    any more, and `VisitPlanned` of new ones and of those whose window has moved.

    Raises `NotFound`, `Forbidden` (not-your-plan), `Outdated`, `Conflict` (visit-plan-state), `Invalid`.
    """
    if wanted.post_id is not None:
        await require_post(uow, principal, wanted.post_id, hold=True)
    plan = await _lock_plan(uow, principal, plan_id, Verb.change)
    check_version(version, plan.version)
    changes, now = wanted.changes(), uow.now()
    if plan.contact_id is not None:
        rules.check_chosen(changes)
    if changes.get("starts_at", plan.starts_at) != plan.starts_at:
        rules.check_start(changes["starts_at"], now)
    if "assignee_id" in changes or "post_id" in changes:
        changes |= await _who_goes(uow, principal, plan, changes)
    for name, value in changes.items():
        setattr(plan, name, value)
    find_zone(plan.time_zone)
    await _check_template(uow, plan)
    to_come = ([date for date in dates if date >= now] for dates in (plan.extra_dates, plan.except_dates))
    _check_dates(plan, now, *to_come)
    return await _follow(uow, plan, CancelCause.plan_changed)


async def _who_goes(uow: UnitOfWork, principal: Principal, plan: VisitPlan, changes: dict[str, Any]) -> dict[str, Any]:
    post_id = changes.get("post_id")
    assignee_id = changes["assignee_id"] if post_id is None else (await require_post(uow, principal, post_id)).holder_id
    await require_visitor(uow, assignee_id, await uow.units.require(plan.unit_id))
    return {"post_id": post_id, "assignee_id": assignee_id}


async def suspend_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, said: PlanSuspension) -> VisitPlan:
    """No visits until then, when it goes on by itself. Tells `VisitCancelled` of each that is not open yet. Raises as
    `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.suspend)
    rules.check_suspension(said.until, uow.now())
    plan.suspended_at, plan.suspended_until = uow.now(), said.until
    return await _follow(uow, plan, CancelCause.plan_suspended)


async def resume_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID) -> VisitPlan:
    """Visits again, from now on. Tells `VisitPlanned` of each. Raises as `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.resume)
    plan.suspended_at, plan.suspended_until = None, None
    return await _follow(uow, plan, CancelCause.plan_changed)


async def end_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, said: PlanEnd) -> VisitPlan:
    """No visits any more but those that are open. Tells `VisitCancelled` of the others. Raises as `change_plan`."""
    plan = await _lock_plan(uow, principal, plan_id, Verb.end)
    await cancel_ahead(uow, col(Visit.plan_id) == plan.id, cause=CancelCause.plan_ended)
    plan.planned_until, plan.ended_at, plan.end_reason = None, uow.now(), said.reason
    plan.version += 1
    await uow.session.flush()
    return plan


async def _lock_plan(uow: UnitOfWork, principal: Principal, plan_id: UUID, verb: Verb) -> VisitPlan:
    statement = select(VisitPlan).where(col(VisitPlan.id) == plan_id, await visible(uow, principal))
    plan = await uow.session.scalar(statement.with_for_update())
    if plan is None:
        raise plan_not_found()
    if not may_change(uow, principal, plan):
        raise Forbidden("not-your-plan", "Only whoever made the plan, or a lead over its unit, changes it.")
    rules.move(plan.state_at(uow.now()), verb)
    return plan


async def _follow(uow: UnitOfWork, plan: VisitPlan, cause: CancelCause) -> VisitPlan:
    """Let the visits whose window is not open yet be those that the plan asks for by now: what still occurs keeps its id."""
    until = rules.horizon(plan.starts_at, uow.now())
    goes_on = await _is_wanted(uow, plan)
    moments = _moments(plan, until) if goes_on else []
    ahead = await _lock_ahead(uow, plan)
    taken, busy = await _taken(uow, plan)
    gone = col(Visit.scheduled_at) != all_(literal(moments, ARRAY(DateTime(timezone=True))))
    await cancel_ahead(uow, col(Visit.plan_id) == plan.id, gone, cause=cause)
    taken |= await _refit(uow, plan, [visit for visit in ahead if visit.state is VisitState.planned])
    busy_until = uow.now() + timedelta(days=plan.window_days_before) if busy else None
    starts = rules.fresh(moments, now=uow.now(), extra=plan.extra_dates, taken=taken, busy_until=busy_until)
    await _make_visits(uow, [(plan, start) for start in starts])
    plan.planned_until = until if goes_on and (plan.rrule or plan.extra_dates) else None
    plan.version += 1
    await uow.session.flush()
    return plan


async def _is_wanted(uow: UnitOfWork, plan: VisitPlan) -> bool:
    contact = await uow.session.get(Contact, plan.contact_id) if plan.contact_id else None
    return contact is None or contact.state is ContactState.agreed


async def _taken(uow: UnitOfWork, plan: VisitPlan) -> tuple[set[datetime], bool]:
    """Moments to come of visits that stay as they are: open already, or recorded ahead; and whether one is open."""
    to_come = select(Visit).where(text(ON_CALENDAR), col(Visit.plan_id) == plan.id, col(Visit.scheduled_at) >= uow.now())
    visits = (await uow.session.scalars(to_come)).all()
    opened = {visit.scheduled_at for visit in visits if visit.window_starts_at <= uow.now()}
    return opened | {visit.scheduled_at for visit in visits if visit.recorded_at is not None}, bool(opened)


async def _lock_ahead(uow: UnitOfWork, plan: VisitPlan) -> Sequence[Visit]:
    """Visits that are not open yet, so that nobody records one meanwhile."""
    ahead = select(Visit).where(text(UNOPENED), col(Visit.plan_id) == plan.id, col(Visit.window_starts_at) > uow.now())
    return (await uow.session.scalars(ahead.order_by(col(Visit.id)).with_for_update())).all()


async def _refit(uow: UnitOfWork, plan: VisitPlan, visits: Sequence[Visit]) -> set[datetime]:
    """Give visits what the plan says now; returns their moments."""
    moved = []
    for visit in visits:
        window = _window(plan, visit.scheduled_at)
        if window != (visit.window_starts_at, visit.window_ends_at):
            visit.window_starts_at, visit.window_ends_at = window
            visit.remind_at, visit.reminded_at = remind_at(*window), None
            moved.append(visit)
        visit.purpose, visit.place, visit.population = plan.purpose, plan.place, plan.population
        visit.assignee_id, visit.post_id, visit.template_code = plan.assignee_id, plan.post_id, plan.template_code
    await uow.record_all(
        [
            VisitPlanned(
                visit_id=visit.id,
                plan_id=visit.plan_id,
                unit_id=visit.unit_id,
                window_starts_at=visit.window_starts_at,
                window_ends_at=visit.window_ends_at,
            )
            for visit in moved
        ]
    )
    return {visit.scheduled_at for visit in visits}


async def _live_plan(uow: UnitOfWork, contact_id: UUID) -> VisitPlan | None:
    statement = select(VisitPlan).where(col(VisitPlan.contact_id) == contact_id, col(VisitPlan.ended_at).is_(None))
    return await uow.session.scalar(statement.with_for_update())


async def stop_visits(uow: UnitOfWork, contact: Contact, cause: CancelCause, *, by: UUID | None) -> None:
    """None are made there any more, unless the contact resumes; what is open is refused, or cancelled where nobody is left.
    `by`: who wrote it down, if it was not the resident. Tells `VisitRecorded` and `VisitCancelled`."""
    plan = await _live_plan(uow, contact.id)
    if plan is not None:
        plan.planned_until = None
        plan.version += 1
        plan.ended_at = None if contact.state is ContactState.suspended else uow.now()
    outcome = VisitState.cancelled if contact.state is ContactState.ended else VisitState.refused_by_resident
    await decline_visits(uow, col(Visit.contact_id) == contact.id, outcome=outcome, by=by, cause=cause)


async def follow_rhythm(uow: UnitOfWork, contact: Contact) -> None:
    """Visits of a contact whose resident chose anew: those not opened yet are planned again, from the next one due. Tells
    `VisitCancelled` and `VisitPlanned`."""
    plan = await _live_plan(uow, contact.id)
    if plan is None or contact.next_due_at is None:
        return
    plan.place, plan.rrule = contact.meeting, f"FREQ=DAILY;INTERVAL={contact.rhythm_days}"
    plan.starts_at = max(contact.next_due_at - timedelta(days=plan.window_days), uow.now())
    await _follow(uow, plan, CancelCause.plan_changed)


async def give_plan(uow: UnitOfWork, contact: Contact, post: Post) -> bool:
    """Visits of the contact that are planned and not recorded go to this post from now on; whether there is such a plan."""
    plan = await _live_plan(uow, contact.id)
    if plan is None:
        return False
    plan.post_id, plan.assignee_id = post.id, post.holder_id
    plan.version += 1
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
    for place in range(0, len(plans), AT_A_TIME):
        some = plans[place : place + AT_A_TIME]
        await _make_visits(uow, [(plan, start) for plan in some for start in _moments(plan, until, after=plan.planned_until)])
    carried = update(VisitPlan).where(col(VisitPlan.id).in_([plan.id for plan in plans])).values(planned_until=until)
    await uow.session.execute(carried.execution_options(synchronize_session=False))
    return len(plans)


def _moments(plan: Planned, until: datetime, *, after: datetime | None = None) -> Sequence[datetime]:
    """When visits are to be. Raises `Invalid` for a recurrence or a time zone that is not accepted."""
    extra = [date for date in plan.extra_dates if after is None or date > after]
    starts = rules.agenda(_occurrences(plan, until, after), extra=extra, excepted=plan.except_dates, until=until)
    if plan.suspended_at is None:
        return starts
    return [start for start in starts if not rules.rests(start, plan.suspended_at, plan.suspended_until)]


def _occurrences(plan: Planned, until: datetime, after: datetime | None = None) -> Iterator[datetime]:
    return occurrences(parse(plan.rrule) if plan.rrule else None, plan.starts_at, plan.time_zone, until, after=after)


def _window(plan: Planned, start: datetime) -> tuple[datetime, datetime]:
    before = rules.window_start(start, plan.window_days_before, plan.time_zone)
    return before, rules.window_end(start, plan.window_days, plan.time_zone)


async def _make_visits(uow: UnitOfWork, starts: Sequence[tuple[Planned, datetime]]) -> None:
    """What a visit has of its plan is copied in the database. Tells `VisitPlanned` of each."""
    windows = [(plan, start, *_window(plan, start)) for plan, start in starts]
    planned = [
        VisitPlanned(visit_id=uow.new_id(), plan_id=plan.id, unit_id=plan.unit_id, window_starts_at=opens, window_ends_at=ends)
        for plan, _, opens, ends in windows
    ]
    columns = (
        [visit.visit_id for visit in planned],
        [visit.plan_id for visit in planned],
        [start for _, start, _, _ in windows],
        [opens for _, _, opens, _ in windows],
        [ends for _, _, _, ends in windows],
        [remind_at(opens, ends) for _, _, opens, ends in windows],
    )
    await run_in(uow.session, MAKE, *columns, uow.now())
    await uow.record_all(planned)
