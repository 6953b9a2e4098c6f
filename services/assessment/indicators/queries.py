"""Measuring: a constant number of aggregate queries, for one unit or for a page of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from services.assessment.indicators.rules import (
    RETALIATION_COUNTS_FOR,
    CaseCounts,
    Confirmation,
    Indicator,
    Measures,
    Period,
    Retaliations,
    Spread,
    Tally,
    Times,
    VisitCounts,
)
from shared.uow import UnitOfWork

IN = "BETWEEN coalesce(CAST(:since AS timestamptz), '-infinity') AND coalesce(CAST(:until AS timestamptz), 'infinity')"
OF_UNITS = "unit_id = ANY(CAST(:units AS uuid[]))"
STANDS = "resolved AND NOT coalesce(reopened_judgement >= judgement, false)"
"""A case that was reopened after the verdict is not resolved any more."""
LASTS = "NOT coalesce(reopened_judgement >= confirmed_judgement, false)"

RESPONSE_DUE = f"least(first_answered_at, first_answer_breached_at) {IN}"
JUDGED = f"verdict_at {IN}"
RATED = f"{JUDGED} AND satisfied IS NOT NULL"
CALLED_RESOLVED, ONCE_CONFIRMED = (
    f"answered_at IS NOT NULL AND {moment} {IN}" for moment in ("coalesce(judged_at, lapsed_at)", "confirmed_at")
)
PLANNED = f"planned_for {IN} AND cancelled_at IS NULL AND outcome IS DISTINCT FROM 'cancelled'"
MADE, MISSED = "outcome IN ('done', 'done_late')", "outcome IS NULL AND missed_at IS NOT NULL"
CASES, ANSWERS, VISITS = "case_evidence", "answer_evidence", "visit_evidence"
OBSERVATIONS: Mapping[Indicator, tuple[str, str]] = {
    Indicator.response: (CASES, RESPONSE_DUE),
    Indicator.resolution: (CASES, JUDGED),
    Indicator.satisfaction: (CASES, RATED),
    Indicator.confirmation: (ANSWERS, CALLED_RESOLVED),
    Indicator.durability: (ANSWERS, ONCE_CONFIRMED),
    Indicator.visits_on_time: (VISITS, f"{PLANNED} AND ({MADE} OR {MISSED})"),
    Indicator.visits_covered: (VISITS, f"{PLANNED} AND ({MADE} OR {MISSED})"),
    Indicator.visits_counted: (VISITS, f"{PLANNED} AND {MADE}"),
    Indicator.visits_made: (VISITS, f"{PLANNED} AND {MADE}"),
}
"""Of which table the rows are that each indicator counts, and which of them; of visits that were made, the amount."""


def _count(cases: str = "true", visits: str = "true") -> TextClause:
    """What is counted of each unit of which there is anything, of the cases and visits for which this SQL holds."""
    return text(f"""
    SELECT * FROM (
        SELECT unit_id,
            count(*) FILTER (WHERE {RESPONSE_DUE}) AS response_due,
            count(*) FILTER (WHERE {RESPONSE_DUE} AND first_answer_in_time) AS responded,
            count(*) FILTER (WHERE {RATED}) AS rated,
            count(*) FILTER (WHERE {JUDGED} AND satisfied) AS satisfied,
            count(*) FILTER (WHERE opened_at {IN}) AS opened,
            count(*) FILTER (WHERE first_answered_at {IN}) AS answered,
            count(*) FILTER (WHERE {JUDGED} AND {STANDS}) AS confirmed,
            count(*) FILTER (WHERE {JUDGED} AND NOT ({STANDS})) AS refused,
            count(*) FILTER (WHERE reopened_at {IN}) AS reopened,
            count(*) FILTER (WHERE breached_at {IN}) AS breached,
            count(*) FILTER (WHERE escalated_at {IN}) AS escalated
        FROM case_evidence WHERE {OF_UNITS} AND {cases} GROUP BY unit_id
    ) AS cases FULL JOIN (
        SELECT unit_id,
            count(*) FILTER (WHERE {CALLED_RESOLVED}) AS called_resolved,
            count(*) FILTER (WHERE {CALLED_RESOLVED} AND {STANDS}) AS holding,
            count(*) FILTER (WHERE {CALLED_RESOLVED} AND judged_at IS NOT NULL) AS verdicts,
            count(*) FILTER (WHERE {ONCE_CONFIRMED}) AS once_confirmed,
            count(*) FILTER (WHERE {ONCE_CONFIRMED} AND {LASTS}) AS lasting
        FROM answer_evidence WHERE {OF_UNITS} AND {cases} GROUP BY unit_id
    ) AS answers USING (unit_id) FULL JOIN (
        SELECT unit_id,
            count(*) AS planned,
            count(*) FILTER (WHERE outcome = 'done') AS done,
            count(*) FILTER (WHERE outcome = 'done_late') AS done_late,
            count(*) FILTER (WHERE {MISSED}) AS missed,
            count(*) FILTER (WHERE outcome = 'refused_by_resident') AS refused_by_resident,
            count(*) FILTER (WHERE findings > 0) AS with_findings,
            count(*) FILTER (WHERE counted_at IS NOT NULL AND {MADE}) AS counted
        FROM visit_evidence WHERE {OF_UNITS} AND {PLANNED} AND {visits} GROUP BY unit_id
    ) AS visits USING (unit_id) FULL JOIN (
        SELECT unit_id, count(*) AS retaliations, min(decided_at) AS first_at, max(decided_at) AS last_at
        FROM retaliation_evidence WHERE {OF_UNITS} AND decided_at > :counted_after GROUP BY unit_id
    ) AS retaliations USING (unit_id)
""")


COUNT = _count()
COUNT_THE_REST = _count(*(f"{id} <> ALL(CAST(:without AS uuid[]))" for id in ("case_id", "visit_id")))
NOTHING = (None,) * 26

QUANTILES = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {0}) AS {0}_quantiles, count({0}) AS {0}_n"

LASTED = f"""CASE WHEN {{1}} {IN} AND {{2}}
            THEN CAST(extract(epoch FROM greatest({{1}}, opened_at) - opened_at) AS double precision) END AS {{0}}"""

TIME_CASES = text(f"""
    WITH lasted AS (
        SELECT
            {LASTED.format("acknowledgement", "acknowledged_at", "true")},
            {LASTED.format("first_answer", "first_answered_at", "true")},
            {LASTED.format("completion", "verdict_at", STANDS)}
        FROM case_evidence WHERE {OF_UNITS}
    )
    SELECT {", ".join(QUANTILES.format(name) for name in ("acknowledgement", "first_answer", "completion"))} FROM lasted
""")


class Measured(Mapping[UUID, Measures]):
    """Of units in their order; each is worked out when it is looked at, from the columns of `COUNT`."""

    def __init__(self, units: Collection[UUID], counted: Mapping[UUID, Sequence[Any]]) -> None:
        self._units, self._counted = units, counted

    def __getitem__(self, unit_id: UUID) -> Measures:
        return _measures(*self._counted.get(unit_id, NOTHING))

    def __iter__(self) -> Iterator[UUID]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)


async def measure_units(uow: UnitOfWork, units: Collection[UUID], period: Period) -> Measured:
    """The rates and counts of each unit's own cases and visits in the period, and its retaliations. As many queries for one unit
    as for thousands.

    A visit belongs to the period that it was planned for.
    """
    rows = await uow.session.execute(COUNT, _asked(uow, units, period))
    return Measured(units, {row[0]: row[1:] for row in rows})


async def measure_without(uow: UnitOfWork, unit_id: UUID, period: Period, without: Sequence[UUID]) -> Measures:
    """The unit as if these were no cases and visits of it."""
    asked = {**_asked(uow, [unit_id], period), "without": [*without]}
    row = (await uow.session.execute(COUNT_THE_REST, asked)).one_or_none()
    return _measures(*(row[1:] if row else NOTHING))


def _asked(uow: UnitOfWork, units: Collection[UUID], period: Period) -> dict[str, object]:
    counted_after = uow.now() - RETALIATION_COUNTS_FOR
    return {"units": [*units], "since": period.since, "until": period.until, "counted_after": counted_after}


async def time_unit(uow: UnitOfWork, unit_id: UUID, period: Period) -> Times:
    """How long the unit's own cases took, by what happened in the period."""
    row = (await uow.session.execute(TIME_CASES, _asked(uow, [unit_id], period))).one()
    return Times(
        acknowledgement=_spread(row.acknowledgement_quantiles, row.acknowledgement_n),
        first_answer=_spread(row.first_answer_quantiles, row.first_answer_n),
        completion=_spread(row.completion_quantiles, row.completion_n),
    )


def _measures(*counted: Any) -> Measures:
    """From the columns of `COUNT`, in their order; all of a kind are null where there is nothing of it."""
    cases, answers, visits, retaliations = counted[:11], counted[11:16], counted[16:23], counted[23:]
    due, responded, rated, satisfied, opened, answered, confirmed, refused, *others = cases if cases[0] is not None else [0] * 11
    called_resolved, holding, verdicts, once_confirmed, lasting = answers if answers[0] is not None else [0] * 5
    return Measures(
        response=Tally(responded, due),
        resolution=Tally(confirmed, confirmed + refused),
        satisfaction=Tally(satisfied, rated),
        cases=CaseCounts(opened, answered, confirmed, refused, *others),
        visits=VisitCounts(*visits) if visits[0] is not None else VisitCounts(),
        retaliations=Retaliations(*retaliations) if retaliations[0] is not None else None,
        confirmation=Confirmation(Tally(holding, called_resolved), Tally(lasting, once_confirmed), verdicts),
    )


def _spread(quantiles: list[float | None] | None, n: int) -> Spread:
    median, p90 = quantiles if quantiles and n else (None, None)
    return Spread(median_s=median, p90_s=p90, n=n)
