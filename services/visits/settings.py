"""Settings of the visits service."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class VisitsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_VISITS_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "visits"
