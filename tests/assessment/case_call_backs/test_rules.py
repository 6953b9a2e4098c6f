from datetime import UTC, date, datetime

import pytest

from services.assessment.case_call_backs.rules import Found, add_up, check_found, check_over, first_day_of, span_of
from services.assessment.indicators.rules import Tally
from shared.errors import Conflict, Invalid


@pytest.mark.parametrize(
    ("month", "starts_at", "ends_at"),
    [
        ("2026-02", datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        ("2028-02", datetime(2028, 2, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
        ("2026-12", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_month_begins_with_its_first_moment_and_ends_before_the_next(
    month: str, starts_at: datetime, ends_at: datetime
) -> None:
    assert span_of(first_day_of(month)) == (starts_at, ends_at)


def test_a_month_is_drawn_from_when_it_is_over() -> None:
    check_over(date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=UTC))
    with pytest.raises(Invalid):
        check_over(date(2026, 2, 1), datetime(2026, 2, 28, 23, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("known", "finished", "slug"),
    [
        (None, False, None),
        (Found.not_reached, False, None),
        (Found.confirmed, False, "found-already"),
        (Found.not_confirmed, False, "found-already"),
        (Found.not_reached, True, "call-back-finished"),
    ],
)
def test_only_who_was_not_reached_is_called_again(known: Found | None, finished: bool, slug: str | None) -> None:
    if slug is None:
        check_found(known, finished=finished)
        return
    with pytest.raises(Conflict) as refused:
        check_found(known, finished=finished)
    assert refused.value.slug == slug


def test_who_was_not_reached_speaks_neither_for_nor_against() -> None:
    said = [Found.confirmed, Found.not_confirmed, Found.not_reached, None, Found.confirmed]
    assert add_up(said) == Tally(2, 3)
