"""What a template asks of the activities that are held by it. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Invalid
from shared.types import Level


class ActivityKind(StrEnum):
    open_day = "open_day"
    forum = "forum"
    study = "study"
    service = "service"


@dataclass(frozen=True, slots=True)
class Demands:
    """`levels`: of the units that it is for. `indicator`: what every such activity must be expected to change."""

    levels: Collection[Level]
    indicator: str
    needs_place: bool
    least_days_notice: int
    least_participants: int
    most_participants: int


def check_sizes(least: int, most: int) -> None:
    """Raises `Invalid` (participants-out-of-order)."""
    if most < least:
        raise Invalid("participants-out-of-order", "`most_participants` must not be below `least_participants`.")
