"""Settings of the feedback service."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings

Span = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=3650))]


class FeedbackSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_FEEDBACK_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "feedback"

    acknowledge_within: Span = Field(
        timedelta(days=7), description="How soon a unit must say that it has a case; ISO 8601, such as P7D."
    )
    first_answer_within: Span = Field(timedelta(days=30), description="How soon a unit must answer a case for the first time.")
    resolve_within: Span = Field(timedelta(days=90), description="How soon the speaker must be able to confirm a change.")
    close_unconfirmed_after: Span = Field(
        timedelta(days=30),
        description="How long an answer waits for the speaker's judgement before the case is closed without it.",
    )
    reopen_within: Span = Field(timedelta(days=30), description="How long after its end a case may be reopened by its speaker.")
