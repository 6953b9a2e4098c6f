from datetime import date, timedelta

import pytest

from services.visits.research.rules import (
    LINKABLE,
    LONGEST,
    MOST_HOURS_A_DAY,
    TRANSITIONS,
    ResearchState,
    check_by_when,
    check_dates,
    check_field_day,
    check_linkable,
    check_measured,
    check_report,
    check_room,
    check_running,
    check_visit,
    is_overdue,
    move,
)
from shared.errors import Conflict, Invalid

TODAY = date(2026, 3, 2)
A_DAY = timedelta(days=1)
ALLOWED = {
    ("draft", "running"),
    ("draft", "stopped"),
    ("running", "reported"),
    ("running", "stopped"),
    ("reported", "answered"),
    ("answered", "followed_up"),
}


@pytest.mark.parametrize("to", ResearchState)
@pytest.mark.parametrize("state", ResearchState)
def test_move_allows_what_the_table_says_and_nothing_else(state: ResearchState, to: ResearchState) -> None:
    if (state.value, to.value) in ALLOWED:
        assert move(state, to) is to
    else:
        with pytest.raises(Conflict):
            move(state, to)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(ResearchState)


@pytest.mark.parametrize("state", ResearchState)
def test_what_is_said_and_linked_is_closed_by_the_report(state: ResearchState) -> None:
    for check, open_in in ((check_running, {ResearchState.running}), (check_linkable, LINKABLE)):
        if state in open_in:
            check(state)
        else:
            with pytest.raises(Conflict):
                check(state)


@pytest.mark.parametrize(
    ("starts", "ends", "follows", "accepted"),
    [
        (0, 0, 1, True),
        (0, 30, 31, True),
        (1, 0, 2, False),
        (0, 30, 30, False),
        (0, LONGEST.days, LONGEST.days + 1, True),
        (0, LONGEST.days + 1, LONGEST.days + 2, False),
    ],
)
def test_research_has_its_dates_in_order(starts: int, ends: int, follows: int, accepted: bool) -> None:
    dates = [TODAY + days * A_DAY for days in (starts, ends, follows)]
    if accepted:
        check_dates(*dates)
    else:
        with pytest.raises(Invalid):
            check_dates(*dates)


@pytest.mark.parametrize(
    ("on", "hours", "others", "slug"),
    [
        (TODAY, 4.0, 0.0, None),
        (TODAY - A_DAY, 8.0, MOST_HOURS_A_DAY - 8.0, None),
        (TODAY + A_DAY, 4.0, 0.0, "field-day-out-of-time"),
        (TODAY - 2 * A_DAY, 4.0, 0.0, "field-day-out-of-time"),
        (TODAY, 8.5, MOST_HOURS_A_DAY - 8.0, "day-too-long"),
    ],
)
def test_a_field_day_lies_within_the_research_and_is_no_longer_than_a_day(
    on: date, hours: float, others: float, slug: str | None
) -> None:
    def check() -> None:
        check_field_day(on, starts_on=TODAY - A_DAY, today=TODAY, hours=hours, others=others)

    if slug is None:
        check()
    else:
        with pytest.raises(Invalid) as refused:
            check()
        assert refused.value.slug == slug


@pytest.mark.parametrize(
    ("occurred_on", "accepted"),
    [(TODAY, True), (TODAY - A_DAY, True), (TODAY + A_DAY, True), (TODAY + 2 * A_DAY, False), (None, False)],
)
def test_a_visit_shows_for_the_day_on_which_it_was_made(occurred_on: date | None, accepted: bool) -> None:
    if accepted:
        check_visit(occurred_on, TODAY)
    else:
        with pytest.raises(Invalid):
            check_visit(occurred_on, TODAY)


@pytest.mark.parametrize(("results", "recommendations"), [(0, 0), (1, 0), (0, 1)])
def test_a_report_says_something_and_recommends_something(results: int, recommendations: int) -> None:
    check_report(1, 1)
    with pytest.raises(Conflict):
        check_report(results, recommendations)


def test_what_is_adopted_is_not_for_the_past() -> None:
    check_by_when(TODAY, TODAY)
    with pytest.raises(Invalid):
        check_by_when(TODAY - A_DAY, TODAY)


@pytest.mark.parametrize("measured_on", [TODAY - A_DAY, TODAY + 2 * A_DAY])
def test_what_changed_is_measured_after_the_answers(measured_on: date) -> None:
    for day in (TODAY, TODAY + A_DAY):
        check_measured(day, answered_on=TODAY, today=TODAY + A_DAY)
    with pytest.raises(Invalid):
        check_measured(measured_on, answered_on=TODAY, today=TODAY + A_DAY)


def test_there_is_room_up_to_the_most() -> None:
    check_room(1, 2, "links")
    with pytest.raises(Conflict):
        check_room(2, 2, "links")


@pytest.mark.parametrize("state", ResearchState)
def test_a_follow_up_is_overdue_once_its_day_has_passed(state: ResearchState) -> None:
    waiting = state in (ResearchState.running, ResearchState.reported, ResearchState.answered)
    assert is_overdue(state, TODAY - A_DAY, TODAY) is waiting
    assert is_overdue(state, TODAY, TODAY) is False
