"""Which unit is told next, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.feedback.cases.rules import Terms
from services.feedback.escalations.rules import climbs_at, next_unit
from shared.events.feedback import EscalationCause
from shared.policies import SHIPPED
from shared.working_time import ROUND_THE_CLOCK, WorkingCalendar
from tests.feedback.policies import SHANGHAI, rules, span

ABOVE = [uuid4() for _ in range(4)]
NOW = datetime(2026, 9, 30, 9, 0, tzinfo=UTC)


def terms(calendar: WorkingCalendar = ROUND_THE_CLOCK, **changes: Any) -> Terms:
    return Terms(SHIPPED[0].model_copy(update={"rules": rules(**changes)}), None, calendar)


def following(cause: EscalationCause, round: int, told: list[UUID], **changes: Any) -> UUID | None:
    return next_unit(terms(**changes), cause, round, ABOVE, told)


def test_a_duty_climbs_to_the_nearest_unit_that_was_not_told() -> None:
    told: list[UUID] = []
    for unit_id in ABOVE:
        assert following(EscalationCause.first_answer, 3, told) == unit_id
        told.append(unit_id)
    assert following(EscalationCause.first_answer, 3, told) is None
    assert following(EscalationCause.first_answer, 0, [ABOVE[1], uuid4()]) == ABOVE[0]


@pytest.mark.parametrize(("round", "place"), [(3, 0), (4, 1), (6, 3)])
def test_the_n_th_reopening_tells_one_unit_in_all(round: int, place: int) -> None:
    assert following(EscalationCause.reopening, round, [], escalate_after_reopenings=3) == ABOVE[place]
    assert following(EscalationCause.reopening, round, [ABOVE[place]], escalate_after_reopenings=3) is None


def test_beyond_the_root_a_reopening_tells_nobody() -> None:
    assert following(EscalationCause.reopening, 7, [], escalate_after_reopenings=3) is None


def test_each_step_has_its_own_delay_and_after_the_last_there_is_none() -> None:
    said = terms(escalation=[span(0), span(2), span(5, "hours")])
    found = [climbs_at(said, step, NOW) for step in (1, 2, 3, 4)]
    assert found == [NOW, NOW + timedelta(days=2), NOW + timedelta(hours=5), None]


def test_a_delay_in_working_days_counts_by_the_calendar() -> None:
    """From a Wednesday evening over two holidays and a weekend."""
    said = terms(WorkingCalendar(SHANGHAI), escalation=[span(1, "working_days")], calendar_code="house")
    assert climbs_at(said, 1, datetime(2026, 9, 30, 12, 0, tzinfo=UTC)) == datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
