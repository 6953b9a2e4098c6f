"""What a clock would have done under another deadline."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.simulations.rules import (
    MOST_CASES,
    CaseFacts,
    Clock,
    Count,
    Counts,
    check_size,
    would_breach,
)
from shared.errors import Invalid
from shared.replays import span_of

START = datetime(2026, 3, 2, tzinfo=UTC)
ACK, ANSWER, RESOLUTION = Clock


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def facts(**days: float) -> CaseFacts:
    """A case opened on day 0, with times given in days."""
    said: dict[str, Any] = {f"{name}_at": day(number) for name, number in days.items()}
    return CaseFacts(opened_at=START, **said)


WOULD: list[tuple[dict[str, float], Clock, float, bool]] = [
    ({"answered": 5}, ANSWER, 6, False),
    ({"answered": 5}, ANSWER, 5, False),
    ({"answered": 5}, ANSWER, 4, True),
    ({}, ANSWER, 29, True),
    ({}, ANSWER, 30, True),
    ({}, ANSWER, 31, False),
    ({"ended": 3}, ANSWER, 2, True),
    ({"ended": 3}, ANSWER, 3, True),
    ({"ended": 3}, ANSWER, 4, False),
    ({"answered": 5, "ended": 9}, ANSWER, 7, False),
    ({"ended": 3, "answered": 9}, ANSWER, 5, False),
    ({"asked": 2, "answered": 9}, ACK, 1, True),
    ({"asked": 2, "answered": 9}, ACK, 3, False),
    ({"acknowledged": 4, "answered": 3}, ACK, 3, False),
    ({"resolved": 8, "answered": 3}, RESOLUTION, 7, True),
    ({"resolved": 8, "answered": 3}, RESOLUTION, 9, False),
]


@pytest.mark.parametrize(("said", "clock", "due", "expected"), WOULD)
def test_a_clock_runs_out_before_it_is_met_or_by_the_end_of_the_case(
    said: dict[str, float], clock: Clock, due: float, expected: bool
) -> None:
    """On day 30."""
    assert would_breach(facts(**said), clock, day(due), day(30)) is expected


UNKNOWN: list[tuple[dict[str, float], list[Clock], list[Clock]]] = [
    ({}, [], []),
    ({"asked": 1}, [ANSWER, RESOLUTION], []),
    ({"asked": 1, "answered": 3}, [ANSWER, RESOLUTION], []),
    ({"asked": 4, "answered": 3}, [RESOLUTION], []),
    ({"reopened": 9}, [], [ACK, ANSWER, RESOLUTION]),
    ({"acknowledged": 1, "reopened": 9}, [], [ANSWER, RESOLUTION]),
    ({"answered": 3, "reopened": 9}, [], [RESOLUTION]),
]


@pytest.mark.parametrize(("said", "paused", "reopened"), UNKNOWN)
def test_clocks_of_which_too_little_is_known_are_told_apart(
    said: dict[str, float], paused: list[Clock], reopened: list[Clock]
) -> None:
    case = facts(**said)
    assert [clock for clock in Clock if case.stood_still(clock)] == paused
    assert [clock for clock in Clock if case.ran_again(clock)] == reopened


TIMES = st.none() | st.integers(0, 40).map(day)


@given(TIMES, TIMES, st.lists(st.integers(0, 40), min_size=2, max_size=2).map(sorted), st.sampled_from(Clock))
def test_a_later_deadline_never_breaches_more(met: Any, ended: Any, due: list[int], clock: Clock) -> None:
    case = CaseFacts(opened_at=START, acknowledged_at=met, answered_at=met, resolved_at=met, ended_at=ended)
    early, late = (would_breach(case, clock, day(number), day(50)) for number in due)
    assert early or not late


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_what_is_new_is_the_whole_difference(cases: list[tuple[bool, bool]]) -> None:
    count = Count()
    for then, would in cases:
        count.add(then=then, would=would)
    assert count.would_breach - count.breached_then == count.newly_breached - count.newly_kept
    assert count.cases == len(cases)
    assert count.changed == sum(then != would for then, would in cases)
    assert count.plus(Count()) == count


def test_counts_add_up_by_clock() -> None:
    counts = Counts()
    due = {ACK: day(1), ANSWER: day(2), RESOLUTION: day(90)}
    counts.add(facts(acknowledged=2, answered=3), due, day(30))
    counts.add(facts(asked=1), due, day(30))
    both = counts.plus(counts)
    assert (both.of[ACK], both.of[ANSWER]) == (
        Count(cases=4, would_breach=2, newly_breached=2),
        Count(cases=2, would_breach=2, newly_breached=2, paused=2),
    )
    assert (both.of[RESOLUTION], both.changed) == (Count(cases=2, paused=2), 4)


def test_a_span_is_of_whole_days_at_most_a_year_and_none_to_come() -> None:
    assert span_of(date(2026, 3, 1), date(2026, 3, 2), day(0.5)) == (day(-1), day(1))
    span_of(date(2025, 3, 2), date(2026, 3, 2), day(0.5))
    for since, until in ((date(2026, 3, 2), date(2026, 3, 1)), (date(2026, 3, 2), date(2026, 3, 3))):
        with pytest.raises(Invalid, match="simulation-span"):
            span_of(since, until, day(0.5))
    with pytest.raises(Invalid, match="simulation-span"):
        span_of(date(2025, 3, 1), date(2026, 3, 2), day(0.5))


def test_too_many_cases_are_refused_with_what_to_do() -> None:
    check_size(MOST_CASES)
    with pytest.raises(Invalid, match="simulation-too-large"):
        check_size(MOST_CASES + 1)
