from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.alarms.rules import LastAlarm, Measure, check_open, days_over, is_bulk, measure
from shared.errors import Conflict

DAY = date(2026, 3, 2)
COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("closings", "busiest", "bulk"),
    [(19, 0, False), (20, 0, True), (20, 6, True), (20, 7, False), (90, 30, True), (89, 30, False), (0, 0, False)],
)
def test_bulk_is_many_and_several_times_the_busiest_day(closings: int, busiest: int, bulk: bool) -> None:
    assert is_bulk(closings, busiest) is bulk


@given(COUNTS, COUNTS, COUNTS)
def test_more_closings_are_no_less_suspicious_and_a_busier_habit_no_more(closings: int, busiest: int, more: int) -> None:
    if is_bulk(closings, busiest):
        assert is_bulk(closings + more, busiest)
    else:
        assert not is_bulk(closings, busiest + more)


@given(COUNTS, st.integers(0, 28))
def test_a_habit_is_never_suspicious(closings: int, others: int) -> None:
    """Whoever had such a day within four weeks, in whatever rhythm."""
    assert not is_bulk(closings, closings + others)


@pytest.mark.parametrize(
    ("closings", "last", "found"),
    [
        (19, None, Measure.nothing),
        (20, None, Measure.raise_alarm),
        (20, LastAlarm(DAY, decided=False), Measure.extend),
        (20, LastAlarm(date(2026, 3, 1), decided=False), Measure.extend),
        (20, LastAlarm(DAY, decided=True), Measure.nothing),
        (20, LastAlarm(date(2026, 3, 1), decided=True), Measure.raise_alarm),
        (19, LastAlarm(DAY, decided=False), Measure.nothing),
    ],
)
def test_a_burst_has_one_alarm_until_it_is_decided(closings: int, last: LastAlarm | None, found: Measure) -> None:
    assert measure(DAY, closings, 0, last) is found


def test_a_day_is_over_an_hour_after_midnight() -> None:
    assert days_over(datetime(2026, 3, 3, 0, 59, tzinfo=UTC)) == DAY
    assert days_over(datetime(2026, 3, 3, 1, 0, tzinfo=UTC)) == date(2026, 3, 3)


def test_what_is_decided_stands() -> None:
    check_open(decided=False)
    with pytest.raises(Conflict) as refused:
        check_open(decided=True)
    assert refused.value.slug == "alarm-decided"
