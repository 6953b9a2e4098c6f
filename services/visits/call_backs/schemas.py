"""Call-backs as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.visits.call_backs.rules import MOST, Result
from shared.types import Day, In, Line, Out


class CallBackIn(In):
    unit_id: UUID = Field(description="With all units below it.")
    starts_on: Day
    ends_on: Day = Field(description="The last day, at most a year after the first. Days are those of UTC.")
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="Of the visits of the period."
    )
    size: Annotated[int, Field(ge=1, le=MOST)] | None = Field(None, description="Instead of a share.")
    seed: Annotated[Line, StringConstraints(max_length=64)] | None = Field(
        None, description="By which it is drawn, for example a public lottery's numbers; without it a random one."
    )

    @model_validator(mode="after")
    def _either_share_or_size(self) -> Self:
        if (self.share is None) == (self.size is None):
            raise PydanticCustomError("size", "say either share or size")
        return self


class ResultIn(In):
    visit_id: UUID
    result: Result


class CallBackOut(Out):
    id: UUID
    unit_id: UUID
    starts_on: date
    ends_on: date
    population: int = Field(description="Visits made, or refused, in the period and recorded by `drawn_at`.")
    size: int
    drawn_at: datetime
    finished_at: datetime | None
    took_place: int | None = Field(
        description="How many residents said so. Units see it when the call-back is finished and five or more spoke."
    )
    did_not_take_place: int | None


class CalledVisitOut(Out):
    visit_id: UUID
    place: int
    result: Result | None


class CallBackDetail(CallBackOut):
    """Which visits were drawn, by SHA-256 of `seed` followed by the visit's id: for inspectors and administrators."""

    seed: str | None
    visits: list[CalledVisitOut] | None


class DisputeOut(Out):
    """A resident said by code that the visit did not take place."""

    visit_id: UUID
    unit_id: UUID
    assignee_id: UUID
    occurred_at: datetime
