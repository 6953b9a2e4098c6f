"""Measuring: a constant number of aggregate queries, for one unit or for a page of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, TextClause, text

from services.assessment.indicators.rules import (
    RETALIATION_COUNTS_FOR,
    CaseCounts,
    Confirmation,
    Measures,
    Period,
    Retaliations,
    Spread,
    Tally,
    Times,
    VisitCounts,
)
from shared.uow import UnitOfWork

PERIODS = """
    SELECT unit_id, coalesce(since, '-infinity') AS since, coalesce(until, 'infinity') AS until
    FROM unnest(CAST(:units AS uuid[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
         AS asked (unit_id, since, until)
"""

STANDS = "resolved AND NOT coalesce(reopened_judgement >= judgement, false)"
"""A case that was reopened after the verdict is not resolved any more."""


def _count_cases(which: str) -> TextClause:
    """Of the cases for which this SQL holds."""
    return text(f"""
    WITH period AS ({PERIODS}), fact AS (
        SELECT unit_id, {STANDS} AS resolved, satisfied, first_answer_in_time AS in_time,
            opened_at BETWEEN since AND until AS opened,
            first_answered_at BETWEEN since AND until AS answered,
            least(first_answered_at, first_answer_breached_at) BETWEEN since AND until AS response_due,
            verdict_at BETWEEN since AND until AS judged,
            reopened_at BETWEEN since AND until AS reopened,
            breached_at BETWEEN since AND until AS breached,
            escalated_at BETWEEN since AND until AS escalated
        FROM period LEFT JOIN (SELECT * FROM case_evidence WHERE {which}) AS mine USING (unit_id)
    ), counted AS (
        SELECT unit_id,
            count(*) FILTER (WHERE response_due) AS response_due,
            count(*) FILTER (WHERE response_due AND in_time) AS responded,
            count(*) FILTER (WHERE judged AND satisfied IS NOT NULL) AS rated,
            count(*) FILTER (WHERE judged AND satisfied) AS satisfied,
            count(*) FILTER (WHERE judged AND resolved) AS confirmed,
            count(*) FILTER (WHERE judged AND NOT resolved) AS refused,
            count(*) FILTER (WHERE opened) AS opened,
            count(*) FILTER (WHERE answered) AS answered,
            count(*) FILTER (WHERE reopened) AS reopened,
            count(*) FILTER (WHERE breached) AS breached,
            count(*) FILTER (WHERE escalated) AS escalated
        FROM fact GROUP BY unit_id
    ), answer AS (
        SELECT unit_id, judged_at IS NOT NULL AS judged, {STANDS} AS holds,
            coalesce(judged_at, lapsed_at) BETWEEN since AND until AS closed,
            confirmed_at BETWEEN since AND until AS confirmed,
            NOT coalesce(reopened_judgement >= confirmed_judgement, false) AS lasted
        FROM period JOIN answer_evidence USING (unit_id) WHERE answered_at IS NOT NULL AND {which}
    ), outcome AS (
        SELECT unit_id,
            count(*) FILTER (WHERE closed) AS called_resolved,
            count(*) FILTER (WHERE closed AND judged) AS verdicts,
            count(*) FILTER (WHERE closed AND holds) AS holding,
            count(*) FILTER (WHERE confirmed) AS once_confirmed,
            count(*) FILTER (WHERE confirmed AND lasted) AS lasting
        FROM answer GROUP BY unit_id
    ), retaliation AS (
        SELECT unit_id, count(*) AS retaliations, min(decided_at) AS first_at, max(decided_at) AS last_at
        FROM period JOIN retaliation_evidence USING (unit_id) WHERE decided_at > :counted_after GROUP BY unit_id
    )
    SELECT * FROM counted LEFT JOIN outcome USING (unit_id) LEFT JOIN retaliation USING (unit_id)
""")


COUNT_CASES = _count_cases("true")
COUNT_THE_REST = _count_cases("case_id <> ALL(CAST(:without AS uuid[]))")

QUANTILES = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {0}) AS {0}_quantiles, count({0}) AS {0}_n"

LASTED = """CASE WHEN {1} BETWEEN since AND until AND {2}
            THEN CAST(extract(epoch FROM greatest({1}, opened_at) - opened_at) AS double precision) END AS {0}"""

TIME_CASES = text(f"""
    WITH period AS ({PERIODS}), lasted AS (
        SELECT
            {LASTED.format("acknowledgement", "acknowledged_at", "true")},
            {LASTED.format("first_answer", "first_answered_at", "true")},
            {LASTED.format("completion", "verdict_at", STANDS)}
        FROM period JOIN case_evidence USING (unit_id)
    )
    SELECT {", ".join(QUANTILES.format(name) for name in ("acknowledgement", "first_answer", "completion"))} FROM lasted
""")

COUNT_VISITS = text(f"""
    WITH period AS ({PERIODS})
    SELECT unit_id,
        count(*) AS planned,
        count(*) FILTER (WHERE outcome = 'done') AS done,
        count(*) FILTER (WHERE outcome = 'done_late') AS done_late,
        count(*) FILTER (WHERE outcome IS NULL AND missed_at IS NOT NULL) AS missed,
        count(*) FILTER (WHERE outcome = 'refused_by_resident') AS refused,
        count(*) FILTER (WHERE findings > 0) AS with_findings,
        count(*) FILTER (WHERE counted_at IS NOT NULL AND outcome IN ('done', 'done_late')) AS counted
    FROM period JOIN visit_evidence USING (unit_id)
    WHERE planned_for BETWEEN since AND until AND cancelled_at IS NULL AND outcome IS DISTINCT FROM 'cancelled'
    GROUP BY unit_id
""")


async def measure_units(uow: UnitOfWork, periods: Mapping[UUID, Period]) -> dict[UUID, Measures]:
    """The rates and counts of each unit's own cases and visits in its period, and its retaliations. Two queries for all of them.

    A visit belongs to the period that it was planned for.
    """
    asked = {**_asked(periods), "counted_after": _counted_after(uow)}
    visits = {row.unit_id: _visits(row) for row in await uow.session.execute(COUNT_VISITS, asked)}
    cases = await uow.session.execute(COUNT_CASES, asked)
    return {row.unit_id: _measures(row, visits.get(row.unit_id, VisitCounts())) for row in cases}


async def measure_without(uow: UnitOfWork, unit_id: UUID, period: Period, cases: Sequence[UUID]) -> Measures:
    """The cases of the unit as if these were not among them, and no visits."""
    asked = {**_asked({unit_id: period}), "counted_after": _counted_after(uow), "without": list(cases)}
    return _measures((await uow.session.execute(COUNT_THE_REST, asked)).one(), VisitCounts())


def _counted_after(uow: UnitOfWork) -> datetime:
    return uow.now() - RETALIATION_COUNTS_FOR


async def time_unit(uow: UnitOfWork, unit_id: UUID, period: Period) -> Times:
    """How long the unit's own cases took, by what happened in the period."""
    row = (await uow.session.execute(TIME_CASES, _asked({unit_id: period}))).one()
    return Times(
        acknowledgement=_spread(row.acknowledgement_quantiles, row.acknowledgement_n),
        first_answer=_spread(row.first_answer_quantiles, row.first_answer_n),
        completion=_spread(row.completion_quantiles, row.completion_n),
    )


def _asked(periods: Mapping[UUID, Period]) -> dict[str, object]:
    return {
        "units": list(periods),
        "since": [period.since for period in periods.values()],
        "until": [period.until for period in periods.values()],
    }


def _visits(row: Row[tuple[object, ...]]) -> VisitCounts:
    return VisitCounts(**{name: count for name, count in row._mapping.items() if name != "unit_id"})


def _measures(row: Row[tuple[object, ...]], visits: VisitCounts) -> Measures:
    return Measures(
        response=Tally(row.responded, row.response_due),
        resolution=Tally(row.confirmed, row.confirmed + row.refused),
        satisfaction=Tally(row.satisfied, row.rated),
        cases=CaseCounts(
            opened=row.opened,
            answered=row.answered,
            confirmed=row.confirmed,
            refused=row.refused,
            reopened=row.reopened,
            breached=row.breached,
            escalated=row.escalated,
        ),
        visits=visits,
        confirmation=_confirmation(row) if row.called_resolved is not None else Confirmation(),
        retaliations=Retaliations(row.retaliations, row.first_at, row.last_at) if row.retaliations else None,
    )


def _confirmation(row: Row[tuple[object, ...]]) -> Confirmation:
    return Confirmation(
        rate=Tally(row.holding, row.called_resolved),
        durability=Tally(row.lasting, row.once_confirmed),
        verdicts=row.verdicts,
    )


def _spread(quantiles: list[float | None] | None, n: int) -> Spread:
    median, p90 = quantiles if quantiles and n else (None, None)
    return Spread(median_s=median, p90_s=p90, n=n)
