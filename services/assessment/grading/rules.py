"""From evidence to a grade, with every step shown. Exact arithmetic: the same evidence gives the same grade to the last digit."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from fractions import Fraction

from services.assessment.indicators.rules import RETALIATION_COUNTS_FOR, CaseCounts, Measures, Spread, Tally, Times
from services.assessment.standards.rules import TOTAL_WEIGHT, Criterion, Scale

FEWEST = 5
"""k: figures over fewer residents' verdicts than this are shown only to those who answer for the unit."""
RESIDENTS_SAY = frozenset({Criterion.resolution, Criterion.satisfaction})
NO_CAMPAIGN = "not graded: no running campaign measures this unit"
FORMULA = "composite = sum of weight / 100 * value over the criteria"


class GradeValue(StrEnum):
    not_graded = "not_graded"
    unqualified = "unqualified"
    qualified = "qualified"
    excellent = "excellent"


class GateCode(StrEnum):
    retaliation = "retaliation"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a criterion counts, in words."""

    observations: str
    formula: str
    source: str


MEANINGS = {
    Criterion.response: Meaning(
        "cases due a first answer",
        "cases first answered in time / cases first answered or overdue for a first answer",
        "feedback: CaseAnswered, ClockBreached (first_answer)",
    ),
    Criterion.resolution: Meaning(
        "verdicts",
        "cases whose latest verdict is `resolved`, and not reopened since / cases with a verdict",
        "feedback: CaseConfirmed, CaseReopened",
    ),
    Criterion.satisfaction: Meaning(
        "satisfaction ratings",
        "cases whose latest verdict is `satisfied` / cases whose latest verdict says so either way",
        "feedback: CaseConfirmed",
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One criterion of a grade. `hidden`: too few residents stand behind it for this reader to see its figures."""

    criterion: Criterion
    weight: int
    tally: Tally
    minimum: int
    hidden: bool

    @property
    def missing(self) -> int:
        """Observations that are missing. A criterion without weight needs none."""
        return max(0, self.minimum - self.tally.n) if self.weight else 0

    @property
    def contribution(self) -> Fraction | None:
        """What it adds to the composite; None while observations are missing."""
        if not self.weight:
            return Fraction(0)
        return None if self.missing else Fraction(self.weight * self.tally.hits, TOTAL_WEIGHT * self.tally.n)

    @property
    def lack(self) -> str:
        if self.hidden:
            return f"{self.criterion} has too few {MEANINGS[self.criterion].observations} to be shown"
        return f"{self.criterion} needs {self.minimum} {MEANINGS[self.criterion].observations}, has {self.tally.n}"


RETALIATION = Meaning(
    "reports of retaliation that were found true",
    f"any decided in the last {RETALIATION_COUNTS_FOR.days} days: unqualified, whatever the composite",
    "feedback: RetaliationDecided (substantiated)",
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that makes a unit unqualified by itself. The days, both included, between which it does."""

    code: GateCode
    count: int
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Grade:
    """`gates` are those that the unit did not pass."""

    value: GradeValue
    reason: str
    composite: Fraction | None
    parts: tuple[Part, ...]
    gates: tuple[Gate, ...] = ()


def is_hidden(criterion: Criterion, tally: Tally, *, in_full: bool) -> bool:
    """Whether a reader who may not see everything is kept from this figure."""
    return not in_full and criterion in RESIDENTS_SAY and tally.n < FEWEST


def grade(scale: Scale | None, measures: Measures, *, in_full: bool) -> Grade:
    """The grade as a reader may know it. `in_full`: the reader answers for the unit; the others learn nothing, also not from
    the grade, that rests on fewer than `FEWEST` residents.

    A gate that is not passed decides alone, also where there would be no grade.
    No scale: no campaign measures the unit. Missing observations are missing, never zero: the unit is then not graded.
    """
    found, gates = _by_evidence(scale, measures, in_full=in_full), _gates(measures)
    if not gates:
        return found
    reason = "; ".join(f"{gate.code} was found, which counts until {gate.until}" for gate in gates)
    return replace(found, value=GradeValue.unqualified, reason=f"{GradeValue.unqualified}: {reason}", gates=gates)


def _by_evidence(scale: Scale | None, measures: Measures, *, in_full: bool) -> Grade:
    if scale is None:
        return Grade(GradeValue.not_graded, NO_CAMPAIGN, None, ())
    parts = tuple(_part(scale, criterion, _tally(measures, criterion), in_full) for criterion in Criterion)
    lacks = [part.lack for part in parts if part.missing]
    if lacks:
        return Grade(GradeValue.not_graded, f"not graded: {'; '.join(lacks)}", None, parts)
    composite = sum((part.contribution or Fraction(0) for part in parts), Fraction(0))
    value, reason = _band(scale, composite)
    return Grade(value, f"{value}: {reason}", composite, parts)


def _gates(measures: Measures) -> tuple[Gate, ...]:
    """What is reported and not found true is no gate, and neither is how much is reported: silence must not pay."""
    found = measures.retaliations
    if found is None:
        return ()
    until = (found.last_at + RETALIATION_COUNTS_FOR).date()
    return (Gate(GateCode.retaliation, found.count, found.first_at.date(), until),)


def _part(scale: Scale, criterion: Criterion, tally: Tally, in_full: bool) -> Part:
    floor = 1 if in_full or criterion not in RESIDENTS_SAY else FEWEST
    return Part(
        criterion=criterion,
        weight=scale.weights[criterion],
        tally=tally,
        minimum=max(scale.minimum_sample, floor),
        hidden=is_hidden(criterion, tally, in_full=in_full),
    )


def _tally(measures: Measures, criterion: Criterion) -> Tally:
    tallies = {
        Criterion.response: measures.response,
        Criterion.resolution: measures.resolution,
        Criterion.satisfaction: measures.satisfaction,
    }
    return tallies[criterion]


def _band(scale: Scale, composite: Fraction) -> tuple[GradeValue, str]:
    shown = f"composite {hundredths(composite)}"
    if composite >= Fraction(scale.excellent):
        return GradeValue.excellent, f"{shown} reaches {scale.excellent:.2f}"
    if composite >= Fraction(scale.qualified):
        return GradeValue.qualified, f"{shown} reaches {scale.qualified:.2f}; {scale.excellent:.2f} would be excellent"
    return GradeValue.unqualified, f"{shown} is below {scale.qualified:.2f}, which would be qualified"


def hundredths(share: Fraction) -> Decimal:
    """Rounded down, so that what is shown never reaches a band that was not reached (bands are whole hundredths)."""
    return Decimal(share.numerator * 100 // share.denominator).scaleb(-2).quantize(Decimal("0.01"), ROUND_FLOOR)


def show_cases(cases: CaseCounts, *, hide_verdicts: bool) -> CaseCounts:
    """Without the counts that would tell the verdicts of too few residents."""
    return replace(cases, confirmed=None, refused=None, reopened=None) if hide_verdicts else cases


def show_completion(times: Times, *, in_full: bool) -> Spread:
    """Completions are residents' verdicts too."""
    few = times.completion.n is not None and times.completion.n < FEWEST
    return Spread(None, None, None) if few and not in_full else times.completion
