"""What a clock would have done under another deadline, and how that is counted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum

from shared.errors import Invalid

MOST_CASES = 50_000
MOST_UNITS = 20


class Clock(StrEnum):
    """The clocks that start when a case is opened."""

    acknowledgement = "acknowledgement"
    first_answer = "first_answer"
    resolution = "resolution"


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of one case; the first time of each but for the verdict and the reopening, whose last is."""

    opened_at: datetime
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    asked_at: datetime | None = None
    resolved_at: datetime | None = None
    ended_at: datetime | None = None
    reopened_at: datetime | None = None
    acknowledgement_breached: bool = False
    first_answer_breached: bool = False
    resolution_breached: bool = False

    def met_at(self, clock: Clock) -> datetime | None:
        """A question or an answer also shows that the unit has the case."""
        if clock is Clock.acknowledgement:
            return min((at for at in (self.acknowledged_at, self.asked_at, self.answered_at) if at), default=None)
        return self.answered_at if clock is Clock.first_answer else self.resolved_at

    def breached(self, clock: Clock) -> bool:
        return bool(getattr(self, f"{clock.value}_breached"))

    def stood_still(self, clock: Clock) -> bool:
        """Whether the clock paused, for how long nobody has kept."""
        if clock is Clock.acknowledgement or self.asked_at is None:
            return False
        return clock is Clock.resolution or self.answered_at is None or self.asked_at < self.answered_at

    def ran_again(self, clock: Clock) -> bool:
        """Whether what is known may be of a later round of the clock."""
        return self.reopened_at is not None and (clock is Clock.resolution or self.met_at(clock) is None)


def would_breach(facts: CaseFacts, clock: Clock, due_at: datetime, now: datetime) -> bool:
    """Whether the clock would have run out, had it been due then: before it was met, and by when the case ended."""
    met_at = facts.met_at(clock)
    if met_at is not None and (facts.ended_at is None or met_at <= facts.ended_at):
        return due_at < met_at
    return due_at <= (facts.ended_at or now)


@dataclass(slots=True)
class Count:
    """Cases, of one clock. `paused` and `reopened` are those that are not replayed, because of what is not known of them."""

    cases: int = 0
    breached_then: int = 0
    would_breach: int = 0
    newly_breached: int = 0
    newly_kept: int = 0
    paused: int = 0
    reopened: int = 0

    def add(self, *, then: bool, would: bool) -> None:
        self.cases += 1
        self.breached_then += then
        self.would_breach += would
        self.newly_breached += would and not then
        self.newly_kept += then and not would

    @property
    def changed(self) -> int:
        return self.newly_breached + self.newly_kept

    def plus(self, other: "Count") -> "Count":
        return Count(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass(slots=True)
class Counts:
    """Of every clock."""

    of: Mapping[Clock, Count] = field(default_factory=lambda: {clock: Count() for clock in Clock})

    def add(self, facts: CaseFacts, due: Mapping[Clock, datetime], now: datetime) -> None:
        for clock, count in self.of.items():
            if facts.ran_again(clock):
                count.reopened += 1
            elif facts.stood_still(clock):
                count.paused += 1
            else:
                count.add(then=facts.breached(clock), would=would_breach(facts, clock, due[clock], now))

    @property
    def changed(self) -> int:
        return sum(count.changed for count in self.of.values())

    def plus(self, other: "Counts") -> "Counts":
        return Counts({clock: count.plus(other.of[clock]) for clock, count in self.of.items()})


def check_size(cases: int) -> None:
    """Raises `Invalid` (simulation-too-large)."""
    if cases > MOST_CASES:
        raise Invalid(
            "simulation-too-large",
            f"More than {MOST_CASES:,} cases were opened then: name a shorter span, or a unit further down.",
        )
