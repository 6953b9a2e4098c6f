from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.priorities.rules import (
    FEWEST,
    cells,
    check_end,
    check_free,
    check_in_effect,
    check_shared,
    check_span,
    month_of,
)
from shared.errors import DomainError, Invalid

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)
COUNTS: st.SearchStrategy[dict[Hashable, int]] = st.dictionaries(st.text(max_size=3), st.integers(0, 30), min_size=1, max_size=6)


@given(COUNTS)
def test_shares_of_everything_add_up_to_one(counts: dict[Hashable, int]) -> None:
    shares = [cell.share for cell in cells(counts, veil=False).values()]
    if sum(counts.values()):
        assert sum(share or 0 for share in shares) == pytest.approx(1)
    else:
        assert shares == [None] * len(counts)


@given(COUNTS)
def test_veiled_nothing_is_shown_or_told_by_the_total_that_is_few(counts: dict[Hashable, int]) -> None:
    shown = cells(counts, veil=True)
    hidden = [part for part, cell in shown.items() if cell.n is None]
    assert all(cell.n is None or cell.n == 0 or cell.n >= FEWEST for cell in shown.values())
    rest = sum(counts.values()) - sum(cell.n or 0 for cell in shown.values())
    if any(count >= FEWEST for count in counts.values()):
        assert rest == 0 or rest >= FEWEST
    assert all(counts[part] for part in hidden)


@pytest.mark.parametrize(
    ("check", "slug"),
    [
        (lambda: check_span(TODAY - DAY, None, TODAY), "priority-in-the-past"),
        (lambda: check_span(TODAY, TODAY - DAY, TODAY), "priority-ends-before-start"),
        (lambda: check_end(TODAY, None, TODAY - DAY, TODAY), "end-in-the-past"),
        (lambda: check_end(TODAY + DAY, None, TODAY, TODAY), "priority-ends-before-start"),
        (lambda: check_end(TODAY, TODAY, TODAY, TODAY), "priority-ended"),
        (lambda: check_end(TODAY, TODAY, TODAY + DAY, TODAY), "priority-ended"),
        (lambda: check_free(taken=True), "priority-code-taken"),
        (lambda: check_in_effect(TODAY + DAY, None, TODAY), "priority-not-in-effect"),
        (lambda: check_in_effect(TODAY - DAY, TODAY - DAY, TODAY), "priority-not-in-effect"),
        (lambda: check_shared(covered=False), "priority-elsewhere"),
    ],
)
def test_what_is_refused(check: Callable[[], Any], slug: str) -> None:
    with pytest.raises(DomainError) as refused:
        check()
    assert refused.value.slug == slug


def test_what_is_let_through() -> None:
    check_span(TODAY, TODAY, TODAY)
    check_end(TODAY - DAY, TODAY + DAY, TODAY, TODAY)
    check_free(taken=False)
    check_in_effect(TODAY, TODAY, TODAY)
    check_shared(covered=True)


def test_months_that_are_over_meet_and_do_not_overlap() -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    february, march = month_of("2026-02", now), month_of("2026-03", now)
    assert march[0] - february[1] == timedelta(microseconds=1)
    with pytest.raises(Invalid):
        month_of("2026-04", now)
