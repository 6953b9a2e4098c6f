"""A clock that moves only when told."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Call it for the time; `advance` moves it."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **duration: float) -> datetime:
        self._now += timedelta(**duration)
        return self._now
