from datetime import UTC, datetime, timedelta

import pytest

from services.visits.cases.rules import effect_of
from shared.events.visits import VisitEffect

VISIT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BEFORE, HOUR, AFTER = VISIT - timedelta(days=1), VISIT.replace(minute=0), VISIT + timedelta(days=1)


@pytest.mark.parametrize(
    ("named", "opened_at", "answered_at", "effect"),
    [
        (True, None, None, None),
        (True, AFTER, None, VisitEffect.case),
        (True, VISIT.replace(hour=0, minute=0), None, VisitEffect.case),
        (True, BEFORE, None, None),
        (True, BEFORE, AFTER, VisitEffect.answer),
        (True, BEFORE, BEFORE, None),
        (True, None, HOUR, VisitEffect.answer),
        (True, AFTER, AFTER, VisitEffect.case),
        (False, AFTER, None, None),
        (False, BEFORE, AFTER, VisitEffect.answer),
        (False, AFTER, HOUR - timedelta(microseconds=1), None),
    ],
)
def test_what_a_case_shows_of_a_visit(
    named: bool, opened_at: datetime | None, answered_at: datetime | None, effect: VisitEffect | None
) -> None:
    assert effect_of(occurred_at=VISIT, named=named, opened_at=opened_at, answered_at=answered_at) is effect
