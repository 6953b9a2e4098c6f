from datetime import UTC, datetime, timedelta

import pytest

from services.visits.contacts import rules
from services.visits.contacts.rules import TRANSITIONS, Choice, ContactState
from shared.errors import Conflict, Forbidden

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("choice", Choice)
@pytest.mark.parametrize("state", ContactState)
def test_a_contact_moves_by_its_table_and_no_other_way(state: ContactState, choice: Choice) -> None:
    if (state, choice) in TRANSITIONS:
        assert rules.choose(state, choice) is TRANSITIONS[state, choice]
    else:
        with pytest.raises(Conflict):
            rules.choose(state, choice)


def test_whoever_has_not_ended_may_refuse_and_nothing_follows_an_end() -> None:
    asked = set(ContactState) - {ContactState.ended}
    assert {state for state, choice in TRANSITIONS if choice is Choice.refuse} == asked
    assert {state for state, _ in TRANSITIONS} == asked
    assert ContactState.listed not in TRANSITIONS.values(), "nobody is listed a second time"


@pytest.mark.parametrize(
    ("last_contact_at", "due"),
    [(None, NOON + 14 * DAY), (NOON - DAY, NOON + 13 * DAY), (NOON + DAY, NOON + 15 * DAY)],
    ids=["never", "before", "after"],
)
def test_the_next_contact_is_due_a_rhythm_after_the_last_or_after_the_agreement(
    last_contact_at: datetime | None, due: datetime
) -> None:
    assert rules.next_due(NOON, last_contact_at, 14) == due


@pytest.mark.parametrize(
    ("last_contact_at", "due"),
    [(None, NOON + 14 * DAY), (NOON - DAY, NOON + 13 * DAY), (NOON - 60 * DAY, NOON + 7 * DAY)],
    ids=["never", "lately", "long ago"],
)
def test_who_begins_anew_is_not_overdue_at_once(last_contact_at: datetime | None, due: datetime) -> None:
    assert rules.due_anew(NOON, last_contact_at, 14) == due


@pytest.mark.parametrize("state", ContactState)
def test_after_a_refusal_only_a_lead_asks_again(state: ContactState) -> None:
    rules.check_asked_again(state, leads=True)
    if state is ContactState.refused:
        with pytest.raises(Forbidden):
            rules.check_asked_again(state, leads=False)
    else:
        rules.check_asked_again(state, leads=False)


@pytest.mark.parametrize("state", ContactState)
def test_whom_a_contact_is_with_is_not_shown_to_its_visitor_when_there_is_nobody_to_visit(state: ContactState) -> None:
    nobody_to_visit = state in (ContactState.refused, ContactState.ended)
    assert rules.reads_label(state, leads=False, visits=True) is not nobody_to_visit
    assert rules.reads_label(state, leads=True, visits=False) is True
    assert rules.reads_label(state, leads=False, visits=False) is False
