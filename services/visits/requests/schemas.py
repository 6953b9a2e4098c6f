"""Visits that residents ask for, as they come in and go out."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.visits.plans.rules import LONGEST_WINDOW
from services.visits.requests.rules import RequestState
from shared.types import In, Line, Moment, Out


class RequestPlan(In):
    assignee_id: UUID = Field(description="The account of the official who goes.")
    starts_at: Moment
    window_days: int = Field(
        7, ge=0, le=LONGEST_WINDOW, description="For how many days from its start the visit may be made; 0 is the same day."
    )


class RequestRefusal(In):
    reason: Line = Field(description="For those who may see the request. The case goes on.")


class RequestOut(Out):
    """Where to go and why stands in the case."""

    case_id: UUID
    unit_id: UUID = Field(description="The unit that owes the case now.")
    requested_at: datetime = Field(description="For what was said anonymously, the hour.")
    due_at: datetime
    state: RequestState
    overdue: bool
    plan_id: UUID | None = Field(description="The newest plan of a visit that answers to it.")
    declined_reason: str | None
    answered_at: datetime | None
