"""Settings of the feedback service."""

from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class FeedbackSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_FEEDBACK_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "feedback"

    attachments_store: str | None = Field(
        None,
        description="Where attached files are kept: `s3://BUCKET` or `s3://BUCKET/PREFIX`, or a folder that all of this "
        "service's processes share. Without it, the folder `attachments` in MASSLINE_VAR.",
    )
    attachments_s3_endpoint: str | None = Field(
        None, description="Where the S3-compatible store answers, for example `https://s3.example.org`; without it, AWS."
    )
    attachments_s3_region: str = Field("us-east-1", description="Region of the bucket; many stores take any.")
    attachments_access_key: SecretStr | None = Field(
        None, description="Access key of the bucket; without it the process's own identity, by the variables that AWS names."
    )
    attachments_secret_key: SecretStr | None = Field(None, description="Secret of that access key.")
    attachments_per_case: int = Field(10, ge=1, le=100, description="Most files that can be attached to one case.")
    attachment_pixels: int = Field(40_000_000, ge=1_000_000, le=50_000_000, description="Most pixels of an attached picture.")
    attachment_pages: int = Field(100, ge=1, le=1000, description="Most pages of an attached PDF.")
