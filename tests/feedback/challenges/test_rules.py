"""What a proof must be, and when one is asked for."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.feedback.challenges.rules import (
    LEAST,
    LONGEST_PROOF,
    ROOM,
    SALT,
    difficulty_at,
    faded,
    is_solved,
    proven,
    read_challenge,
    wait,
    write_challenge,
)
from tests.feedback.challenges.solving import solve

KEY = b"a pepper"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)
EASY = 6
loads = st.floats(0, 10)
salts = st.binary(min_size=SALT, max_size=SALT)


@pytest.mark.parametrize(
    ("load", "difficulty"),
    [(0.0, 0), (0.49, 0), (0.5, 16), (0.59, 16), (0.6, 17), (0.7, 18), (0.8, 19), (0.9, 20), (1.0, 20), (3.0, 20)],
)
def test_the_work_by_how_near_the_limit_is(load: float, difficulty: int) -> None:
    assert difficulty_at(load) == difficulty


@given(loads, loads)
def test_more_load_never_asks_for_less_work(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert difficulty_at(low) <= difficulty_at(high)
    assert difficulty_at(low) == 0 or difficulty_at(low) >= LEAST


@given(st.floats(0, 1e6), st.floats(0, 600), st.floats(0, 600))
def test_a_count_fades_by_how_much_time_has_passed_and_not_by_how_often_one_looks(level: float, one: float, other: float) -> None:
    assert faded(faded(level, one), other) == pytest.approx(faded(level, one + other))
    assert 0 <= faded(level, one) <= level


@pytest.mark.parametrize("seconds", [0.0, -1.0, -1e9])
def test_a_clock_that_is_set_back_changes_no_count(seconds: float) -> None:
    assert faded(7.0, seconds) == 7.0


def test_at_a_steady_pace_the_count_is_that_of_one_minute() -> None:
    level = 0.0
    for _ in range(600 * 10):
        level = faded(level, 0.1) + 1
    assert level == pytest.approx(600, rel=0.01)


@given(st.floats(1, 10))
def test_whoever_waits_as_told_finds_room(load: float) -> None:
    assert wait(load) >= 1
    assert faded(load, wait(load)) <= ROOM + 1e-9


@given(salts, st.integers(1, 8))
def test_a_solved_challenge_is_taken_until_it_expires_and_for_no_harder_one(salt: bytes, difficulty: int) -> None:
    challenge = write_challenge(KEY, difficulty, SOON, salt)
    proof = solve(challenge.written, difficulty)
    assert proven(KEY, proof, difficulty, NOW) == challenge
    assert proven(KEY, proof, difficulty - 1, NOW) == challenge
    assert proven(KEY, proof, difficulty + 1, NOW) is None
    assert proven(KEY, proof, difficulty, SOON) is None
    assert proven(b"another pepper", proof, difficulty, NOW) is None


@given(salts, st.integers(0, 75), st.sampled_from("ABCabc019-_"))
def test_a_changed_challenge_is_none_of_ours(salt: bytes, position: int, character: str) -> None:
    written = write_challenge(KEY, EASY, SOON, salt).written
    changed = written[:position] + character + written[position + 1 :]
    assert (read_challenge(KEY, changed) is not None) == (changed == written)


@given(salts)
def test_another_way_of_writing_a_challenge_is_the_same_challenge(salt: bytes) -> None:
    """Base 64 is forgiving: what is spent must be what was signed, not how it was written."""
    challenge = write_challenge(KEY, EASY, SOON, salt)
    forgiven = read_challenge(KEY, challenge.written[:4] + "!" + challenge.written[4:])
    assert forgiven is None or forgiven.signed == challenge.signed


@given(st.text(max_size=300))
@example("")
@example(":")
@example("A" * (LONGEST_PROOF + 1))
@example("行:1")
def test_no_text_fails_to_be_refused(proof: str) -> None:
    assert proven(KEY, proof, EASY, NOW) is None


@given(salts)
def test_no_challenge_is_shorter_than_what_it_signs(salt: bytes) -> None:
    challenge = write_challenge(KEY, EASY, SOON, salt)
    assert urlsafe_b64decode(challenge.written)[: len(challenge.signed)] == challenge.signed
    assert len(challenge.written) + 100 < LONGEST_PROOF


@pytest.mark.parametrize(("difficulty", "solved"), [(0, True), (1, True), (16, True), (17, False), (256, False)])
def test_zero_bits_are_counted_from_the_front(difficulty: int, solved: bool) -> None:
    proof = next(f"c:{nonce}" for nonce in range(10**7) if is_solved(f"c:{nonce}", 16) and not is_solved(f"c:{nonce}", 17))
    assert is_solved(proof, difficulty) is solved
