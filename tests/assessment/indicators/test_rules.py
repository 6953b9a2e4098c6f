import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.indicators.rules import Tally, wilson


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    n = draw(st.integers(1, 10**7))
    return Tally(draw(st.integers(0, n)), n)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_known_values(hits: int, n: int, low: float, high: float) -> None:
    """The first four are the worked examples of Newcombe (1998), method 3."""
    interval = wilson(Tally(hits, n))
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_without_observations_there_is_no_value_and_no_interval() -> None:
    assert Tally(0, 0).value is None
    assert wilson(Tally(0, 0)) is None


@given(tallies())
def test_wilson_contains_the_share_and_stays_within_bounds(tally: Tally) -> None:
    interval = wilson(tally)
    assert interval is not None
    assert tally.value is not None
    assert 0 <= interval.low <= tally.value <= interval.high <= 1
    assert interval.low < interval.high


@given(tallies(), st.integers(2, 50))
def test_wilson_shrinks_with_n(tally: Tally, times: int) -> None:
    few, many = wilson(tally), wilson(Tally(tally.hits * times, tally.n * times))
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


@given(tallies())
def test_wilson_is_symmetric(tally: Tally) -> None:
    interval, mirrored = wilson(tally), wilson(Tally(tally.n - tally.hits, tally.n))
    assert interval is not None
    assert mirrored is not None
    assert interval.low == pytest.approx(1 - mirrored.high)
    assert interval.high == pytest.approx(1 - mirrored.low)
