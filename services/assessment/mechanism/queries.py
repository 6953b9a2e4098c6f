"""Counting what units do all the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import text

from services.assessment.campaigns.queries import campaigns_begun
from services.assessment.campaigns.rules import counts_from
from services.assessment.grades.queries import standing_grade
from services.assessment.indicators.queries import measure_units, time_unit
from services.assessment.indicators.rules import Period, Tally
from services.assessment.mechanism.rules import (
    COOLING,
    FORMULA,
    NO_CAMPAIGN,
    SPANS,
    Seen,
    Sign,
    habits_of,
    has_cooled,
    index_of,
    quiet_until,
    reach_together,
    together,
    too_early,
)
from services.assessment.mechanism.schemas import Cooling, Mechanism, PublicMechanism, SignOut, Steady
from services.assessment.outcomes.queries import outcome_progress
from services.assessment.outcomes.rules import Reach
from services.assessment.units.queries import get_unit
from shared.uow import UnitOfWork

RUNS = text("""
    WITH span AS (
        SELECT days, CAST(:now AS timestamptz) - make_interval(days => days) AS since, CAST(:now AS timestamptz) AS until
        FROM unnest(CAST(:days AS int[])) AS asked (days)
    )
    SELECT 'response' AS counted, days, unit_id = :own AS own, count(*) AS n, count(*) FILTER (WHERE first_answer_in_time) AS hits
    FROM case_evidence JOIN span ON least(first_answered_at, first_answer_breached_at) BETWEEN since AND until
    WHERE unit_id = ANY(CAST(:units AS uuid[]))
    GROUP BY days, own
    UNION ALL
    SELECT 'visits', days, unit_id = :own AS own, count(*), count(*) FILTER (WHERE outcome = 'done')
    FROM visit_evidence JOIN span ON planned_for BETWEEN since AND until
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND cancelled_at IS NULL
        AND (outcome IN ('done', 'done_late') OR outcome IS NULL AND missed_at IS NOT NULL)
    GROUP BY days, own
    UNION ALL
    SELECT 'promises', days, unit_id = :own AS own, count(*), count(*) FILTER (WHERE in_time)
    FROM promise_evidence
    JOIN span ON due_on BETWEEN CAST(since AT TIME ZONE 'UTC' AS date) AND CAST(until AT TIME ZONE 'UTC' AS date)
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND withdrawn_at IS NULL AND (kept_at IS NOT NULL OR broken_at IS NOT NULL)
    GROUP BY days, own
    UNION ALL
    SELECT 'alarms', days, unit_id = :own AS own, count(*), count(*) FILTER (WHERE decision = 'upheld')
    FROM alarms JOIN span ON last_day BETWEEN CAST(since AT TIME ZONE 'UTC' AS date) AND CAST(until AT TIME ZONE 'UTC' AS date)
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND decision IS NOT NULL
    GROUP BY days, own
""")
"""Answers and visits count as they do for grades."""
COUNTED = ("response", "visits", "promises", "alarms")
NONE = Tally(0, 0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one unit and of those below it, by what was counted, for how many days, and whether it is the unit's own."""

    tallies: Mapping[tuple[str, int, bool], Tally]
    reaches: Mapping[int, Mapping[UUID, Reach]]

    def own(self, unit_id: UUID, days: int) -> Steady:
        return self._steady(days, (True,), self.reaches[days][unit_id])

    def with_below(self, days: int) -> Steady:
        return self._steady(days, (True, False), reach_together(self.reaches[days].values()))

    def _steady(self, days: int, whose: Sequence[bool], reach: Reach) -> Steady:
        response, visits, promises, alarms = (
            together(self.tallies.get((counted, days, own), NONE) for own in whose) for counted in COUNTED
        )
        return Steady.of(habits_of(response, visits, promises, reach), alarms)


async def count_runs(uow: UnitOfWork, unit_id: UUID, units: Sequence[UUID], now: datetime) -> Counts:
    """As many queries for one unit as for a whole tree."""
    asked = {"own": unit_id, "units": list(units), "days": list(SPANS), "now": now}
    tallies = {(row.counted, row.days, row.own): Tally(row.hits, row.n) for row in await uow.session.execute(RUNS, asked)}
    periods = {days: Period(now - timedelta(days=days), now) for days in SPANS}
    return Counts(tallies, {days: await outcome_progress(uow, units, period) for days, period in periods.items()})


async def get_mechanism(uow: UnitOfWork, unit_id: UUID) -> Mechanism:
    """The habits of a unit, and of all below it together. Raises `NotFound` (unit-not-found)."""
    await get_unit(uow, unit_id)
    units, now = sorted({unit_id, *uow.units.subtree(unit_id)}), uow.now()
    counts = await count_runs(uow, unit_id, units, now)
    spans = [{**_span(days, now), "own": counts.own(unit_id, days), "with_below": counts.with_below(days)} for days in SPANS]
    return Mechanism.model_validate({**await _head(uow, unit_id), "units": len(units), "spans": spans})


async def get_public_mechanism(uow: UnitOfWork, unit_id: UUID) -> PublicMechanism:
    """The habits of a unit by itself. Raises `NotFound` (unit-not-found)."""
    await get_unit(uow, unit_id)
    now = uow.now()
    counts = await count_runs(uow, unit_id, [unit_id], now)
    spans = [{**_span(days, now), "own": counts.own(unit_id, days)} for days in SPANS]
    return PublicMechanism.model_validate({**await _head(uow, unit_id), "spans": spans})


def _span(days: int, now: datetime) -> dict[str, object]:
    return {"days": days, "since": now - timedelta(days=days), "until": now}


async def _head(uow: UnitOfWork, unit_id: UUID) -> dict[str, object]:
    grade = await standing_grade(uow, unit_id)
    shown = grade and {**grade.model_dump(), "composite": grade.composite and float(Fraction(grade.composite))}
    return {"unit_id": unit_id, "formula": FORMULA, "campaign_grade": shown}


async def get_cooling(uow: UnitOfWork, unit_id: UUID) -> Cooling:
    """How the unit goes on after the campaign that ended last. Raises `NotFound` (unit-not-found)."""
    unit, now = await get_unit(uow, unit_id), uow.now()
    begun = [one.campaign for one in await campaigns_begun(uow, unit)]
    ended = max((each for each in begun if each.ends_at <= now), key=lambda each: each.ends_at, default=None)
    shown: dict[str, object] = dict.fromkeys(Cooling.model_fields)
    shown |= {"unit_id": unit_id, "formula": COOLING, "campaign": ended, "signs": [], "not_shown": NO_CAMPAIGN}
    if ended is None:
        return Cooling.model_validate(shown)
    until = quiet_until(ended.ends_at, (each.starts_at for each in begun if each.ends_at > now), now)
    if early := too_early(ended.ends_at, until):
        return Cooling.model_validate({**shown, "not_shown": early})
    during, after = Period(counts_from(ended.starts_at), ended.ends_at), Period(ended.ends_at, until)
    signs = await _signs(uow, unit_id, during, after)
    index = index_of(signs)
    lacks = "; ".join(sign.lack for sign in signs if sign.lack)
    return Cooling.model_validate(
        {
            **shown,
            "during": during,
            "after": after,
            "signs": [SignOut.of(sign) for sign in signs],
            "index": index,
            "cooled": None if index is None else has_cooled(index),
            "not_shown": lacks if index is None else None,
        }
    )


async def _signs(uow: UnitOfWork, unit_id: UUID, during: Period, after: Period) -> list[Seen]:
    made = [(await measure_units(uow, [unit_id], period))[unit_id].visits.made for period in (during, after)]
    first = [(await time_unit(uow, unit_id, period)).first_answer for period in (during, after)]
    daily = [visits / _days(period) for visits, period in zip(made, (during, after), strict=True)]
    return [
        Seen(Sign.visits_made, daily[0], made[0], daily[1], made[1]),
        Seen(Sign.first_answer, first[0].median_s, first[0].n or 0, first[1].median_s, first[1].n or 0),
    ]


def _days(period: Period) -> float:
    assert period.since is not None
    assert period.until is not None
    return (period.until - period.since) / timedelta(days=1)
