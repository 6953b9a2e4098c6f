"""Tables of requests to open a masked identity, and of every opening."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.feedback.identity_requests.rules import MOST_HOURS
from services.feedback.tables import UTC_TIME, FeedbackTable


class IdentityRequest(FeedbackTable, table=True):
    """`motive` and `reason` are words of the case, sealed like those. `by_account` is the alias of the audit log.

    It lapses at `expires_at` while `approved` is null; once it is true, it may be opened until then.
    """

    __tablename__ = "identity_requests"
    __table_args__ = (
        CheckConstraint(f"hours BETWEEN 1 AND {MOST_HOURS}", name="identity_requests_hours"),
        CheckConstraint("(approved IS NULL) = (decided_at IS NULL)", name="identity_requests_decided_whole"),
        Index("identity_requests_by_case", "case_id", "id"),
        Index("identity_requests_by_unit", "unit_id", "id"),
        Index("identity_requests_by_account", "by_account", "id"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    unit_id: UUID
    by_role: str
    by_account: UUID
    motive: str
    hours: int
    requested_at: datetime = Field(sa_type=UTC_TIME)
    expires_at: datetime = Field(sa_type=UTC_TIME)
    approved: bool | None = None
    decided_by_role: str | None = None
    decided_by_unit_id: UUID | None = None
    reason: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class IdentityOpening(FeedbackTable, table=True):
    """Each time that the identity was shown to who asked: 1, 2, 3."""

    __tablename__ = "identity_openings"

    request_id: UUID = Field(primary_key=True, foreign_key="identity_requests.id")
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UTC_TIME)
