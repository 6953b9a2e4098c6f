"""Confirmations and ratings as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.types import In, Out, Score, Text


class CodeOut(Out):
    code: str = Field(description="For the resident alone. It is shown once; a new one voids it.")
    opens_at: datetime
    closes_at: datetime


class ConfirmationIn(In):
    code: Annotated[Text, StringConstraints(min_length=1, max_length=64)]
    took_place: Annotated[bool, Field(strict=True)]
    helpful: Score | None = Field(None, description="1 to 5, for a visit that took place; kept apart from it.")

    @model_validator(mode="after")
    def _rates_what_took_place(self) -> Self:
        if self.helpful is not None and not self.took_place:
            raise PydanticCustomError("helpful", "helpful rates a visit that took place")
        return self


class ConfirmationOut(Out):
    took_place: bool


class MonthOut(Out):
    month: date
    n: int
    mean: float = Field(description="1 to 5, to a tenth.")


class RatingsOut(Out):
    """Months that are over, in order; one with fewer than five ratings is left out."""

    unit_id: UUID
    months: list[MonthOut]
