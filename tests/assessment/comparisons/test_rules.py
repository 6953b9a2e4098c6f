import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.comparisons.rules import FEWEST_UNITS, Place, Result, place_of, too_few
from services.assessment.grading.rules.judging import GradeValue

GRADED = [GradeValue.unqualified, GradeValue.qualified, GradeValue.excellent]
results = st.builds(Result, st.sampled_from(GRADED), st.fractions(0, 1, max_denominator=40))
groups = st.lists(results, min_size=FEWEST_UNITS, max_size=40)


def qualified(hundredths: int) -> Result:
    return Result(GradeValue.qualified, Fraction(hundredths, 100))


def test_a_place_by_hand() -> None:
    """0.60, 0.65, 0.70 twice, 0.80: the two share the second place."""
    group = Counter(map(qualified, (70, 60, 80, 70, 65)))
    quartiles = (Fraction(65, 100), Fraction(70, 100), Fraction(70, 100))
    assert place_of(qualified(70), group) == Place(2, 5, 2, *quartiles)
    assert place_of(qualified(80), group) == Place(1, 5, 1, *quartiles)
    assert place_of(qualified(60), group) == Place(5, 5, 1, *quartiles)


def test_a_gate_wins_over_the_composite_here_too() -> None:
    gated = Result(GradeValue.unqualified, Fraction(1))
    group = Counter([gated, *map(qualified, (60, 61, 62, 63))])
    assert place_of(gated, group).place == 5


@given(groups, st.randoms(use_true_random=False))
def test_a_place_does_not_depend_on_the_order_of_the_others(units: list[Result], mix: random.Random) -> None:
    shuffled = mix.sample(units, k=len(units))
    assert place_of(units[0], Counter(units)) == place_of(units[0], Counter(shuffled))


@given(groups)
def test_everybody_has_a_place_and_ties_share_it(units: list[Result]) -> None:
    """Standard competition ranking: as many stand before a unit as its place says, less one."""
    group = Counter(units)
    for own in units:
        found = place_of(own, group)
        assert found.place - 1 == sum(other.order > own.order for other in units)
        assert found.shared_by == sum(other == own for other in units)
        assert 1 <= found.place <= found.place + found.shared_by - 1 <= found.of == len(units)


@given(groups, results)
def test_one_more_unit_that_is_no_better_leaves_the_place(units: list[Result], other: Result) -> None:
    own = units[0]
    before, after = (place_of(own, Counter(each)) for each in (units, [*units, other]))
    assert after.place == before.place + (other.order > own.order)


@given(groups)
def test_the_quartiles_lie_within_what_there_is_in_their_order(units: list[Result]) -> None:
    found = place_of(units[0], Counter(units))
    composites = [unit.composite for unit in units]
    assert min(composites) <= found.lower_quartile <= found.median <= found.upper_quartile <= max(composites)
    assert sum(each < found.median for each in composites) <= len(composites) / 2


@pytest.mark.parametrize(("of", "shown"), [(0, False), (4, False), (5, True)])
def test_there_is_no_place_among_fewer_than_five(of: int, shown: bool) -> None:
    assert (too_few(of) is None) is shown
