from datetime import UTC, datetime, timedelta

import pytest

from services.visits.requests.rules import AFTER_VISIT, DUE_AFTER, RequestState, due_at, is_overdue, move
from services.visits.visits.rules import VisitState
from shared.errors import Conflict

ASKED = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALLOWED = {
    ("open", "planned"),
    ("open", "visited"),
    ("open", "declined"),
    ("open", "declined_by_resident"),
    ("open", "withdrawn"),
    ("planned", "open"),
    ("planned", "visited"),
    ("planned", "declined_by_resident"),
    ("planned", "withdrawn"),
}


@pytest.mark.parametrize("to", RequestState)
@pytest.mark.parametrize("state", RequestState)
def test_move_allows_what_the_table_says_and_nothing_else(state: RequestState, to: RequestState) -> None:
    if (state.value, to.value) in ALLOWED:
        assert move(state, to) is to
    else:
        with pytest.raises(Conflict) as refused:
            move(state, to)
        assert refused.value.slug == "visit-request-state"


def test_every_end_of_a_visit_says_what_becomes_of_the_request() -> None:
    assert AFTER_VISIT.keys() == set(VisitState) - {VisitState.planned, VisitState.ready}


@pytest.mark.parametrize("state", RequestState)
def test_only_what_is_owed_can_be_overdue(state: RequestState) -> None:
    due = due_at(ASKED)
    assert due == ASKED + DUE_AFTER
    assert is_overdue(state, due, due) is False
    assert is_overdue(state, due, due + timedelta(seconds=1)) is (state in ("open", "planned"))
