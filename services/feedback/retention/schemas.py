"""What goes in and out of the routes of retention."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel
from services.feedback.retention.rules import End
from shared.types import In, Line, Out


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
    terms: list[TermOut]
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
    days: int = Field(description="After which it is due, by the terms.")


class DueOut(Out):
    """What the next run does, if nothing changes until then."""

    at: datetime
    counts: list[DueCount]
    first: list[DueCase] = Field(description="The first that it comes to, at most a hundred of each end.")
