from datetime import UTC, date, datetime, timedelta

import pytest

from services.visits.promises.rules import LONGEST, PromiseState, check_due, is_overdue, move
from shared.errors import Conflict, Invalid

DUE = date(2026, 3, 16)
OVER = datetime(2026, 3, 17, 12, tzinfo=UTC)
"""When the day is over everywhere on earth."""


@pytest.mark.parametrize("to", PromiseState)
@pytest.mark.parametrize("state", PromiseState)
def test_only_an_open_promise_is_kept_or_withdrawn(state: PromiseState, to: PromiseState) -> None:
    if state is PromiseState.open and to is not PromiseState.open:
        assert move(state, to) is to
        return
    with pytest.raises(Conflict) as refused:
        move(state, to)
    assert refused.value.slug == "promise-closed"


def test_a_promise_is_overdue_when_its_day_is_over_everywhere() -> None:
    assert not is_overdue(DUE, OVER - timedelta(microseconds=1))
    assert is_overdue(DUE, OVER)


@pytest.mark.parametrize(
    ("occurred_at", "due_on", "slug"),
    [
        (datetime(2026, 3, 2, 20, tzinfo=UTC), date(2026, 3, 2), None),
        (datetime(2026, 3, 2, 5, tzinfo=UTC), date(2026, 3, 1), None),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), date(2026, 3, 1), "promise-due-before-visit"),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), date(2026, 3, 2) + LONGEST, None),
        (datetime(2026, 3, 2, 20, tzinfo=UTC), date(2026, 3, 3) + LONGEST, "promise-too-far"),
    ],
)
def test_a_promise_is_due_from_the_day_of_the_visit_for_two_years(occurred_at: datetime, due_on: date, slug: str | None) -> None:
    if slug is None:
        check_due(due_on, occurred_at)
        return
    with pytest.raises(Invalid) as refused:
        check_due(due_on, occurred_at)
    assert refused.value.slug == slug
