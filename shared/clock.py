"""Time is passed in, so that a year of deadlines can be played in a second."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def hour_of(moment: datetime) -> datetime:
    """The hour that contains `moment`: the finest time that the anonymous path keeps."""
    return moment.replace(minute=0, second=0, microsecond=0)
