from datetime import UTC, datetime, timedelta

import pytest

from services.visits.findings.rules import CaseState, case_state

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("answered_at", "confirmed_at", "resolved", "state"),
    [
        (None, None, None, CaseState.opened),
        (NOON, None, None, CaseState.answered),
        (NOON, LATER, True, CaseState.confirmed),
        (NOON, LATER, False, CaseState.refused),
        (NOON, NOON, True, CaseState.confirmed),
        (NOON, NOON, False, CaseState.refused),
        (LATER, NOON, False, CaseState.answered),
        (LATER, NOON, True, CaseState.answered),
        (None, NOON, True, CaseState.confirmed),
        (None, NOON, False, CaseState.refused),
    ],
)
def test_case_state(answered_at: datetime | None, confirmed_at: datetime | None, resolved: bool | None, state: CaseState) -> None:
    assert case_state(answered_at=answered_at, confirmed_at=confirmed_at, resolved=resolved) is state
