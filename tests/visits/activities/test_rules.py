from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.visits.activities.rules import (
    LONGEST,
    TRANSITIONS,
    ActivityState,
    Attendance,
    Sides,
    Tally,
    attendance,
    check_held,
    check_plan,
    check_turns,
    is_one_sided,
    move,
    official_share,
)
from services.visits.activity_templates.rules import Demands, check_sizes
from shared.errors import Conflict, Invalid
from shared.types import Level

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
A_WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)
DEMANDS = Demands(
    levels=frozenset({Level.county, Level.township}),
    indicator="water.hours",
    needs_place=True,
    least_days_notice=7,
    least_participants=5,
    most_participants=50,
)
PLAN: dict[str, Any] = {
    "level": Level.township,
    "starts_at": NOW + A_WEEK,
    "ends_at": NOW + A_WEEK + timedelta(hours=2),
    "now": NOW,
    "place": "The hall",
    "indicator": "water.hours",
}


def test_a_plan_that_keeps_to_its_template_is_accepted() -> None:
    check_plan(DEMANDS, **PLAN)


@pytest.mark.parametrize(
    ("changes", "slug", "field"),
    [
        ({"level": Level.grassroots}, "template-not-for-level", "template_code"),
        ({"ends_at": NOW + A_WEEK}, "activity-ends-before-start", "ends_at"),
        ({"ends_at": NOW + A_WEEK + LONGEST + TICK}, "activity-too-long", "ends_at"),
        ({"starts_at": NOW + A_WEEK - TICK}, "notice-too-short", "starts_at"),
        ({"place": None}, "place-needed", "place"),
        ({"indicator": "water.litres"}, "effect-not-of-template", "expected_effect.indicator"),
    ],
)
def test_a_plan_that_does_not_is_refused_by_the_field(changes: dict[str, Any], slug: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_plan(DEMANDS, **{**PLAN, **changes})
    assert refused.value.slug == slug
    assert f"`{field}`" in refused.value.detail


@pytest.mark.parametrize("to", ActivityState)
@pytest.mark.parametrize("state", ActivityState)
def test_only_what_is_planned_is_held_or_cancelled(state: ActivityState, to: ActivityState) -> None:
    if state is ActivityState.planned and to is not ActivityState.planned:
        assert move(state, to) is to
    else:
        with pytest.raises(Conflict):
            move(state, to)


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(ActivityState)


def test_an_activity_is_recorded_from_its_beginning_on() -> None:
    check_held(NOW, NOW)
    with pytest.raises(Conflict):
        check_held(NOW + TICK, NOW)


@pytest.mark.parametrize(
    ("participants", "turns", "share", "one_sided"),
    [
        (Sides(3, 20), Sides(4, 1), 0.8, False),
        (Sides(3, 20), Sides(41, 10), 0.804, True),
        (Sides(3, 20), Sides(0, 9), 0.0, False),
        (Sides(3, 20), Sides(1, 0), 1.0, True),
        (Sides(3, 20), Sides(0, 0), None, True),
        (Sides(3, 0), Sides(9, 0), 1.0, False),
        (Sides(0, 0), Sides(0, 0), None, False),
        (Sides(3, 20), Sides(100_000, 100_000), 0.5, False),
    ],
)
def test_a_show_of_one_side_shows(participants: Sides, turns: Sides, share: float | None, one_sided: bool) -> None:
    assert official_share(turns) == share
    assert is_one_sided(participants, turns) is one_sided


@pytest.mark.parametrize(("participants", "turns"), [(Sides(0, 5), Sides(1, 5)), (Sides(5, 0), Sides(5, 1))])
def test_nobody_takes_no_turn(participants: Sides, turns: Sides) -> None:
    with pytest.raises(Invalid):
        check_turns(participants, turns)


@pytest.mark.parametrize(
    ("came", "expected"),
    [(4, Attendance.fewer), (5, Attendance.fitting), (50, Attendance.fitting), (51, Attendance.more)],
)
def test_attendance_is_seen_against_the_template(came: int, expected: Attendance) -> None:
    assert attendance(Sides(1, came - 1), DEMANDS) is expected


def test_a_share_of_nothing_is_not_known() -> None:
    assert Tally(held=3, linked=2, unlinked=1).share_unlinked == 0.333
    assert Tally(planned=1, linked=1).share_unlinked == 0.0
    assert Tally(cancelled=1).share_unlinked is None


def test_a_template_takes_no_more_at_least_than_at_most() -> None:
    check_sizes(5, 5)
    with pytest.raises(Invalid):
        check_sizes(5, 4)
