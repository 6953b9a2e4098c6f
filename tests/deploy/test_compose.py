"""deploy/compose.yaml: the same processes and settings as on Kubernetes, no default secrets."""

import re
from typing import Any

import pytest
import yaml

from .manifests import DEPLOY, SERVICES, Manifests, Object, environment

SECRETS = {
    *("MASSLINE_POSTGRES_PASSWORD", "MASSLINE_INTERNAL_SECRET", "MASSLINE_PEPPER", "MASSLINE_FEEDBACK_VAULT_KEYS"),
    *("MASSLINE_GATEWAY_TOKEN_SECRET", "MASSLINE_GATEWAY_WEBHOOK_KEY", "MASSLINE_GATEWAY_ADMIN_PASSWORD"),
}
TEXT = (DEPLOY / "compose.yaml").read_text()


@pytest.fixture(scope="module")
def compose() -> Object:
    loaded: Any = yaml.safe_load(TEXT)
    assert isinstance(loaded, dict)
    return loaded


def test_each_service_migrates_then_serves_and_works_under_health_checks(compose: Object) -> None:
    services = compose["services"]
    processes = {f"{service}-{process}" for service in SERVICES for process in ("migrate", "api", "worker")}
    assert set(services) == processes | {"postgres", "kafka"}
    for name in SERVICES:
        migrate, api, worker = (services[f"{name}-{process}"] for process in ("migrate", "api", "worker"))
        assert migrate["command"] == ["migrate", name]
        assert migrate["depends_on"] == {store: {"condition": "service_healthy"} for store in ("postgres", "kafka")}
        assert migrate["environment"] == api["environment"] == worker["environment"]
        for process, command in ((api, "serve"), (worker, "worker")):
            assert process["command"] == [command, name]
            assert "/readyz" in process["healthcheck"]["test"][-1]
            assert process["depends_on"][f"{name}-migrate"] == {"condition": "service_completed_successfully"}


def test_processes_are_hardened(compose: Object) -> None:
    for name, process in compose["services"].items():
        if name not in ("postgres", "kafka"):
            assert process["read_only"] is True, name
            assert process["cap_drop"] == ["ALL"], name
            assert process["security_opt"] == ["no-new-privileges:true"], name


def test_stores_are_the_versions_we_run_on_and_keep_their_data(compose: Object) -> None:
    postgres, kafka = compose["services"]["postgres"], compose["services"]["kafka"]
    assert postgres["image"] == "postgres:18"
    # The image of 18 declares this folder, not /var/lib/postgresql/data, as its volume.
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]
    assert re.fullmatch(r"apache/kafka:4\.\d+\.\d+", kafka["image"])
    assert kafka["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert kafka["volumes"] == [f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}"]
    assert postgres["healthcheck"]["test"]
    assert kafka["healthcheck"]["test"]
    assert set(compose["volumes"]) == {"postgres", "kafka", "attachments"}


def test_feedbacks_processes_share_a_folder_for_files(compose: Object) -> None:
    for process in ("api", "worker"):
        feedback = compose["services"][f"feedback-{process}"]
        assert feedback["volumes"] == ["attachments:/var/tmp"]
        assert ":-/var/tmp/attachments}" in feedback["environment"]["MASSLINE_FEEDBACK_ATTACHMENTS_STORE"]


def test_only_the_gateway_is_published_and_only_on_this_machine(compose: Object) -> None:
    published = {name: process["ports"] for name, process in compose["services"].items() if "ports" in process}
    assert published == {"gateway-api": ["127.0.0.1:8000:8000"]}


def test_every_secret_must_be_given_and_none_has_a_default() -> None:
    used = re.findall(r"\$\{(\w+)([^}]*)\}", TEXT)
    assert {name for name, rule in used if rule.startswith(":?")} == SECRETS
    assert not [name for name, rule in used if name in SECRETS and not rule.startswith(":?")]
    for line in TEXT.splitlines():
        setting = re.match(r"\s+(\w*(?:SECRET|PASSWORD|PEPPER|_KEYS?|DATABASE_URL)): (.*)", line)
        assert setting is None or "${" in setting[2], line


def test_the_readme_makes_every_secret() -> None:
    made = re.search(r"for name in ([A-Z_ ]+)", (DEPLOY / "README.md").read_text())
    assert made
    assert {f"MASSLINE_{name}" for name in made[1].split()} == SECRETS


def test_no_image_is_latest_or_names_a_registry(compose: Object) -> None:
    for name, process in compose["services"].items():
        repository, _, tag = process["image"].partition(":")
        assert tag, name
        assert "latest" not in tag, name
        assert "." not in repository, name


def test_settings_are_the_ones_kubernetes_gives(compose: Object, production: Manifests) -> None:
    optional = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS"}
    for service in SERVICES:
        for process in ("api", "worker"):
            name = f"{service}-{process}"
            here = set(compose["services"][name]["environment"]) - optional
            there = set(environment(production, production.named("Deployment", name))) - optional
            assert here == there, name


def test_the_gateway_finds_the_three_services(compose: Object) -> None:
    settings = compose["services"]["gateway-api"]["environment"]
    for service in ("feedback", "visits", "assessment"):
        assert settings[f"MASSLINE_GATEWAY_{service.upper()}_URL"] == f"http://{service}-api:8000"
        assert f"{service}-api" in compose["services"]
