"""Settings of the gateway service."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.settings import DEVELOPMENT_SECRET, ServiceSettings


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
"""Comma-separated CIDRs."""


class GatewaySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MASSLINE_GATEWAY_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "gateway"
    secret_fields: ClassVar[tuple[str, ...]] = (*ServiceSettings.secret_fields, "token_secret", "webhook_key")

    token_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET), description="Signs access tokens; changing it signs everybody out. 32 characters or more."
    )
    token_lifetime: int = Field(3600, ge=60, le=86_400, description="How long an access token is valid, in seconds.")
    admin_password: SecretStr | None = Field(
        None,
        description="Password of the first administrator, `admin`, who is made at start if missing. Without it, none is made.",
    )
    feedback_url: str = Field(
        "http://127.0.0.1:8001", description="Where feedback answers; used when it runs in its own process."
    )
    visits_url: str = Field("http://127.0.0.1:8002", description="Where visits answers; used when it runs in its own process.")
    assessment_url: str = Field(
        "http://127.0.0.1:8003", description="Where assessment answers; used when it runs in its own process."
    )
    webhook_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="Encrypts webhooks' signing secrets; if it is lost they must be rotated. 32 characters or more.",
    )
    webhook_allowed_networks: Networks = Field(
        (), description="Networks, comma-separated CIDRs, that webhooks may reach although they are private or reserved."
    )
