from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.grading.rules import (
    FEWEST,
    NO_CAMPAIGN,
    Gate,
    GateCode,
    Grade,
    GradeValue,
    grade,
    hundredths,
    show_cases,
    show_completion,
)
from services.assessment.indicators.rules import CaseCounts, Measures, Retaliations, Spread, Tally, Times
from services.assessment.standards.rules import Criterion, Scale

BASIC = Scale({Criterion.response: 10, Criterion.resolution: 45, Criterion.satisfaction: 45}, Decimal("0.60"), Decimal("0.85"), 5)
VALUES = list(GradeValue)


def measured(response: tuple[int, int], resolution: tuple[int, int], satisfaction: tuple[int, int]) -> Measures:
    return Measures(Tally(*response), Tally(*resolution), Tally(*satisfaction), CaseCounts())


def graded(measures: Measures, scale: Scale | None = BASIC, *, in_full: bool = True) -> Grade:
    return grade(scale, measures, in_full=in_full)


@st.composite
def tallies(draw: st.DrawFn, least: int = 0) -> Tally:
    n = draw(st.integers(least, 40))
    return Tally(draw(st.integers(0, n)), n)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    first, second = sorted(draw(st.tuples(st.integers(0, 100), st.integers(0, 100))))
    bands = draw(st.lists(st.integers(1, 100), min_size=2, max_size=2, unique=True).map(sorted))
    weights = dict(zip(Criterion, (first, second - first, 100 - second), strict=True))
    qualified, excellent = (Decimal(band) / 100 for band in bands)
    return Scale(weights, qualified, excellent, draw(st.integers(1, 10)))


def measures(least: int = 0) -> st.SearchStrategy[Measures]:
    return st.builds(Measures, tallies(least), tallies(least), tallies(least), st.just(CaseCounts()))


def test_grade_worked_example() -> None:
    """18 of 20, 12 of 16, 9 of 15: 10 * 0.9 + 45 * 0.75 + 45 * 0.6 = 9 + 33.75 + 27 = 69.75 of 100."""
    found = graded(measured((18, 20), (12, 16), (9, 15)))
    assert found.composite == Fraction(6975, 10_000)
    assert [part.contribution for part in found.parts] == [Fraction(9, 100), Fraction(3375, 10_000), Fraction(27, 100)]
    assert found.value is GradeValue.qualified
    assert found.reason == "qualified: composite 0.69 reaches 0.60; 0.85 would be excellent"


@pytest.mark.parametrize(
    ("hits", "value", "reason"),
    [
        (59, GradeValue.unqualified, "unqualified: composite 0.59 is below 0.60, which would be qualified"),
        (60, GradeValue.qualified, "qualified: composite 0.60 reaches 0.60; 0.85 would be excellent"),
        (84, GradeValue.qualified, "qualified: composite 0.84 reaches 0.60; 0.85 would be excellent"),
        (85, GradeValue.excellent, "excellent: composite 0.85 reaches 0.85"),
        (0, GradeValue.unqualified, "unqualified: composite 0.00 is below 0.60, which would be qualified"),
        (100, GradeValue.excellent, "excellent: composite 1.00 reaches 0.85"),
    ],
)
def test_grade_bands_are_exact(hits: int, value: GradeValue, reason: str) -> None:
    found = graded(measured((hits, 100), (hits, 100), (hits, 100)))
    assert (found.value, found.reason) == (value, reason)


def test_grade_names_everything_that_is_missing() -> None:
    found = graded(measured((9, 9), (2, 2), (0, 0)))
    assert found.value is GradeValue.not_graded
    assert found.reason == "not graded: resolution needs 5 verdicts, has 2; satisfaction needs 5 satisfaction ratings, has 0"
    assert found.composite is None
    assert [part.missing for part in found.parts] == [0, 3, 5]


def test_grade_without_a_campaign() -> None:
    found = graded(measured((9, 9), (9, 9), (9, 9)), None)
    assert (found.value, found.reason, found.composite, found.parts) == (GradeValue.not_graded, NO_CAMPAIGN, None, ())


def test_grade_does_not_ask_for_what_has_no_weight() -> None:
    only_response = Scale({**dict.fromkeys(Criterion, 0), Criterion.response: 100}, Decimal("0.60"), Decimal("0.85"), 5)
    assert graded(measured((5, 5), (0, 0), (0, 0)), only_response).value is GradeValue.excellent


@given(scales(), measures(least=10), st.sampled_from(Criterion))
def test_grade_is_monotone_in_each_rate(scale: Scale, before: Measures, criterion: Criterion) -> None:
    tally: Tally = getattr(before, criterion)
    better = Tally(min(tally.hits + 1, tally.n), tally.n)
    after = Measures(
        **{name: getattr(before, name) for name in ("response", "resolution", "satisfaction", "cases")} | {criterion: better}
    )
    low, high = graded(before, scale), graded(after, scale)
    assert low.composite is not None
    assert high.composite is not None
    assert low.composite <= high.composite
    assert VALUES.index(low.value) <= VALUES.index(high.value)


@given(scales(), measures(), st.booleans())
def test_missing_is_never_zero(scale: Scale, found: Measures, in_full: bool) -> None:
    result = graded(found, scale, in_full=in_full)
    lacking = [part for part in result.parts if part.missing]
    assert (result.value is GradeValue.not_graded) is bool(lacking)
    assert (result.composite is None) is bool(lacking)
    assert all(part.contribution is None for part in lacking)
    assert all(part.criterion in result.reason for part in lacking)


@given(scales(), measures(), st.integers(0, FEWEST - 1), st.data())
def test_grade_for_the_public_says_nothing_of_fewer_than_five(scale: Scale, found: Measures, n: int, data: st.DataObject) -> None:
    """Whatever fewer than five residents said, the public reads the same."""

    def public(hits: int, n: int) -> tuple[GradeValue, str, Fraction | None]:
        result = graded(Measures(found.response, Tally(hits, n), found.satisfaction, found.cases), scale, in_full=False)
        return result.value, result.reason, result.composite

    assert public(data.draw(st.integers(0, n)), n) == public(0, 0)


def test_grade_in_full_may_rest_on_fewer() -> None:
    small = Scale(BASIC.weights, BASIC.qualified, BASIC.excellent, 1)
    found = measured((2, 2), (2, 2), (2, 2))
    assert graded(found, small).value is GradeValue.excellent
    assert graded(found, small, in_full=False).reason == (
        "not graded: resolution has too few verdicts to be shown; satisfaction has too few satisfaction ratings to be shown"
    )


FOUND = Retaliations(2, datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 5, 1, 10, tzinfo=UTC))


@given(st.one_of(st.none(), scales()), measures(), st.booleans())
def test_retaliation_alone_makes_a_unit_unqualified_whatever_else_it_did(
    scale: Scale | None, found: Measures, in_full: bool
) -> None:
    before, result = (graded(each, scale, in_full=in_full) for each in (found, replace(found, retaliations=FOUND)))
    assert (result.value, result.reason) == (
        GradeValue.unqualified,
        "unqualified: retaliation was found, which counts until 2027-05-01",
    )
    assert result.gates == (Gate(GateCode.retaliation, 2, date(2026, 3, 2), date(2027, 5, 1)),)
    assert (result.composite, result.parts, before.gates) == (before.composite, before.parts, ())


@given(st.fractions(min_value=0, max_value=1))
def test_hundredths_never_shows_more_than_there_is(share: Fraction) -> None:
    shown = Fraction(hundredths(share))
    assert shown <= share < shown + Fraction(1, 100)


def test_show_cases() -> None:
    cases = CaseCounts(opened=9, answered=8, confirmed=2, refused=1, reopened=1, breached=3, escalated=2)
    assert show_cases(cases, hide_verdicts=False) == cases
    hidden = show_cases(cases, hide_verdicts=True)
    assert (hidden.opened, hidden.confirmed, hidden.refused, hidden.reopened) == (9, None, None, None)


@pytest.mark.parametrize(("n", "in_full", "shown"), [(4, False, False), (4, True, True), (5, False, True)])
def test_show_completion(n: int, in_full: bool, shown: bool) -> None:
    spread = Spread(1.0, 2.0, n)
    expected = spread if shown else Spread(None, None, None)
    assert show_completion(Times(spread, spread, spread), in_full=in_full) == expected
