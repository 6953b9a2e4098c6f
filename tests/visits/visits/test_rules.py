from datetime import UTC, datetime, timedelta

import pytest

from services.visits.visits.rules import (
    CLOCK_SKEW,
    RECORDED,
    TRANSITIONS,
    UNPLANNED,
    Outcome,
    VisitState,
    check_occurred_at,
    check_record,
    is_late,
    move,
    recorded_state,
    remind_at,
    state_at,
)
from shared.errors import Conflict, Invalid

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
END = START + timedelta(days=7)
TICK = timedelta(microseconds=1)
ALLOWED = {
    ("planned", "ready"),
    ("planned", "missed"),
    ("planned", "done"),
    ("planned", "done_late"),
    ("planned", "cancelled"),
    ("planned", "refused_by_resident"),
    ("ready", "missed"),
    ("ready", "done"),
    ("ready", "done_late"),
    ("ready", "cancelled"),
    ("ready", "refused_by_resident"),
    ("missed", "done_late"),
    ("missed", "refused_by_resident"),
}


@pytest.mark.parametrize("to", VisitState)
@pytest.mark.parametrize("state", VisitState)
def test_move_allows_what_the_table_says_and_nothing_else(state: VisitState, to: VisitState) -> None:
    if (state.value, to.value) in ALLOWED:
        assert move(state, to) is to
    else:
        with pytest.raises(Conflict):
            move(state, to)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(VisitState)


@pytest.mark.parametrize("state", sorted(RECORDED))
def test_recording_twice_says_so(state: VisitState) -> None:
    with pytest.raises(Conflict) as refused:
        move(state, VisitState.done)
    assert refused.value.slug == "visit-already-recorded"
    assert state in refused.value.detail


@pytest.mark.parametrize(
    ("now", "planned", "ready"),
    [
        (START - TICK, VisitState.planned, VisitState.ready),
        (START, VisitState.ready, VisitState.ready),
        (END, VisitState.ready, VisitState.ready),
        (END + TICK, VisitState.missed, VisitState.missed),
    ],
)
def test_state_at_follows_the_window(now: datetime, planned: VisitState, ready: VisitState) -> None:
    assert state_at(VisitState.planned, START, END, now) is planned
    assert state_at(VisitState.ready, START, END, now) is ready


@pytest.mark.parametrize("state", sorted(RECORDED | {VisitState.missed}))
def test_state_at_leaves_every_other_state(state: VisitState) -> None:
    assert state_at(state, START, END, END + timedelta(days=1)) is state


@pytest.mark.parametrize(
    ("occurred_at", "recorded_at", "late"),
    [(END, END, False), (END + TICK, END, True), (START, END + TICK, True), (END + TICK, END + TICK, True)],
)
def test_late_is_whatever_was_made_or_entered_after_the_window(occurred_at: datetime, recorded_at: datetime, late: bool) -> None:
    assert is_late(END, occurred_at=occurred_at, recorded_at=recorded_at) is late


@pytest.mark.parametrize(
    ("outcome", "late", "state"),
    [
        (Outcome.done, False, VisitState.done),
        (Outcome.done, True, VisitState.done_late),
        (Outcome.refused_by_resident, False, VisitState.refused_by_resident),
        (Outcome.refused_by_resident, True, VisitState.refused_by_resident),
        (Outcome.cancelled, False, VisitState.cancelled),
        (Outcome.cancelled, True, VisitState.cancelled),
    ],
)
def test_recorded_state(outcome: Outcome, late: bool, state: VisitState) -> None:
    assert recorded_state(outcome, late=late) is state


def _check(occurred_at: datetime, *, planned_at: datetime = START, starts_at: datetime = START) -> None:
    check_occurred_at(occurred_at, now=END, planned_at=planned_at, starts_at=starts_at)


@pytest.mark.parametrize("occurred_at", [START - UNPLANNED, START, END, END + CLOCK_SKEW])
def test_occurred_at_may_be_anything_that_can_be_true(occurred_at: datetime) -> None:
    _check(occurred_at)


@pytest.mark.parametrize(
    ("occurred_at", "slug"),
    [(END + CLOCK_SKEW + TICK, "occurred-in-the-future"), (START - UNPLANNED - TICK, "occurred-before-plan")],
)
def test_occurred_at_refuses_what_cannot_be_true(occurred_at: datetime, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        _check(occurred_at)
    assert refused.value.slug == slug


def test_occurred_at_may_lie_before_the_plan_was_written_when_the_window_was_open() -> None:
    earlier = START - timedelta(days=5)
    _check(earlier, planned_at=START, starts_at=earlier)
    with pytest.raises(Invalid):
        _check(earlier, planned_at=START, starts_at=START)


def test_cancelling_needs_a_reason() -> None:
    check_record(Outcome.cancelled, reason="Flood", findings=0)
    with pytest.raises(Invalid) as refused:
        check_record(Outcome.cancelled, reason=None, findings=0)
    assert refused.value.slug == "reason-needed"


@pytest.mark.parametrize("outcome", [Outcome.cancelled, Outcome.refused_by_resident])
def test_findings_need_a_visit_that_was_made(outcome: Outcome) -> None:
    check_record(Outcome.done, reason=None, findings=1)
    with pytest.raises(Invalid) as refused:
        check_record(outcome, reason="So it was", findings=1)
    assert refused.value.slug == "findings-need-a-visit"


@pytest.mark.parametrize(
    ("hours", "left"),
    [(0, 0), (4, 1), (24, 6), (7 * 24, 42), (8 * 24, 48), (60 * 24, 48)],
    ids=["no window", "an afternoon", "a day", "a week", "eight days", "two months"],
)
def test_remind_at_leaves_a_quarter_of_the_window_and_at_most_two_days(hours: int, left: int) -> None:
    end = START + timedelta(hours=hours)
    assert remind_at(START, end) == end - timedelta(hours=left)
