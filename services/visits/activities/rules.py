"""What an activity must be to be planned, and whether it was one side's show. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from services.visits.activity_templates.rules import Demands
from shared.errors import Conflict, Invalid
from shared.types import Level

MOST_OFFICIAL_SHARE = Fraction(4, 5)
"""Of the turns: where officials take more than this, residents were there to listen."""
LONGEST = timedelta(days=60)


class ActivityState(StrEnum):
    planned = "planned"
    held = "held"
    cancelled = "cancelled"


TRANSITIONS: Mapping[ActivityState, frozenset[ActivityState]] = {
    ActivityState.planned: frozenset({ActivityState.held, ActivityState.cancelled}),
    ActivityState.held: frozenset(),
    ActivityState.cancelled: frozenset(),
}


class Attendance(StrEnum):
    """How many came, against what the template expects."""

    fewer = "fewer"
    fitting = "fitting"
    more = "more"


class Sides(NamedTuple):
    """A count of each side: of people, or of turns to speak."""

    officials: int
    residents: int

    @property
    def total(self) -> int:
        return self.officials + self.residents


@dataclass(frozen=True, slots=True)
class Tally:
    """The activities of a unit, or of several together. `unlinked` and `linked` leave out what was cancelled."""

    planned: int = 0
    held: int = 0
    cancelled: int = 0
    linked: int = 0
    unlinked: int = 0
    one_sided: int = 0

    @property
    def share_unlinked(self) -> float | None:
        """None where there is nothing to take a share of."""
        counted = self.linked + self.unlinked
        return round(self.unlinked / counted, 3) if counted else None


def move(state: ActivityState, to: ActivityState) -> ActivityState:
    """The next state. Raises `Conflict` (activity-over)."""
    if to not in TRANSITIONS[state]:
        raise Conflict("activity-over", f"This activity is {state}: plan another one.")
    return to


def check_plan(
    demands: Demands, *, level: Level, starts_at: datetime, ends_at: datetime, now: datetime, place: str | None, indicator: str
) -> None:
    """Raises `Invalid` (template-not-for-level, activity-ends-before-start, activity-too-long, notice-too-short, place-needed,
    effect-not-of-template)."""
    if level not in demands.levels:
        meant = ", ".join(sorted(demands.levels))
        raise Invalid("template-not-for-level", f"`template_code`: this template is for units of the level {meant}, not {level}.")
    if ends_at <= starts_at:
        raise Invalid("activity-ends-before-start", "`ends_at` must be later than `starts_at`.")
    if ends_at - starts_at > LONGEST:
        raise Invalid("activity-too-long", f"`ends_at` must be within {LONGEST.days} days of `starts_at`: plan several.")
    if starts_at < now + timedelta(days=demands.least_days_notice):
        raise Invalid("notice-too-short", f"`starts_at` must be at least {demands.least_days_notice} days from now.")
    if demands.needs_place and place is None:
        raise Invalid("place-needed", "`place`: this template needs one.")
    if indicator != demands.indicator:
        raise Invalid("effect-not-of-template", f"`expected_effect.indicator` must be {demands.indicator}, as in the template.")


def check_held(starts_at: datetime, now: datetime) -> None:
    """Raises `Conflict` (activity-not-begun)."""
    if now < starts_at:
        raise Conflict("activity-not-begun", "This activity has not begun: record it when it was held.")


def check_turns(participants: Sides, turns: Sides) -> None:
    """Raises `Invalid` (turns-of-nobody)."""
    for side in Sides._fields:
        if getattr(turns, side) and not getattr(participants, side):
            raise Invalid("turns-of-nobody", f"`turns.{side}`: nobody of that side took part, by `participants.{side}`.")


def official_share(turns: Sides) -> float | None:
    """Of the turns to speak; None where nobody spoke."""
    return round(turns.officials / turns.total, 3) if turns.total else None


def is_one_sided(participants: Sides, turns: Sides) -> bool:
    """Residents were there, and officials took nearly all the turns, or no resident spoke."""
    if not participants.residents:
        return False
    return not turns.residents or Fraction(turns.officials, turns.total) > MOST_OFFICIAL_SHARE


def attendance(participants: Sides, demands: Demands) -> Attendance:
    if participants.total < demands.least_participants:
        return Attendance.fewer
    return Attendance.more if participants.total > demands.most_participants else Attendance.fitting
