"""The table of contact cards, by which residents without an account choose."""

from uuid import UUID

from sqlmodel import Field

from services.visits.tables import VisitsTable


class ContactCard(VisitsTable, table=True):
    """`lookup` finds the newest card of a contact and is nothing without the pepper."""

    __tablename__ = "contact_cards"

    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.id")
    lookup: bytes = Field(unique=True)
