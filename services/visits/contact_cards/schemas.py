"""Cards, and what is chosen by them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.visits.choices.schemas import SuspensionIn
from services.visits.contacts.rules import Companion, ContactKind, ContactState, Meeting
from services.visits.contacts.schemas import Rhythm
from shared.types import In, Out, Text


class IssuedCard(Out):
    card: str = Field(description="For the resident alone. It is shown once; a new one voids it.")


class Shown(In):
    card: Annotated[Text, StringConstraints(min_length=1, max_length=64)]


class CardTerms(Shown):
    """What is left out stays."""

    rhythm_days: Rhythm | None = Field(None, description="Needed by whoever has not agreed to a rhythm yet.")
    meeting: Meeting | None = None
    companion: Companion | None = None


class CardSuspension(Shown, SuspensionIn):
    pass


class WindowOut(Out):
    window_starts_at: datetime
    window_ends_at: datetime


class CardOut(Out):
    """How a contact stands, and nothing of whom it is with."""

    unit_id: UUID
    unit: str | None = Field(description="Who comes.")
    kind: ContactKind
    state: ContactState
    rhythm_days: int | None
    meeting: Meeting
    companion: Companion
    suspended_until: datetime | None
    next_visit: WindowOut | None
