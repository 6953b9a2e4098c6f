"""What is measured: shares with their uncertainty, and times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt

import msgspec

RETALIATION_COUNTS_FOR = timedelta(days=365)

Z95 = 1.959963984540054
"""The standard normal's two-sided 95 % point."""


class Indicator(StrEnum):
    """What a standard may ask about; each is a share of observations, or an amount."""

    response = "response"
    resolution = "resolution"
    satisfaction = "satisfaction"
    confirmation = "confirmation"
    durability = "durability"
    visits_on_time = "visits_on_time"
    visits_covered = "visits_covered"
    visits_counted = "visits_counted"
    visits_made = "visits_made"
    outcomes = "outcomes"


SAID_BY_RESIDENTS = frozenset({Indicator.resolution, Indicator.satisfaction, Indicator.confirmation, Indicator.durability})
AMOUNTS = frozenset({Indicator.visits_made})
MEANS = frozenset({Indicator.outcomes})
"""Each observation is a share itself, so the mean is no share of observations. Measured apart from the others."""
OF_CASES = SAID_BY_RESIDENTS | {Indicator.response}
OF_VISITS = frozenset({Indicator.visits_on_time, Indicator.visits_covered, Indicator.visits_counted, Indicator.visits_made})
"""Counted, and set against the size of the unit. How much residents complain is none: silence must not pay."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an indicator counts, in words."""

    observations: str
    formula: str
    source: str


MEANINGS = {
    Indicator.response: Meaning(
        "cases due a first answer",
        "cases first answered in time / cases first answered or overdue for a first answer",
        "feedback: CaseAnswered, ClockBreached (first_answer)",
    ),
    Indicator.resolution: Meaning(
        "verdicts",
        "cases whose latest verdict is `resolved`, and not reopened since / cases with a verdict",
        "feedback: CaseConfirmed, CaseReopened",
    ),
    Indicator.satisfaction: Meaning(
        "satisfaction ratings",
        "cases whose latest verdict is `satisfied` / cases whose latest verdict says so either way",
        "feedback: CaseConfirmed",
    ),
    Indicator.confirmation: Meaning(
        "cases called resolved",
        "cases that a resident confirmed and nobody reopened / cases answered and judged, or closed because nobody judged",
        "feedback: CaseAnswered, CaseConfirmed, CaseLapsed, CaseReopened",
    ),
    Indicator.durability: Meaning(
        "cases that a resident confirmed",
        "cases never reopened since / cases that a resident confirmed",
        "feedback: CaseConfirmed, CaseReopened",
    ),
    Indicator.visits_on_time: Meaning(
        "visits made or missed",
        "visits made in their window / visits made or missed",
        "visits: VisitPlanned, VisitRecorded, VisitMissed",
    ),
    Indicator.visits_covered: Meaning(
        "visits made or missed",
        "visits made, in their window or later / visits made or missed",
        "visits: VisitPlanned, VisitRecorded, VisitMissed",
    ),
    Indicator.visits_counted: Meaning(
        "visits made",
        "visits by which something was learned or done / visits made",
        "visits: VisitRecorded, VisitCounted",
    ),
    Indicator.visits_made: Meaning("planned visits", "visits made", "visits: VisitPlanned, VisitRecorded"),
    Indicator.outcomes: Meaning(
        "outcomes due that can be counted",
        "mean of progress x the share of residents who notice it, over the outcomes due; 0 for one that was not measured and "
        "published 30 days after its day, without those that fewer than five residents spoke of",
        "assessment: OutcomeRecorded, OutcomeMeasured, residents' confirmations",
    ),
}


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


class Tally(msgspec.Struct, frozen=True, gc=False):
    """`hits` of `n` observations."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """The share, or None: without observations there is none, and certainly not zero."""
        return self.hits / self.n if self.n else None


def wilson(tally: Tally) -> Interval | None:
    """The Wilson score interval, 95 %, of a share; None without observations."""
    if not tally.n:
        return None
    n, share, square = tally.n, tally.hits / tally.n, Z95 * Z95
    middle = share + square / (2 * n)
    reach = Z95 * sqrt(share * (1 - share) / n + square / (4 * n * n))
    scale = 1 + square / n
    return Interval(low=min(share, max(0.0, (middle - reach) / scale)), high=max(share, min(1.0, (middle + reach) / scale)))


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of durations, in seconds. `n` is None where a reader may not know it."""

    median_s: float | None
    p90_s: float | None
    n: int | None


class CaseCounts(msgspec.Struct, frozen=True, gc=False):
    """Cases to which each of these happened at least once; `confirmed` and `refused` by the verdict that stands.

    None where a reader may not know it.
    """

    opened: int = 0
    answered: int = 0
    confirmed: int | None = 0
    refused: int | None = 0
    reopened: int | None = 0
    breached: int = 0
    escalated: int = 0


class VisitCounts(msgspec.Struct, frozen=True, gc=False):
    """Of a unit's visits planned for a period and not cancelled: what became of them. `done` in time and `done_late` are apart; a
    refusal counts against nobody. `counted`: those of the visits made by which something was learned or done."""

    planned: int = 0
    done: int = 0
    done_late: int = 0
    missed: int = 0
    refused: int = 0
    with_findings: int = 0
    counted: int = 0

    @property
    def made(self) -> int:
        return self.done + self.done_late

    @property
    def on_time(self) -> Tally:
        """Of the visits that were made or missed, those made in time."""
        return Tally(self.done, self.made + self.missed)

    @property
    def covered(self) -> Tally:
        """Of the same visits, those made at all: how much of what was planned reached somebody."""
        return Tally(self.made, self.made + self.missed)


@dataclass(frozen=True, slots=True)
class Retaliations:
    """Reports of retaliation by a unit that were found true in the last `RETALIATION_COUNTS_FOR`: how many, and when the
    first and the last of them were decided."""

    count: int
    first_at: datetime
    last_at: datetime


class Confirmation(msgspec.Struct, frozen=True):
    """What residents say of the cases that a unit called resolved, by answering them.

    `rate`: those that a resident confirmed and nobody reopened, of the cases answered that were judged, or closed because nobody
    judged; what was closed without an answer is in neither. `verdicts`: on how many of them a resident spoke. `durability`: those
    never reopened since, of the cases that a resident confirmed. A case counts for the unit that answered it, whoever owes it
    now.
    """

    rate: Tally = Tally(0, 0)
    durability: Tally = Tally(0, 0)
    verdicts: int = 0

    @property
    def gap(self) -> float | None:
        """Between what officials call resolved and what residents confirm: the share that nobody confirmed, or that did not
        last."""
        return (self.rate.n - self.rate.hits) / self.rate.n if self.rate.n else None


class Measures(msgspec.Struct, frozen=True):
    """The three rates of a unit, its visits, and the counts behind them; whether what it called resolved was; and whether it
    retaliated, whatever the period.

    Response: first answers in time, of the cases answered or overdue for a first answer; a case that was rejected, withdrawn or
    closed unconfirmed counts by this alone, so one that ended before its first answer was due does not count at all.
    Resolution: verdicts "resolved" that stand, of all verdicts. Satisfaction: satisfied, of the verdicts that say so either way.
    """

    response: Tally
    resolution: Tally
    satisfaction: Tally
    cases: CaseCounts
    visits: VisitCounts = VisitCounts()
    retaliations: Retaliations | None = None
    confirmation: Confirmation = Confirmation()

    def tally(self, indicator: Indicator) -> Tally:
        """An amount is told as `hits`, its `n` being the observations behind it."""
        return TALLIES[indicator](self)

    def voices(self, indicator: Indicator) -> int | None:
        """On how many of the observations a resident spoke: of the cases called resolved, many are closed in silence. None where
        it is all of them."""
        counted = self.confirmation
        return counted.verdicts if indicator is Indicator.confirmation and counted.verdicts != counted.rate.n else None


TALLIES: dict[Indicator, Callable[[Measures], Tally]] = {
    Indicator.response: lambda found: found.response,
    Indicator.resolution: lambda found: found.resolution,
    Indicator.satisfaction: lambda found: found.satisfaction,
    Indicator.confirmation: lambda found: found.confirmation.rate,
    Indicator.durability: lambda found: found.confirmation.durability,
    Indicator.visits_on_time: lambda found: found.visits.on_time,
    Indicator.visits_covered: lambda found: found.visits.covered,
    Indicator.visits_counted: lambda found: Tally(found.visits.counted, found.visits.made),
    Indicator.visits_made: lambda found: Tally(found.visits.made, found.visits.planned),
}


@dataclass(frozen=True, slots=True)
class Times:
    """Three distributions, never one: to say "we have it", to answer, and until the resident said that it is resolved."""

    acknowledgement: Spread
    first_answer: Spread
    completion: Spread


@dataclass(frozen=True, slots=True)
class Period:
    """What counts: facts from `since` to `until`, both included; None is without bound."""

    since: datetime | None = None
    until: datetime | None = None


ALL_TIME = Period()
