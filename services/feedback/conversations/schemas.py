"""What goes in and out of the conversation routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Side
from services.feedback.conversations.rules import MessageKind, RejectionGround
from shared.types import Body, In, Line, Out


class MessageIn(In):
    text: Body


class AnswerIn(In):
    text: Body
    outcome: Line | None = None


class RejectionIn(In):
    reason: Body
    ground: RejectionGround = Field(
        RejectionGround.other, description="What the reason comes down to. The register of decisions has this, and not its words."
    )


Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class ReadingIn(In):
    up_to: UUID | Number = Field(description="The last message that was read: its `id` or its `number`.")


class MessageOut(Out):
    id: UUID
    number: int = Field(description="Counts within the case, from 1.")
    by: Side
    unit_id: UUID | None = Field(description="The unit that wrote; null for the resident.")
    kind: MessageKind = Field(description="Which of the unit's words is its question, its answer, or why it rejected.")
    text: str
    added_at: datetime
