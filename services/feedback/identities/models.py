"""Table of the identity vault: the only place where the name and the contact of a speaker are."""

from uuid import UUID

from sqlmodel import Field

from services.feedback.tables import FeedbackTable


class SealedIdentity(FeedbackTable, table=True):
    """`sealed` by the key `key_id`, for its case alone. `has_contact` lets a case say what was given without opening it."""

    __tablename__ = "identities"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    key_id: str
    sealed: bytes
    has_contact: bool
