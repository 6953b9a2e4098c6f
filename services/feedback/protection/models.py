"""Table of receipts: what the code of a speaker without an account is checked against."""

from uuid import UUID

from sqlmodel import Field

from services.feedback.tables import FeedbackTable


class Receipt(FeedbackTable, table=True):
    """`lookup` is a keyed hash of the code's first half, `proof` a slow keyed hash of the second; there is no time here."""

    __tablename__ = "receipts"

    lookup: bytes = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id", unique=True)
    proof: str
