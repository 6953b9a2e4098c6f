"""Posts as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.types import Code, In, Latitude, Line, Longitude, Out

Capacity = Annotated[int, Field(ge=1, le=100, description="How many visits its holder can make in a week.")]


class Location(In):
    """In degrees. It is rounded before it is kept."""

    latitude: Latitude
    longitude: Longitude


class NewPost(In):
    unit_id: UUID
    code: Code = Field(description="Unique in its unit.")
    name: Line
    holder_id: UUID = Field(description="The account of whoever does this job now, in its unit or one above or below it.")
    visits_per_week: Capacity
    location: Location | None = Field(None, description="Where visits start from; kept to about a kilometre.")


class PostChange(In):
    """What is left out stays; who holds the post changes by a hand-over."""

    name: Line | None = None
    visits_per_week: Capacity | None = None
    location: Location | None = None


class PostOut(Out):
    id: UUID
    unit_id: UUID
    code: str
    name: str
    holder_id: UUID
    held_since: datetime
    visits_per_week: int
    latitude: float | None
    longitude: float | None
    created_at: datetime
