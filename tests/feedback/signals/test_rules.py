"""What rises, how sure that is, and what is hidden so that nobody can compute it."""

import math
from collections.abc import Hashable, Mapping
from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.signals.rules import (
    FLOOR,
    STEP,
    Figure,
    Signal,
    Tally,
    Weeks,
    beta_share,
    figure,
    figures,
    ratio_bounds,
    signals,
    windows,
)


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.3, 2, 5, 0.5798250000000003),
        (0.5, 10, 10, 0.5),
        (0.9, 40, 3, 0.19510765482693676),
        (0.01, 1, 1, 0.01),
        (0.52, 1000, 900, 0.2905178040110196),
    ],
)
def test_shares_of_the_beta_distribution(x: float, a: int, b: int, share: float) -> None:
    """From `scipy.stats.beta.cdf` of SciPy."""
    assert beta_share(x, a, b) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize(
    ("recent", "before", "low", "high"),
    [
        (28, 12, 1.1490758688015124, 5.0376554906148066),
        (10, 10, 0.3735468466953663, 2.677040400249479),
        (20, 5, 1.456776504314741, 13.638831336076601),
        (3, 9, 0.05804503241809782, 1.3356761980784038),
        (100, 80, 0.922276649928151, 1.6988184511709519),
        (28, 4, 2.4488892863844622, 27.465169635737368),
        (5, 0, 0.91635585731546, math.inf),
        (0, 5, 0.0, 1.091279105182546),
        (12, 8, 0.5638258000476363, 4.230397418176331),
        (1000, 900, 1.0144048594326725, 1.2171708368278923),
        (200_000, 199_000, 0.9988025258331733, 1.0112865167392509),
    ],
)
def test_intervals_of_the_ratio_of_two_rates(recent: int, before: int, low: float, high: float) -> None:
    """From `scipy.stats.binomtest(recent, recent + before).proportion_ci(method="exact")`, as odds."""
    assert ratio_bounds(recent, before) == pytest.approx((low, high), rel=1e-7)


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_interval_holds_the_ratio_and_turns_round_with_it(recent: int, before: int) -> None:
    low, high = ratio_bounds(recent, before)
    if before:
        assert low <= recent / before <= high
    turned = ratio_bounds(before, recent)
    if recent and before:
        assert turned == pytest.approx((1 / high, 1 / low), rel=1e-6)


@pytest.mark.parametrize(
    ("today", "weeks", "days"),
    [
        (date(2026, 3, 2), Weeks.month, ("2026-01-05", "2026-02-02", "2026-03-02")),
        (date(2026, 3, 8), Weeks.month, ("2026-01-05", "2026-02-02", "2026-03-02")),
        (date(2026, 3, 9), Weeks.month, ("2026-01-12", "2026-02-09", "2026-03-09")),
        (date(2027, 1, 3), Weeks.quarter, ("2026-06-29", "2026-09-28", "2026-12-28")),
    ],
)
def test_windows_are_whole_weeks_and_the_same_all_week(today: date, weeks: Weeks, days: tuple[str, str, str]) -> None:
    assert windows(today, weeks) == tuple(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (1_002, 1_000), (1_003, 1_005)]
)
def test_counts_are_shown_from_the_floor_on_in_steps(count: int, shown: int | None) -> None:
    assert figure(count).shown == shown


@given(st.integers(0, 10_000))
def test_the_bounds_of_a_figure_hold_its_count(count: int) -> None:
    found = figure(count)
    assert found.least <= count <= (found.most or 0)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 20, "b": 10}, ""),
        ({"a": 20, "b": 10, "c": 4}, "bc"),
        ({"a": 20, "b": 4, "c": 3}, "bc"),
        ({"a": 20, "b": 10, "c": 2, "d": 1}, "bcd"),
        ({"a": 20, "b": 0}, "b"),
        ({"a": 20, "b": 10, "c": 0, "d": 0}, "cd"),
        ({"a": 4}, "a"),
        ({"a": 2, "b": 1}, "ab"),
        ({}, ""),
    ],
)
def test_what_is_hidden_beside_what_is_below_the_floor(counts: Mapping[Hashable, int], hidden: str) -> None:
    assert "".join(str(part) for part, each in figures(counts).items() if each.shown is None) == hidden


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=6))
def test_the_total_never_tells_what_is_hidden(counts: dict[Hashable, int]) -> None:
    """Even whoever knew the exact total and every shown count exactly would find the hidden ones to be together at least the
    floor, and more than one."""
    found = figures(counts)
    hidden = [count for part, count in counts.items() if found[part].shown is None]
    assert all(count >= FLOOR for part, count in counts.items() if found[part].shown is not None)
    if any(hidden) and len(hidden) < len(counts):
        assert len(hidden) >= 2
        assert sum(hidden) >= FLOOR


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_difference_of_two_shown_counts_leaves_open_whether_it_is_one_case(first: int, second: int, third: int) -> None:
    """Of a unit and the one below it: what the one below does not hold may be anything in a span of a step."""
    upper, lower = figure(first + second + third), figure(first)
    if upper.shown is not None and lower.shown is not None and upper.most is not None and lower.most is not None:
        assert (upper.most - lower.least) - (upper.least - lower.most) >= STEP - 1


def signal(recent: int, before: int) -> Signal:
    return Signal(figure(recent), figure(before))


@pytest.mark.parametrize(
    ("recent", "before", "ratio", "low", "high", "rising"),
    [
        (30, 10, 3.0, 1.15, 10.05, True),
        (10, 10, 1.0, 0.24, 4.23, False),
        (15, 10, 1.5, 0.46, 5.69, False),
        (10, 30, 0.33, 0.1, 0.87, False),
        (30, 3, None, 2.45, None, True),
        (7, 0, None, 0.27, None, False),
        (4, 40, None, None, None, False),
        (4, 4, None, None, None, False),
    ],
)
def test_a_trend_is_told_from_what_is_shown(
    recent: int, before: int, ratio: float | None, low: float | None, high: float | None, rising: bool
) -> None:
    trend = signal(recent, before).trend
    assert tuple(trend) == (ratio, low, high)
    assert trend.rising is rising


@given(st.integers(FLOOR, 80), st.integers(0, 80))
def test_a_trend_holds_for_every_count_that_is_shown_like_this(recent: int, before: int) -> None:
    shown = signal(recent, before)
    if shown.before.shown is None:
        return
    spans = [range(each.least, (each.most or 0) + 1) for each in (shown.recent, shown.before)]
    for one, other in product(*spans):
        low, high = ratio_bounds(one, other)
        assert (shown.trend.low or 0) <= round(low, 2)
        assert (shown.trend.high or 0) >= round(high, 2)


def test_a_count_that_is_hidden_for_anothers_sake_tells_no_trend() -> None:
    """Else its bounds would tell what it is."""
    assert tuple(Signal(figure(30), Figure(None)).trend) == (None, None, None)
    total, parts = signals({"light": Tally(30, 6), "water": Tally(30, 30), "waste": Tally(30, 2)})
    assert (total.recent.shown, total.before.shown) == (90, 40)
    assert parts["light"].trend.low is None
    assert parts["waste"].trend.rising
    assert parts["water"].trend.ratio == 1.0


def test_what_is_hidden_in_both_windows_is_not_named() -> None:
    _, parts = signals({"light": Tally(30, 30), "water": Tally(20, 20), "a rare one": Tally(1, 0), "another": Tally(0, 1)})
    assert list(parts) == ["light"]
