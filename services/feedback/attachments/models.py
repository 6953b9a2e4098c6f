"""Tables of attachments: what is known of a file, and which files belong to nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.feedback.attachments.rules import FileType
from services.feedback.cases.rules import Side
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.types import enum_check


class Attachment(FeedbackTable, table=True):
    """`file` names it in the store, at random, and stands in several rows where a unit sent one file into merged cases. The
    name that a sender gave it is not kept: it may name a person. Of a protected case it is sealed, with the key
    `sealed_with`; `size` is what it was before."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(enum_check("by", Side), name="attachments_by"),
        CheckConstraint(enum_check("type", FileType), name="attachments_type"),
        CheckConstraint("(by = 'unit') = (unit_id IS NOT NULL)", name="attachments_of_a_unit"),
        CheckConstraint("(pages IS NULL) = (type <> 'pdf')", name="attachments_pages"),
        CheckConstraint("(width IS NULL) = (pages IS NOT NULL)", name="attachments_width"),
        CheckConstraint("(height IS NULL) = (pages IS NOT NULL)", name="attachments_height"),
        Index("attachments_by_case", "case_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    by: Side = Field(sa_type=text_of(Side))
    unit_id: UUID | None
    type: FileType = Field(sa_type=text_of(FileType))
    size: int
    width: int | None
    height: int | None
    pages: int | None
    file: str
    sealed_with: str | None = None
    added_at: datetime = Field(sa_type=UTC_TIME)


class StrayFile(FeedbackTable, table=True):
    """A file that no attachment has, not yet or not any more: a job removes it after `due_at`, a full hour."""

    __tablename__ = "stray_files"
    __table_args__ = (Index("stray_files_due", "due_at"),)

    file: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UTC_TIME)
