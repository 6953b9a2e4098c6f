"""Call-backs of cases as they come in and go out. For inspectors: whoever knows what is drawn can prepare it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.assessment.case_call_backs.rules import MOST, Found
from shared.types import In, Line, Out

Month = Annotated[str, StringConstraints(pattern=r"^(19|[2-8][0-9])[0-9]{2}-(0[1-9]|1[0-2])$")]


class CallBackIn(In):
    unit_id: UUID = Field(description="Alone, without the units below it.")
    month: Month = Field(description="For example 2026-03; it must be over. Months are those of UTC.")
    size: Annotated[int, Field(ge=1, le=MOST)]
    seed: Annotated[Line, StringConstraints(max_length=64)] = Field(
        description="Something public that nobody knew before the month was over, for example a lottery's numbers."
    )


class FoundIn(In):
    case_id: UUID
    found: Found


class CalledCaseOut(Out):
    case_id: UUID
    place: int
    found: Found | None


class CallBackOut(Out):
    id: UUID
    unit_id: UUID
    month: date = Field(description="Its first day.")
    seed: str
    population: int = Field(description="Cases that the unit answered in the month, as far as was known at `drawn_at`.")
    size: int
    drawn_at: datetime
    finished_at: datetime | None
    confirmed: int
    reached: int


class CallBackDetail(CallBackOut):
    """With the cases in the order of the drawing: by SHA-256 of `seed` followed by the case's id."""

    cases: list[CalledCaseOut]
