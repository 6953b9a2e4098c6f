"""Settings of the feedback service."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class FeedbackSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_FEEDBACK_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "feedback"
