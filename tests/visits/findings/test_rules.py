from datetime import UTC, datetime, timedelta

import pytest

from services.visits.findings.rules import CaseState, case_state

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("answered_at", "confirmed_at", "resolved", "rejected_at", "state"),
    [
        (None, None, None, None, CaseState.opened),
        (NOON, None, None, None, CaseState.answered),
        (NOON, LATER, True, None, CaseState.confirmed),
        (NOON, LATER, False, None, CaseState.refused),
        (NOON, NOON, True, None, CaseState.confirmed),
        (NOON, NOON, False, None, CaseState.refused),
        (LATER, NOON, False, None, CaseState.answered),
        (LATER, NOON, True, None, CaseState.answered),
        (None, NOON, True, None, CaseState.confirmed),
        (None, NOON, False, None, CaseState.refused),
        (None, None, None, NOON, CaseState.rejected),
        (LATER, LATER, True, NOON, CaseState.rejected),
    ],
)
def test_case_state(
    answered_at: datetime | None,
    confirmed_at: datetime | None,
    resolved: bool | None,
    rejected_at: datetime | None,
    state: CaseState,
) -> None:
    found = case_state(answered_at=answered_at, confirmed_at=confirmed_at, resolved=resolved, rejected_at=rejected_at)
    assert found is state
