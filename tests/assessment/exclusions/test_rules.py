import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.exclusions.rules import Coverage, cover, together
from shared.types import Level

LEVELS = st.sampled_from(list(Level))


@pytest.mark.parametrize(
    ("only", "units", "excluded", "covered", "share"),
    [
        (None, 4, 1, 3, 0.75),
        (Level.county, 4, 0, 4, 1.0),
        (Level.township, 4, 0, 0, 0.0),
        (None, 0, 0, 0, None),
    ],
)
def test_cover(only: Level | None, units: int, excluded: int, covered: int, share: float | None) -> None:
    coverage = cover(Level.county, only, units, excluded)
    assert (coverage.covered, coverage.share) == (covered, share)


@given(st.lists(st.tuples(LEVELS, st.integers(0, 9), st.integers(0, 9)), max_size=5), st.none() | LEVELS)
def test_levels_together_are_the_whole_and_nobody_counts_twice(rows: list[tuple[Level, int, int]], only: Level | None) -> None:
    parts = [cover(level, only, units + excluded, excluded) for level, units, excluded in rows]
    whole = together(parts)
    assert whole.units == sum(units + excluded for _, units, excluded in rows)
    assert whole.covered + whole.excluded <= whole.units


def test_nothing_together_is_nothing() -> None:
    assert together([]) == Coverage(0, 0, 0)
