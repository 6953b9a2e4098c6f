from datetime import UTC, datetime, timedelta

import pytest

from services.visits.plans.rules import EARLIEST, HORIZON, check_start, horizon, window_end
from shared.errors import Invalid

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
