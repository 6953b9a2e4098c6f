"""Promises as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.visits.promises.rules import PromiseState
from shared.types import Day, In, Line, Out


class PromiseDraft(In):
    text: Line = Field(description="What will be done.")
    due_on: Day = Field(description="From the day of the visit, within two years.")


class WithdrawalIn(In):
    reason: Line = Field(description="Why it cannot be kept, for those who see the promise.")


class PromiseOut(Out):
    id: UUID
    visit_id: UUID
    unit_id: UUID
    owner_id: UUID = Field(description="The account that owes it: the visitor's, or after a hand-over the next holder's.")
    text: str
    due_on: date
    state: PromiseState
    overdue: bool = Field(description="Open, and its day has passed everywhere on earth.")
    reason: str | None
    made_at: datetime
    kept_at: datetime | None
    withdrawn_at: datetime | None
