"""Who speaks in a conversation. Pure."""

from enum import StrEnum

from services.feedback.cases.rules import Party


class Side(StrEnum):
    resident = "resident"
    unit = "unit"


def side_of(party: Party) -> Side:
    """Everybody but the speaker writes for the unit."""
    return Side.resident if party is Party.speaker else Side.unit
