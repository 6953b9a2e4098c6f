"""How long a request stands."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.feedback.identity_requests.rules import RequestState, check_openable, check_undecided, state_of
from shared.errors import Conflict

END = datetime(2026, 3, 2, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
TABLE = [
    (None, -MOMENT, RequestState.pending, None, "opening-not-approved"),
    (None, 0 * MOMENT, RequestState.lapsed, "identity-request-lapsed", "opening-not-approved"),
    (True, -MOMENT, RequestState.approved, "identity-request-decided", None),
    (True, 0 * MOMENT, RequestState.over, "identity-request-decided", "opening-over"),
    (False, -MOMENT, RequestState.rejected, "identity-request-decided", "opening-not-approved"),
    (False, MOMENT, RequestState.rejected, "identity-request-decided", "opening-not-approved"),
]


def refusal(check: Callable[[RequestState], None], state: RequestState) -> str | None:
    try:
        check(state)
    except Conflict as error:
        return error.slug
    return None


@pytest.mark.parametrize(("approved", "after", "state", "undecided", "openable"), TABLE, ids=range(len(TABLE)))
def test_a_request_stands_as_long_as_it_should(
    approved: bool | None, after: timedelta, state: RequestState, undecided: str | None, openable: str | None
) -> None:
    assert state_of(approved, END, END + after) is state
    assert refusal(check_undecided, state) == undecided
    assert refusal(check_openable, state) == openable
