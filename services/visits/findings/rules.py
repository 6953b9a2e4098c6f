"""How far the case of a finding has come."""

from datetime import datetime
from enum import StrEnum


class CaseState(StrEnum):
    """What the sponsor of a finding sees of its case; `refused` when the outcome was judged to change nothing, `lapsed` when
    nobody judged it in time."""

    opened = "opened"
    answered = "answered"
    confirmed = "confirmed"
    refused = "refused"
    rejected = "rejected"
    lapsed = "lapsed"
    withdrawn = "withdrawn"


OVER = frozenset({CaseState.confirmed, CaseState.rejected, CaseState.withdrawn})
"""Nothing is left for a sponsor to see through. What lapsed or was refused is not: nobody has said that it helped."""


def case_state(
    *,
    answered_at: datetime | None,
    confirmed_at: datetime | None,
    resolved: bool | None,
    rejected_at: datetime | None,
    lapsed_at: datetime | None = None,
    reopened_at: datetime | None = None,
    withdrawn_at: datetime | None = None,
) -> CaseState:
    """The newest fact decides, in whatever order they were heard; of facts of one moment, the one that can only come after.

    A rejection is final, unless the case was opened again after it.
    """
    if rejected_at is not None and (reopened_at is None or reopened_at < rejected_at):
        return CaseState.rejected
    facts = (
        (answered_at, CaseState.answered),
        (confirmed_at, CaseState.confirmed if resolved else CaseState.refused),
        (lapsed_at, CaseState.lapsed),
        (withdrawn_at, CaseState.withdrawn),
        (reopened_at, CaseState.opened),
    )
    known = [(at, order, state) for order, (at, state) in enumerate(facts) if at is not None]
    return max(known)[2] if known else CaseState.opened
