"""From evidence to a grade, with every step shown. Pure; exact arithmetic: the same evidence gives the same grade to the last
digit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import ceil

from services.assessment.grading.rules.evidence import UNSEEN, Evidence, Observed
from services.assessment.grading.rules.gates import Gate, gates_of, lack_of
from services.assessment.grading.rules.showing import FEWEST, hundredths, is_hidden
from services.assessment.indicators.rules import (
    AMOUNTS,
    MEANINGS,
    MEANS,
    SAID_BY_RESIDENTS,
    Indicator,
    Interval,
    Meaning,
    Tally,
    wilson,
)
from services.assessment.standards.rules import (
    TOTAL_WEIGHT,
    Bands,
    Criterion,
    Normalisation,
    Scale,
    Source,
    Terms,
)

NO_CAMPAIGN = "not graded: no running campaign measures this unit"
FORMULA = "composite = sum of weight / 100 * worth of the value over the criteria"


class GradeValue(StrEnum):
    not_graded = "not_graded"
    unqualified = "unqualified"
    qualified = "qualified"
    excellent = "excellent"


@dataclass(frozen=True, slots=True)
class Branch:
    """One criterion of a grade. `hidden`: too few residents stand behind it for this reader to see its figures."""

    criterion: Criterion
    observed: Observed
    minimum: int
    hidden: bool

    @property
    def missing(self) -> int:
        """Observations that are missing. A criterion without weight needs none."""
        return max(0, self.minimum - self.observed.n) if self.criterion.weight else 0

    @property
    def lacks(self) -> bool:
        return self.criterion.weight > 0 and (self.hidden or self.missing > 0 or not self.observed.of)

    @property
    def worth(self) -> Fraction | None:
        """0 to 1; None while it lacks something."""
        hits, of = self.observed.hits, self.observed.of
        return None if self.lacks or not of else Fraction(*self.criterion.scale.ratio(hits * of.denominator, of.numerator))

    @property
    def contribution(self) -> Fraction | None:
        """What it adds to the composite; None while it lacks something."""
        if not self.criterion.weight:
            return Fraction(0)
        return None if (worth := self.worth) is None else self.criterion.weight * worth / TOTAL_WEIGHT

    @property
    def interval(self) -> Interval | None:
        """Wilson's, 95 %, of the value. None of what is no share of observations."""
        counted = self.criterion.indicator is not None and self.criterion.indicator not in AMOUNTS | MEANS
        return wilson(Tally(self.observed.hits, self.observed.n)) if counted else None

    @property
    def lack(self) -> str:
        code, observations = self.criterion.code, meaning_of(self.criterion).observations
        if self.hidden:
            return f"{code} has too few {observations} to be shown"
        if self.missing:
            return f"{code} needs {self.minimum} {observations}, has {self.observed.n}"
        return f"{code} needs the profile of the unit, which has not been declared"


SCORES = {
    Source.inspector: Meaning("inspectors' scores", "mean score / 100", "assessment: ScoreGiven (inspector)"),
    Source.self: Meaning("scores by the unit itself", "mean score / 100", "assessment: ScoreGiven (self)"),
}


def meaning_of(criterion: Criterion) -> Meaning:
    """What a criterion counts, with the formula that its scale and its normalisation make of it."""
    meaning = SCORES[criterion.source] if criterion.indicator is None else MEANINGS[criterion.indicator]
    formula, scale = meaning.formula, criterion.scale
    if by := criterion.normalisation:
        terrain = f" x the factor of the terrain ({_factors(by)})" if by.terrain else ""
        formula = f"{formula} / ({by.by} / {by.per}{terrain})"
    if scale != Scale():
        formula = f"{formula}; worth nothing at {scale.floor.normalize():f}, everything at {scale.target.normalize():f}"
    return replace(meaning, formula=formula)


def _factors(normalisation: Normalisation) -> str:
    return ", ".join(f"{terrain} {factor.normalize():f}" for terrain, factor in normalisation.terrain.items())


@dataclass(frozen=True, slots=True)
class Advice:
    """The change that would raise a grade most: `gain` is what the composite rises by when the criterion is worth everything.

    `further`: how many more favourable observations, and nothing else, would give `band`; None where no number of them does.
    """

    criterion: str
    gain: Fraction
    band: GradeValue | None
    further: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`gates` are those that the unit did not pass."""

    value: GradeValue
    reason: str
    composite: Fraction | None
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade(Verdict):
    """A verdict with the tree that explains it; `between` are the grades that the uncertainty of the shares leaves possible."""

    parts: tuple[Branch, ...]
    between: tuple[GradeValue, GradeValue] | None = None
    advice: Advice | None = None


def judge(terms: Terms | None, evidence: Evidence, *, in_full: bool) -> Verdict:
    """The grade as a reader may know it. `in_full`: the reader answers for the unit; the others learn nothing, also not from
    the grade, that rests on fewer than `FEWEST` residents.

    A gate that is not passed decides alone, also where there would be no grade.
    No terms: no campaign measures the unit. What is missing is missing, never zero: the unit is then not graded.
    """
    composite, lacks = _composite(terms, evidence, in_full) if terms else (None, [])
    if gates := gates_of(terms, evidence, in_full=in_full):
        reason = "; ".join(gate.reason for gate in gates)
        return Verdict(GradeValue.unqualified, f"{GradeValue.unqualified}: {reason}", composite, gates)
    if terms is None:
        return Verdict(GradeValue.not_graded, NO_CAMPAIGN, None)
    if composite is None:
        return Verdict(GradeValue.not_graded, f"not graded: {'; '.join(lacks)}", None)
    value, reason = _band(terms.bands_for(evidence.level), composite)
    return Verdict(value, f"{value}: {reason}", composite)


def grade(terms: Terms | None, evidence: Evidence, *, in_full: bool) -> Grade:
    """What is judged, with the tree that explains it."""
    found = judge(terms, evidence, in_full=in_full)
    verdict = found.value, found.reason, found.composite, found.gates
    parts = tuple(_part(criterion, evidence, in_full) for criterion in (terms.criteria if terms else ()))
    if terms is None or found.composite is None or found.gates:
        return Grade(*verdict, parts=parts)
    bands = terms.bands_for(evidence.level)
    between = _value(bands, _bound(parts, low=True)), _value(bands, _bound(parts, low=False))
    return Grade(*verdict, parts=parts, between=between, advice=_advice(bands, found.composite, parts))


def _composite(terms: Terms, evidence: Evidence, in_full: bool) -> tuple[Fraction | None, list[str]]:
    """The sum of what the criteria contribute, or what is missing for it."""
    lacks: list[str] = []
    contributions, observations = [], evidence.criteria
    for code, weight, minimum, criterion in terms.weighed:
        observed = observations.get(code, UNSEEN)
        hits, of, n, voices = observed.hits, observed.of, observed.n, observed.voices
        spoken = n if voices is None else voices
        if n < minimum or not of or (spoken < FEWEST and is_hidden(criterion.indicator, spoken, in_full=in_full)):
            lacks.append(_part(criterion, evidence, in_full).lack)
            continue
        if not isinstance(of, int):
            hits, of = hits * of.denominator, of.numerator
        contributions.append((weight, *criterion.scale.ratio(hits, of)))
    lacks += filter(None, (lack_of(floor, evidence, in_full) for floor in terms.floors))
    return (None, lacks) if lacks else (_total(contributions), [])


def _least(indicator: Indicator | None, sample: int, in_full: bool) -> int:
    return sample if in_full or indicator not in SAID_BY_RESIDENTS else max(sample, FEWEST)


def _part(criterion: Criterion, evidence: Evidence, in_full: bool) -> Branch:
    observed = evidence.criteria.get(criterion.code, UNSEEN)
    return Branch(
        criterion=criterion,
        observed=observed,
        minimum=_least(criterion.indicator, criterion.minimum_sample, in_full),
        hidden=is_hidden(criterion.indicator, observed.spoken, in_full=in_full),
    )


def _band(bands: Bands, composite: Fraction) -> tuple[GradeValue, str]:
    shown, value = f"composite {hundredths(composite)}", _value(bands, composite)
    if value is GradeValue.excellent:
        return value, f"{shown} reaches {bands.excellent:.2f}"
    if value is GradeValue.qualified:
        return value, f"{shown} reaches {bands.qualified:.2f}; {bands.excellent:.2f} would be excellent"
    return value, f"{shown} is below {bands.qualified:.2f}, which would be qualified"


def _value(bands: Bands, composite: Fraction) -> GradeValue:
    qualified, excellent = bands.exact
    if composite >= excellent:
        return GradeValue.excellent
    return GradeValue.qualified if composite >= qualified else GradeValue.unqualified


def _bound(parts: tuple[Branch, ...], *, low: bool) -> Fraction:
    """The composite with every share at the lower, or the upper, end of its worth in its interval."""

    def worth(part: Branch) -> tuple[int, int]:
        known, interval, scale = part.worth or Fraction(0), part.interval, part.criterion.scale
        if interval is not None:
            ends = sorted(scale.worth(Fraction(end)) for end in (interval.low, interval.high))
            known = min(known, ends[0]) if low else max(known, ends[1])
        return known.numerator, known.denominator

    return _total((part.criterion.weight, *worth(part)) for part in parts)


def _total(contributions: Iterable[tuple[int, int, int]]) -> Fraction:
    """Of weights, each times the worth of its criterion, whose numerator and denominator follow it. In whole numbers: to add
    fractions takes ten times as long, and thousands of units are judged at once."""
    total, whole = 0, 1
    for weight, worth, of in contributions:
        total, whole = total * of + weight * worth * whole, whole * of
    return Fraction(total, whole * TOTAL_WEIGHT)


def _advice(bands: Bands, composite: Fraction, parts: tuple[Branch, ...]) -> Advice | None:
    """The first of the criteria with the most room; None where nothing is left to gain."""
    rooms = [(Fraction(part.criterion.weight, TOTAL_WEIGHT) - (part.contribution or 0), part) for part in parts]
    gain, part = max(rooms, key=lambda room: room[0])
    if not gain:
        return None
    band, threshold = _next_band(bands, composite)
    further = None if threshold is None else _further(part, threshold - composite)
    return Advice(part.criterion.code, gain, band, further)


def _next_band(bands: Bands, composite: Fraction) -> tuple[GradeValue | None, Fraction | None]:
    for value, threshold in ((GradeValue.qualified, bands.qualified), (GradeValue.excellent, bands.excellent)):
        if composite < Fraction(threshold):
            return value, Fraction(threshold)
    return None, None


def _further(part: Branch, gap: Fraction) -> int | None:
    """How many favourable observations raise the composite by `gap`. Scores are not given on demand, and no outcome is like
    another."""
    criterion, observed, worth = part.criterion, part.observed, part.worth
    if (
        criterion.indicator is None
        or criterion.indicator in MEANS
        or worth is None
        or criterion.scale.target < criterion.scale.floor
    ):
        return None
    wanted = worth + gap * TOTAL_WEIGHT / criterion.weight
    if wanted > 1:
        return None
    value = criterion.scale.value_worth(wanted)
    short = value * observed.of - observed.hits
    if criterion.indicator in AMOUNTS:
        return ceil(short)
    return None if value == 1 else ceil(short / (1 - value))
