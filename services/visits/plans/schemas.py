"""Visit plans as they come in and go out."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.visits.plans.rules import CHOSEN, LONGEST_BEFORE, LONGEST_WINDOW, PlanState
from services.visits.visits.schemas import VisitBrief
from shared.needs import Need
from shared.types import Code, In, Line, Moment, Out, Text

MOST_DATES = 100
Rule = Annotated[
    Text,
    StringConstraints(min_length=1, max_length=400),
    Field(
        description="RFC 5545 recurrence without DTSTART, for example FREQ=WEEKLY;BYDAY=MO. DAILY or coarser; the time of "
        "day is that of starts_at. UNTIL is a moment: a bare date means its first instant.",
    ),
]
Zone = Annotated[
    Text,
    StringConstraints(max_length=64),
    Field(description="IANA name. A visit at nine stays at nine when daylight saving changes."),
]
ExceptDates = Annotated[
    list[Moment],
    Field(max_length=MOST_DATES, description="Moments (EXDATE) without a visit; each must be one at which there would be one."),
]
ExtraDates = Annotated[
    list[Moment], Field(max_length=MOST_DATES, description="Moments (RDATE) of visits beside those that the rule gives.")
]
DaysBefore = Annotated[
    int, Field(ge=0, le=LONGEST_BEFORE, description="For how many days before its moment a visit may be made already.")
]
DaysAfter = Annotated[
    int,
    Field(ge=0, le=LONGEST_WINDOW, description="For how many days from its moment a visit may be made; 0 is the same day."),
]


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
    rrule: Rule | None = None
    except_dates: ExceptDates = Field(default=[])
    extra_dates: ExtraDates = Field(default=[])
    time_zone: Zone = "UTC"
    window_days_before: DaysBefore = 0
    window_days: DaysAfter = 7

    @model_validator(mode="after")
    def _says_where_and_who(self) -> Self:
        if self.contact_id is None and (self.unit_id is None or self.place is None):
            raise PydanticCustomError("where", "give unit_id and place, or the contact_id that is visited")
        if self.contact_id is not None and any(getattr(self, name) for name in CHOSEN):
            chosen = ", ".join(sorted(CHOSEN))
            raise PydanticCustomError(
                "contact", "leave {chosen} out: the resident has chosen where and how often", {"chosen": chosen}
            )
        if self.assignee_id is not None and self.post_id is not None:
            raise PydanticCustomError("who", "give assignee_id or post_id, not both")
        if self.contact_id is None and self.assignee_id is None and self.post_id is None:
            raise PydanticCustomError("who", "give the post_id whose holder goes, or an assignee_id")
        return self


class PlanChange(In):
    """What is left out stays. Whoever goes is an assignee or the holder of a post: naming one lets go of the other."""

    purpose: Line | None = None
    place: Line | None = None
    population: Line | None = Field(None, description="null takes it away.")
    assignee_id: UUID | None = None
    post_id: UUID | None = None
    starts_at: Moment | None = None
    rrule: Rule | None = Field(None, description="null leaves the visit at starts_at, and those of extra_dates.")
    except_dates: ExceptDates | None = None
    extra_dates: ExtraDates | None = None
    time_zone: Zone | None = None
    window_days_before: DaysBefore | None = None
    window_days: DaysAfter | None = None
    template_code: Code | None = Field(None, description="null takes it away.")

    @model_validator(mode="after")
    def _takes_nothing_needed_away(self) -> Self:
        for name in self.model_fields_set - MAY_BE_EMPTY:
            if getattr(self, name) is None:
                raise PydanticCustomError("empty", "{name} may be left out, but not be null", {"name": name})
        if self.assignee_id is not None and self.post_id is not None:
            raise PydanticCustomError("who", "give assignee_id or post_id, not both")
        return self

    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


MAY_BE_EMPTY = frozenset({"population", "rrule", "template_code"})


class PlanSuspension(In):
    until: Moment | None = Field(None, description="From when on there are visits again; left out: until it is resumed.")


class PlanEnd(In):
    reason: Line


class PlanOut(Out):
    id: UUID
    state: PlanState
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
    except_dates: list[datetime]
    extra_dates: list[datetime]
    time_zone: str
    window_days_before: int
    window_days: int
    suspended_at: datetime | None = Field(description="Since when it was suspended last.")
    suspended_until: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    created_by: UUID
    created_at: datetime
    version: int


class PlanDetail(PlanOut):
    visits: list[VisitBrief] = Field(description="Those on its calendar in order; the latest 366 of a plan that has had more.")
