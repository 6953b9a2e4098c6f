"""What goes in and out of the routes of responsibility."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.responsibility.rules import JointState
from shared.types import In, Line, Out


class HandOverIn(In):
    unit_id: UUID = Field(description="The unit that owes the case from now on.")
    reason: Line


class InvitationIn(In):
    unit_id: UUID = Field(description="The unit that is to work on it too.")
    task: Line = Field(description="What it is asked to do; everybody who reads the case reads this.")


class LeavingIn(In):
    reason: Line


class JointUnitOut(Out):
    unit_id: UUID
    name: str | None = Field(description="Null for a unit that is not there any more.")
    task: str
    state: JointState
    invited_at: datetime
    left_at: datetime | None
    left_reason: str | None
