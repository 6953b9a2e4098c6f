"""What goes in and out of the escalation routes."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import State
from services.feedback.cases.schemas import EscalationOut


class EscalationItem(EscalationOut):
    """A step that made a case visible to `unit_id`, with what that unit must know of the case at a glance."""

    case_id: UUID
    owing_unit_id: UUID = Field(description="The unit that owes the case: responsibility stays there.")
    state: State
    title: str
    next_at: datetime | None = Field(description="When the chain climbs further; null when it has ended.")
