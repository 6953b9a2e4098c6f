"""What can be answered to. Pure."""

from enum import StrEnum


class NeedKind(StrEnum):
    """What a visit or an activity can answer to: raised by residents, or found among them."""

    case = "case"
    topic = "topic"
    finding = "finding"
    consultation = "consultation"
