"""The rules of cases as tables."""

from dataclasses import replace
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.cases.rules import (
    CLOSED,
    DONE_ON_MAIN,
    MEETS,
    TRANSITIONS,
    VERBS_OF,
    Party,
    Protection,
    Standing,
    State,
    Verb,
    allowed_verbs,
    next_state,
    route,
    sees_speaker,
    speaking,
    unblamed,
)
from shared.errors import Conflict, Invalid
from shared.events.feedback import ClockKind

UNANSWERED = ("received", "acknowledged", "in_progress", "waiting_resident")
OPEN = ("received", "acknowledged", "in_progress", "waiting_resident", "answered")
AT_WORK = ("received", "acknowledged", "in_progress")
EXPECTED = {
    "acknowledge": {"received": "acknowledged"},
    "ask": dict.fromkeys(AT_WORK, "waiting_resident"),
    "answer": dict.fromkeys(OPEN, "answered"),
    "message": {state: state for state in OPEN},
    "reply": {"waiting_resident": "in_progress"},
    "reject": dict.fromkeys(UNANSWERED, "rejected"),
    "confirm": {"answered": "confirmed_resolved"},
    "refuse": {"answered": "in_progress"},
    "lapse": {"answered": "closed_unconfirmed"},
    "reopen": dict.fromkeys(("confirmed_resolved", "closed_unconfirmed", "withdrawn"), "in_progress"),
    "withdraw": dict.fromkeys(OPEN, "withdrawn"),
    "appeal": {"rejected": "rejected"},
    "uphold": {"rejected": "rejected"},
    "overturn": {"rejected": "in_progress"},
    "hand_over": {state: state for state in UNANSWERED},
    "invite": {state: state for state in OPEN},
    "leave": {state: state for state in OPEN},
    "merge": {state: state for state in UNANSWERED},
    "unmerge": {state: state for state in UNANSWERED},
}
FREE = Standing(reopenable=True, appealable=True, decides=True, joint=True)
MERGED = replace(FREE, merged=True)


@pytest.mark.parametrize("oversees", [False, True])
@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("protection", Protection)
def test_who_spoke_is_shown_to_the_speaker_and_by_name_to_who_handles_or_oversees(
    protection: Protection, party: Party, oversees: bool
) -> None:
    handles = party in ("unit", "joint") or oversees
    shown = sees_speaker(protection, party, oversees=oversees)
    assert shown == (party == "speaker" or (protection == "named" and handles))


@pytest.mark.parametrize(("state", "verb"), list(product(State, Verb)))
def test_next_state(state: State, verb: Verb) -> None:
    expected = EXPECTED[verb].get(state)
    if expected is not None:
        assert next_state(state, verb, ()) == expected
        return
    with pytest.raises(Conflict) as caught:
        next_state(state, verb, (Verb.answer, Verb.message))
    assert caught.value.slug == "case-state"
    assert caught.value.detail == f"The case is {state}, so it takes no {verb}. Possible now: answer, message."


def test_a_wrong_transition_says_so_also_where_nothing_is_possible() -> None:
    with pytest.raises(Conflict) as caught:
        next_state(State.withdrawn, Verb.answer, ())
    assert caught.value.detail.endswith("Possible now: nothing.")


def test_there_are_nine_states() -> None:
    assert len(State) == 9
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(State)


def test_a_closed_case_takes_nothing_but_reopening_and_a_rejected_one_its_appeal() -> None:
    assert {state for state in State if state not in OPEN} == CLOSED
    taken = {state: {verb for before, verb in TRANSITIONS if before is state} for state in CLOSED}
    assert taken.pop(State.rejected) == {Verb.appeal, Verb.uphold, Verb.overturn}
    assert all(verbs == {Verb.reopen} for verbs in taken.values())


def test_without_an_answer_a_case_closes_only_by_its_speaker_or_by_a_rejection() -> None:
    closing = {
        verb for (state, verb), after in TRANSITIONS.items() if after in CLOSED and state is not State.answered and after != state
    }
    assert closing == {Verb.withdraw, Verb.reject}


def test_a_rejection_meets_no_clock() -> None:
    assert Verb.reject not in MEETS


def test_a_decision_meets_the_clock_of_the_appeal_and_nothing_else_does() -> None:
    assert {verb for verb, kinds in MEETS.items() if ClockKind.appeal in kinds} == {Verb.uphold, Verb.overturn}


@pytest.mark.parametrize(("state", "party"), list(product(State, Party)))
def test_only_the_speakers_word_ends_the_wait(state: State, party: Party) -> None:
    replying = (state, party) == (State.waiting_resident, Party.speaker)
    assert speaking(state, party) is (Verb.reply if replying else Verb.message)


ALLOWED: list[tuple[Party, Standing, dict[str, str]]] = [
    (
        Party.unit,
        FREE,
        {
            "received": "acknowledge ask answer message reject hand_over invite leave merge",
            "acknowledged": "ask answer message reject hand_over invite leave merge",
            "in_progress": "ask answer message reject hand_over invite leave merge",
            "waiting_resident": "answer message reject hand_over invite leave merge",
            "answered": "answer message invite leave",
        },
    ),
    (Party.unit, MERGED, dict.fromkeys(UNANSWERED, "message leave unmerge") | {"answered": "message leave"}),
    (
        Party.admin,
        FREE,
        {
            "received": "acknowledge ask answer message reject hand_over invite leave merge",
            "acknowledged": "ask answer message reject hand_over invite leave merge",
            "in_progress": "ask answer message reject hand_over invite leave merge",
            "waiting_resident": "answer message reject hand_over invite leave merge",
            "answered": "answer message invite leave",
            "rejected": "uphold overturn",
        },
    ),
    (
        Party.speaker,
        FREE,
        dict.fromkeys(UNANSWERED, "message withdraw")
        | {"answered": "message confirm withdraw", "rejected": "appeal"}
        | dict.fromkeys(("confirmed_resolved", "closed_unconfirmed", "withdrawn"), "reopen"),
    ),
    (Party.joint, FREE, dict.fromkeys(OPEN, "message leave")),
    (Party.above, FREE, dict.fromkeys(UNANSWERED, "hand_over") | {"rejected": "uphold overturn"}),
    (Party.reader, FREE, {}),
    (Party.system, FREE, {}),
]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("party", "standing", "allowed"), ALLOWED, ids=lambda value: value if isinstance(value, Party) else "")
def test_allowed_verbs(party: Party, standing: Standing, allowed: dict[str, str], state: State) -> None:
    assert allowed_verbs(state, party, standing) == allowed.get(state, "").split()


def test_what_stands_in_the_way() -> None:
    barred = {"reopen", "appeal", "uphold", "overturn", "leave", "unmerge"}
    assert Standing().barred == barred
    assert FREE.barred == {"unmerge"}
    assert MERGED.barred == DONE_ON_MAIN
    for name, verbs in {
        "reopenable": {"reopen"},
        "appealable": {"appeal"},
        "decides": {"uphold", "overturn"},
        "joint": {"leave"},
    }.items():
        assert Standing(**{name: True}).barred == barred - verbs


@pytest.mark.parametrize("merged", [False, True])
def test_a_merged_case_bars_its_speaker_from_nothing(merged: bool) -> None:
    for state in State:
        assert allowed_verbs(state, Party.speaker, replace(FREE, merged=merged)) == allowed_verbs(state, Party.speaker, FREE)


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
