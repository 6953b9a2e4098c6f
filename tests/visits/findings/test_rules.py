from datetime import UTC, datetime, timedelta
from typing import Any

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


LATEST = LATER + timedelta(hours=1)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"answered_at": NOON, "lapsed_at": LATER}, CaseState.lapsed),
        ({"answered_at": NOON, "lapsed_at": NOON}, CaseState.lapsed),
        ({"answered_at": NOON, "lapsed_at": LATER, "reopened_at": LATEST}, CaseState.opened),
        ({"answered_at": LATEST, "lapsed_at": NOON, "reopened_at": LATER}, CaseState.answered),
        ({"answered_at": NOON, "confirmed_at": LATER, "resolved": True, "reopened_at": LATEST}, CaseState.opened),
        ({"answered_at": NOON, "confirmed_at": LATER, "resolved": True, "reopened_at": LATER}, CaseState.opened),
        ({"answered_at": NOON, "withdrawn_at": LATER}, CaseState.withdrawn),
        ({"withdrawn_at": NOON, "reopened_at": LATER}, CaseState.opened),
        ({"withdrawn_at": LATER, "reopened_at": NOON}, CaseState.withdrawn),
        ({"rejected_at": NOON, "reopened_at": LATER}, CaseState.opened),
        ({"rejected_at": LATER, "reopened_at": NOON}, CaseState.rejected),
        ({"rejected_at": NOON, "reopened_at": LATER, "answered_at": LATEST}, CaseState.answered),
        ({"reopened_at": NOON}, CaseState.opened),
    ],
)
def test_case_state_of_what_lapsed_was_opened_again_or_taken_back(facts: dict[str, datetime], state: CaseState) -> None:
    unheard: dict[str, Any] = dict.fromkeys(("answered_at", "confirmed_at", "resolved", "rejected_at"))
    assert case_state(**{**unheard, **facts}) is state
