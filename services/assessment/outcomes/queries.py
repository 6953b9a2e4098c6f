"""Reading outcomes."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from services.assessment.indicators.rules import Period, Tally, wilson
from services.assessment.outcomes.models import PUBLIC, Outcome, OutcomeMeasurement
from services.assessment.outcomes.rules import FEWEST, Course, Reach, counted_progress, due_progress, mean_of
from services.assessment.outcomes.schemas import OutcomeDetail, OutcomeOut, PublicOutcome
from services.assessment.scopes.queries import in_scope
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

MOST_SHOWN = 100
NEWEST = (col(OutcomeMeasurement.measured_on), col(OutcomeMeasurement.recorded_at), col(OutcomeMeasurement.id))
"""In the order of these the last one stands."""

REACHED = text("""
    SELECT unit_id, baseline, target, said, noticed, newest.value, published_at IS NOT NULL AS published,
        CAST(:today AS date) - target_on AS days_since
    FROM outcomes LEFT JOIN LATERAL (
        SELECT value FROM outcome_measurements WHERE outcome_id = outcomes.id
        ORDER BY measured_on DESC, recorded_at DESC, id DESC LIMIT 1
    ) AS newest ON true
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND target_on < CAST(:today AS date)
        AND target_on BETWEEN CAST(coalesce(CAST(:since AS timestamptz), '-infinity') AT TIME ZONE 'UTC' AS date)
            AND CAST(coalesce(CAST(:until AS timestamptz), 'infinity') AT TIME ZONE 'UTC' AS date)
""")


async def outcome_progress(uow: UnitOfWork, units: Collection[UUID], period: Period) -> dict[UUID, Reach]:
    """How far each unit's outcomes came that were due in the period, as far as it counts. Those that were never measured or
    published are due too. One query for all of them."""
    asked = {"units": [*units], "since": period.since, "until": period.until, "today": uow.now().date()}
    counted: dict[UUID, list[Any]] = {unit_id: [] for unit_id in units}
    for row in await uow.session.execute(REACHED, asked):
        progress, said = Course(row.baseline, row.target, row.value).progress, Tally(row.noticed, row.said)
        found = due_progress(progress, said, published=row.published, days_since=row.days_since)
        counted[row.unit_id].append(found)
    return {unit_id: mean_of(found) for unit_id, found in counted.items()}


async def find_outcome(uow: UnitOfWork, principal: Principal, outcome_id: UUID, *, lock: bool = False) -> Outcome:
    """Raises `NotFound` (outcome-not-found)."""
    return await _find(uow, outcome_id, in_scope(uow, principal, col(Outcome.unit_id)), lock=lock)


async def find_public_outcome(uow: UnitOfWork, outcome_id: UUID, *, lock: bool = False) -> Outcome:
    """Raises `NotFound` (outcome-not-found)."""
    return await _find(uow, outcome_id, text(PUBLIC), lock=lock)


async def list_outcomes(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    campaign_id: UUID | None,
    limit: int,
    cursor: str | None,
) -> Page[OutcomeOut]:
    """Of the caller's units, oldest first."""
    scope = in_scope(uow, principal, col(Outcome.unit_id))
    outcomes, following = await _page(uow, scope, unit_id, campaign_id, limit=limit, cursor=cursor)
    newest = await _newest(uow, outcomes)
    return Page(items=[_shown(outcome, newest.get(outcome.id)) for outcome in outcomes], next_cursor=following)


async def list_public_outcomes(
    uow: UnitOfWork, *, unit_id: UUID | None, campaign_id: UUID | None, limit: int, cursor: str | None
) -> Page[PublicOutcome]:
    """Those published, oldest first."""
    outcomes, following = await _page(uow, text(PUBLIC), unit_id, campaign_id, limit=limit, cursor=cursor)
    newest = await _newest(uow, outcomes)
    return Page(items=[_published(outcome, newest.get(outcome.id)) for outcome in outcomes], next_cursor=following)


async def newest_outcomes(uow: UnitOfWork, unit_id: UUID, *, published: bool, limit: int) -> list[PublicOutcome]:
    """The newest first: those published, or all of a unit that the reader answers for."""
    statement = select(Outcome).where(col(Outcome.unit_id) == unit_id).order_by(col(Outcome.id).desc()).limit(limit)
    outcomes = (await uow.session.scalars(statement.where(text(PUBLIC)) if published else statement)).all()
    newest = await _newest(uow, outcomes)
    return [_published(outcome, newest.get(outcome.id)) for outcome in outcomes]


async def show_outcome(uow: UnitOfWork, outcome: Outcome) -> OutcomeDetail:
    """To somebody who may see it."""
    mine = select(OutcomeMeasurement).where(col(OutcomeMeasurement.outcome_id) == outcome.id)
    last = (await uow.session.scalars(mine.order_by(*(column.desc() for column in NEWEST)).limit(MOST_SHOWN))).all()
    shown = _shown(outcome, last[0] if last else None)
    return OutcomeDetail.model_validate({**shown.model_dump(), "measurements": last[::-1]})


async def get_course(uow: UnitOfWork, outcome: Outcome) -> Course:
    newest = (await _newest(uow, [outcome])).get(outcome.id)
    return _course(outcome, newest)


async def _find(uow: UnitOfWork, outcome_id: UUID, condition: ColumnElement[bool] | Any, *, lock: bool) -> Outcome:
    statement = select(Outcome).where(col(Outcome.id) == outcome_id, condition)
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("outcome-not-found", "There is no outcome with this id that you may see.")
    return found


async def _page(
    uow: UnitOfWork,
    condition: ColumnElement[bool] | Any,
    unit_id: UUID | None,
    campaign_id: UUID | None,
    *,
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[Outcome], str | None]:
    statement = select(Outcome).where(condition).order_by(col(Outcome.id)).limit(limit + 1)
    given = {"unit_id": unit_id, "campaign_id": campaign_id}
    statement = statement.filter_by(**{name: value for name, value in given.items() if value is not None})
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Outcome.id) > after)
    return cut((await uow.session.scalars(statement)).all(), limit, lambda outcome: outcome.id)


async def _newest(uow: UnitOfWork, outcomes: Sequence[Outcome]) -> dict[UUID, OutcomeMeasurement]:
    """The measurement that stands, of each outcome that has one. One query for all of them."""
    outcome_id = col(OutcomeMeasurement.outcome_id)
    statement = select(OutcomeMeasurement).ext(distinct_on(outcome_id)).where(outcome_id.in_([each.id for each in outcomes]))
    rows = await uow.session.scalars(statement.order_by(outcome_id, *(column.desc() for column in NEWEST)))
    return {row.outcome_id: row for row in rows}


def _course(outcome: Outcome, newest: OutcomeMeasurement | None) -> Course:
    return Course(outcome.baseline, outcome.target, newest.value if newest else None)


def _fields(outcome: Outcome, newest: OutcomeMeasurement | None) -> dict[str, Any]:
    progress, said = _course(outcome, newest).progress, Tally(outcome.noticed, outcome.said)
    counted = counted_progress(progress, said)
    return {
        **outcome.model_dump(exclude={"baseline", "target", "indicator", "better", "needs"}),
        "indicator": {"name": outcome.indicator, "unit_of_measure": outcome.unit_of_measure, "better": outcome.better},
        "target": {"value": outcome.target, "on": outcome.target_on},
        "progress": None if progress is None else float(progress),
        "counted_progress": None if counted is None else float(counted),
        "confirmation": _confirmation(said),
    }


def _confirmation(said: Tally) -> dict[str, float | None]:
    interval = wilson(said) if said.n >= FEWEST else None
    if interval is None:
        return dict.fromkeys(("share", "low", "high", "n"))
    return {"share": said.value, "low": interval.low, "high": interval.high, "n": said.n}


def _shown(outcome: Outcome, newest: OutcomeMeasurement | None) -> OutcomeOut:
    baseline = {"value": outcome.baseline, "on": outcome.baseline_on, "evidence": outcome.baseline_evidence}
    return OutcomeOut.model_validate({**_fields(outcome, newest), "baseline": baseline, "latest": newest, "needs": outcome.needs})


def _published(outcome: Outcome, newest: OutcomeMeasurement | None) -> PublicOutcome:
    before = {"value": outcome.baseline, "on": outcome.baseline_on, "evidence": outcome.baseline_evidence}
    after = {"value": newest.value, "on": newest.measured_on, "evidence": newest.evidence} if newest else None
    needs = [need["kind"] for need in outcome.needs]
    return PublicOutcome.model_validate({**_fields(outcome, newest), "before": before, "after": after, "needs": needs})
