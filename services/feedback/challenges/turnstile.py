"""The turnstile: counts the calls without an account, and asks each for a proof of work when they are many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import urandom

from services.feedback.cases.rules import Channel
from services.feedback.challenges.actions import spend_challenge
from services.feedback.challenges.rules import (
    LEAST,
    LIFETIME,
    SALT,
    Challenge,
    Limits,
    difficulty_at,
    faded,
    proven,
    wait,
    write_challenge,
)
from services.feedback.challenges.schemas import ChallengeOut, Puzzle
from shared.clock import Clock
from shared.db import Database
from shared.errors import TooMany, Unproven


@dataclass(slots=True)
class Recent:
    """Calls let in, the older the less they count: two numbers, whatever the load."""

    limit: int
    level: float = 0.0
    at: float = 0.0

    def load(self, now: datetime) -> float:
        """Of the limit, what is used."""
        moment = now.timestamp()
        self.level, self.at = faded(self.level, moment - self.at), moment
        return self.level / self.limit


class Turnstile:
    """Of a caller it sees the proof and nothing else. Only who is let in counts: nobody locks others out without working for it.

    `queue` tells how full the queue for receipts is, from 0 to 1.
    """

    def __init__(self, database: Database, clock: Clock, pepper: str, limits: Limits, queue: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._key = pepper.encode()
        self._calls = Recent(limits.calls)
        self._opinions = {channel: Recent(limits.opinions) for channel in Channel}
        self._queue = queue

    async def let_in(self, proof: str | None, channel: Channel | None = None) -> None:
        """Count a call, of an opinion with its `channel`. While little is going on this asks nothing of anybody.

        Raises `TooMany` (too-many-calls, too-many-opinions), `Unproven` (proof-of-work-required).
        """
        now = self._clock()
        counted = [self._calls] if channel is None else [self._calls, self._opinions[channel]]
        loads = [recent.load(now) for recent in counted]
        if max(loads) >= 1:
            raise _too_many(loads)
        difficulty = difficulty_at(max(*loads, self._queue()))
        challenge = proven(self._key, proof or "", difficulty, now) if difficulty else None
        if difficulty and challenge is None:
            raise self._unproven(difficulty, now)
        _count(counted, 1)
        if challenge is not None and not await spend_challenge(self._database, challenge):
            _count(counted, -1)
            raise self._unproven(difficulty, now)

    def challenge(self) -> ChallengeOut:
        """One whose proof is good for any call just now, also where none is needed yet."""
        now = self._clock()
        loads = [recent.load(now) for recent in (self._calls, *self._opinions.values())]
        difficulty = difficulty_at(max(*loads, self._queue()))
        made = self._make(difficulty or LEAST, now)
        return ChallengeOut(
            challenge=made.written, difficulty=made.difficulty, expires_at=made.expires_at, required=bool(difficulty)
        )

    def _make(self, difficulty: int, now: datetime) -> Challenge:
        return write_challenge(self._key, difficulty, now.replace(microsecond=0) + LIFETIME, urandom(SALT))

    def _unproven(self, difficulty: int, now: datetime) -> Unproven:
        made = self._make(difficulty, now)
        puzzle = Puzzle(challenge=made.written, difficulty=made.difficulty, expires_at=made.expires_at)
        return Unproven(
            "proof-of-work-required",
            "Many speak without an account just now: find a `nonce` with which the SHA-256 of `challenge:nonce` begins with "
            "`difficulty` zero bits, and send the same again with the header Massline-Proof-Of-Work: `challenge:nonce`. "
            "A proof is taken once.",
            more=puzzle.model_dump(mode="json"),
        )


def _count(counted: Sequence[Recent], calls: int) -> None:
    """Before anything is waited for, so that however many come at once, no more are let in than the limit."""
    for recent in counted:
        recent.level += calls


def _too_many(loads: list[float]) -> TooMany:
    seconds = wait(max(loads))
    slug, what = ("too-many-calls", "") if loads[0] >= 1 else ("too-many-opinions", " on this channel")
    return TooMany(
        slug,
        f"More is said{what} without an account just now than can be taken in. Nothing was kept of this: send it again in "
        f"{seconds} seconds.",
        retry_after=seconds,
    )
