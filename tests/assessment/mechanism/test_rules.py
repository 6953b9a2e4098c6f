from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.indicators.rules import Tally
from services.assessment.mechanism.rules import (
    LEAST,
    Habit,
    Kept,
    Seen,
    Sign,
    habits_of,
    has_cooled,
    index_of,
    quiet_until,
    reach_together,
    score_of,
    together,
    too_early,
)
from services.assessment.outcomes.rules import NO_REACH, Reach, mean_of


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    n = draw(st.integers(0, 40))
    return Tally(draw(st.integers(0, n)), n)


counted = st.lists(st.one_of(st.none(), st.fractions(0, 1, max_denominator=20)), max_size=6)
reaches = counted.map(mean_of)


def test_a_score_by_hand() -> None:
    """9 of 10 in time, 6 of 8 on time, and one outcome of 0.6: (0.9 + 0.75 + 0.6) / 3 = 0.75."""
    kept = habits_of(Tally(9, 10), Tally(6, 8), Tally(3, 4), Reach(Fraction(3, 5), 1, 2))
    assert score_of(kept) == Fraction(3, 4)
    few = "promises needs 5 promises due, has 4"
    assert [each.lack for each in kept] == [None, None, few, None, "inspections are not recorded yet"]
    assert score_of(habits_of(Tally(9, 10), Tally(6, 8), Tally(6, 8), NO_REACH)) == Fraction(4, 5)


@pytest.mark.parametrize(
    ("visits", "score"), [(Tally(0, 4), Fraction(9, 10)), (Tally(0, 5), Fraction(9, 20)), (Tally(4, 4), Fraction(9, 10))]
)
def test_what_is_missing_is_left_out_and_never_zero(visits: Tally, score: Fraction) -> None:
    kept = habits_of(Tally(9, 10), visits, Tally(0, 4), NO_REACH)
    assert score_of(kept) == score
    assert kept[3].lack is not None
    assert kept[3].lack.startswith("outcomes needs 1 outcomes due")


def test_where_nothing_is_known_there_is_no_score() -> None:
    assert score_of(habits_of(Tally(4, 4), Tally(0, 0), Tally(0, 0), NO_REACH)) is None


@given(tallies(), tallies(), tallies(), reaches)
def test_a_score_lies_among_the_habits_that_are_known(response: Tally, visits: Tally, promises: Tally, reach: Reach) -> None:
    kept = habits_of(response, visits, promises, reach)
    known = [each.value for each in kept if each.value is not None]
    score = score_of(kept)
    assert (score is None) is (not known)
    if score is not None:
        assert min(known) <= score <= max(known)
        assert all(each.habit in LEAST for each in kept if each.value is not None)


@given(tallies(), tallies(), tallies(), reaches)
def test_one_more_that_was_kept_in_time_never_lowers_a_known_score(
    response: Tally, visits: Tally, promises: Tally, reach: Reach
) -> None:
    before, after = (habits_of(each, visits, promises, reach) for each in (response, Tally(response.hits + 1, response.n + 1)))
    if before[0].lack is None:
        assert (score_of(after) or 0) >= (score_of(before) or 0)


@given(st.lists(tallies(), max_size=6))
def test_tallies_add_up_in_every_order(found: list[Tally]) -> None:
    whole = together(found)
    assert whole == together(reversed(found))
    assert (whole.hits, whole.n) == (sum(each.hits for each in found), sum(each.n for each in found))


@given(st.lists(counted, max_size=5))
def test_the_outcomes_of_several_units_are_as_if_they_were_of_one(units: list[list[Fraction | None]]) -> None:
    assert reach_together(map(mean_of, units)) == mean_of([each for unit in units for each in unit])


def test_a_habit_without_its_least_has_neither_value_nor_interval() -> None:
    few, enough = Kept(Habit.response, 4, 4), Kept(Habit.response, 5, 4)
    assert (few.value, few.interval) == (None, None)
    assert enough.value == Fraction(4, 5)
    assert enough.interval is not None
    assert enough.interval.low < 0.8 < enough.interval.high


def visited(during: int, after: int) -> Seen:
    """In thirty days each."""
    return Seen(Sign.visits_made, during / 30, during, after / 30, after)


def answered(during: float, after: float, *, n: int = 9) -> Seen:
    return Seen(Sign.first_answer, during, 9, after, n)


@pytest.mark.parametrize(
    ("signs", "index"),
    [
        ([visited(30, 15), answered(3600, 7200)], 0.5),
        ([visited(30, 30), answered(3600, 3600)], 1.0),
        ([visited(30, 90), answered(3600, 60)], 1.0),
        ([visited(30, 0), answered(3600, 3600)], 0.5),
        ([visited(4, 0), answered(3600, 4800)], 0.75),
        ([visited(4, 0), answered(3600, 4800, n=4)], None),
        ([visited(5, 5), answered(0, 0)], 1.0),
    ],
)
def test_what_is_left_after_a_campaign(signs: list[Seen], index: float | None) -> None:
    """No visits afterwards are seen, and not missing; too few to compare are missing, and no zero."""
    assert index_of(signs) == index


@given(st.integers(5, 99), st.integers(0, 99), st.floats(1, 1e6), st.floats(1, 1e6))
def test_an_index_lies_between_nothing_and_all_and_rises_with_each_visit(
    during: int, after: int, quick: float, slow: float
) -> None:
    one, more = (index_of([visited(during, visits), answered(quick, slow)]) for visits in (after, after + 1))
    assert one is not None
    assert more is not None
    assert 0 <= one <= more <= 1
    assert has_cooled(one) is (one < 0.8)


NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ended", "others", "until", "early"),
    [
        (30, [], 0, False),
        (200, [], 110, False),
        (30, [10], 10, False),
        (13, [], 0, True),
        (30, [20], 20, True),
        (30, [40, 5], 40, True),
    ],
)
def test_what_comes_after_a_campaign_ends_where_the_next_begins(ended: int, others: list[int], until: int, early: bool) -> None:
    """In days ago; the last one began while the first still ran."""
    ended_at = NOW - timedelta(days=ended)
    found = quiet_until(ended_at, [NOW - timedelta(days=each) for each in others], NOW)
    assert found == NOW - timedelta(days=until)
    assert (too_early(ended_at, found) is not None) is early
