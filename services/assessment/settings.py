"""Settings of the assessment service."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class AssessmentSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_ASSESSMENT_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "assessment"
