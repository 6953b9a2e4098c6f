"""Table of messages: what both sides wrote to each other in a case."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from services.feedback.conversations.rules import Side
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.types import enum_check


class Message(FeedbackTable, table=True):
    """`number` counts within the case: an anonymous speaker's times are too coarse to order by."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(enum_check("by", Side), name="messages_by"),
        UniqueConstraint("case_id", "number"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    number: int
    by: Side = Field(sa_type=text_of(Side))
    text: str
    added_at: datetime = Field(sa_type=UTC_TIME)
