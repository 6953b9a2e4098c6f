"""Research duties as they come in and go out."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.visits.research.schemas import ResearchQuotaOut
from services.visits.research_duties.rules import FIRST_YEAR, LAST_YEAR
from shared.types import In, Out

Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class ResearchDutyIn(In):
    unit_id: UUID
    year: Annotated[Year, Field(strict=True)]
    projects: Annotated[int, Field(strict=True, ge=0, le=1_000)]
    hours: Annotated[int, Field(strict=True, ge=0, le=100_000, description="In the field, by the leaders of the unit together.")]


class ResearchOwedOut(Out):
    projects: int
    hours: int


class ResearchDoneOut(Out):
    projects: int = Field(description="Begun in the year, and not stopped.")
    hours: float = Field(description="In the field.")
    visits: int = Field(description="Linked to research, and made in the year.")
    results: int = Field(description="Published in the year.")


class ResearchLeaderOut(ResearchDoneOut):
    leader_id: UUID
    quota: ResearchQuotaOut = Field(description="Of the projects begun in the year, together.")
    met: bool


class ResearchDutyOut(Out):
    unit_id: UUID
    year: int
    owed: ResearchOwedOut | None = Field(description="Null where nothing was asked of the unit.")
    done: ResearchDoneOut
    met: bool | None = Field(description="Null where nothing was asked of the unit.")
    leaders: list[ResearchLeaderOut]
