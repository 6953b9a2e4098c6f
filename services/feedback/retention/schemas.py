"""What goes in and out of the routes of retention."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel
from services.feedback.retention.rules import End
from shared.practices import RetentionTerms
from shared.types import Day, In, Level, Line, Out


class LegalHoldIn(In):
    motive: Line = Field(description="Why nothing may be erased. The speaker reads it.")


class LiftingIn(In):
    reason: Line = Field(description="The speaker reads it.")


class TermOut(Out):
    channel: Channel
    access_days: int = Field(description="So long after the end of a case its receipt opens it.")
    words_days: int = Field(description="So long after the end of a confidential or anonymous case its words are kept.")
    named_words_days: int = Field(description="The same of a named one.")


class SealsOut(Out):
    """An older key may go from the settings once nothing is sealed otherwise than with the current one, nor in any backup that is
    still of use."""

    current_key: str
    missing_keys: list[str] = Field(
        description="Keys that something is sealed with and that are not in the settings: bring them back, or it stays closed."
    )
    cases_sealed_otherwise: int
    identities_sealed_otherwise: int


class RetentionOut(Out):
    policy: str = Field(description="The version in effect: see GET /v1/practice-policies.")
    terms: list[TermOut] = Field(description="Of cases that end now; those that have ended keep what was in effect then.")
    seals: SealsOut


class DueCount(Out):
    end: End
    channel: Channel
    protected: bool
    cases: int


class DueCase(Out):
    case_id: UUID
    unit_id: UUID
    end: End
    channel: Channel
    protected: bool
    ended_at: datetime
    days: int = Field(description="After which it is due, by what was in effect when the case ended.")


class DueOut(Out):
    """What the next run does, if nothing changes until then."""

    at: datetime
    counts: list[DueCount]
    first: list[DueCase] = Field(description="The first that it comes to, at most a hundred of each end.")


class RetentionSimulationIn(In):
    rules: RetentionTerms = Field(description="As for registering; they are tried as if they had been in effect throughout.")
    level: Level | None = Field(None, description="The only level; null for all that have no policy of their own now.")
    since: Day = Field(description="The first day, in UTC, whose ended cases are looked at.")
    until: Day = Field(description="The last one.")


class DifferenceOut(Out):
    """Null where it would tell of fewer than five cases."""

    channel: Channel
    protected: bool
    end: End
    cases: int | None = Field(description="That ended in the span, whether erased since or not.")
    sooner: int | None = Field(description="Would have been promised a sooner end than they were.")
    later: int | None


class RetentionSimulationOut(Out):
    levels: list[Level] = Field(description="Whose cases these are.")
    differences: list[DifferenceOut]
