"""Table of the audit log: what those in office did that others must be able to look into."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.feedback.audit.rules import Act
from services.feedback.tables import UTC_TIME, FeedbackTable
from shared.types import enum_check


class AuditEntry(FeedbackTable, table=True):
    """Append-only: a trigger refuses every change. Numbered 1, 2, 3 without a gap, each sealed over the one before (`hash_of`).

    `by_account` is an alias that stands nowhere but here and in `identity_requests`. `case_id` refers to no row, for an entry
    outlives its case.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(enum_check("act", Act), name="audit_entries_act"),
        Index("audit_entries_by_unit", "by_unit_id", "number"),
        Index("audit_entries_by_case", "case_id", "number", postgresql_where="case_id IS NOT NULL"),
    )

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    id: UUID = Field(unique=True)
    at: datetime = Field(sa_type=UTC_TIME)
    act: str
    by_role: str
    by_unit_id: UUID | None
    by_account: UUID
    case_id: UUID | None
    subject_id: UUID | None
    detail: dict[str, Any] = Field(sa_type=JSONB)
    previous: bytes
    hash: bytes
