"""From evidence to a grade, with every step shown. Exact arithmetic: the same evidence gives the same grade to the last digit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil

import msgspec

from services.assessment.alarms.rules import Upheld
from services.assessment.indicators.rules import (
    AMOUNTS,
    MEANINGS,
    MEANS,
    RETALIATION_COUNTS_FOR,
    SAID_BY_RESIDENTS,
    CaseCounts,
    Indicator,
    Interval,
    Meaning,
    Measures,
    Retaliations,
    Spread,
    Tally,
    Times,
    wilson,
)
from services.assessment.outcomes.rules import NO_REACH, Reach
from services.assessment.profiles.rules import Profile
from services.assessment.scores.rules import MOST_POINTS, Points
from services.assessment.standards.rules import (
    TOTAL_WEIGHT,
    Bands,
    Criterion,
    DeclaredGate,
    Floor,
    Normalisation,
    Scale,
    Source,
    Terms,
)
from shared.events.assessment import Part
from shared.types import Level

FEWEST = 5
"""k: figures over fewer residents' verdicts than this are shown only to those who answer for the unit."""
NO_CAMPAIGN = "not graded: no running campaign measures this unit"
FORMULA = "composite = sum of weight / 100 * worth of the value over the criteria"


class GradeValue(StrEnum):
    not_graded = "not_graded"
    unqualified = "unqualified"
    qualified = "qualified"
    excellent = "excellent"


class GateCode(StrEnum):
    retaliation = "retaliation"
    floor = "floor"
    upheld_alarm = "upheld_alarm"


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


RETALIATION = Meaning(
    "reports of retaliation that were found true",
    f"any decided in the last {RETALIATION_COUNTS_FOR.days} days: unqualified, whatever the composite",
    "feedback: RetaliationDecided (substantiated)",
)


@dataclass(frozen=True, slots=True)
class RetaliationGate:
    """The days, both included, between which it makes a unit unqualified by itself."""

    count: int
    since: date
    until: date
    code: GateCode = GateCode.retaliation

    @property
    def name(self) -> str:
        return self.code

    @property
    def reason(self) -> str:
        return f"{self.code} was found, which counts until {self.until}"


ALARMS = Meaning(
    "alarms about closing in bulk that somebody above the unit upheld",
    "any about a day of the period: unqualified, whatever the composite",
    "assessment: BulkClosingSuspected, upheld",
)


@dataclass(frozen=True, slots=True)
class AlarmGate:
    """Of the upheld alarms that make a unit unqualified by themselves, the first and the last day that they are about."""

    count: int
    since: date
    until: date
    code: GateCode = GateCode.upheld_alarm

    @property
    def name(self) -> str:
        return self.code

    @property
    def reason(self) -> str:
        days = f"on {self.since}" if self.since == self.until else f"from {self.since} to {self.until}"
        return f"cases were closed to be closed {days}: {self.code}"


@dataclass(frozen=True, slots=True)
class FloorGate:
    """An indicator below what its floor asks for makes a unit unqualified by itself."""

    floor: Floor
    observed: Observed
    code: GateCode = GateCode.floor

    @property
    def name(self) -> str:
        """One of several floors."""
        return f"{self.code}.{self.floor.indicator}"

    @property
    def reason(self) -> str:
        value = self.observed.value or Fraction(0)
        return f"{self.floor.indicator} {hundredths(value)} is below its floor of {self.floor.at_least.normalize():f}"


Gate = RetaliationGate | AlarmGate | FloorGate


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


def is_hidden(indicator: Indicator | None, voices: int, *, in_full: bool) -> bool:
    """Whether a reader who may not see everything is kept from this figure."""
    return voices < FEWEST and not in_full and indicator in SAID_BY_RESIDENTS


def judge(terms: Terms | None, evidence: Evidence, *, in_full: bool) -> Verdict:
    """The grade as a reader may know it. `in_full`: the reader answers for the unit; the others learn nothing, also not from
    the grade, that rests on fewer than `FEWEST` residents.

    A gate that is not passed decides alone, also where there would be no grade.
    No terms: no campaign measures the unit. What is missing is missing, never zero: the unit is then not graded.
    """
    composite, lacks = _composite(terms, evidence, in_full) if terms else (None, [])
    if gates := _gates(terms, evidence, in_full=in_full):
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
    lacks += [_floor_lack(floor, evidence, in_full) for floor in terms.floors if _lacks(floor, evidence, in_full)]
    return (None, lacks) if lacks else (_total(contributions), [])


def _gates(terms: Terms | None, evidence: Evidence, *, in_full: bool) -> tuple[Gate, ...]:
    """What is reported or suspected and not found true is no gate, and neither is how much is reported: silence must not pay."""
    gates: list[Gate] = []
    if found := evidence.retaliations:
        until = (found.last_at + RETALIATION_COUNTS_FOR).date()
        gates.append(RetaliationGate(found.count, found.first_at.date(), until))
    if (upheld := evidence.alarms) and terms and DeclaredGate.upheld_alarm in terms.gates:
        gates.append(AlarmGate(upheld.count, upheld.first_at.date(), upheld.last_at.date()))
    for floor in terms.floors if terms else ():
        observed = evidence.floors.get(floor.indicator, UNSEEN)
        value = observed.value
        if value is not None and not _lacks(floor, evidence, in_full) and value < Fraction(floor.at_least):
            gates.append(FloorGate(floor, observed))
    return tuple(gates)


def _lacks(floor: Floor, evidence: Evidence, in_full: bool) -> bool:
    observed = evidence.floors.get(floor.indicator, UNSEEN)
    return observed.n < floor.minimum_sample or is_hidden(floor.indicator, observed.spoken, in_full=in_full)


def _floor_lack(floor: Floor, evidence: Evidence, in_full: bool) -> str:
    observed, observations = evidence.floors.get(floor.indicator, UNSEEN), MEANINGS[floor.indicator].observations
    if is_hidden(floor.indicator, observed.spoken, in_full=in_full):
        return f"the floor of {floor.indicator} has too few {observations} to be shown"
    return f"the floor of {floor.indicator} needs {floor.minimum_sample} {observations}, has {observed.n}"


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


def hundredths(share: Fraction) -> Decimal:
    """Rounded down, so that what is shown never reaches a band that was not reached (bands are whole hundredths)."""
    return Decimal(share.numerator * 100 // share.denominator).scaleb(-2)


def show_cases(cases: CaseCounts, *, hide_verdicts: bool) -> CaseCounts:
    """Without the counts that would tell the verdicts of too few residents."""
    return msgspec.structs.replace(cases, confirmed=None, refused=None, reopened=None) if hide_verdicts else cases


def show_completion(times: Times, *, in_full: bool) -> Spread:
    """Completions are residents' verdicts too."""
    few = times.completion.n is not None and times.completion.n < FEWEST
    return Spread(None, None, None) if few and not in_full else times.completion
