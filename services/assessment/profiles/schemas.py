"""Profiles as they are declared and shown."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.assessment.profiles.rules import MOST_PEOPLE, MOST_STAFF
from shared.events.assessment import Terrain
from shared.types import Day, In, Level, Line, Out


class ProfileIn(In):
    population: Annotated[int, Field(strict=True, ge=1, le=MOST_PEOPLE)] = Field(description="People whom the unit serves.")
    staff: Annotated[int, Field(strict=True, ge=0, le=MOST_STAFF)] = Field(description="People who work for it.")
    terrain: Terrain
    as_of: Day = Field(description="The day that the figures are of. A later declaration of the same day takes this one's place.")
    source: Line = Field(description="Which statistic says so. Anybody may read it: name nobody.")


class ProfileOut(Out):
    """What a unit has declared of itself."""

    unit_id: UUID
    version: int = Field(description="Counts the declarations of the unit.")
    population: int
    staff: int
    terrain: Terrain
    as_of: date
    source: str
    peer_group: str = Field(description="Level, terrain and power of ten of the population: `township.hills.1e4`.")
    newest: bool = Field(description="Whether it is the one that counts now.")
    declared_at: datetime


class PeerOut(Out):
    """A unit that may fairly be compared."""

    unit_id: UUID
    code: str
    name: str
    level: Level
    path: str
    profile: ProfileOut
