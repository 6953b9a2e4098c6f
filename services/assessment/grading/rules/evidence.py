"""What is known of a unit, as far as a standard asks for it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import msgspec

from services.assessment.alarms.rules import Upheld
from services.assessment.indicators.rules import (
    Indicator,
    Measures,
    Retaliations,
)
from services.assessment.outcomes.rules import NO_REACH, Reach
from services.assessment.profiles.rules import Profile
from services.assessment.scores.rules import MOST_POINTS, Points
from services.assessment.standards.rules import (
    Criterion,
    DeclaredGate,
    Normalisation,
    Terms,
)
from shared.events.assessment import Part
from shared.types import Level


class Observed(msgspec.Struct, frozen=True, gc=False):
    """The value is `hits` / `of`, by `n` observations. `of` is 0 where nothing is known to set the hits against.

    `voices`: on how many of the observations somebody spoke; on all of them where it is None.
    """

    hits: int
    of: int | Fraction
    n: int
    voices: int | None = None

    @property
    def spoken(self) -> int:
        return self.n if self.voices is None else self.voices

    @property
    def value(self) -> Fraction | None:
        return Fraction(self.hits * self.of.denominator, self.of.numerator) if self.n and self.of else None


UNSEEN = Observed(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a grade of a unit rests on: kept with it, it gives the same grade again, whatever is told later."""

    level: Level
    criteria: Mapping[str, Observed]
    floors: Mapping[Indicator, Observed] = field(default_factory=dict)
    retaliations: Retaliations | None = None
    alarms: Upheld | None = None


def gather(
    terms: Terms,
    level: Level,
    measures: Measures,
    *,
    profile: Profile | None,
    points: Mapping[tuple[str, Part], Points],
    alarms: Upheld | None = None,
    reach: Reach = NO_REACH,
) -> Evidence:
    """What these terms ask for, of all that is known of a unit."""

    def look(indicator: Indicator) -> Observed:
        return observe_mean(reach) if indicator is Indicator.outcomes else observe(measures, indicator)

    shares = {indicator: look(indicator) for indicator in terms.shares}

    def observed(criterion: Criterion) -> Observed:
        if criterion.indicator is None:
            given = points.get((criterion.code, Part(criterion.source)))
            return Observed(given.total, given.n * MOST_POINTS, given.n) if given else UNSEEN
        if criterion.normalisation is None:
            return shares[criterion.indicator]
        tally = measures.tally(criterion.indicator)
        return Observed(tally.hits, expected(criterion.normalisation, profile), tally.n)

    return Evidence(
        level=level,
        criteria={each.code: observed(each) for each in terms.criteria},
        floors={each.indicator: shares[each.indicator] for each in terms.floors},
        retaliations=measures.retaliations,
        alarms=alarms if DeclaredGate.upheld_alarm in terms.gates else None,
    )


def observe(measures: Measures, indicator: Indicator) -> Observed:
    """A share as it was measured."""
    tally = measures.tally(indicator)
    return Observed(tally.hits, tally.n, tally.n, measures.voices(indicator))


def observe_mean(reach: Reach) -> Observed:
    """A mean to the last digit. Each of its outcomes counts from the fifth voice on, so it says nothing of fewer residents."""
    if reach.value is None:
        return UNSEEN
    total = reach.value * reach.n
    return Observed(total.numerator, total.denominator * reach.n, reach.n)


def expected(normalisation: Normalisation, profile: Profile | None) -> Fraction:
    """What one unit of the amount is set against; 0 for a unit that has not declared its profile."""
    if profile is None:
        return Fraction(0)
    count = profile.population if normalisation.by == "population" else profile.staff
    return Fraction(count, normalisation.per) * Fraction(normalisation.terrain.get(profile.terrain, Decimal(1)))
