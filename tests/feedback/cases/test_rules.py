"""The rules of cases as tables."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.cases.rules import (
    CLOSED,
    MEETS,
    TRANSITIONS,
    VERBS_OF,
    ClockPolicy,
    Party,
    State,
    Verb,
    allowed_verbs,
    next_state,
    next_step,
    route,
    speaking,
    unblamed,
)
from shared.errors import Conflict, Invalid
from shared.events.feedback import ClockKind

OPEN = ("received", "acknowledged", "in_progress", "waiting_resident", "answered")
AT_WORK = ("received", "acknowledged", "in_progress")
EXPECTED = {
    "acknowledge": {"received": "acknowledged"},
    "ask": dict.fromkeys(AT_WORK, "waiting_resident"),
    "answer": dict.fromkeys(OPEN, "answered"),
    "message": {state: state for state in OPEN},
    "reply": {"waiting_resident": "in_progress"},
    "reject": dict.fromkeys((*AT_WORK, "waiting_resident"), "rejected"),
    "confirm": {"answered": "confirmed_resolved"},
    "refuse": {"answered": "in_progress"},
    "lapse": {"answered": "closed_unconfirmed"},
    "reopen": dict.fromkeys(("confirmed_resolved", "closed_unconfirmed", "withdrawn"), "in_progress"),
    "withdraw": dict.fromkeys(OPEN, "withdrawn"),
}
NOT_ASKED_FOR = ("reply", "refuse", "lapse")
"""What follows from another verb, or from silence."""


@pytest.mark.parametrize(("state", "verb"), list(product(State, Verb)))
def test_next_state(state: State, verb: Verb) -> None:
    expected = EXPECTED[verb].get(state)
    if expected is not None:
        assert next_state(state, verb) == expected
        return
    with pytest.raises(Conflict) as caught:
        next_state(state, verb)
    assert caught.value.slug == "case-state"
    possible = [other for other, moves in EXPECTED.items() if state in moves and other not in NOT_ASKED_FOR]
    assert f"The case is {state}" in caught.value.detail
    assert caught.value.detail.endswith(f"Possible now: {', '.join(possible) or 'nothing'}.")


def test_a_closed_case_takes_nothing_but_reopening() -> None:
    assert {state for state in State if state not in OPEN} == CLOSED
    assert {verb for state, verb in TRANSITIONS if state in CLOSED} == {Verb.reopen}


def test_without_an_answer_a_case_closes_only_by_its_speaker_or_by_a_rejection() -> None:
    closing = {verb for (state, verb), after in TRANSITIONS.items() if after in CLOSED and state is not State.answered}
    assert closing == {Verb.withdraw, Verb.reject}


def test_a_rejection_meets_no_clock() -> None:
    assert {verb for verb in Verb if MEETS.get(verb)} == {Verb.acknowledge, Verb.ask, Verb.answer, Verb.confirm}


@pytest.mark.parametrize(("state", "party"), list(product(State, Party)))
def test_only_the_speakers_word_ends_the_wait(state: State, party: Party) -> None:
    replying = (state, party) == (State.waiting_resident, Party.speaker)
    assert speaking(state, party) is (Verb.reply if replying else Verb.message)


@pytest.mark.parametrize(
    ("party", "state", "may_reopen", "allowed"),
    [
        (Party.unit, "received", False, ["acknowledge", "ask", "answer", "message", "reject"]),
        (Party.unit, "waiting_resident", False, ["answer", "message", "reject"]),
        (Party.unit, "answered", False, ["answer", "message"]),
        (Party.unit, "confirmed_resolved", True, []),
        (Party.admin, "acknowledged", False, ["ask", "answer", "message", "reject"]),
        (Party.speaker, "received", False, ["message", "withdraw"]),
        (Party.speaker, "waiting_resident", False, ["message", "withdraw"]),
        (Party.speaker, "answered", False, ["message", "confirm", "withdraw"]),
        (Party.speaker, "confirmed_resolved", True, ["reopen"]),
        (Party.speaker, "confirmed_resolved", False, []),
        (Party.speaker, "rejected", True, []),
        (Party.speaker, "withdrawn", True, ["reopen"]),
        (Party.unit, "withdrawn", True, []),
        (Party.reader, "answered", True, []),
        (Party.system, "answered", True, []),
    ],
)
def test_allowed_verbs(party: Party, state: str, may_reopen: bool, allowed: list[str]) -> None:
    assert allowed_verbs(State(state), party, may_reopen=may_reopen) == allowed


def test_nobody_both_answers_and_confirms() -> None:
    for party, verbs in VERBS_OF.items():
        assert not {Verb.answer, Verb.confirm} <= set(verbs), party


CHAIN = [uuid4() for _ in range(5)]


@pytest.mark.parametrize(
    ("about", "first"),
    [((), 0), ((0,), 1), ((1,), 2), ((0, 1), 2), ((0, 3), 4), ((2,), 3)],
)
def test_route_goes_to_the_nearest_unit_that_it_is_not_about(about: tuple[int, ...], first: int) -> None:
    assert route(CHAIN, {CHAIN[position] for position in about}) == CHAIN[first:]


def test_route_is_refused_when_every_reader_is_blamed() -> None:
    with pytest.raises(Invalid) as caught:
        route(CHAIN, {CHAIN[-1]})
    assert caught.value.slug == "no-reader-left"


@given(st.sets(st.integers(0, 4)))
def test_no_reader_is_blamed_nor_lies_below_one_who_is(blamed: set[int]) -> None:
    about = {CHAIN[position] for position in blamed} | {uuid4()}
    readers = unblamed(CHAIN, about)
    for reader in readers:
        assert not set(CHAIN[CHAIN.index(reader) :]) & about


def test_next_step_climbs_one_unit_at_a_time_and_ends_at_the_root() -> None:
    told: list[object] = []
    while (unit := next_step(CHAIN[1:], set(CHAIN) & set(told))) is not None:
        told.append(unit)
    assert told == CHAIN[1:]


def test_due() -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    policy = ClockPolicy("v1", {ClockKind.acknowledgement: timedelta(days=7)}, timedelta(days=30), timedelta(days=30))
    assert policy.due(start) == [(ClockKind.acknowledgement, datetime(2026, 3, 9, 9, tzinfo=UTC))]
