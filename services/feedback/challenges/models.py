"""Table of challenges whose proof was taken, so that none is taken twice."""

from datetime import datetime

from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class SpentChallenge(FeedbackTable, table=True):
    """`id` is a hash of the challenge; `expires_at`, in full hours, is when it may be forgotten. What was called with it is
    nowhere."""

    __tablename__ = "spent_challenges"

    id: bytes = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UTC_TIME)
