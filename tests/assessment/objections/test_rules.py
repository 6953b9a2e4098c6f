from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.assessment.objections import rules
from services.assessment.objections.rules import ObjectionState, Outcome
from shared.errors import Conflict, Forbidden, Invalid

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("outcome", "criteria", "slug"),
    [
        (Outcome.upheld, [], "corrections-missing"),
        (Outcome.dismissed, ["response"], "corrections-without-effect"),
        (Outcome.upheld, ["response", "response"], "criterion-corrected-twice"),
    ],
)
def test_check_corrections_refuses(outcome: Outcome, criteria: list[str], slug: str) -> None:
    with pytest.raises(Invalid, match=slug):
        rules.check_corrections(outcome, criteria)


def test_check_corrections_takes_what_has_an_effect() -> None:
    rules.check_corrections(Outcome.upheld, ["response", "resolution"])
    rules.check_corrections(Outcome.dismissed, [])


def test_only_the_graded_unit_objects() -> None:
    unit_id = uuid4()
    rules.check_own(unit_id, unit_id)
    for other in (uuid4(), None):
        with pytest.raises(Forbidden, match="objection-not-yours"):
            rules.check_own(other, unit_id)


def test_who_signed_does_not_review() -> None:
    account = uuid4()
    rules.check_reviewer(account, [uuid4()])
    with pytest.raises(Forbidden, match="reviewer-has-signed"):
        rules.check_reviewer(account, [account])


def test_a_decision_stands() -> None:
    rules.check_open(ObjectionState.open)
    for state in (ObjectionState.upheld, ObjectionState.dismissed):
        with pytest.raises(Conflict, match="objection-decided"):
            rules.check_open(state)


def test_only_cases_of_the_unit_are_taken_out() -> None:
    rules.check_counted(set())
    with pytest.raises(Invalid, match="case-not-counted"):
        rules.check_counted({UUID(int=1)})


def test_is_overdue() -> None:
    due = rules.review_due_at(NOW)
    assert due - NOW == timedelta(days=15)
    assert not rules.is_overdue(ObjectionState.open, due, due)
    assert rules.is_overdue(ObjectionState.open, due, due + timedelta(microseconds=1))
    assert not rules.is_overdue(ObjectionState.upheld, due, due + timedelta(days=1))
