"""A unit among its peers, as it is shown. Composites are 0 to 1."""

from uuid import UUID

from pydantic import Field

from services.assessment.grading.rules.judging import GradeValue
from shared.types import Out


class StandardNamed(Out):
    id: UUID
    code: str
    version: int


class PlaceAmongPeers(Out):
    """Among the units of the same level, terrain and size whose grade by the same version of the standard stands. A better grade
    stands before a worse one, and of equal grades the higher composite: what a gate decides, no composite makes up for."""

    unit_id: UUID
    standard: StandardNamed
    peer_group: str | None = Field(description="Level, terrain and power of ten of the population; null without a profile.")
    value: GradeValue
    composite: float | None
    place: int | None = Field(description="1 is the best; units with the same result share it. Null: see `not_shown`.")
    of: int | None = Field(description="So many are compared, this unit among them.")
    shared_by: int | None = Field(description="So many have this place, this unit among them.")
    lower_quartile: float | None = Field(description="Of the composites of all that are compared, as the median.")
    median: float | None
    upper_quartile: float | None
    not_shown: str | None = Field(description="Why there is no place: fewer than five are compared, or this unit is not.")
