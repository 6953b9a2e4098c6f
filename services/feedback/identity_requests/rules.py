"""How long a request to open an identity stands, and what may be done with it. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict

LAPSES_AFTER = timedelta(days=7)
MOST_HOURS = 72


class RequestState(StrEnum):
    """`lapsed`: nobody decided in time; `over`: approved, and its hours have passed."""

    pending = "pending"
    approved = "approved"
    rejected = "rejected"
    lapsed = "lapsed"
    over = "over"


def state_of(approved: bool | None, expires_at: datetime, now: datetime) -> RequestState:
    if approved is False:
        return RequestState.rejected
    if now < expires_at:
        return RequestState.approved if approved else RequestState.pending
    return RequestState.over if approved else RequestState.lapsed


def check_undecided(state: RequestState) -> None:
    """Raises `Conflict` (identity-request-lapsed, identity-request-decided)."""
    if state is RequestState.lapsed:
        raise Conflict("identity-request-lapsed", f"Nobody decided this within {LAPSES_AFTER.days} days: it must be asked anew.")
    if state is not RequestState.pending:
        raise Conflict("identity-request-decided", "This request was decided before: read it again.")


def check_openable(state: RequestState) -> None:
    """Raises `Conflict` (opening-over, opening-not-approved)."""
    if state is RequestState.over:
        raise Conflict("opening-over", "The hours that were approved have passed: ask anew, with a motive.")
    if state is not RequestState.approved:
        raise Conflict("opening-not-approved", f"The request is {state}: only what a second person above approved can be opened.")
