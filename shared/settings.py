"""Settings that every service shares. Each service adds its own in a subclass with the prefix MASSLINE_<SERVICE>_."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.keyring import Keyring

DEVELOPMENT_SECRET = "development-only-secret-never-used-in-production"
SHORTEST_SECRET = 32


def _known_level(value: str) -> str:
    if value.upper() not in logging.getLevelNamesMapping():
        raise ValueError("must be debug, info, warning or error")
    return value


LogLevel = Annotated[str, AfterValidator(_known_level)]


class Profile(StrEnum):
    development = "development"
    production = "production"


class ServiceSettings(BaseSettings):
    """What a service reads from its environment. The production profile refuses to start on a default or short secret."""

    model_config = SettingsConfigDict(env_prefix="MASSLINE_", extra="ignore", populate_by_name=True, hide_input_in_errors=True)
    service: ClassVar[str]
    secret_fields: ClassVar[tuple[str, ...]] = ("internal_secret", "pepper")

    profile: Profile = Field(
        Profile.development,
        validation_alias="MASSLINE_PROFILE",
        description="`production` refuses default secrets and the demonstration data.",
    )
    host: str = Field("127.0.0.1", validation_alias="MASSLINE_HOST", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, validation_alias="MASSLINE_PORT", description="Port to listen on.")
    log_level: LogLevel = Field("info", validation_alias="MASSLINE_LOG_LEVEL", description="debug, info, warning or error.")
    var: Path = Field(Path("./var"), validation_alias="MASSLINE_VAR", description="Folder of everything kept between starts.")
    max_body_bytes: int = Field(
        1_048_576,
        ge=1024,
        validation_alias="MASSLINE_MAX_BODY_BYTES",
        description="Largest request body, in bytes; a larger one is answered with 413.",
    )
    max_file_bytes: int = Field(
        10_485_760,
        ge=1024,
        le=33_554_432,
        validation_alias="MASSLINE_MAX_FILE_BYTES",
        description="Largest file that can be attached to a case, in bytes; the same for the gateway and feedback.",
    )
    server_url: str | None = Field(
        None,
        validation_alias="MASSLINE_DATABASE_URL",
        description="PostgreSQL server; each service uses its own database `massline_<service>` on it.",
    )
    database_url: str | None = Field(
        None, description="This service's own database; wins over MASSLINE_DATABASE_URL. One per service."
    )
    database_connections: int = Field(
        10, ge=2, le=200, validation_alias="MASSLINE_DATABASE_CONNECTIONS", description="Most connections per pool."
    )
    kafka_bootstrap: str | None = Field(
        None,
        validation_alias="MASSLINE_KAFKA_BOOTSTRAP",
        description="Kafka brokers, `host:port,host:port`. Without it only the one-process mode works.",
    )
    kafka_replicas: int = Field(
        1,
        ge=1,
        le=7,
        validation_alias="MASSLINE_KAFKA_REPLICAS",
        description="Replicas of the topics that `massline migrate` makes; 3 in production.",
    )
    internal_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        validation_alias="MASSLINE_INTERNAL_SECRET",
        description="Signs the credential that the gateway shows to the services; the same for all, 32 characters or more.",
    )
    pepper: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        validation_alias="MASSLINE_PEPPER",
        description="Mixed into receipts, contact cards, confirmation codes and idempotency seals; losing it makes them useless.",
    )

    @model_validator(mode="after")
    def _refuse_weak_secrets_in_production(self) -> Self:
        if self.profile is Profile.production:
            for name in self.secret_fields:
                value = getattr(self, name).get_secret_value()
                if value == DEVELOPMENT_SECRET or len(value) < SHORTEST_SECRET:
                    raise ValueError(
                        f"the production profile needs {self.variable(name)}: a secret of {SHORTEST_SECRET} characters or more"
                    )
        return self

    def keyring(self) -> Keyring:
        """The keys of this service."""
        return Keyring({}, self.pepper.get_secret_value())

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable that sets a field."""
        alias = cls.model_fields[field].validation_alias
        return alias if isinstance(alias, str) else f"{cls.model_config['env_prefix']}{field.upper()}"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Settings from these variables first, then from the process's own environment."""
        given = {name: environment[cls.variable(name)] for name in cls.model_fields if cls.variable(name) in environment}
        values: dict[str, Any] = dict(given)
        return cls(**values)

    @property
    def database(self) -> str:
        """URL of this service's database."""
        if self.database_url:
            return self.database_url
        if self.server_url:
            url = _server(self.server_url).set(database=f"massline_{self.service}")
            return url.render_as_string(hide_password=False)
        raise ValueError(
            f"no database: set MASSLINE_{self.service.upper()}_DATABASE_URL or MASSLINE_DATABASE_URL, "
            "or use `massline run`, which brings its own"
        )


def _server(given: str) -> URL:
    try:
        return make_url(given)
    except ArgumentError:
        raise ValueError("MASSLINE_DATABASE_URL is no URL of the form postgresql://user:password@host:port") from None
