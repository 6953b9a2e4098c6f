"""The visits that plans ask for."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import col

from services.visits.plans import rules
from services.visits.plans.models import VisitPlan
from services.visits.recurrence.rules import occurrences, parse
from services.visits.visits.rules import remind_at
from shared.db import run_in
from shared.events.visits import VisitPlanned
from shared.uow import UnitOfWork

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
        await make_visits(uow, [(plan, start) for plan in some for start in moments_of(plan, until, after=plan.planned_until)])
    carried = update(VisitPlan).where(col(VisitPlan.id).in_([plan.id for plan in plans])).values(planned_until=until)
    await uow.session.execute(carried.execution_options(synchronize_session=False))
    return len(plans)


def moments_of(plan: Planned, until: datetime, *, after: datetime | None = None) -> Sequence[datetime]:
    """When visits are to be. Raises `Invalid` for a recurrence or a time zone that is not accepted."""
    extra = [date for date in plan.extra_dates if after is None or date > after]
    starts = rules.agenda(occurrences_of(plan, until, after), extra=extra, excepted=plan.except_dates, until=until)
    if plan.suspended_at is None:
        return starts
    return [start for start in starts if not rules.rests(start, plan.suspended_at, plan.suspended_until)]


def occurrences_of(plan: Planned, until: datetime, after: datetime | None = None) -> Iterator[datetime]:
    return occurrences(parse(plan.rrule) if plan.rrule else None, plan.starts_at, plan.time_zone, until, after=after)


def window_of(plan: Planned, start: datetime) -> tuple[datetime, datetime]:
    before = rules.window_start(start, plan.window_days_before, plan.time_zone)
    return before, rules.window_end(start, plan.window_days, plan.time_zone)


async def make_visits(uow: UnitOfWork, starts: Sequence[tuple[Planned, datetime]]) -> None:
    """What a visit has of its plan is copied in the database. Tells `VisitPlanned` of each."""
    windows = [(plan, start, *window_of(plan, start)) for plan, start in starts]
    facts = [planned_facts(uow.new_id(), plan, opens, ends) for plan, _, opens, ends in windows]
    columns = (
        [visit["visit_id"] for visit in facts],
        [visit["plan_id"] for visit in facts],
        [start for _, start, _, _ in windows],
        [opens for _, _, opens, _ in windows],
        [ends for _, _, _, ends in windows],
        [remind_at(opens, ends) for _, _, opens, ends in windows],
    )
    await run_in(uow.session, MAKE, *columns, uow.stamp())
    await uow.record_facts(VisitPlanned, facts)


def planned_facts(visit_id: UUID, plan: Planned, opens: datetime, ends: datetime) -> dict[str, Any]:
    """What `VisitPlanned` tells."""
    return {
        "visit_id": visit_id,
        "plan_id": plan.id,
        "unit_id": plan.unit_id,
        "window_starts_at": opens,
        "window_ends_at": ends,
    }
