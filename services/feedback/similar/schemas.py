"""What goes in and out of the routes about similar cases."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import State
from services.feedback.opinions.schemas import LocationIn
from services.feedback.similar.rules import MOST_READ, Why
from shared.types import Body, Code, In, Line, Out


class DraftIn(In):
    """An opinion before it is filed, as far as it is written."""

    title: Line
    body: Annotated[Body | None, Field(description=f"Its first {MOST_READ} characters are compared.")] = None
    unit_id: Annotated[UUID | None, Field(description="The unit that it goes to; the units below it are looked through too.")] = (
        None
    )
    location: LocationIn | None = None
    place: Line | None = None
    category: Code | None = None


class SimilarCase(Out):
    """Who spoke is not in it, and nothing finer than the day."""

    case_id: UUID
    title: str
    state: State
    unit_id: UUID
    endorsement_count: int
    opened_on: date
    distance_m: int | None = Field(description="In steps of 100 m; null where one of the two has no location.")
    score: float = Field(
        description="From 0 to 1, a weighted mean of what is known: text 0.5, place 0.25, category 0.15, time 0.1."
    )
    why: list[Why] = Field(description="What speaks for it.")


class SimilarCases(Out):
    items: list[SimilarCase] = Field(description="The most likely first, at most ten; none that is unlikely.")


class DraftOut(SimilarCases):
    advice: list[str] = Field(description="What in the draft looks like personal data.")
