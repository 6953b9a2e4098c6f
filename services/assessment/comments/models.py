"""What residents say about the draft of a standard, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field

from services.assessment.comments.rules import Decision, Stance
from services.assessment.tables import AssessmentTable
from shared.types import enum_check


class Comment(AssessmentTable, table=True):
    """`pseudonym` is of this draft alone: what one resident said of several cannot be put together. `said_at` is an hour."""

    __tablename__ = "standard_comments"
    __table_args__ = (
        CheckConstraint(enum_check("stance", Stance), name="standard_comments_stance_known"),
        CheckConstraint(f"decision IS NULL OR {enum_check('decision', Decision)}", name="standard_comments_decision_known"),
        CheckConstraint("(decision IS NULL) = (answer IS NULL)", name="standard_comments_answered_with_reason"),
        Index("standard_comments_standard_id_id", "standard_id", "id"),
        Index("standard_comments_of_one", "standard_id", "pseudonym"),
        Index("standard_comments_unanswered", "standard_id", postgresql_where=text("decision IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    standard_id: UUID = Field(foreign_key="standards.id")
    pseudonym: bytes
    criterion: str | None = Field(default=None, sa_type=Text)
    stance: Stance = Field(sa_type=Text)
    words: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=DateTime(timezone=True))
    decision: Decision | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
