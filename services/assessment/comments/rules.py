"""Comments on the draft of a standard."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.assessment.standards.rules import State
from shared.errors import Conflict, Invalid

MOST = 20
"""Comments of one resident on one draft."""
RULE = "comment.answered-with-reason"
"""By which rule it is decided what becomes of one."""


class Stance(StrEnum):
    support = "support"
    change = "change"
    oppose = "oppose"


class Decision(StrEnum):
    """What became of a comment."""

    adopted = "adopted"
    adopted_in_part = "adopted_in_part"
    declined = "declined"


def check_open(state: State, comments_until: datetime, now: datetime) -> None:
    """Raises `Conflict` (comments-closed)."""
    if state is not State.draft or now >= comments_until:
        raise Conflict("comments-closed", "This version takes no comments any more: comment on the newest draft.")


def check_about(criterion: str | None, codes: Collection[str]) -> None:
    """Raises `Invalid` (no-such-criterion)."""
    if criterion is not None and criterion not in codes:
        raise Invalid("no-such-criterion", f"This standard has no criterion {criterion}: leave it out to comment on the whole.")


def about(standard_id: UUID, account_id: UUID) -> bytes:
    """What a pseudonym is made of: on another standard the same resident has another one."""
    return standard_id.bytes + account_id.bytes
