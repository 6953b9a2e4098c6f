"""Settings: production starts on no default or short secret, and a mistake never prints what it was given."""

import importlib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from shared.settings import DEVELOPMENT_SECRET, Profile, ServiceSettings

SERVICES = ("feedback", "visits", "assessment", "gateway")
GOOD = "x" * 40


def settings_class(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    found: type[ServiceSettings] = getattr(module, f"{service.title()}Settings")
    return found


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PROFILE", "INTERNAL_SECRET", "PEPPER", "DATABASE_URL"):
        monkeypatch.delenv(f"MASSLINE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def production(service: str, **secrets: str) -> ServiceSettings:
    kind = settings_class(service)
    given = {name: SecretStr(secrets.get(name, GOOD)) for name in kind.secret_fields}
    return kind(profile=Profile.production, database_url="postgresql://db/x", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", SERVICES)
def test_production_starts_with_secrets_of_its_own(service: str) -> None:
    assert production(service).profile is Profile.production


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("weak", [DEVELOPMENT_SECRET, "x" * 31, ""], ids=["default", "short", "empty"])
def test_production_refuses_weak_secrets_by_name_and_without_showing_any(service: str, weak: str) -> None:
    for name in settings_class(service).secret_fields:
        with pytest.raises(ValidationError) as refused:
            production(service, **{name: weak})
        message = str(refused.value)
        assert "MASSLINE_" in message
        assert name.upper() in message
        assert GOOD not in message
        assert DEVELOPMENT_SECRET not in message


@pytest.mark.parametrize("service", SERVICES)
def test_every_secret_of_a_service_is_guarded(service: str) -> None:
    """A secret that has a default is a secret that production must refuse."""
    kind = settings_class(service)
    defaults = {name for name, field in kind.model_fields.items() if isinstance(field.default, SecretStr)}
    assert defaults <= set(kind.secret_fields)


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_is_described(service: str) -> None:
    for name, field in settings_class(service).model_fields.items():
        assert field.description, name


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_is_not_in_the_repr(service: str) -> None:
    assert GOOD not in repr(production(service))


@pytest.mark.parametrize("service", SERVICES)
def test_the_database_is_the_services_own(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = settings_class(service)
    monkeypatch.setenv("MASSLINE_DATABASE_URL", "postgresql://user:p%40ss@host:5433/postgres?sslmode=require")
    assert kind().database == f"postgresql://user:p%40ss@host:5433/massline_{service}?sslmode=require"
    monkeypatch.setenv(f"MASSLINE_{service.upper()}_DATABASE_URL", "postgresql://elsewhere/mine")
    assert kind().database == "postgresql://elsewhere/mine"


def test_without_any_database_the_error_says_what_to_set() -> None:
    with pytest.raises(ValueError, match="MASSLINE_VISITS_DATABASE_URL or MASSLINE_DATABASE_URL"):
        assert settings_class("visits")().database


def test_the_documented_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "0.0.0.0", "PORT": "8123", "VAR": "/data", "KAFKA_BOOTSTRAP": "k:9092"}.items():
        monkeypatch.setenv(f"MASSLINE_{name}", value)
    read = settings_class("feedback")()
    assert (read.host, read.port, read.var, read.kafka_bootstrap) == ("0.0.0.0", 8123, Path("/data"), "k:9092")
