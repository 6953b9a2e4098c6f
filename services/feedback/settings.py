"""Settings of the feedback service."""

from typing import ClassVar, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.keyring import Keyring, read_keys
from shared.settings import DEVELOPMENT_SECRET, SHORTEST_SECRET, Profile, ServiceSettings


class FeedbackSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_FEEDBACK_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "feedback"
    secret_fields: ClassVar[tuple[str, ...]] = (*ServiceSettings.secret_fields, "vault_keys")

    vault_keys: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="Seals words of protected cases and the identities of speakers: `id:secret`, or `new:secret,old:secret` to "
        "change keys; one secret alone has the id `1`. 32 characters or more each. What is sealed with a lost key stays closed.",
    )
    anonymous_calls_per_minute: int = Field(
        1200,
        ge=10,
        le=6000,
        description="Calls without an account that one process lets in per minute. From half of it on each needs a proof of "
        "work; more than all of it are answered with 429.",
    )
    anonymous_opinions_per_minute: int = Field(
        600, ge=10, le=6000, description="The same for the opinions among them, on each channel."
    )
    receipts_waiting: int = Field(
        100,
        ge=10,
        le=1000,
        description="Receipts that wait for their turn to be checked or made, two at a time; more are answered with 503.",
    )
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

    def keyring(self) -> Keyring:
        return Keyring(read_keys(self.vault_keys.get_secret_value()), self.pepper.get_secret_value())

    @model_validator(mode="after")
    def _refuse_weak_keys(self) -> Self:
        for secret in read_keys(self.vault_keys.get_secret_value()).values():
            if self.profile is Profile.production and (secret == DEVELOPMENT_SECRET or len(secret) < SHORTEST_SECRET):
                raise ValueError(f"{self.variable('vault_keys')} needs secrets of {SHORTEST_SECRET} characters or more")
        return self
