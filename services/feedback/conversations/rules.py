"""What the parts of a conversation are, and why a unit declines. Pure."""

from enum import StrEnum


class MessageKind(StrEnum):
    """A plain word of either side, or what the unit says officially."""

    message = "message"
    question = "question"
    answer = "answer"
    rejection = "rejection"


class RejectionGround(StrEnum):
    """What the reason for declining a case comes down to."""

    not_our_duty = "not_our_duty"
    not_allowed = "not_allowed"
    decided_before = "decided_before"
    not_enough_known = "not_enough_known"
    nothing_asked = "nothing_asked"
    other = "other"
