"""Reading priorities, and how much was done for them."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text
from sqlmodel import col

from services.assessment.indicators.rules import Period
from services.assessment.priorities.models import Priority
from services.assessment.priorities.rules import OF_PEOPLE, Cell, EffortKind, cells
from services.assessment.priorities.schemas import EffortOut, Part, PriorityEffort, PriorityOut
from services.assessment.scopes.queries import require_own_unit
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

SINCE = "coalesce(CAST(:since AS timestamptz), '-infinity')"
UNTIL = "coalesce(CAST(:until AS timestamptz), 'infinity')"
EFFORT = text(f"""
    WITH done AS (
        SELECT 'cases' AS effort, 'case' AS kind, case_id AS work_id FROM answer_evidence
        WHERE unit_id = :unit AND answered_at BETWEEN {SINCE} AND {UNTIL}
        UNION ALL
        SELECT 'visits', 'visit', visit_id FROM visit_evidence
        WHERE unit_id = :unit AND outcome IN ('done', 'done_late')
            AND occurred_at BETWEEN {SINCE} AND {UNTIL}
        UNION ALL
        SELECT 'activities', 'activity', activity_id FROM known_activities
        WHERE unit_id = :unit AND held_at BETWEEN {SINCE} AND {UNTIL}
    )
    SELECT effort, priority_id, count(*) AS n FROM done LEFT JOIN priority_tags USING (kind, work_id)
    GROUP BY effort, priority_id
""")

Counts = Mapping[EffortKind, Mapping[UUID | None, int]]
"""By priority, and under None what is for none."""


def priority_not_found() -> NotFound:
    return NotFound("priority-not-found", "No priority that you may use has this id. List them with GET /v1/priorities.")


async def get_priority(uow: UnitOfWork, priority_id: UUID, *, lock: bool = False) -> Priority:
    """Raises `NotFound` (priority-not-found)."""
    priority = await uow.session.get(Priority, priority_id, with_for_update=lock or None)
    if priority is None:
        raise priority_not_found()
    return priority


async def list_priorities(
    uow: UnitOfWork, *, unit_id: UUID | None, on: date | None, limit: int, cursor: str | None
) -> Page[PriorityOut]:
    """In the order of their registration; those of one unit, and those in effect `on` a day, where one is named."""
    statement = select(Priority).order_by(col(Priority.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Priority.unit_id) == unit_id)
    if on is not None:
        until = col(Priority.until)
        statement = statement.where(col(Priority.since) <= on, or_(until.is_(None), until >= on))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Priority.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda row: row.id)
    return Page(items=[PriorityOut.model_validate(row) for row in rows], next_cursor=following)


async def get_effort(uow: UnitOfWork, principal: Principal, unit_id: UUID, period: Period) -> EffortOut:
    """Of a unit in the caller's scope. Raises `NotFound` (unit-not-found)."""
    unit = await require_own_unit(uow, principal, unit_id)
    return await _effort(uow, unit.id, period, veil=False)


async def get_public_effort(uow: UnitOfWork, unit_id: UUID, month: Period) -> EffortOut:
    """Raises `NotFound` (unit-not-found)."""
    unit = await uow.units.require(unit_id)
    return await _effort(uow, unit.id, month, veil=True)


async def _effort(uow: UnitOfWork, unit_id: UUID, period: Period, *, veil: bool) -> EffortOut:
    counts = await _count(uow, unit_id, period)
    named = {part for found in counts.values() for part in found if part is not None}
    priorities = await _priorities(uow, unit_id, period, named)
    parts = [*(priority.id for priority in priorities), None]
    shown = {kind: _cells(counts[kind], parts, veil=veil and kind in OF_PEOPLE) for kind in EffortKind}
    return EffortOut(
        unit_id=unit_id,
        since=period.since,
        until=period.until,
        total={kind: sum(counts[kind].values()) for kind in EffortKind},
        priorities=[
            PriorityEffort(
                priority=PriorityOut.model_validate(priority),
                effort={kind: Part.model_validate(shown[kind][priority.id]) for kind in EffortKind},
            )
            for priority in priorities
        ],
        untagged={kind: Part.model_validate(shown[kind][None]) for kind in EffortKind},
    )


def _cells(counts: Mapping[UUID | None, int], parts: Sequence[UUID | None], *, veil: bool) -> dict[object, Cell]:
    return {**cells({part: counts.get(part, 0) for part in parts}, veil=veil)}


async def _count(uow: UnitOfWork, unit_id: UUID, period: Period) -> Counts:
    rows = await uow.session.execute(EFFORT, {"unit": unit_id, "since": period.since, "until": period.until})
    found: dict[EffortKind, dict[UUID | None, int]] = {kind: {} for kind in EffortKind}
    for row in rows:
        found[EffortKind(row.effort)][row.priority_id] = row.n
    return found


async def _priorities(uow: UnitOfWork, unit_id: UUID, period: Period, named: set[UUID]) -> Sequence[Priority]:
    """Of the unit and those above it, as far as they were in effect, and those that something was for: by level, then by rank."""
    chain = [unit.id for unit in uow.units.chain(unit_id)]
    in_effect: ColumnElement[bool] = col(Priority.unit_id).in_(chain)
    if period.until is not None:
        in_effect &= col(Priority.since) <= period.until.date()
    if period.since is not None:
        in_effect &= or_(col(Priority.until).is_(None), col(Priority.until) >= period.since.date())
    rows = await uow.session.scalars(select(Priority).where(or_(in_effect, col(Priority.id).in_(named))))
    place = {id: number for number, id in enumerate(chain)}
    return sorted(rows, key=lambda each: (place.get(each.unit_id, len(place)), each.rank, each.code, each.since))
