"""What the parts of a conversation are. Pure."""

from enum import StrEnum


class MessageKind(StrEnum):
    """A plain word of either side, or what the unit says officially."""

    message = "message"
    question = "question"
    answer = "answer"
    rejection = "rejection"
