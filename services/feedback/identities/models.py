"""Table of the identity vault: the only place where the name and the contact of a speaker are."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.feedback.tables import FeedbackTable


class SealedIdentity(FeedbackTable, table=True):
    """`sealed` by the key `key_id`, for its case alone. `has_contact` lets a case say what was given without opening it.

    Also of a named case: what is sealed with an older key is found by `key_id`, not by the case's `sealed_with`.
    """

    __tablename__ = "identities"
    __table_args__ = (Index("identities_by_key", "key_id"),)

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    key_id: str
    sealed: bytes
    has_contact: bool
