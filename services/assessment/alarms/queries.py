"""Reading alarms."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, text
from sqlmodel import col

from services.assessment.alarms.models import Alarm
from services.assessment.alarms.rules import AlarmDecision, Upheld
from services.assessment.alarms.schemas import AlarmOut, UnitAlarms
from services.assessment.indicators.rules import Period
from services.assessment.scopes.queries import in_scope
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

UPHELD = text("""
    SELECT unit_id, count(*) AS upheld,
        min(first_day)::timestamp AT TIME ZONE 'UTC' AS first_at, max(last_day)::timestamp AT TIME ZONE 'UTC' AS last_at
    FROM alarms WHERE unit_id = ANY(CAST(:units AS uuid[])) AND decision = 'upheld'
        AND last_day >= CAST(coalesce(CAST(:since AS timestamptz), '-infinity') AT TIME ZONE 'UTC' AS date)
        AND first_day <= CAST(coalesce(CAST(:until AS timestamptz), 'infinity') AT TIME ZONE 'UTC' AS date)
    GROUP BY unit_id
""")


async def upheld_alarms(uow: UnitOfWork, units: Collection[UUID], period: Period) -> dict[UUID, Upheld]:
    """The alarms that were upheld, of those with a day in the period; nothing of a unit without one. One that nobody upheld is
    a suspicion and not in it. One query for all of them."""
    rows = await uow.session.execute(UPHELD, {"units": [*units], "since": period.since, "until": period.until})
    return {row.unit_id: Upheld(row.upheld, row.first_at, row.last_at) for row in rows}


async def find_alarm(uow: UnitOfWork, principal: Principal, alarm_id: UUID, *, lock: bool = False) -> Alarm:
    """Raises `NotFound` (alarm-not-found)."""
    statement = select(Alarm).where(col(Alarm.id) == alarm_id, in_scope(uow, principal, col(Alarm.unit_id)))
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("alarm-not-found", "There is no alarm with this id that you may see. List them with GET /v1/alarms.")
    return found


async def list_alarms(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[AlarmOut]:
    """About the caller's units, newest first."""
    scope = in_scope(uow, principal, col(Alarm.unit_id))
    statement = select(Alarm).where(scope).order_by(col(Alarm.id).desc()).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Alarm.unit_id) == unit_id)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(Alarm.id) < before)
    alarms, following = cut((await uow.session.scalars(statement)).all(), limit, lambda alarm: alarm.id)
    return Page(items=[AlarmOut.model_validate(alarm) for alarm in alarms], next_cursor=following)


async def count_alarms(uow: UnitOfWork, *, unit_id: UUID | None, limit: int, cursor: str | None) -> Page[UnitAlarms]:
    """Of each unit that there was one about, in the order of their registration."""
    unit, decision = col(Alarm.unit_id), col(Alarm.decision)
    counts = (
        func.count().filter(decision.is_(None)).label("open"),
        func.count().filter(decision == AlarmDecision.cleared).label("cleared"),
        func.count().filter(decision == AlarmDecision.upheld).label("upheld"),
    )
    statement = select(unit, *counts).group_by(unit).order_by(unit).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(unit == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(unit > after)
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row.unit_id)
    return Page(items=[UnitAlarms.model_validate(row) for row in rows], next_cursor=following)
