"""Table of endorsements: that somebody has the same concern, and not who."""

from uuid import UUID

from sqlmodel import Field

from services.feedback.tables import FeedbackTable


class Endorsement(FeedbackTable, table=True):
    """`pseudonym` is of this case alone: what one account endorsed cannot be put together. There is no time here."""

    __tablename__ = "endorsements"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    pseudonym: bytes = Field(primary_key=True)
