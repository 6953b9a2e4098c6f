"""What may happen to a case, by whom, and what it sets going. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import dropwhile
from typing import NamedTuple
from uuid import UUID

from shared.errors import Conflict, Invalid
from shared.events.feedback import ClockKind
from shared.policies import CasePolicy, PolicyBook, Supplement, label_of
from shared.strictness import Choice, Source, fewest_reopenings, strictest
from shared.working_time import SpanUnit, WorkingCalendar


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
    """`refuse` is a confirmation that says no, `reply` a message to a unit that asked, and `lapse` what time does.

    `invite` and `leave` are a joint unit's coming and going; `uphold` and `overturn` decide an appeal.
    """

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
    appeal = "appeal"
    uphold = "uphold"
    overturn = "overturn"
    hand_over = "hand_over"
    invite = "invite"
    leave = "leave"
    merge = "merge"
    unmerge = "unmerge"


class Party(StrEnum):
    """What a caller is to one case: `joint` works on it beside the unit that owes it, `above` oversees that unit."""

    speaker = "speaker"
    unit = "unit"
    joint = "joint"
    above = "above"
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


class Kind(StrEnum):
    """What somebody wants with an opinion; `opinions.rules` says which channel takes which."""

    question = "question"
    proposal = "proposal"
    help = "help"
    observation = "observation"
    complaint = "complaint"
    report = "report"
    commendation = "commendation"


class Assistance(StrEnum):
    """How an opinion came in that an official wrote down for a resident."""

    counter = "counter"
    phone = "phone"


class Side(StrEnum):
    """The two sides of a conversation."""

    resident = "resident"
    unit = "unit"


class Part(StrEnum):
    """How a unit that does not owe the case comes to read it: told of a breach, to decide an appeal, working on it too, or owner
    once."""

    told = "told"
    joint = "joint"
    former = "former"


class Decision(StrEnum):
    """What the unit above says to an appeal."""

    uphold = "uphold"
    overturn = "overturn"


RULES = "case-states.v1"
CLOSED = frozenset({State.confirmed_resolved, State.closed_unconfirmed, State.rejected, State.withdrawn})
_OPEN = [state for state in State if state not in CLOSED]
_AT_WORK = (State.received, State.acknowledged, State.in_progress)
_UNANSWERED = (*_AT_WORK, State.waiting_resident)

TRANSITIONS: Mapping[tuple[State, Verb], State] = {
    (State.received, Verb.acknowledge): State.acknowledged,
    **{(state, Verb.ask): State.waiting_resident for state in _AT_WORK},
    **{(state, Verb.answer): State.answered for state in _OPEN},
    **{(state, Verb.message): state for state in _OPEN},
    (State.waiting_resident, Verb.reply): State.in_progress,
    **{(state, Verb.reject): State.rejected for state in _UNANSWERED},
    (State.answered, Verb.confirm): State.confirmed_resolved,
    (State.answered, Verb.refuse): State.in_progress,
    (State.answered, Verb.lapse): State.closed_unconfirmed,
    (State.confirmed_resolved, Verb.reopen): State.in_progress,
    (State.closed_unconfirmed, Verb.reopen): State.in_progress,
    (State.withdrawn, Verb.reopen): State.in_progress,
    **{(state, Verb.withdraw): State.withdrawn for state in _OPEN},
    (State.rejected, Verb.appeal): State.rejected,
    (State.rejected, Verb.uphold): State.rejected,
    (State.rejected, Verb.overturn): State.in_progress,
    **{(state, verb): state for state in _UNANSWERED for verb in (Verb.hand_over, Verb.merge, Verb.unmerge)},
    **{(state, verb): state for state in _OPEN for verb in (Verb.invite, Verb.leave)},
}

_OF_UNIT = (
    Verb.acknowledge,
    Verb.ask,
    Verb.answer,
    Verb.message,
    Verb.reject,
    Verb.hand_over,
    Verb.invite,
    Verb.leave,
    Verb.merge,
    Verb.unmerge,
)
_OF_ABOVE = (Verb.hand_over, Verb.uphold, Verb.overturn)

VERBS_OF: Mapping[Party, Sequence[Verb]] = {
    Party.speaker: (Verb.message, Verb.confirm, Verb.reopen, Verb.withdraw, Verb.appeal),
    Party.unit: _OF_UNIT,
    Party.joint: (Verb.message, Verb.leave),
    Party.above: _OF_ABOVE,
    Party.admin: (*_OF_UNIT, Verb.uphold, Verb.overturn),
    Party.reader: (),
    Party.system: (),
}
"""What each party asks for by name; `refuse`, `reply` and `lapse` follow from what was said, or from silence."""

MEETS: Mapping[Verb, Sequence[ClockKind]] = {
    Verb.acknowledge: (ClockKind.acknowledgement,),
    Verb.ask: (ClockKind.acknowledgement, ClockKind.next_answer),
    Verb.answer: (ClockKind.acknowledgement, ClockKind.first_answer, ClockKind.next_answer),
    Verb.message: (ClockKind.next_answer,),
    Verb.confirm: (ClockKind.resolution,),
    Verb.uphold: (ClockKind.appeal,),
    Verb.overturn: (ClockKind.appeal,),
}
"""The clocks that a verb fulfils: a question or an answer also shows that the unit has the case. A rejection fulfils none."""

PAUSABLE = frozenset({ClockKind.first_answer, ClockKind.resolution})
"""The clocks that stand still while the unit waits for the resident. A question is the next answer that was owed, and who waits
for the decision of an appeal is not asked."""

WANTS_ANSWER = frozenset({Verb.message, Verb.reply, Verb.refuse})
"""What a speaker says that has been answered before and is owed the next answer for."""


def met_by(verb: Verb, party: Party) -> Sequence[ClockKind]:
    """A plain message counts as an answer when the unit's side writes it."""
    return () if verb is Verb.message and party is Party.speaker else MEETS.get(verb, ())


def wants_answer(verb: Verb, party: Party) -> bool:
    return party is Party.speaker and verb in WANTS_ANSWER


def sees_speaker(protection: Protection, party: Party, *, oversees: bool) -> bool:
    """Whether a case shows who spoke, where that was given, and not only a mask. `oversees`: as the lead above the unit that owes
    it, or as an inspector. An administrator runs the system and handles no case."""
    if party is Party.speaker:
        return True
    return protection is Protection.named and (oversees or party in (Party.unit, Party.joint))


def next_state(state: State, verb: Verb, possible: Sequence[Verb]) -> State:
    """Raises `Conflict`, which says what is `possible` for the caller instead."""
    if (state, verb) not in TRANSITIONS:
        instead = ", ".join(possible) or "nothing"
        raise Conflict("case-state", f"The case is {state}, so it takes no {verb}. Possible now: {instead}.")
    return TRANSITIONS[state, verb]


def side_of(party: Party) -> Side:
    """Everybody but the speaker writes for the unit."""
    return Side.resident if party is Party.speaker else Side.unit


def speaking(state: State, party: Party) -> Verb:
    """What a message amounts to: the speaker's takes the case out of waiting."""
    return Verb.reply if party is Party.speaker and state is State.waiting_resident else Verb.message


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a caller's way besides the state. `decides`: an appeal waits for this caller. `joint`: other units work on
    the case too."""

    reopenable: bool = False
    appealable: bool = False
    decides: bool = False
    merged: bool = False
    joint: bool = False

    @property
    def barred(self) -> frozenset[Verb]:
        free = {Verb.reopen: self.reopenable, Verb.appeal: self.appealable, Verb.unmerge: self.merged, Verb.leave: self.joint}
        free |= dict.fromkeys((Verb.uphold, Verb.overturn), self.decides)
        free |= dict.fromkeys(DONE_ON_MAIN, not self.merged)
        return frozenset(verb for verb, is_free in free.items() if not is_free)


DONE_ON_MAIN = frozenset({Verb.acknowledge, Verb.ask, Verb.answer, Verb.reject, Verb.hand_over, Verb.invite, Verb.merge})
"""What a unit does on the main case for all that are merged into it."""
GOES_ALONE = frozenset({Verb.refuse, Verb.reopen, Verb.overturn})
"""What ends a merger, because the common answer did not do for this speaker: the case is owed by itself again."""


def allowed_verbs(state: State, party: Party, standing: Standing) -> list[Verb]:
    """What this party may do to a case in this state."""
    return [verb for verb in VERBS_OF[party] if (state, verb) in TRANSITIONS and verb not in standing.barred]


TERMS = {kind: f"deadlines.{kind.value}" for kind in ClockKind}
AT_OPENING = (ClockKind.acknowledgement, ClockKind.first_answer, ClockKind.resolution)


class Deadline(NamedTuple):
    """`counted_in` is what its span is measured in, which says what is left of it after a pause."""

    kind: ClockKind
    due_at: datetime
    counted_in: SpanUnit


@dataclass(frozen=True, slots=True)
class Terms:
    """What a case was opened under and keeps: versions of a policy, of the calendar that the policy names, if it does, and of the
    supplements to it. Of each term the strictest counts."""

    policy: CasePolicy
    calendar_version: int | None
    calendar: WorkingCalendar
    supplements: tuple[Supplement, ...] = ()

    @classmethod
    def at_opening(cls, book: PolicyBook, level: str, channel: str, at: datetime, chain: Sequence[UUID] = ()) -> "Terms":
        """Of a case that a unit of this level gets on this channel; `chain` is the unit and those above it."""
        policy = book.policy_for(level, channel, at)
        version = book.newest_version(policy.rules.calendar_code)
        calendar = book.calendar(policy.rules.calendar_code, version)
        return cls(policy, version, calendar, book.supplements_for(chain, channel, at))

    @classmethod
    def kept(cls, book: PolicyBook, policy_version: str, calendar_version: int | None) -> "Terms":
        """Of a case that keeps these versions. Raises `NotFound` (policy-not-found, supplement-not-found)."""
        policy = book.policy(policy_version)
        calendar = book.calendar(policy.rules.calendar_code, calendar_version)
        return cls(policy, calendar_version, calendar, book.supplements(policy_version))

    @property
    def label(self) -> str:
        return label_of(self.policy, self.supplements)

    def due(self, started_at: datetime, kinds: Iterable[ClockKind] = AT_OPENING) -> list[Deadline]:
        """When clocks run out that start now."""
        chosen = [(kind, self._chosen(TERMS[kind], started_at)) for kind in kinds]
        return [Deadline(kind, choice.ends_at, choice.span.unit) for kind, choice in chosen]

    def judge_until(self, answered_at: datetime) -> datetime:
        return self._chosen("confirm_within", answered_at).ends_at

    def reopenable_until(self, closed_at: datetime) -> datetime:
        return self._chosen("reopen_within", closed_at).ends_at

    def appealable_until(self, rejected_at: datetime) -> datetime:
        return self._chosen("appeal_within", rejected_at).ends_at

    def climbs_at(self, step: int, after: datetime) -> datetime | None:
        """When a chain takes this step; None if there is none."""
        found = strictest(self._sources, f"escalation.{step}", after, self.calendar)
        return found and found.ends_at

    @property
    def escalate_after_reopenings(self) -> int | None:
        found = fewest_reopenings(self._sources)
        return found and found[0]

    def escalates_reopening(self, reopened_count: int) -> bool:
        first = self.escalate_after_reopenings
        return first is not None and reopened_count >= first

    @property
    def _sources(self) -> Sequence[Source]:
        return (self.policy, *self.supplements)

    def _chosen(self, term: str, start: datetime) -> Choice:
        found = strictest(self._sources, term, start, self.calendar)
        assert found is not None, "a policy says every deadline and window"
        return found


def unblamed(chain: Sequence[UUID], about: Collection[UUID]) -> list[UUID]:
    """The part of a chain (nearest first) that an opinion is not about: a unit below a blamed one is blamed with it."""
    blamed = [position for position, unit_id in enumerate(chain) if unit_id in about]
    return list(chain[blamed[-1] + 1 :] if blamed else chain)


def route(chain: Sequence[UUID], about: Collection[UUID], posts: Collection[UUID] = ()) -> list[UUID]:
    """The unit that gets a case addressed to `chain[0]`, then the units above it. A unit some of whose `posts` it is about does
    not get it, for their colleagues would have to judge them, but may read it. Raises `Invalid` if none is left."""
    readers = list(dropwhile(lambda unit_id: unit_id in posts, unblamed(chain, about)))
    if not readers:
        raise Invalid(
            "no-reader-left",
            "Every unit that could read this is one that it is about: name fewer in `about` and `about_posts`.",
        )
    return readers
