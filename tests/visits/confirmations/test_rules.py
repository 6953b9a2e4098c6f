from datetime import UTC, date, datetime, timedelta

import pytest

from services.visits.confirmations.rules import check_opened, month_of, span_of
from shared.errors import Conflict

MADE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def test_a_code_opens_twelve_hours_after_the_visit_for_sixty_days() -> None:
    span = span_of(MADE, MADE)
    assert span == (MADE + timedelta(hours=12), MADE + timedelta(days=60, hours=12))
    check_opened(span, span.opens_at)
    with pytest.raises(Conflict) as refused:
        check_opened(span, span.opens_at - TICK)
    assert refused.value.slug == "too-early"
    assert "2026-03-02 21:30 UTC" in refused.value.detail


def test_a_visit_said_to_have_been_yesterday_opens_nothing_today() -> None:
    assert span_of(MADE - timedelta(days=1), MADE) == span_of(MADE, MADE)
    assert span_of(MADE + timedelta(minutes=5), MADE).opens_at == MADE + timedelta(hours=12, minutes=5)


def test_a_rating_has_no_finer_time_than_the_month() -> None:
    assert month_of(MADE) == date(2026, 3, 1)
