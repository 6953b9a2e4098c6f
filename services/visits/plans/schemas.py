"""Visit plans as they come in and go out."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.visits.needs.schemas import Need
from services.visits.plans.rules import LONGEST_WINDOW
from services.visits.visits.schemas import VisitBrief
from shared.types import Code, In, Line, Moment, Out, Text


class NewPlan(In):
    unit_id: UUID | None = Field(None, description="Needed unless a contact says it.")
    purpose: Line
    place: Line | None = Field(
        None, description="Where, coarsely; shown only to those who may see the visit. Needed unless a contact says it."
    )
    contact_id: UUID | None = Field(
        None, description="Who is visited: it has agreed, and says the unit, the place, the rhythm and, if it has one, the post."
    )
    population: Line | None = Field(None, description="Whom it is for, as a group.")
    need: Need | None = None
    template_code: Code | None = Field(None, description="The visit template whose questions are answered when it is recorded.")
    assignee_id: UUID | None = Field(None, description="The account of the official who goes, whatever post that is.")
    post_id: UUID | None = Field(None, description="Instead: the post whose holder goes, and after a hand-over the next one.")
    starts_at: Moment = Field(description="The first visit; with an rrule, the first of its days from here on.")
    rrule: Annotated[Text, StringConstraints(min_length=1, max_length=400)] | None = Field(
        None,
        description="RFC 5545 recurrence without DTSTART, for example FREQ=WEEKLY;BYDAY=MO. DAILY or coarser; the time of "
        "day is that of starts_at. UNTIL is a moment: a bare date means its first instant.",
    )
    time_zone: Annotated[Text, StringConstraints(max_length=64)] = Field(
        "UTC", description="IANA name. A visit at nine stays at nine when daylight saving changes."
    )
    window_days: int = Field(
        7, ge=0, le=LONGEST_WINDOW, description="For how many days from its start a visit may be made; 0 is the same day."
    )

    @model_validator(mode="after")
    def _says_where_and_who(self) -> Self:
        if self.contact_id is None and (self.unit_id is None or self.place is None):
            raise PydanticCustomError("where", "give unit_id and place, or the contact_id that is visited")
        if self.contact_id is not None and (self.place is not None or self.rrule is not None):
            raise PydanticCustomError("contact", "leave place and rrule out: the resident has chosen where and how often")
        if self.assignee_id is not None and self.post_id is not None:
            raise PydanticCustomError("who", "give assignee_id or post_id, not both")
        if self.contact_id is None and self.assignee_id is None and self.post_id is None:
            raise PydanticCustomError("who", "give the post_id whose holder goes, or an assignee_id")
        return self


class PlanOut(Out):
    id: UUID
    unit_id: UUID
    purpose: str
    place: str
    population: str | None
    need: Need | None
    template_code: str | None
    assignee_id: UUID
    post_id: UUID | None
    contact_id: UUID | None
    starts_at: datetime
    rrule: str | None
    time_zone: str
    window_days: int
    ended_at: datetime | None
    created_by: UUID
    created_at: datetime


class PlanDetail(PlanOut):
    visits: list[VisitBrief] = Field(description="In order; the latest 366 of a plan that has had more.")
