"""What runs whether or not there is a campaign: the habits of a unit, and one score of them. Pure, and exact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from services.assessment.indicators.rules import MEANINGS, Indicator, Interval, Meaning, Tally, wilson
from services.assessment.outcomes.rules import Reach

SPANS = (90, 365)
"""Days, up to now."""
FORMULA = "score = mean of the values of the habits that are known, each weighing the same"


class Habit(StrEnum):
    response = "response"
    visits_on_time = "visits_on_time"
    promises = "promises"
    outcomes = "outcomes"
    inspections = "inspections"


LEAST = {Habit.response: 5, Habit.visits_on_time: 5, Habit.promises: 5, Habit.outcomes: 1}
"""Observations that make a habit; each outcome rests on five residents at least."""
HABITS = {
    Habit.response: MEANINGS[Indicator.response],
    Habit.visits_on_time: MEANINGS[Indicator.visits_on_time],
    Habit.promises: Meaning(
        "promises due",
        "promises kept by their day / promises kept or broken whose day has come; those taken back are in neither",
        "visits: PromiseKept, PromiseBroken, PromiseWithdrawn",
    ),
    Habit.outcomes: MEANINGS[Indicator.outcomes],
    Habit.inspections: Meaning("inspections due", "inspections done / inspections due", "not recorded yet"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """How far a habit was kept: `hits` of `n`; of outcomes, which come about in part, the mean of `n`."""

    habit: Habit
    n: int
    hits: int | None = None
    mean: Fraction | None = None

    @property
    def lack(self) -> str | None:
        """What keeps it from being known; None where nothing does."""
        if self.habit not in LEAST:
            return f"{self.habit} are not recorded yet"
        if self.n >= LEAST[self.habit]:
            return None
        return f"{self.habit} needs {LEAST[self.habit]} {HABITS[self.habit].observations}, has {self.n}"

    @property
    def value(self) -> Fraction | None:
        """None, and never zero, while it lacks something."""
        if self.lack:
            return None
        return self.mean if self.hits is None else Fraction(self.hits, self.n)

    @property
    def interval(self) -> Interval | None:
        return None if self.lack or self.hits is None else wilson(Tally(self.hits, self.n))


def habits_of(response: Tally, visits: Tally, promises: Tally, reach: Reach) -> tuple[Kept, ...]:
    """In the order in which they are shown."""
    return (
        Kept(Habit.response, response.n, response.hits),
        Kept(Habit.visits_on_time, visits.n, visits.hits),
        Kept(Habit.promises, promises.n, promises.hits),
        Kept(Habit.outcomes, reach.n, mean=reach.value),
        Kept(Habit.inspections, 0),
    )


def score_of(kept: Sequence[Kept]) -> Fraction | None:
    """0 to 1. None, and never zero, where no habit is known."""
    known = [each.value for each in kept if each.value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None


def together(tallies: Iterable[Tally]) -> Tally:
    """Of several units: every observation weighs the same, whose it is."""
    hits, n = 0, 0
    for tally in tallies:
        hits, n = hits + tally.hits, n + tally.n
    return Tally(hits, n)


def reach_together(reaches: Iterable[Reach]) -> Reach:
    total, n, due = Fraction(0), 0, 0
    for reach in reaches:
        total, n, due = total + (reach.value or 0) * reach.n, n + reach.n, due + reach.due
    return Reach(total / n if n else None, n, due)


QUIET_AT_LEAST, QUIET_AT_MOST = timedelta(days=14), timedelta(days=90)
"""Of the time after a campaign and without another one, what is compared with it."""
LEAST_SEEN = 5
COOLED_BELOW = 0.8
COOLING = (
    "index = mean of what was kept of each sign that is known: visits made a day, afterwards / during the campaign; median time "
    "to the first answer, during it / afterwards; at most 1 each"
)
NO_CAMPAIGN = "no campaign that measured this unit has ended"


class Sign(StrEnum):
    visits_made = "visits_made"
    first_answer = "first_answer"


@dataclass(frozen=True, slots=True)
class Seen:
    """During the campaign and afterwards: visits made a day, or the median of the seconds to a first answer; on `n` of them."""

    sign: Sign
    during: float | None
    during_n: int
    after: float | None
    after_n: int

    @property
    def lack(self) -> str | None:
        """What keeps it from being compared. No visits afterwards are no lack: that is what is looked for."""
        if self.during_n < LEAST_SEEN:
            return f"{self.sign} needs {LEAST_SEEN} during the campaign, has {self.during_n}"
        if self.sign is Sign.first_answer and self.after_n < LEAST_SEEN:
            return f"{self.sign} needs {LEAST_SEEN} afterwards, has {self.after_n}"
        return None

    @property
    def kept(self) -> float | None:
        """1 where it is as good as during the campaign, or better; None while it lacks something."""
        if self.lack or self.during is None or self.after is None:
            return None
        better, worse = (self.after, self.during) if self.sign is Sign.visits_made else (self.during, self.after)
        return min(1.0, better / worse) if worse else 1.0


def index_of(signs: Sequence[Seen]) -> float | None:
    known = [each.kept for each in signs if each.kept is not None]
    return sum(known) / len(known) if known else None


def has_cooled(index: float) -> bool:
    return index < COOLED_BELOW


def quiet_until(ended_at: datetime, others: Iterable[datetime], now: datetime) -> datetime:
    """Until when the time after a campaign that ended is looked at; `others` are the starts of those that were still to end."""
    return min(now, ended_at + QUIET_AT_MOST, *others)


def too_early(ended_at: datetime, until: datetime) -> str | None:
    """Why nothing can be said yet; None where it can."""
    if until - ended_at >= QUIET_AT_LEAST:
        return None
    days = max(0, (until - ended_at).days)
    return f"it takes {QUIET_AT_LEAST.days} days without a campaign after the last one: there have been {days}"
