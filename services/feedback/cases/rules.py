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
    """`refuse` is a confirmation that says no, `reply` a message to a unit that asked, and `lapse` what time does."""

    acknowledge = "acknowledge"
    ask = "ask"
    answer = "answer"
    message = "message"
    reply = "reply"
    reject = "reject"
    confirm = "confirm"
    refuse = "refuse"
    lapse = "lapse"
    reopen = "reopen"
    withdraw = "withdraw"


class Party(StrEnum):
    """What a caller is to one case."""

    speaker = "speaker"
    unit = "unit"
    admin = "admin"
    reader = "reader"
    system = "system"


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
_AT_WORK = (State.received, State.acknowledged, State.in_progress)

TRANSITIONS: Mapping[tuple[State, Verb], State] = {
    (State.received, Verb.acknowledge): State.acknowledged,
    **{(state, Verb.ask): State.waiting_resident for state in _AT_WORK},
    **{(state, Verb.answer): State.answered for state in _OPEN},
    **{(state, Verb.message): state for state in _OPEN},
    (State.waiting_resident, Verb.reply): State.in_progress,
    **{(state, Verb.reject): State.rejected for state in (*_AT_WORK, State.waiting_resident)},
    (State.answered, Verb.confirm): State.confirmed_resolved,
    (State.answered, Verb.refuse): State.in_progress,
    (State.answered, Verb.lapse): State.closed_unconfirmed,
    (State.confirmed_resolved, Verb.reopen): State.in_progress,
    (State.closed_unconfirmed, Verb.reopen): State.in_progress,
    (State.withdrawn, Verb.reopen): State.in_progress,
    **{(state, Verb.withdraw): State.withdrawn for state in _OPEN},
}

VERBS_OF: Mapping[Party, Sequence[Verb]] = {
    Party.speaker: (Verb.message, Verb.confirm, Verb.reopen, Verb.withdraw),
    Party.unit: (Verb.acknowledge, Verb.ask, Verb.answer, Verb.message, Verb.reject),
    Party.admin: (Verb.acknowledge, Verb.ask, Verb.answer, Verb.message, Verb.reject),
    Party.reader: (),
    Party.system: (),
}
"""What each party asks for by name; `refuse`, `reply` and `lapse` follow from what was said, or from silence."""
_ASKED_FOR = frozenset(verb for verbs in VERBS_OF.values() for verb in verbs)

MEETS: Mapping[Verb, Sequence[ClockKind]] = {
    Verb.acknowledge: (ClockKind.acknowledgement,),
    Verb.ask: (ClockKind.acknowledgement,),
    Verb.answer: (ClockKind.acknowledgement, ClockKind.first_answer),
    Verb.confirm: (ClockKind.resolution,),
}
"""The clocks that a verb fulfils: a question or an answer also shows that the unit has the case. A rejection fulfils none."""

PAUSABLE = frozenset({ClockKind.first_answer, ClockKind.resolution})
"""The clocks that stand still while the unit waits for the resident."""


def next_state(state: State, verb: Verb) -> State:
    """Raises `Conflict`, which says what is possible instead."""
    if (state, verb) not in TRANSITIONS:
        possible = ", ".join(other for other in Verb if other in _ASKED_FOR and (state, other) in TRANSITIONS) or "nothing"
        raise Conflict("case-state", f"The case is {state}, so it takes no {verb}. Possible now: {possible}.")
    return TRANSITIONS[state, verb]


def speaking(state: State, party: Party) -> Verb:
    """What a message amounts to: the speaker's takes the case out of waiting."""
    return Verb.reply if party is Party.speaker and state is State.waiting_resident else Verb.message


def allowed_verbs(state: State, party: Party, *, may_reopen: bool) -> list[Verb]:
    """What this party may do to a case in this state."""
    return [verb for verb in VERBS_OF[party] if (state, verb) in TRANSITIONS and (verb is not Verb.reopen or may_reopen)]


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """How long a unit has, how long an answer waits for its judgement, and how long a closed case stays reopenable.

    A case keeps the version that it was opened under.
    """

    version: str
    within: Mapping[ClockKind, timedelta]
    close_unconfirmed_after: timedelta
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
