"""Tables of cases: the work that a unit owes, its clocks, who was told, and what was done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field

from services.feedback.cases.rules import CLOSED, Assistance, Channel, Decision, Kind, Part, Protection, Side, State
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.events.feedback import CaseSource, ClockKind, EscalationCause
from shared.types import enum_check
from shared.working_time import SpanUnit

ZERO = {"server_default": "0"}
FALSE = {"server_default": "false"}
RUNNING = "met_at IS NULL AND breached_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL"
OWED = "met_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL"
"""Also what has run out: it is owed still."""
OVERDUE_CLOCK = "breached_at IS NOT NULL AND met_at IS NULL AND stopped_at IS NULL"
OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in State if state not in CLOSED))
OVER = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(CLOSED)))
ENDED = f"{OVER} AND erased_at IS NULL"
"""What the ends of retention are counted for."""
ACCESS_END, WORDS_END = (
    f"((updated_at AT TIME ZONE 'UTC') + make_interval(days => {days}))" for days in ("access_days", "words_days")
)
"""Of what has ended; in UTC."""
PROTECTED = "(protection <> 'named')"
SEALABLE, SEAL = f"{PROTECTED} AND erased_at IS NULL", "coalesce(sealed_with, '')"
"""What is sealed, and with which key; empty where that is not one."""
CELL = ("floor(latitude * 100)", "floor(longitude * 100)")
"""The cell of a grid of hundredths of a degree, which near cases share."""


class Case(FeedbackTable, table=True):
    """`owner_id` is the speaker's account where there is one, of a confidential case its alias; it never leaves. `body` is null
    where the words are elsewhere, or erased.

    `sealed_with` is the key that all words of the case are sealed with, empty where there are several, null where there are plain
    ones (`cases.sealing`). Once `erased_at` is set there are none.

    `judge_until` is set while an answer waits for its judgement, `appealable_until` while a rejection may be appealed, and
    `appeal_unit_id` while an appeal waits for that unit's decision. What is merged into another case is answered there.
    `access_days` and `words_days` are what its speaker was promised when the case ended, counted from the last act on it; until
    then they say nothing. `read_by_...` is the number of the last message that this side has seen. Coordinates are rounded before
    they come here.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(enum_check("state", State), name="cases_state"),
        CheckConstraint(enum_check("source", CaseSource), name="cases_source"),
        CheckConstraint(enum_check("channel", Channel), name="cases_channel"),
        CheckConstraint(enum_check("protection", Protection), name="cases_protection"),
        CheckConstraint("protection <> 'anonymous' OR owner_id IS NULL", name="cases_anonymous_has_no_owner"),
        CheckConstraint(enum_check("kind", Kind), name="cases_kind"),
        CheckConstraint(enum_check("assistance", Assistance), name="cases_assistance"),
        CheckConstraint(enum_check("last_said_by", Side), name="cases_last_said_by"),
        CheckConstraint("score BETWEEN 1 AND 5", name="cases_score"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="cases_location_whole"),
        CheckConstraint("merged_into <> id", name="cases_not_merged_into_itself"),
        Index("cases_by_unit", "unit_id", "id"),
        Index("cases_by_owner", "owner_id", "id", postgresql_where="owner_id IS NOT NULL"),
        Index("cases_by_finding", "finding_id", unique=True, postgresql_where="finding_id IS NOT NULL"),
        Index("cases_by_state", "state", "id"),
        Index("cases_by_main", "merged_into", postgresql_where="merged_into IS NOT NULL"),
        Index("cases_by_opening", "opened_at", "id"),
        Index("cases_by_update", "updated_at", "id"),
        Index("cases_by_endorsement", "endorsement_count", "id", postgresql_where="endorsement_count > 0"),
        Index("cases_by_place", "latitude", "longitude", postgresql_where="latitude IS NOT NULL"),
        Index("cases_by_seal", text(SEAL), postgresql_where=SEALABLE),
        Index("cases_by_access_end", text(ACCESS_END), "id", postgresql_where=ENDED),
        Index("cases_by_words_end", text(WORDS_END), "id", postgresql_where=ENDED),
        Index("cases_unread", "id", postgresql_where="message_count > read_by_unit"),
        Index("cases_unjudged", "judge_until", postgresql_where="judge_until IS NOT NULL"),
        Index("cases_shared_by_unit", "unit_id", "id", postgresql_where=f"shared AND {OPEN}"),
        Index("cases_open_by_place", *map(text, CELL), "shared", "id", postgresql_where=f"latitude IS NOT NULL AND {OPEN}"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    state: State = Field(sa_type=text_of(State))
    source: CaseSource = Field(sa_type=text_of(CaseSource))
    channel: Channel = Field(sa_type=text_of(Channel))
    protection: Protection = Field(sa_type=text_of(Protection))
    kind: Kind | None = Field(default=None, sa_type=text_of(Kind))
    category: str | None
    attributes: dict[str, Any] | str | None = Field(default=None, sa_type=JSONB)
    latitude: float | None = None
    longitude: float | None = None
    place: str | None = None
    wants_visit: bool = Field(default=False, sa_column_kwargs=FALSE)
    shared: bool = Field(default=False, sa_column_kwargs=FALSE)
    assistance: Assistance | None = Field(default=None, sa_type=text_of(Assistance))
    assisted_by_unit_id: UUID | None = None
    title: str
    body: str | None
    owner_id: UUID | None
    sealed_with: str | None = None
    opinion_id: UUID | None = None
    finding_id: UUID | None = None
    visit_id: UUID | None = None
    sponsor_id: UUID | None = None
    policy_version: str
    calendar_version: int | None = None
    opened_at: datetime = Field(sa_type=UTC_TIME)
    updated_at: datetime = Field(sa_type=UTC_TIME)
    judge_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    reopenable_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    appealable_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    appeal_unit_id: UUID | None = None
    merged_into: UUID | None = Field(default=None, foreign_key="cases.id")
    reopened_count: int = Field(default=0, sa_column_kwargs=ZERO)
    judgement_count: int = Field(default=0, sa_column_kwargs=ZERO)
    refused_count: int = Field(default=0, sa_column_kwargs=ZERO)
    handed_over_count: int = Field(default=0, sa_column_kwargs=ZERO)
    message_count: int = Field(default=0, sa_column_kwargs=ZERO)
    last_said_by: Side | None = Field(default=None, sa_type=text_of(Side))
    read_by_resident: int = Field(default=0, sa_column_kwargs=ZERO)
    read_by_unit: int = Field(default=0, sa_column_kwargs=ZERO)
    endorsement_count: int = Field(default=0, sa_column_kwargs=ZERO)
    attachment_count: int = Field(default=0, sa_column_kwargs=ZERO)
    outcome: str | None = None
    resolved: bool | None = None
    satisfied: bool | None = None
    score: int | None = None
    access_days: int = Field(default=180, sa_column_kwargs={"server_default": "180"})
    words_days: int = Field(default=1825, sa_column_kwargs={"server_default": "1825"})
    erased_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class CaseText(FeedbackTable, table=True):
    """What a case is found by: the terms of its title and body, and its unchanging facets. Apart from the case, because every
    change of that would write them anew."""

    __tablename__ = "case_texts"
    __table_args__ = (Index("case_texts_by_term", "terms", postgresql_using="gin"),)

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    terms: str = Field(sa_type=TSVECTOR)


class CaseExclusion(FeedbackTable, table=True):
    """A unit that the case is about: neither it nor any unit below it may see the case; or, where `post` is a role, a post: those
    who hold it in this unit may not."""

    __tablename__ = "case_exclusions"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    unit_id: UUID = Field(primary_key=True)
    post: str = Field(primary_key=True, default="", sa_column_kwargs={"server_default": ""})


class CaseUnit(FeedbackTable, table=True):
    """A unit that reads the case without owing it."""

    __tablename__ = "case_units"
    __table_args__ = (CheckConstraint(enum_check("part", Part), name="case_units_part"),)

    unit_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(primary_key=True, foreign_key="cases.id", index=True)
    part: Part = Field(sa_type=text_of(Part))
    since: datetime = Field(sa_type=UTC_TIME)


class CaseOwner(FeedbackTable, table=True):
    """A unit that owes or owed the case. The first hand-over writes the first two; until then the case's unit is its only one."""

    __tablename__ = "case_owners"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    number: int = Field(primary_key=True)
    unit_id: UUID
    since: datetime = Field(sa_type=UTC_TIME)
    until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    reason: str | None = None


class CaseAppeal(FeedbackTable, table=True):
    """The speaker asks `unit_id` to look at a rejection again; undecided while `decision` is null."""

    __tablename__ = "case_appeals"
    __table_args__ = (
        CheckConstraint(enum_check("decision", Decision), name="case_appeals_decision"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="case_appeals_decided_whole"),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    number: int = Field(primary_key=True)
    unit_id: UUID
    reason: str
    appealed_at: datetime = Field(sa_type=UTC_TIME)
    decision: Decision | None = Field(default=None, sa_type=text_of(Decision))
    decision_reason: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class CaseClock(FeedbackTable, table=True):
    """One deadline; a reopened case gets new ones, in the `round` of its reopening.

    It runs until it is met or breached; the end of the case stops what was not met. While it is paused it does not run out: when
    it goes on, as much of its span is left as was before, counted in its own unit by the case's calendar.
    """

    __tablename__ = "case_clocks"
    __table_args__ = (
        CheckConstraint(enum_check("kind", ClockKind), name="case_clocks_kind"),
        CheckConstraint(enum_check("counted_in", SpanUnit), name="case_clocks_counted_in"),
        Index("case_clocks_running", "due_at", postgresql_where=RUNNING),
        Index("case_clocks_owed", "due_at", "case_id", postgresql_where=OWED),
        Index("case_clocks_overdue", "case_id", postgresql_where=OVERDUE_CLOCK),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    kind: ClockKind = Field(primary_key=True, sa_type=text_of(ClockKind))
    round: int = Field(primary_key=True, default=0, sa_column_kwargs=ZERO)
    started_at: datetime = Field(sa_type=UTC_TIME)
    due_at: datetime = Field(sa_type=UTC_TIME)
    counted_in: SpanUnit = Field(sa_type=text_of(SpanUnit))
    paused_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    paused_total_s: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    met_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    breached_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    stopped_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class EscalationChain(FeedbackTable, table=True):
    """A duty that was not done, on its way up: `next_at` is when step `next_step` is due, null once the chain has ended."""

    __tablename__ = "escalation_chains"
    __table_args__ = (
        CheckConstraint(enum_check("cause", EscalationCause), name="escalation_chains_cause"),
        Index("escalation_chains_due", "next_at", postgresql_where="next_at IS NOT NULL"),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    cause: EscalationCause = Field(primary_key=True, sa_type=text_of(EscalationCause))
    round: int = Field(primary_key=True, default=0, sa_column_kwargs=ZERO)
    next_step: int = Field(default=1)
    next_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class EscalationStep(FeedbackTable, table=True):
    """The chain made the case visible to `unit_id`; responsibility stays with the case's own unit."""

    __tablename__ = "escalation_steps"
    __table_args__ = (
        CheckConstraint(enum_check("cause", EscalationCause), name="escalation_steps_cause"),
        Index("escalation_steps_by_unit", "unit_id", "id"),
        Index("escalation_steps_unacknowledged", "unit_id", "id", postgresql_where="acknowledged_at IS NULL"),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    cause: EscalationCause = Field(primary_key=True, sa_type=text_of(EscalationCause))
    round: int = Field(primary_key=True, default=0, sa_column_kwargs=ZERO)
    step: int = Field(primary_key=True)
    id: UUID = Field(unique=True)
    unit_id: UUID
    notified_at: datetime = Field(sa_type=UTC_TIME)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class CaseHistory(FeedbackTable, table=True):
    """Append-only: every act on a case, with the rule that allowed it. A speaker's account is never here."""

    __tablename__ = "case_history"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    case_id: UUID = Field(foreign_key="cases.id", index=True)
    at: datetime = Field(sa_type=UTC_TIME)
    verb: str
    by_role: str
    by_unit_id: UUID | None
    from_state: State = Field(sa_type=text_of(State))
    to_state: State = Field(sa_type=text_of(State))
    reason: str | None
    rule: str
