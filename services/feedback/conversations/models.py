"""Table of messages: what both sides wrote to each other in a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from services.feedback.cases.rules import Side
from services.feedback.conversations.rules import MessageKind
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.types import enum_check


class Message(FeedbackTable, table=True):
    """`number` counts within the case: an anonymous speaker's times are too coarse to order by. `unit_id` is the unit that
    wrote, null for the resident."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(enum_check("by", Side), name="messages_by"),
        CheckConstraint(enum_check("kind", MessageKind), name="messages_kind"),
        CheckConstraint("(by = 'unit') = (unit_id IS NOT NULL)", name="messages_of_a_unit"),
        UniqueConstraint("case_id", "number"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    number: int
    by: Side = Field(sa_type=text_of(Side))
    unit_id: UUID | None
    kind: MessageKind = Field(sa_type=text_of(MessageKind))
    text: str
    added_at: datetime = Field(sa_type=UTC_TIME)
