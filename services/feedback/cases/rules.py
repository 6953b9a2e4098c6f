"""What may happen to a case, by whom, and what it sets going. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Invalid
from shared.events.feedback import ClockKind


class State(StrEnum):
    received = "received"
    acknowledged = "acknowledged"
    in_progress = "in_progress"
    waiting_resident = "waiting_resident"
    answered = "answered"
    confirmed_resolved = "confirmed_resolved"
    closed_unconfirmed = "closed_unconfirmed"
    rejected = "rejected"
    withdrawn = "withdrawn"


class Verb(StrEnum):
    """`refuse` is a confirmation that says no."""

    acknowledge = "acknowledge"
    answer = "answer"
    message = "message"
    confirm = "confirm"
    refuse = "refuse"
    reopen = "reopen"


class Party(StrEnum):
    """What a caller is to one case."""

    speaker = "speaker"
    unit = "unit"
    admin = "admin"
    reader = "reader"


class Channel(StrEnum):
    thought = "thought"
    emotional = "emotional"
    public_sentiment = "public_sentiment"
    public_opinion = "public_opinion"


class Protection(StrEnum):
    named = "named"
    confidential = "confidential"
    anonymous = "anonymous"


RULES = "case-states.v1"
CLOSED = frozenset({State.confirmed_resolved, State.closed_unconfirmed, State.rejected, State.withdrawn})
_OPEN = [state for state in State if state not in CLOSED]

TRANSITIONS: Mapping[tuple[State, Verb], State] = {
    (State.received, Verb.acknowledge): State.acknowledged,
    **{(state, Verb.answer): State.answered for state in _OPEN},
    **{(state, Verb.message): state for state in _OPEN},
    (State.answered, Verb.confirm): State.confirmed_resolved,
    (State.answered, Verb.refuse): State.in_progress,
    (State.confirmed_resolved, Verb.reopen): State.in_progress,
    (State.closed_unconfirmed, Verb.reopen): State.in_progress,
    (State.withdrawn, Verb.reopen): State.in_progress,
}

VERBS_OF: Mapping[Party, Sequence[Verb]] = {
    Party.speaker: (Verb.message, Verb.confirm, Verb.reopen),
    Party.unit: (Verb.acknowledge, Verb.answer, Verb.message),
    Party.admin: (Verb.acknowledge, Verb.answer, Verb.message),
    Party.reader: (),
}

MEETS: Mapping[Verb, Sequence[ClockKind]] = {
    Verb.acknowledge: (ClockKind.acknowledgement,),
    Verb.answer: (ClockKind.acknowledgement, ClockKind.first_answer),
    Verb.confirm: (ClockKind.resolution,),
}
"""The clocks that a verb stops: an answer also shows that the unit has the case."""


def next_state(state: State, verb: Verb) -> State:
    """Raises `Conflict`, which says what is possible instead."""
    if (state, verb) not in TRANSITIONS:
        possible = ", ".join(other for other in Verb if (state, other) in TRANSITIONS) or "nothing"
        raise Conflict("case-state", f"The case is {state}, so it takes no {verb}. Possible now: {possible}.")
    return TRANSITIONS[state, verb]


def allowed_verbs(state: State, party: Party, *, may_reopen: bool) -> list[Verb]:
    """What this party may do to a case in this state."""
    return [verb for verb in VERBS_OF[party] if (state, verb) in TRANSITIONS and (verb is not Verb.reopen or may_reopen)]


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """How long a unit has, and how long a closed case stays reopenable. A case keeps the version that it was opened under."""

    version: str
    within: Mapping[ClockKind, timedelta]
    reopen_within: timedelta

    def due(self, started_at: datetime) -> list[tuple[ClockKind, datetime]]:
        return [(kind, started_at + span) for kind, span in self.within.items()]


def unblamed(chain: Sequence[UUID], about: Collection[UUID]) -> list[UUID]:
    """The part of a chain (nearest first) that an opinion is not about: a unit below a blamed one is blamed with it."""
    blamed = [position for position, unit_id in enumerate(chain) if unit_id in about]
    return list(chain[blamed[-1] + 1 :] if blamed else chain)


def route(chain: Sequence[UUID], about: Collection[UUID]) -> list[UUID]:
    """The unit that gets a case addressed to `chain[0]`, then the units above it. Raises `Invalid` if none is left."""
    readers = unblamed(chain, about)
    if not readers:
        raise Invalid("no-reader-left", "Every unit that could read this is one that it is about: name fewer units in `about`.")
    return readers


WHY_OWNER = "It gets the case and must answer you."
WHY_ABOVE = "Its lead and its inspectors oversee the unit below; its officials read it too if a deadline passes."


def next_step(above: Sequence[UUID], told: Collection[UUID]) -> UUID | None:
    """The unit that the next breach makes the case visible to: the nearest above that has not been told yet."""
    return next((unit_id for unit_id in above if unit_id not in told), None)
