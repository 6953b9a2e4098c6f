"""What becomes of a delivery after an attempt, and when the next one is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """`failed` will be tried again; `exhausted` not, unless somebody asks; `cancelled` because its endpoint was disabled."""

    pending = "pending"
    delivered = "delivered"
    failed = "failed"
    exhausted = "exhausted"
    cancelled = "cancelled"


OPEN = frozenset({DeliveryState.pending, DeliveryState.failed})
SENDABLE = OPEN | {DeliveryState.exhausted}
"""States in which the message is still kept."""

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600)
)
"""Ten attempts over some 52 hours: a restart of the receiver is met within seconds, a lost weekend within days."""
JITTER = 0.2
LONGEST_ASKED = timedelta(hours=24)

GONE = 410
LEASE = timedelta(seconds=30)
"""How long an attempt may take, its recording included, before another worker may make it again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one attempt: a status, or an error in a few words. `retry_after` is the header as it came."""

    status: int | None = None
    error: str | None = None
    retry_after: str | None = None

    @property
    def accepted(self) -> bool:
        """Only 2xx is: a redirect is not followed, so it delivered nothing."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str | None:
        return None if self.accepted else self.error or f"answered {self.status}"


@dataclass(frozen=True, slots=True)
class Step:
    """`next_at` is None when there is no further attempt."""

    state: DeliveryState
    next_at: datetime | None


def step_after(reply: Reply, *, attempts: int, now: datetime, jitter: float) -> Step:
    """`attempts` counts this one; `jitter` in [0, 1) spreads the receivers' load."""
    if reply.accepted:
        return Step(DeliveryState.delivered, None)
    if reply.status == GONE:
        return Step(DeliveryState.cancelled, None)
    if attempts > len(PAUSES):
        return Step(DeliveryState.exhausted, None)
    pause = PAUSES[attempts - 1] * (1 - JITTER + 2 * JITTER * jitter)
    return Step(DeliveryState.failed, now + max(pause, asked_pause(reply.retry_after, now)))


def asked_pause(retry_after: str | None, now: datetime) -> timedelta:
    """How long the receiver asks us to wait, in seconds or as a date; at most a day, and nothing when it makes no sense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta(0)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(timedelta(0), min(aware - now, LONGEST_ASKED))
