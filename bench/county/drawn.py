"""Who lives in the county and who visits them, drawn by lot: the same for the same size."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from random import Random
from typing import NamedTuple

SEED = 5
KM_PER_DEGREE = 111.2
TOWNS = 7
IN_TOWN, TOWN_SPREAD, HAMLET_SPREAD = 0.7, 0.02, 0.13
"""The share of households in a town, and degrees around it for these and for the outlying hamlets."""
AT_THE_SEAT = 0.4
"""The share of officials who set out from the county seat, wherever they are needed."""
RHYTHMS, SHARES = (60, 90, 120, 180), (15, 45, 25, 15)
CAPACITIES, BUSY = (1, 2, 3, 6), (30, 40, 20, 10)
"""What officials can make compared with each other: few have much time."""
LOAD = 0.85
"""Visits that are owed to visits that can be made, of the county as a whole."""
REFUSING = 0.04
UNMET = 0.4


class Spot(NamedTuple):
    latitude: float
    longitude: float

    def km_to(self, other: "Spot") -> float:
        """As good as on a plane, within a county."""
        east = (self.longitude - other.longitude) * cos(radians(self.latitude))
        return KM_PER_DEGREE * hypot(self.latitude - other.latitude, east)


@dataclass(frozen=True, slots=True)
class Household:
    """Agreed, and met if at all, so many days before the year begins. `refuses`: when it is called on for the first time."""

    spot: Spot
    rhythm_days: int
    agreed_ago: int
    met_ago: int | None
    refuses: bool


@dataclass(frozen=True, slots=True)
class Office:
    spot: Spot
    visits_per_week: int


@dataclass(frozen=True, slots=True)
class County:
    offices: Sequence[Office]
    households: Sequence[Household]


def draw(offices: int, households: int) -> County:
    lot = Random(SEED)
    towns = [Spot(30 + 0.6 * lot.random(), 110 + 0.7 * lot.random()) for _ in range(TOWNS)]
    living = [_household(lot, towns) for _ in range(households)]
    owed = sum(7 / household.rhythm_days for household in living)
    weights = lot.choices(CAPACITIES, BUSY, k=offices)
    unit = owed / LOAD / sum(weights)
    seats = [towns[0] if lot.random() < AT_THE_SEAT else lot.choice(towns) for _ in range(offices)]
    return County(
        [Office(_near(lot, seat, 0.01), max(1, round(w * unit))) for seat, w in zip(seats, weights, strict=True)], living
    )


def _household(lot: Random, towns: Sequence[Spot]) -> Household:
    rhythm_days = lot.choices(RHYTHMS, SHARES)[0]
    spread = TOWN_SPREAD if lot.random() < IN_TOWN else HAMLET_SPREAD
    agreed_ago = lot.randint(0, rhythm_days)
    return Household(
        spot=_near(lot, lot.choice(towns), spread),
        rhythm_days=rhythm_days,
        agreed_ago=agreed_ago,
        met_ago=None if lot.random() < UNMET else lot.randint(0, agreed_ago),
        refuses=lot.random() < REFUSING,
    )


def _near(lot: Random, spot: Spot, spread: float) -> Spot:
    return Spot(spot.latitude + lot.gauss(0, spread), spot.longitude + lot.gauss(0, spread))
