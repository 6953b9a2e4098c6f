"""How far the case of a finding has come."""

from datetime import datetime
from enum import StrEnum


class CaseState(StrEnum):
    """What the sponsor of a finding sees of its case; `refused` when the outcome was judged to change nothing."""

    opened = "opened"
    answered = "answered"
    confirmed = "confirmed"
    refused = "refused"
    rejected = "rejected"


def case_state(
    *, answered_at: datetime | None, confirmed_at: datetime | None, resolved: bool | None, rejected_at: datetime | None
) -> CaseState:
    """The newest fact decides, in whatever order they were heard; a judgement outweighs an answer of the same moment.

    A rejection is final.
    """
    if rejected_at is not None:
        return CaseState.rejected
    if confirmed_at is not None and (answered_at is None or confirmed_at >= answered_at):
        return CaseState.confirmed if resolved else CaseState.refused
    return CaseState.opened if answered_at is None else CaseState.answered
