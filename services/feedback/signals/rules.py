"""What people speak about more than before, without showing who: windows, what is hidden, and how sure a trend is. Pure."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import NamedTuple

FLOOR = 5
"""Fewer cases than this are not shown: they are few enough to be somebody."""
STEP = 5
"""Counts are shown in steps of this: the difference of two of them, of a unit and one below it or of two weeks, tells no case."""
ERROR_RATE = 0.05


class Weeks(IntEnum):
    """How long a window is. There are two lengths and no more, because from the difference of any two one can compute."""

    month = 4
    quarter = 13


class Windows(NamedTuple):
    """Whole ISO weeks, from Monday to Monday in UTC: the same for everybody who asks in the same week."""

    first: datetime
    middle: datetime
    last: datetime


def windows(today: date, weeks: Weeks) -> Windows:
    """The last whole weeks, and as many before them."""
    monday, span = today - timedelta(days=today.weekday()), timedelta(weeks=weeks)
    moments = [datetime.combine(day, time(), UTC) for day in (monday - 2 * span, monday - span, monday)]
    return Windows(*moments)


class Tally(NamedTuple):
    """Cases opened in the window, and in the one before."""

    recent: int
    before: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A count as it is shown, and between what bounds the true one lies; or, hidden, nothing but perhaps an upper bound."""

    shown: int | None
    least: int = 0
    most: int | None = None


class Trend(NamedTuple):
    """How many times as many as before, with its interval; None where it is not known."""

    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def rising(self) -> bool:
        return self.low is not None and self.low > 1


@dataclass(frozen=True, slots=True)
class Signal:
    recent: Figure
    before: Figure

    @property
    def trend(self) -> Trend:
        """From what is shown and nothing finer: the interval holds for every count that is shown like this."""
        recent, before = self.recent, self.before
        if recent.shown is None or recent.most is None or before.most is None:
            return Trend()
        low = ratio_bounds(recent.least, before.most)[0]
        if before.shown is None:
            return Trend(low=round(low, 2))
        high = ratio_bounds(recent.most, before.least)[1]
        return Trend(round(recent.shown / before.shown, 2), round(low, 2), round(high, 2))


def signals(tallies: Mapping[Hashable, Tally]) -> tuple[Signal, Mapping[Hashable, Signal]]:
    """The total, and each part that has something to show: what is hidden in both windows is not even named."""
    total = Tally(sum(each.recent for each in tallies.values()), sum(each.before for each in tallies.values()))
    columns = [figures({part: tally[column] for part, tally in tallies.items()}) for column in (0, 1)]
    parts = {part: Signal(columns[0][part], columns[1][part]) for part in tallies}
    shown = {part: each for part, each in parts.items() if (each.recent.shown, each.before.shown) != (None, None)}
    return Signal(figure(total.recent), figure(total.before)), shown


def figures(counts: Mapping[Hashable, int]) -> dict[Hashable, Figure]:
    """Counts whose total is shown too. Where those below the floor are together below it, another is hidden beside them, the
    smallest: then the total does not tell them. Where they are nothing at all, there is nobody to hide."""
    found = {part: figure(count) for part, count in counts.items()}
    partners = [part for part, count in counts.items() if count >= FLOOR]
    if partners and 0 < sum(count for count in counts.values() if count < FLOOR) < FLOOR:
        found[min(partners, key=lambda part: (counts[part], str(part)))] = Figure(None)
    return found


def figure(count: int) -> Figure:
    if count < FLOOR:
        return Figure(None, most=FLOOR - 1)
    shown = (count + STEP // 2) // STEP * STEP
    return Figure(shown, max(FLOOR, shown - STEP // 2), shown + STEP // 2)


def ratio_bounds(recent: int, before: int) -> tuple[float, float]:
    """The exact 95 % interval of the ratio of the rates of two Poisson counts, over windows of the same length.

    Given their sum n, `recent` is binomial with p = r / (1 + r), r being the ratio of the rates (Przyborowski and Wilenski, 1940,
    Biometrika 31, 313-323). So the interval of p by Clopper and Pearson (1934, Biometrika 26, 404-413), whose ends are quantiles
    of the beta distribution, B(0.025; recent, before + 1) and B(0.975; recent + 1, before), is turned by r = p / (1 - p) into
    that of r. It holds at least 95 % of the time, whatever the rates; over many topics, some will seem to rise that do not.
    """
    low = 0.0 if recent == 0 else _odds(_beta_quantile(ERROR_RATE / 2, recent, before + 1))
    high = math.inf if before == 0 else _odds(_beta_quantile(1 - ERROR_RATE / 2, recent + 1, before))
    return low, high


def _odds(share: float) -> float:
    return share / (1 - share)


def _beta_quantile(probability: float, a: int, b: int) -> float:
    """By halving, to a part in 10^12."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: int, b: int) -> float:
    """The share of the beta distribution below x: its continued fraction (NIST Handbook of Mathematical Functions, 8.17.22),
    taken from whichever end it converges faster."""
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    if x <= 0:
        return 0.0
    power = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(power) / (a * _fraction(x, a, b))


def _fraction(x: float, a: int, b: int) -> float:
    """Its value from the far end back, begun deep enough: the terms that count are about as many as the root of a and b."""
    value = 1.0
    for term in range(12 + 2 * math.isqrt(a + b), 0, -1):
        half = term // 2
        if term % 2:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            part = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        value = 1 + part / value
    return value
