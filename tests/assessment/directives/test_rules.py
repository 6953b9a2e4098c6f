from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.directives.rules import STEP, TaskState, check_due, due_again, is_overdue, move
from shared.errors import Conflict, Invalid

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("to", TaskState)
@pytest.mark.parametrize("state", TaskState)
def test_move(state: TaskState, to: TaskState, back: bool) -> None:
    allowed = {
        (TaskState.issued, TaskState.acknowledged, False),
        (TaskState.acknowledged, TaskState.done, False),
        (TaskState.done, TaskState.acknowledged, True),
    }
    if (state, to, back) in allowed:
        assert move(state, to, back=back) is to
    else:
        with pytest.raises(Conflict, match=f"task-{state}"):
            move(state, to, back=back)


@pytest.mark.parametrize(
    ("state", "acknowledge_by", "due_at", "overdue"),
    [
        (TaskState.issued, EARLIER, None, True),
        (TaskState.issued, LATER, EARLIER, False),
        (TaskState.issued, NOW, None, False),
        (TaskState.acknowledged, EARLIER, None, False),
        (TaskState.acknowledged, EARLIER, EARLIER, True),
        (TaskState.acknowledged, EARLIER, LATER, False),
        (TaskState.done, EARLIER, EARLIER, False),
    ],
)
def test_is_overdue(state: TaskState, acknowledge_by: datetime, due_at: datetime | None, overdue: bool) -> None:
    assert is_overdue(state, acknowledge_by, due_at, NOW) is overdue


def test_check_due() -> None:
    check_due(None, NOW)
    check_due(NOW, NOW)
    with pytest.raises(Invalid, match="directive-due-too-early"):
        check_due(EARLIER, NOW)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))
def test_what_is_sent_back_is_never_overdue_at_once(due_at: datetime) -> None:
    again = due_again(due_at, NOW)
    assert again is not None
    assert again >= max(due_at, NOW + STEP)
    assert due_again(None, NOW) is None
