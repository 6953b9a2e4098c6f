from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.alarms.rules import Upheld
from services.assessment.grading.rules.evidence import Evidence, Observed, gather, observe_mean
from services.assessment.grading.rules.gates import AlarmGate, FloorGate, GateCode, RetaliationGate
from services.assessment.grading.rules.judging import NO_CAMPAIGN, Advice, Grade, GradeValue, grade, meaning_of
from services.assessment.grading.rules.showing import FEWEST, hundredths, show_cases, show_completion
from services.assessment.indicators.rules import (
    CaseCounts,
    Indicator,
    Measures,
    Retaliations,
    Spread,
    Tally,
    Times,
    VisitCounts,
)
from services.assessment.outcomes.rules import NO_REACH, Reach, mean_of
from services.assessment.profiles.rules import Profile
from services.assessment.scores.rules import Points
from services.assessment.standards.rules import (
    Bands,
    DeclaredGate,
    Floor,
    Normalisation,
    Terms,
)
from shared.events.assessment import Part, Terrain
from shared.types import Level
from tests.assessment.terms import BASIC, THREE, all_terms, criterion, tallies, terms

VALUES = list(GradeValue)


def observed(**tallies: tuple[int, int]) -> Evidence:
    return Evidence(Level.county, {code: Observed(hits, Fraction(n), n) for code, (hits, n) in tallies.items()})


def measured(response: tuple[int, int], resolution: tuple[int, int], satisfaction: tuple[int, int]) -> Evidence:
    return observed(response=response, resolution=resolution, satisfaction=satisfaction)


def graded(evidence: Evidence, terms: Terms | None = BASIC, *, in_full: bool = True) -> Grade:
    return grade(terms, evidence, in_full=in_full)


@st.composite
def graded_by(draw: st.DrawFn, least: int = 0) -> tuple[Terms, Evidence]:
    """Terms, and evidence as they ask for it: a floor looks at what a criterion of the same indicator looks at."""
    asked = draw(all_terms())
    criteria = {each.code: draw(tallies(least)) for each in asked.criteria}
    floors = {each.indicator: criteria.get(each.indicator) or draw(tallies(least)) for each in asked.floors}
    return asked, Evidence(Level.county, criteria, floors)


def test_grade_worked_example() -> None:
    """18 of 20, 12 of 16, 9 of 15: 10 * 0.9 + 45 * 0.75 + 45 * 0.6 = 9 + 33.75 + 27 = 69.75 of 100."""
    found = graded(measured((18, 20), (12, 16), (9, 15)))
    assert found.composite == Fraction(6975, 10_000)
    assert [part.contribution for part in found.parts] == [Fraction(9, 100), Fraction(3375, 10_000), Fraction(27, 100)]
    assert found.value is GradeValue.qualified
    assert found.reason == "qualified: composite 0.69 reaches 0.60; 0.85 would be excellent"


@pytest.mark.parametrize(
    ("rates", "composite"),
    [
        ((100, 100, 100), 100),
        ((100, 80, 80), 82),
        ((90, 70, 60), Fraction("67.5")),
        ((0, 100, 100), 90),
        ((100, 0, 0), 10),
    ],
)
def test_the_published_scheme_of_ten_forty_five_and_forty_five(rates: tuple[int, int, int], composite: Fraction) -> None:
    response, resolution, satisfaction = ((rate, 100) for rate in rates)
    assert graded(measured(response, resolution, satisfaction)).composite == Fraction(composite) / 100


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


def test_a_level_may_have_bands_of_its_own() -> None:
    stricter = BASIC.model_copy(update={"level_bands": {Level.township: Bands(qualified=Decimal("0.80"))}})
    found = measured((70, 100), (70, 100), (70, 100))
    assert graded(found, stricter).value is GradeValue.qualified
    assert graded(replace(found, level=Level.township), stricter).value is GradeValue.unqualified


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
    weights = zip(THREE, (100, 0, 0), strict=True)
    only_response = terms(*(criterion(indicator, weight) for indicator, weight in weights))
    assert graded(measured((5, 5), (0, 0), (0, 0)), only_response).value is GradeValue.excellent


@pytest.mark.parametrize(("hits", "worth"), [(40, 0), (50, 0), (60, Fraction(1, 4)), (80, Fraction(3, 4)), (90, 1), (100, 1)])
def test_a_scale_is_worth_nothing_up_to_its_floor_and_everything_from_its_target(hits: int, worth: Fraction) -> None:
    on_scale = terms(criterion(Indicator.response, scale={"floor": "0.5", "target": "0.9"}))
    assert graded(observed(response=(hits, 100)), on_scale).composite == worth


def test_an_amount_is_set_against_the_size_of_the_unit() -> None:
    """150 visits for 20,000 residents in mountains, where 0.6 is expected: 150 / (20 * 0.6) = 12.5, of 10 to 20 a quarter."""
    per_thousand = Normalisation(by="population", per=1000, terrain={Terrain.mountains: Decimal("0.6")})
    asked = terms(criterion(Indicator.visits_made, normalisation=per_thousand, scale={"floor": "10", "target": "20"}))
    visits = VisitCounts(planned=160, done=140, done_late=10)
    measures = Measures(Tally(0, 0), Tally(0, 0), Tally(0, 0), CaseCounts(), visits)

    def of(profile: Profile | None) -> Grade:
        return graded(gather(asked, Level.county, measures, profile=profile, points={}), asked)

    assert of(Profile(20_000, 40, Terrain.mountains)).composite == Fraction(1, 4)
    assert of(Profile(20_000, 40, Terrain.plain)).composite == 0
    undeclared = of(None)
    assert undeclared.value is GradeValue.not_graded
    assert undeclared.reason == "not graded: visits_made needs the profile of the unit, which has not been declared"
    assert meaning_of(asked.criteria[0]).formula == (
        "visits made / (population / 1000 x the factor of the terrain (mountains 0.6)); worth nothing at 10, everything at 20"
    )


REACHED = criterion(Indicator.outcomes, minimum_sample=2)


@pytest.mark.parametrize(
    ("reach", "composite", "reason"),
    [
        (Reach(Fraction(7, 10), 3, 5), Fraction(7, 10), "qualified: composite 0.70 reaches 0.60; 0.85 would be excellent"),
        (Reach(Fraction(1, 3), 2, 2), Fraction(1, 3), "unqualified: composite 0.33 is below 0.60, which would be qualified"),
        (Reach(Fraction(0), 2, 2), Fraction(0), "unqualified: composite 0.00 is below 0.60, which would be qualified"),
        (Reach(Fraction(1), 1, 9), None, "not graded: outcomes needs 2 outcomes due that can be counted, has 1"),
        (Reach(None, 0, 9), None, "not graded: outcomes needs 2 outcomes due that can be counted, has 0"),
    ],
)
def test_outcomes_count_as_their_exact_mean_and_what_nobody_speaks_of_is_missing(
    reach: Reach, composite: Fraction | None, reason: str
) -> None:
    asked, measures = terms(REACHED), Measures(Tally(9, 9), Tally(9, 9), Tally(9, 9), CaseCounts())
    found = graded(gather(asked, Level.county, measures, profile=None, points={}, reach=reach), asked, in_full=False)
    assert (found.composite, found.reason) == (composite, reason)
    assert found.parts[0].interval is None, "a mean is no share of observations"
    assert found.advice is None or found.advice.further is None


@given(st.lists(st.one_of(st.none(), st.fractions(0, 1, max_denominator=30)), max_size=9), st.data())
def test_an_outcome_that_came_further_never_lowers_what_they_are_worth(
    counted: list[Fraction | None], data: st.DataObject
) -> None:
    known = [number for number, each in enumerate(counted) if each is not None]
    if not known:
        assert observe_mean(mean_of(counted)).value is None
        return
    number = data.draw(st.sampled_from(known))
    further = [*counted[:number], data.draw(st.fractions(counted[number], 1, max_denominator=30)), *counted[number + 1 :]]
    before, after = (observe_mean(mean_of(each)) for each in (counted, data.draw(st.permutations(further))))
    assert before.n == after.n == len(known)
    assert before.value is not None
    assert after.value is not None
    assert before.value == sum((each for each in counted if each is not None), Fraction(0)) / len(known)
    assert before.value <= after.value <= 1


def test_a_floor_may_ask_for_outcomes() -> None:
    asked = terms(*BASIC.criteria, floors=[Floor(indicator=Indicator.outcomes, at_least=Decimal("0.5"), minimum_sample=1)])
    measures = Measures(Tally(9, 9), Tally(9, 9), Tally(9, 9), CaseCounts())

    def of(reach: Reach) -> str:
        return graded(gather(asked, Level.county, measures, profile=None, points={}, reach=reach), asked).reason

    assert of(Reach(Fraction(2, 5), 2, 2)) == "unqualified: outcomes 0.40 is below its floor of 0.5"
    assert of(Reach(Fraction(1, 2), 2, 2)).startswith("excellent")
    assert of(NO_REACH) == "not graded: the floor of outcomes needs 1 outcomes due that can be counted, has 0"


def test_scores_are_a_part_of_their_own_and_no_other_part_stands_in_for_them() -> None:
    """Two inspectors gave 70 and 80."""
    asked = terms(criterion(None, minimum_sample=2))
    measures = Measures(Tally(9, 9), Tally(9, 9), Tally(9, 9), CaseCounts())
    given = {("look", Part.inspector): Points(150, 2)}
    assert graded(gather(asked, Level.county, measures, profile=None, points=given), asked).composite == Fraction(3, 4)
    own = {("look", Part.self): Points(200, 2)}
    alone = graded(gather(asked, Level.county, measures, profile=None, points=own), asked)
    assert alone.reason == "not graded: look needs 2 inspectors' scores, has 0"


@given(graded_by(least=10), st.data())
def test_grade_is_monotone_in_each_criterion(case: tuple[Terms, Evidence], data: st.DataObject) -> None:
    asked, before = case
    code = data.draw(st.sampled_from([each.code for each in asked.criteria]))
    known = before.criteria[code]
    better = msgspec.structs.replace(known, hits=min(known.hits + 1, known.n))
    floors = {each: better if each == code else was for each, was in before.floors.items()}
    after = replace(before, criteria={**before.criteria, code: better}, floors=floors)
    low, high = graded(before, asked), graded(after, asked)
    assert low.composite is not None
    assert high.composite is not None
    assert low.composite <= high.composite
    assert VALUES.index(low.value) <= VALUES.index(high.value)


@given(graded_by(), st.booleans())
def test_missing_is_never_zero(case: tuple[Terms, Evidence], in_full: bool) -> None:
    asked, evidence = case
    result = graded(evidence, asked, in_full=in_full)
    lacking = [part for part in result.parts if part.lacks]
    assert all(part.contribution is None for part in lacking)
    assert not lacking or result.composite is None
    if not result.gates:
        assert not lacking or result.value is GradeValue.not_graded
        assert all(part.criterion.code in result.reason for part in lacking)


@given(graded_by(), st.integers(0, FEWEST - 1), st.data())
def test_grade_for_the_public_says_nothing_of_fewer_than_five(case: tuple[Terms, Evidence], n: int, data: st.DataObject) -> None:
    """Whatever fewer than five residents said, the public reads the same."""
    _, found = case
    asked = terms(*BASIC.criteria, floors=[Floor(indicator=Indicator.resolution, at_least=Decimal("0.5"), minimum_sample=1)])

    def public(hits: int, n: int) -> tuple[GradeValue, str, Fraction | None]:
        said = Observed(hits, Fraction(n), n)
        evidence = Evidence(
            Level.county,
            {"response": Observed(9, Fraction(9), 9), **found.criteria, "resolution": said},
            {Indicator.resolution: said},
        )
        result = graded(evidence, asked, in_full=False)
        return result.value, result.reason, result.composite

    assert public(data.draw(st.integers(0, n)), n) == public(0, 0)


def test_grade_in_full_may_rest_on_fewer() -> None:
    small = terms(*(criterion(indicator, weight, minimum_sample=1) for indicator, weight in THREE.items()))
    found = measured((2, 2), (2, 2), (2, 2))
    assert graded(found, small).value is GradeValue.excellent
    assert graded(found, small, in_full=False).reason == (
        "not graded: resolution has too few verdicts to be shown; satisfaction has too few satisfaction ratings to be shown"
    )


FOUND = Retaliations(2, datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 5, 1, 10, tzinfo=UTC))


@given(graded_by(), st.booleans(), st.booleans())
def test_retaliation_alone_makes_a_unit_unqualified_whatever_else_it_did(
    case: tuple[Terms, Evidence], measured: bool, in_full: bool
) -> None:
    asked, evidence = (case[0] if measured else None), case[1]
    before, result = (graded(each, asked, in_full=in_full) for each in (evidence, replace(evidence, retaliations=FOUND)))
    assert result.value is GradeValue.unqualified
    assert result.reason.startswith("unqualified: retaliation was found, which counts until 2027-05-01")
    assert result.gates == (RetaliationGate(2, date(2026, 3, 2), date(2027, 5, 1)), *before.gates)
    assert (result.composite, result.parts) == (before.composite, before.parts)


UPHELD = Upheld(2, datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC))


@given(graded_by(), st.booleans())
def test_an_upheld_alarm_wins_over_everything_where_the_standard_says_so(case: tuple[Terms, Evidence], in_full: bool) -> None:
    asked = case[0].model_copy(update={"gates": (DeclaredGate.upheld_alarm,)})
    before, result = (graded(each, asked, in_full=in_full) for each in (case[1], replace(case[1], alarms=UPHELD)))
    assert result.value is GradeValue.unqualified
    assert result.reason.startswith("unqualified: cases were closed to be closed from 2026-03-02 to 2026-03-07: upheld_alarm")
    assert result.gates == (AlarmGate(2, date(2026, 3, 2), date(2026, 3, 7)), *before.gates)
    assert (result.composite, result.parts) == (before.composite, before.parts)


@given(graded_by(), st.booleans())
def test_an_upheld_alarm_is_nothing_where_no_standard_says_so(case: tuple[Terms, Evidence], in_full: bool) -> None:
    asked, evidence = case
    before, result = (graded(each, asked, in_full=in_full) for each in (evidence, replace(evidence, alarms=UPHELD)))
    assert result == before
    assert graded(replace(evidence, alarms=UPHELD), None).value is GradeValue.not_graded


def test_what_a_standard_does_not_ask_about_is_no_evidence() -> None:
    measures = Measures(Tally(9, 9), Tally(9, 9), Tally(9, 9), CaseCounts())
    gated = BASIC.model_copy(update={"gates": (DeclaredGate.upheld_alarm,)})
    kept = [gather(each, Level.county, measures, profile=None, points={}, alarms=UPHELD).alarms for each in (BASIC, gated)]
    assert kept == [None, UPHELD]


@given(graded_by(least=10))
def test_a_floor_wins_over_every_composite(case: tuple[Terms, Evidence]) -> None:
    asked, evidence = case
    result = graded(evidence, asked)
    below = [each for each in asked.floors if (evidence.floors[each.indicator].value or 0) < Fraction(each.at_least)]
    assert result.gates == tuple(FloorGate(each, evidence.floors[each.indicator]) for each in below)
    if below:
        assert result.value is GradeValue.unqualified


def test_a_floor_says_what_is_below_it_and_a_missing_one_is_missing() -> None:
    asked = terms(*BASIC.criteria, floors=[Floor(indicator=Indicator.visits_on_time, at_least=Decimal("0.5"))])
    perfect = measured((9, 9), (9, 9), (9, 9))
    below = replace(perfect, floors={Indicator.visits_on_time: Observed(4, Fraction(9), 9)})
    assert graded(below, asked).reason == "unqualified: visits_on_time 0.44 is below its floor of 0.5"
    assert [gate.code for gate in graded(below, asked).gates] == [GateCode.floor]
    few = replace(perfect, floors={Indicator.visits_on_time: Observed(0, Fraction(4), 4)})
    assert graded(few, asked).reason == "not graded: the floor of visits_on_time needs 5 visits made or missed, has 4"


def test_a_floor_of_coverage_counts_what_was_made_late_and_holds_no_refusal_against_anybody() -> None:
    asked = terms(*BASIC.criteria, floors=[Floor(indicator=Indicator.visits_covered, at_least=Decimal("0.4"))])
    visits = VisitCounts(planned=20, done=1, done_late=2, missed=6, refused=11)
    found = gather(
        asked, Level.county, Measures(Tally(9, 9), Tally(9, 9), Tally(9, 9), CaseCounts(), visits), profile=None, points={}
    )
    assert found.floors == {Indicator.visits_covered: Observed(3, 9, 9)}
    assert graded(found, asked).reason == "unqualified: visits_covered 0.33 is below its floor of 0.4"


@given(graded_by(least=10))
def test_the_uncertainty_of_the_shares_encloses_the_grade(case: tuple[Terms, Evidence]) -> None:
    asked, evidence = case
    result = graded(evidence, asked)
    assert (result.between is None) is bool(result.gates)
    if result.between:
        low, high = result.between
        assert VALUES.index(low) <= VALUES.index(result.value) <= VALUES.index(high)


def test_few_observations_leave_several_grades_possible() -> None:
    assert graded(measured((7, 10), (7, 10), (7, 10))).between == (GradeValue.unqualified, GradeValue.excellent)
    assert graded(measured((7000, 10_000), (7000, 10_000), (7000, 10_000))).between == (
        GradeValue.qualified,
        GradeValue.qualified,
    )


def test_advice_names_the_criterion_with_the_most_to_gain_and_how_much_would_do() -> None:
    """0.69 lacks 0.1525 of 0.85; satisfaction has 0.18 to gain. (9 + k) / (15 + k) is high enough from k = 84 on."""
    found = graded(measured((18, 20), (12, 16), (9, 15)))
    assert found.advice == Advice("satisfaction", Fraction(18, 100), GradeValue.excellent, 84)
    assert graded(measured((9, 9), (9, 9), (9, 9))).advice is None


@given(graded_by(least=10))
def test_advice_is_enough_and_one_less_is_not(case: tuple[Terms, Evidence]) -> None:
    asked, evidence = case
    advice = graded(evidence, asked).advice
    if advice is None or advice.further is None:
        return
    assert advice.further > 0

    def with_further(further: int) -> GradeValue:
        known = evidence.criteria[advice.criterion]
        n = known.n + further
        criteria = {**evidence.criteria, advice.criterion: Observed(known.hits + further, Fraction(n), n)}
        return graded(replace(evidence, criteria=criteria), asked).value

    assert advice.band is not None
    assert VALUES.index(with_further(advice.further)) >= VALUES.index(advice.band)
    assert VALUES.index(with_further(advice.further - 1)) < VALUES.index(advice.band)


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
