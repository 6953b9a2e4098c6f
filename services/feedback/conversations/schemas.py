"""What goes in and out of the conversation routes."""

from datetime import datetime
from uuid import UUID

from services.feedback.conversations.rules import Side
from shared.types import Body, In, Line, Out


class MessageIn(In):
    text: Body


class AnswerIn(In):
    text: Body
    outcome: Line | None = None


class RejectionIn(In):
    reason: Body


class MessageOut(Out):
    id: UUID
    by: Side
    text: str
    added_at: datetime
