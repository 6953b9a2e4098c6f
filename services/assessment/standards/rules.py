"""What a standard must be, and what it asks for."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.errors import Invalid

TOTAL_WEIGHT = 100


class Criterion(StrEnum):
    response = "response"
    resolution = "resolution"
    satisfaction = "satisfaction"


@dataclass(frozen=True, slots=True)
class Scale:
    """Weights total 100. `qualified` and `excellent` are the composites (0 to 1) from which a unit is that.

    `minimum_sample`: how many observations a criterion needs before it says anything.
    """

    weights: dict[Criterion, int]
    qualified: Decimal
    excellent: Decimal
    minimum_sample: int


def check_scale(scale: Scale) -> None:
    """Raises `Invalid` (weights-not-100, bands-not-rising)."""
    total = sum(scale.weights.values())
    if total != TOTAL_WEIGHT:
        raise Invalid("weights-not-100", f"The weights total {total}: they must total {TOTAL_WEIGHT}.")
    if scale.excellent <= scale.qualified:
        raise Invalid("bands-not-rising", "`excellent` must be above `qualified`.")
