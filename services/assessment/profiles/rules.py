"""What a unit says of itself, and which units may fairly be compared with it."""

from dataclasses import dataclass
from datetime import date

from shared.errors import Invalid
from shared.events.assessment import Terrain
from shared.types import Level

MOST_PEOPLE = 2_000_000_000
MOST_STAFF = 10_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    """How many people the unit serves, with how many who work for it, on what ground."""

    population: int
    staff: int
    terrain: Terrain


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """Units of one level and terrain whose populations have equally many digits: `band` is how many stand after the first."""

    level: Level
    terrain: Terrain
    band: int

    @property
    def code(self) -> str:
        """Such as `township.hills.1e4`, for 10,000 to 99,999 people."""
        return f"{self.level.value}.{self.terrain.value}.1e{self.band}"


def peer_group(level: Level, profile: Profile) -> PeerGroup:
    return PeerGroup(level, profile.terrain, len(str(profile.population)) - 1)


def check_as_of(as_of: date, today: date) -> None:
    """Raises `Invalid` (profile-in-the-future)."""
    if as_of > today:
        raise Invalid("profile-in-the-future", "`as_of` is the day that the figures are of: today (UTC) or earlier.")
