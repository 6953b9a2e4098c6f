"""Keeping what units close, raising an alarm where it is suspiciously much, and deciding about it."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.assessment.alarms.models import UNSEEN, Alarm, Closing
from services.assessment.alarms.queries import find_alarm
from services.assessment.alarms.rules import (
    DECIDED_BY,
    RULE,
    USUAL_DAYS,
    AlarmDecision,
    LastAlarm,
    Measure,
    check_open,
    days_over,
    measure,
)
from services.assessment.decisions.actions import record_decision
from services.assessment.scopes.queries import is_above
from shared.auth import Principal
from shared.errors import Forbidden
from shared.events.assessment import BulkClosingSuspected
from shared.uow import UnitOfWork

BATCH = 500
FIRST_UNSEEN = text(f"SELECT min(day) FROM closings WHERE {UNSEEN} AND day < :today")
LOOK = text(f"""
    WITH fresh AS (
        SELECT DISTINCT unit_id FROM closings WHERE {UNSEEN} AND day = :day ORDER BY unit_id LIMIT {BATCH}
    )
    SELECT fresh.unit_id, alarm.id AS alarm_id, alarm.last_day, alarm.decision,
        (SELECT count(*) FROM closings WHERE unit_id = fresh.unit_id AND day = :day) AS closings,
        (
            SELECT coalesce(max(usual.closings), 0) FROM (
                SELECT count(*) AS closings FROM closings
                WHERE unit_id = fresh.unit_id AND day >= CAST(:day AS date) - {USUAL_DAYS} AND day < :day AND NOT EXISTS (
                    SELECT FROM alarms WHERE alarms.unit_id = fresh.unit_id AND closings.day BETWEEN first_day AND last_day
                        AND decision IS DISTINCT FROM 'cleared'
                )
                GROUP BY day
            ) AS usual
        ) AS busiest
    FROM fresh LEFT JOIN LATERAL (
        SELECT id, last_day, decision FROM alarms
        WHERE unit_id = fresh.unit_id AND :day BETWEEN first_day AND last_day + 1 ORDER BY first_day DESC LIMIT 1
    ) AS alarm ON true
    ORDER BY fresh.unit_id
""")
SEEN = text(f"UPDATE closings SET looked = true WHERE {UNSEEN} AND day = :day AND unit_id = ANY(CAST(:units AS uuid[]))")


async def keep_closing(uow: UnitOfWork, unit_id: UUID, case_id: UUID, at: datetime) -> None:
    """A unit answered or rejected a case. A second time on the same day says nothing new."""
    row = {"unit_id": unit_id, "day": at.astimezone(UTC).date(), "case_id": case_id, "looked": False}
    await uow.session.execute(insert(Closing).values(row).on_conflict_do_nothing())


async def find_bulk_closing(uow: UnitOfWork) -> bool:
    """Look at the oldest day that is over and not looked at, or of which more was told since. True when there may be more.

    One worker at a time: a day is judged by the alarms of the days before. Tells `BulkClosingSuspected`, once for each alarm.
    """
    alone = select(func.pg_try_advisory_xact_lock(func.hashtextextended("bulk closing", 0)))
    if not await uow.session.scalar(alone):
        return False
    day = await uow.session.scalar(FIRST_UNSEEN, {"today": days_over(uow.now())})
    if day is None:
        return False
    found = (await uow.session.execute(LOOK, {"day": day})).all()
    for row in found:
        last = LastAlarm(row.last_day, row.decision is not None) if row.alarm_id else None
        match measure(day, row.closings, row.busiest, last):
            case Measure.raise_alarm:
                await _raise(uow, day, row)
            case Measure.extend:
                await _extend(uow, day, row)
    await uow.session.execute(SEEN, {"day": day, "units": [row.unit_id for row in found]})
    return True


async def decide_alarm(uow: UnitOfWork, principal: Principal, alarm_id: UUID, decision: AlarmDecision, reason: str) -> Alarm:
    """By somebody above the unit, which itself has an interest. Raises `NotFound` (alarm-not-found), `Forbidden`
    (alarm-not-yours), `Conflict` (alarm-decided)."""
    alarm = await find_alarm(uow, principal, alarm_id, lock=True)
    if not is_above(uow, principal, alarm.unit_id):
        raise Forbidden(
            "alarm-not-yours", "Only a lead or an inspector of a unit above, or who oversees everything, decides this."
        )
    check_open(decided=alarm.decision is not None)
    alarm.decision, alarm.decision_reason = decision, reason
    alarm.decided_by, alarm.decided_by_unit_id, alarm.decided_at = principal.account, principal.unit_id, uow.now()
    await record_decision(
        uow,
        principal,
        kind=f"alarm.{decision}",
        subject="alarm",
        subject_id=alarm.id,
        unit_id=alarm.unit_id,
        rule=DECIDED_BY,
        reason=reason,
        public=False,
    )
    return alarm


async def _raise(uow: UnitOfWork, day: date, found: Row[Any]) -> None:
    alarm = Alarm(
        id=uow.new_id(),
        unit_id=found.unit_id,
        first_day=day,
        last_day=day,
        closings=found.closings,
        busiest=found.busiest,
        rule=RULE,
        raised_at=uow.now(),
    )
    uow.session.add(alarm)
    await uow.session.flush()
    event = BulkClosingSuspected(
        alarm_id=alarm.id,
        unit_id=alarm.unit_id,
        day=day,
        closings=alarm.closings,
        busiest=alarm.busiest,
        raised_at=alarm.raised_at,
    )
    await uow.record(event)


async def _extend(uow: UnitOfWork, day: date, found: Row[Any]) -> None:
    alarm = await uow.session.get_one(Alarm, found.alarm_id, with_for_update=True)
    alarm.last_day, alarm.closings = max(alarm.last_day, day), max(alarm.closings, found.closings)
