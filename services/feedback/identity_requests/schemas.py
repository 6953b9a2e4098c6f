"""What goes in and out of the routes of identity requests."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.identity_requests.rules import MOST_HOURS, RequestState
from shared.types import In, Line, Out


class IdentityRequestIn(In):
    motive: Annotated[Line, Field(description="Why you must know who spoke. The speaker reads it, and whoever decides.")]
    hours: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS, description="For how long, from the approval on.")]


class RefusalIn(In):
    reason: Annotated[Line, Field(description="The speaker reads it, and who asked.")]


class OpeningOut(Out):
    number: int
    at: datetime


class IdentityRequestOut(Out):
    """Who asked and who decided is told by role and unit."""

    id: UUID
    case_id: UUID
    state: RequestState
    motive: str
    hours: int
    by_role: str
    unit_id: UUID
    requested_at: datetime
    expires_at: datetime = Field(description="When it lapses undecided; once approved, until when it may be opened.")
    decided_by_role: str | None
    decided_by_unit_id: UUID | None
    reason: str | None = Field(description="Why it was rejected.")
    decided_at: datetime | None
    openings: list[OpeningOut] = Field(description="Each time that the identity was shown.")


class OpenedIdentityOut(Out):
    name: str
    contact: str | None
