from datetime import UTC, datetime, timedelta

import pytest

from services.visits.plans.rules import (
    EARLIEST,
    HORIZON,
    PlanState,
    Verb,
    agenda,
    check_start,
    fresh,
    horizon,
    move,
    state_at,
    window_end,
    window_start,
)
from shared.errors import Conflict, Invalid

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "zone", "end"),
    [
        ("2026-03-02T09:00:00+00:00", 7, "UTC", "2026-03-09T09:00:00+00:00"),
        ("2026-03-02T09:00:00+00:00", 0, "UTC", "2026-03-03T00:00:00+00:00"),
        ("2026-03-02T09:00:00+08:00", 0, "Asia/Shanghai", "2026-03-03T00:00:00+08:00"),
        ("2026-03-27T09:00:00+01:00", 7, "Europe/Berlin", "2026-04-03T09:00:00+02:00"),
        ("2026-10-23T09:00:00+02:00", 7, "Europe/Berlin", "2026-10-30T09:00:00+01:00"),
        ("2026-10-25T01:00:00+02:00", 0, "Europe/Berlin", "2026-10-26T00:00:00+01:00"),
    ],
)
def test_window_end_keeps_the_wall_clock(start: str, days: int, zone: str, end: str) -> None:
    assert window_end(datetime.fromisoformat(start), days, zone) == datetime.fromisoformat(end)


@pytest.mark.parametrize("ahead", [timedelta(days=-30), timedelta(0), timedelta(days=900)])
def test_horizon_always_holds_the_first_visit(ahead: timedelta) -> None:
    assert horizon(NOW + ahead, NOW) == NOW + max(ahead, timedelta(0)) + HORIZON


def test_check_start_refuses_history() -> None:
    check_start(NOW - EARLIEST, NOW)
    with pytest.raises(Invalid) as refused:
        check_start(NOW - EARLIEST - timedelta(seconds=1), NOW)
    assert refused.value.slug == "starts-too-long-ago"


def test_window_start_keeps_the_wall_clock() -> None:
    moment = datetime.fromisoformat("2026-04-01T09:00:00+02:00")
    assert window_start(moment, 7, "Europe/Berlin") == datetime.fromisoformat("2026-03-25T09:00:00+01:00")
    assert window_start(moment, 0, "Europe/Berlin") == moment


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        ("active", "change", "active"),
        ("active", "suspend", "suspended"),
        ("active", "resume", None),
        ("active", "end", "ended"),
        ("suspended", "change", "suspended"),
        ("suspended", "suspend", "suspended"),
        ("suspended", "resume", "active"),
        ("suspended", "end", "ended"),
        ("ended", "change", None),
        ("ended", "suspend", None),
        ("ended", "resume", None),
        ("ended", "end", None),
    ],
)
def test_what_may_be_done_with_a_plan(state: str, verb: str, after: str | None) -> None:
    if after is not None:
        assert move(PlanState(state), Verb(verb)) == after
        return
    with pytest.raises(Conflict) as refused:
        move(PlanState(state), Verb(verb))
    assert refused.value.slug == "visit-plan-state"


@pytest.mark.parametrize(
    ("suspended", "until", "ended", "state"),
    [
        (None, None, None, "active"),
        (-1, None, None, "suspended"),
        (0, 1, None, "suspended"),
        (-2, 0, None, "active"),
        (-1, None, -1, "ended"),
    ],
)
def test_a_suspension_with_a_date_ends_by_itself(suspended: int | None, until: int | None, ended: int | None, state: str) -> None:
    at = {days: NOW + timedelta(days=days) for days in range(-2, 2)}
    moments = [at[days] if days is not None else None for days in (ended, suspended, until)]
    assert state_at(NOW, ended_at=moments[0], suspended_at=moments[1], suspended_until=moments[2]) == state


def test_agenda_has_each_moment_once_in_order_and_up_to_its_end() -> None:
    days = [NOW + timedelta(days=n) for n in range(6)]
    found = agenda(iter(days[1:4]), extra=[days[5], days[0], days[2], days[4]], excepted=[days[3], days[4]], until=days[4])
    assert found == days[:3]


@pytest.mark.parametrize(("busy_for", "found"), [(None, [1, 2, 3, 5]), (1, [1, 3, 5]), (9, [1])])
def test_fresh_are_the_moments_to_come_without_a_visit(busy_for: int | None, found: list[int]) -> None:
    days = [NOW + timedelta(days=n - 1) for n in range(6)]
    busy_until = None if busy_for is None else NOW + timedelta(days=busy_for)
    starts = fresh(days, now=NOW, extra=[days[0], days[1]], taken={days[4]}, busy_until=busy_until)
    assert starts == [days[n] for n in found]
