"""What goes in and out of the routes of holds."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel
from shared.events.feedback import HoldDecision, HoldReason
from shared.types import In, Line, Out


class HoldDecisionIn(In):
    reason: Line = Field(description="Anybody may read it.")


class HoldOut(Out):
    """Of the opinions of the unit on the channel that came from `held_from` to before `held_until`."""

    id: UUID
    unit_id: UUID
    channel: Channel
    held_from: datetime
    held_until: datetime
    reason: HoldReason
    explanation: str = Field(description="The reason in the language that `Accept-Language` prefers: `en` or `zh`.")
    opinions: int = Field(description="How many came within two hours, at least; in steps of five.")
    usual: float = Field(description="How many usually come in two hours, over the four weeks before.")
    placed_at: datetime
    decision: HoldDecision | None = Field(description="Null until somebody has looked; it is held until then, and if kept.")
    decided_at: datetime | None
    decided_by_unit_id: UUID | None = Field(description="Null for an administrator.")
    decision_reason: str | None
