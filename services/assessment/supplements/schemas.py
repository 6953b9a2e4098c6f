"""Supplements as they are asked for and shown, and what comes of them for one unit."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.policies.models import Policy
from services.assessment.policies.rules import explain
from services.assessment.policies.schemas import STRICT, PolicyOut
from services.assessment.supplements.models import PolicySupplement
from shared.policies import Channel, SomeDeadlines, SupplementRules, label_of
from shared.strictness import Source, fewest_reopenings, strictest
from shared.types import Line, Moment, Out
from shared.working_time import Span, WorkingCalendar


class SomeDeadlinesIn(SomeDeadlines):
    model_config = STRICT


class SupplementIn(SupplementRules):
    model_config = STRICT

    unit_id: UUID = Field(description="The unit whose cases, and those of all units below it, it is for.")
    channel: Channel | None = Field(None, description="The only channel that it is for; null for every channel.")
    reason: Line = Field(description="Why the unit asks more of itself, or no longer does. Everybody signed in reads it.")
    effective_from: Moment | None = Field(None, description="Not in the past; now when left out.")
    ends: bool = Field(False, description="From then on the unit has no supplement for this channel.")
    deadlines: SomeDeadlinesIn = SomeDeadlinesIn()

    def rules(self) -> SupplementRules:
        return SupplementRules.model_validate(self.model_dump())


class SupplementOut(SupplementRules):
    id: UUID
    label: str = Field(description="What a case keeps beside its policy's.")
    version: int
    unit_id: UUID
    channel: Channel | None
    effective_from: datetime
    ends: bool
    reason: str
    by_role: str
    by_unit_id: UUID | None
    registered_at: datetime

    @classmethod
    def of(cls, supplement: PolicySupplement) -> Self:
        own = supplement.model_dump(exclude={"rules", "code"})
        return cls(**supplement.rules, **own, label=supplement.supplement().label)


class EffectiveTerm(Out):
    """What counts of one term, and who says it."""

    term: str = Field(examples=["deadlines.first_answer"])
    span: Span | None = Field(description="Null for a number of reopenings.")
    reopenings: int | None
    label: str = Field(description="Of the policy or the supplement that it comes from.")


class EffectivePolicy(Out):
    policy: PolicyOut
    reason: str
    label: str = Field(description="What a case opened then keeps: the policy's label and the supplements'.")
    supplements: list[SupplementOut] = Field(description="Of the unit and those above it, from the top; none without a unit.")
    terms: list[EffectiveTerm] = Field(description="The strictest of what these say, term by term.")

    @classmethod
    def of(cls, policy: Policy, supplements: Sequence[PolicySupplement], calendar: WorkingCalendar, at: datetime) -> Self:
        said, added = policy.case_policy(), [supplement.supplement() for supplement in supplements]
        sources: Sequence[Source] = (said, *added)
        return cls(
            policy=PolicyOut.of(policy),
            reason=explain(policy.label, policy.scope),
            label=label_of(said, added),
            supplements=[SupplementOut.of(supplement) for supplement in supplements],
            terms=[*_spans(sources, calendar, at), *_reopenings(sources)],
        )


def _spans(sources: Sequence[Source], calendar: WorkingCalendar, at: datetime) -> Iterator[EffectiveTerm]:
    terms = dict.fromkeys(term for source in sources for term in source.rules.spans)
    choices = ((term, strictest(sources, term, at, calendar)) for term in terms)
    for term, choice in choices:
        if choice is not None:
            yield EffectiveTerm(term=term, span=choice.span, reopenings=None, label=choice.label)


def _reopenings(sources: Sequence[Source]) -> Iterator[EffectiveTerm]:
    fewest = fewest_reopenings(sources)
    if fewest is not None:
        yield EffectiveTerm(term="escalate_after_reopenings", span=None, reopenings=fewest[0], label=fewest[1])
