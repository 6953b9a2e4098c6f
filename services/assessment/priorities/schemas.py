"""Priorities and efforts as they come in and go out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.assessment.priorities.rules import EffortKind, WorkKind
from shared.types import Code, Day, In, Line, Out

Month = Annotated[str, StringConstraints(pattern=r"^(19|[2-8][0-9])[0-9]{2}-(0[1-9]|1[0-2])$")]


class PriorityIn(In):
    unit_id: UUID
    code: Code = Field(description="The same for every version of it.")
    title: Line
    rank: Annotated[int, Field(ge=1, le=100)] = Field(description="1 comes first.")
    since: Day = Field(description="Not in the past.")
    until: Day | None = Field(None, description="The last day.")


class PriorityEndIn(In):
    until: Day = Field(description="The last day, today or later.")


class WorkIn(In):
    kind: WorkKind
    id: UUID


class PriorityOut(Out):
    id: UUID
    unit_id: UUID
    code: str
    title: str
    rank: int
    since: date
    until: date | None
    registered_at: datetime


class TagOut(Out):
    """`priority_id` is null for what is for none now."""

    kind: WorkKind
    id: UUID
    priority_id: UUID | None


class Part(Out):
    """Null: so few that it would tell of somebody, or hidden beside such."""

    n: int | None
    share: float | None


class PriorityEffort(Out):
    priority: PriorityOut
    effort: dict[EffortKind, Part]


class EffortOut(Out):
    """Cases answered, visits made and activities held by the unit itself, by the priority that they were tagged with; each is for
    one at most. Priorities of the unit and of those above it that were in effect are here also when nothing was done for them."""

    unit_id: UUID
    since: datetime | None
    until: datetime | None
    total: dict[EffortKind, int]
    priorities: list[PriorityEffort]
    untagged: dict[EffortKind, Part]
