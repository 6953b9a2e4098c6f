"""Case policies: how long a unit has and how long a speaker's windows stay open, by level and channel, in versions; and what
units ask of themselves beyond them.

A version is never changed; a case keeps the versions that it was opened under. The defaults that are shipped are data
(`default_policies.json`), so a new installation works before anybody registers anything. Their figures follow Directive (EU)
2019/1937, article 9: acknowledgement within seven days, an answer within a reasonable time, the whole within three months. Those
who ask for contact and help hear sooner; when it must be solved is the same for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from shared.errors import NotFound
from shared.practices import PracticeBook
from shared.types import Level
from shared.working_time import ROUND_THE_CLOCK, WORKING, Span, WorkingCalendar, WorkingHours


class Channel(StrEnum):
    """How a resident speaks."""

    thought = "thought"
    emotional = "emotional"
    public_sentiment = "public_sentiment"
    public_opinion = "public_opinion"


def _some(span: Span) -> Span:
    if span.amount == 0:
        raise PydanticCustomError("span_zero", "must be at least 1; only an escalation step may follow at once")
    return span


Term = Annotated[Span, AfterValidator(_some)]
Steps = Annotated[tuple[Span, ...], Field(min_length=1, max_length=10)]
Reopenings = Annotated[int, Field(strict=True, ge=1, le=100)]


WINDOWS = ("confirm_within", "reopen_within", "appeal_within")
"""What residents have: longer is better for them. All else is what units have, and shorter is."""


class Deadlines(BaseModel):
    """What a unit has, by the kind of clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    acknowledgement: Term
    first_answer: Term
    next_answer: Term
    resolution: Term
    appeal: Term


class SomeDeadlines(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    acknowledgement: Term | None = None
    first_answer: Term | None = None
    next_answer: Term | None = None
    resolution: Term | None = None
    appeal: Term | None = None


class Rules(BaseModel):
    """What policies and supplements have in common: a supplement may leave anything out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    deadlines: Deadlines | SomeDeadlines
    escalation: tuple[Span, ...]
    escalate_after_reopenings: Reopenings | None
    confirm_within: Term | None
    reopen_within: Term | None
    appeal_within: Term | None

    @cached_property
    def spans(self) -> Mapping[str, Span]:
        """Every span that is named, by its term: `deadlines.appeal`, `escalation.1`, `confirm_within`."""
        named = {f"deadlines.{kind}": getattr(self.deadlines, kind) for kind in Deadlines.model_fields}
        named |= {f"escalation.{step}": span for step, span in enumerate(self.escalation, 1)}
        named |= {window: getattr(self, window) for window in WINDOWS}
        return {term: span for term, span in named.items() if span is not None}


class CaseRules(Rules):
    """What one version says. Working units are those of the calendar; without one, days are UTC's."""

    deadlines: Deadlines
    escalation: Steps = Field(
        description="The first unit above is told so long after the breach (0: at once), each next one so long after the last."
    )
    escalate_after_reopenings: Reopenings | None = Field(
        description="From this reopening on, each one tells one unit further up; null: reopening alone tells nobody."
    )
    confirm_within: Term = Field(description="So long an answer waits for the speaker's judgement before the case closes.")
    reopen_within: Term = Field(description="So long a speaker may reopen a closed case.")
    appeal_within: Term = Field(description="So long a speaker may appeal against a rejection.")
    calendar_code: str | None = Field(description="The working calendar; needed for working hours and working days.")

    @model_validator(mode="after")
    def _working_units_have_a_calendar(self) -> Self:
        if self.calendar_code is None and any(span.unit in WORKING for span in self.spans.values()):
            raise PydanticCustomError("calendar_needed", "must name a `calendar_code`: working hours and days are those of one")
        return self


class SupplementRules(Rules):
    """What a supplement says. What it does not name stays as it is inherited. Working units are those of the policy's calendar;
    under a policy without one every hour works."""

    deadlines: SomeDeadlines = SomeDeadlines()
    escalation: Annotated[tuple[Span, ...], Field(max_length=10)] = Field(
        (), description="Of the first steps; none: as inherited."
    )
    escalate_after_reopenings: Reopenings | None = None
    confirm_within: Term | None = None
    reopen_within: Term | None = None
    appeal_within: Term | None = None

    @property
    def says_nothing(self) -> bool:
        return not self.spans and self.escalate_after_reopenings is None


class Supplement(BaseModel):
    """One version of what a unit asks of itself and of the units below it beyond the policy, on a channel or on all.

    `code` is the unit's, and the channel's where there is one; no policy has a supplement's label.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    code: str
    version: int
    unit_id: UUID
    channel: Channel | None
    effective_from: datetime
    ends: bool
    rules: SupplementRules

    @property
    def label(self) -> str:
        return f"{self.code}.v{self.version}"


class CasePolicy(BaseModel):
    """One version of the policy `code`, for units of a level, for a channel, for both or for all.

    `name` stays in assessment: it does not travel.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    code: str
    name: str | None = None
    version: int
    level: Level | None
    channel: Channel | None
    effective_from: datetime
    rules: CaseRules

    @property
    def label(self) -> str:
        """What a case keeps, and finds its policy by for ever."""
        return f"{self.code}.v{self.version}"

    @property
    def scope(self) -> "Scope":
        return self.level, self.channel


AND = "+"
"""Between the labels of a policy and of its supplements: no code has it."""


def label_of(policy: CasePolicy, supplements: Iterable[Supplement]) -> str:
    """What a case keeps that is opened under these."""
    return AND.join((policy.label, *(supplement.label for supplement in supplements)))


Scope = tuple[Level | None, Channel | None]
SHIPPED: tuple[CasePolicy, ...] = TypeAdapter(tuple[CasePolicy, ...]).validate_json(
    Path(__file__).with_name("default_policies.json").read_bytes()
)
"""In effect since ever, everywhere; the next version of one is registered like any other's."""


def scopes(level: str | None, channel: str | None) -> tuple[tuple[str | None, str | None], ...]:
    """Where a policy may come from, the most specific first."""
    return ((level, channel), (level, None), (None, channel), (None, None))


NO_PRACTICES = PracticeBook()
"""But those shipped."""


class PolicyBook:
    """These policies and those shipped, with their calendars and supplements, and the practice policies. It never changes; a new
    book takes its place."""

    def __init__(
        self,
        policies: Iterable[CasePolicy] = (),
        calendars: Mapping[tuple[str, int], WorkingHours] = {},
        supplements: Iterable[Supplement] = (),
        practices: PracticeBook = NO_PRACTICES,
    ) -> None:
        self.practices = practices
        self._calendars = {key: WorkingCalendar(hours) for key, hours in calendars.items()}
        self._newest = dict(sorted(self._calendars))
        self._policies = {policy.label: policy for policy in (*SHIPPED, *policies)}
        self._by_scope: dict[tuple[str | None, str | None], list[CasePolicy]] = {}
        for policy in sorted(self._policies.values(), key=lambda policy: -policy.version):
            self._by_scope.setdefault(policy.scope, []).append(policy)
        self._supplements = {supplement.label: supplement for supplement in supplements}
        self._by_unit: dict[tuple[UUID, str | None], list[Supplement]] = {}
        for supplement in sorted(self._supplements.values(), key=lambda supplement: -supplement.version):
            self._by_unit.setdefault((supplement.unit_id, supplement.channel), []).append(supplement)

    def policy_for(self, level: str | None, channel: str | None, at: datetime) -> CasePolicy:
        """The policy in effect at `at`: level and channel before level before channel before general, then the highest version.

        A later version counts from its own `effective_from`, also where that is before an older version's.
        """
        for scope in scopes(level, channel):
            for policy in self._by_scope.get(scope, ()):
                if policy.effective_from <= at:
                    return policy
        raise NotFound("policy-not-found", f"No policy was in effect at {at.isoformat()}.")

    def in_effect(self, at: datetime) -> list[CasePolicy]:
        """The version in effect of every policy."""
        found = (next((policy for policy in each if policy.effective_from <= at), None) for each in self._by_scope.values())
        return [policy for policy in found if policy is not None]

    def supplements_for(self, chain: Sequence[UUID], channel: str | None, at: datetime) -> tuple[Supplement, ...]:
        """Those in effect at `at` for the unit `chain[0]`, the other units being those above it, nearest first: the highest
        unit's come first, and of one unit that for every channel."""
        if not self._by_unit:
            return ()
        scopes = [(unit_id, of) for unit_id in reversed(chain) for of in dict.fromkeys((None, channel))]
        begun = (next((each for each in self._by_unit.get(scope, ()) if each.effective_from <= at), None) for scope in scopes)
        return tuple(supplement for supplement in begun if supplement is not None and not supplement.ends)

    def policy(self, label: str) -> CasePolicy:
        """The policy that a case keeps. Raises `NotFound` (policy-not-found)."""
        found = self._policies.get(label.split(AND)[0])
        if found is None:
            raise NotFound("policy-not-found", f"No policy has the label {label}. List the policies with GET /v1/policies.")
        return found

    def supplements(self, label: str) -> tuple[Supplement, ...]:
        """Those that a case keeps. Raises `NotFound` (supplement-not-found)."""
        kept = label.split(AND)[1:]
        if any(each not in self._supplements for each in kept):
            raise NotFound("supplement-not-found", f"Not every supplement of {label} is known here.")
        return tuple(self._supplements[each] for each in kept)

    def newest_version(self, code: str | None) -> int | None:
        """The version of the calendar that a case opened now keeps; None without a calendar."""
        return self._newest.get(code) if code is not None else None

    def calendar(self, code: str | None, version: int | None = None) -> WorkingCalendar:
        """This version of the calendar, or its newest; without a code every hour counts, in UTC.

        Raises `NotFound` (working-calendar-not-found).
        """
        if code is None:
            return ROUND_THE_CLOCK
        found = self._calendars.get((code, version or self._newest.get(code, 0)))
        if found is None:
            raise NotFound("working-calendar-not-found", NO_CALENDAR)
        return found

    def zone(self, label: str, calendar_version: int | None) -> tzinfo:
        """Whose days the deadlines of a case fall on; UTC where its policy has no calendar, or is not known here."""
        policy = self._policies.get(label.split(AND)[0])
        hours = policy and self._calendars.get((policy.rules.calendar_code or "", calendar_version or 0))
        return hours.zone if hours else UTC


NO_CALENDAR = "No working calendar has this code and version. List the calendars with GET /v1/working-calendars."
