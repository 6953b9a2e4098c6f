"""Properties of every rendered object. A new service or process inherits these checks by being rendered."""

import re

import kubernetes_validate
import pytest

from .manifests import (
    COMPONENT,
    DEPLOY,
    NAME,
    SERVICES,
    Manifests,
    Object,
    containers,
    environment,
    label,
    matches,
    pod_spec,
    walk,
)

# Kinds that Kubernetes does not bundle and so has no schema for; anything else without a schema is a typing error.
CUSTOM_KINDS = {("gateway.networking.k8s.io/v1", "HTTPRoute"), ("monitoring.coreos.com/v1", "PodMonitor")}
SECRET_NAME = re.compile(r"SECRET|PASSWORD|PEPPER|TOKEN|_KEYS?$|DATABASE_URL$")


def test_every_object_passes_the_newest_schema_strictly(manifests: Manifests) -> None:
    version = kubernetes_validate.latest_version()
    problems: list[str] = []
    for item in manifests.objects:
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError as missing:
            if (item["apiVersion"], item["kind"]) not in CUSTOM_KINDS:
                problems.append(f"{label(item)}: {missing.message}")
        except kubernetes_validate.ValidationError as wrong:
            problems.append(f"{label(item)}: {'.'.join(map(str, wrong.path))}: {wrong.message}")
    assert problems == []


def test_the_schema_check_would_notice_a_misspelt_field(production: Manifests) -> None:
    broken: Object = {**production.named("Service", "gateway-api"), "spek": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_objects_are_unique_and_in_the_overlays_namespace(manifests: Manifests) -> None:
    namespaces = {item["metadata"]["name"] for item in manifests.of_kind("Namespace")}
    assert len(namespaces) == 1
    names = [label(item) for item in manifests.objects]
    assert len(names) == len(set(names))
    placed = {item["metadata"].get("namespace") for item in manifests.objects if item["kind"] != "Namespace"}
    assert placed == namespaces


# --- every pod --------------------------------------------------------------------------------------------------------


def test_pods_are_hardened(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        where = label(workload)
        spec = pod_spec(workload)
        assert spec["securityContext"]["runAsNonRoot"] is True, where
        assert spec["securityContext"]["runAsUser"] >= 10000, where
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), where
        assert all("hostPath" not in volume for volume in spec.get("volumes", [])), where
        for container in containers(workload):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, where
            assert context["readOnlyRootFilesystem"] is True, where
            assert context["capabilities"] == {"drop": ["ALL"]}, where
            assert not {"privileged", "runAsUser", "runAsNonRoot", "seccompProfile"} & set(context), where


def test_pods_have_their_services_own_account_without_a_token(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        spec = pod_spec(workload)
        assert spec["automountServiceAccountToken"] is False, label(workload)
        account = manifests.named("ServiceAccount", spec["serviceAccountName"])
        assert account["automountServiceAccountToken"] is False
        assert account["metadata"]["labels"][NAME] == workload["metadata"]["labels"][NAME]


def test_containers_ask_for_what_they_use_and_are_bounded(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        for container in containers(workload):
            for bound in ("requests", "limits"):
                assert set(container["resources"][bound]) >= {"cpu", "memory"}, label(workload)


def test_long_running_containers_are_probed(manifests: Manifests) -> None:
    expected = {"startupProbe": "/livez", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    for deployment in manifests.of_kind("Deployment"):
        for container in containers(deployment):
            ports = {port["name"] for port in container["ports"]}
            for probe, path in expected.items():
                assert container[probe]["httpGet"]["path"] == path, label(deployment)
                assert container[probe]["httpGet"]["port"] in ports, label(deployment)


def test_api_pods_leave_the_service_before_they_stop_listening(manifests: Manifests) -> None:
    for deployment in manifests.of_kind("Deployment"):
        if deployment["metadata"]["labels"][COMPONENT] == "api":
            spec = pod_spec(deployment)
            (container,) = spec["containers"]
            sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            assert sleep >= 5
            assert spec["terminationGracePeriodSeconds"] >= sleep + 30


def test_images_are_pinned_and_name_no_registry(manifests: Manifests) -> None:
    pinned = r"@sha256:[0-9a-f]{64}" if manifests.overlay == "production" else r":(?!latest$)[\w.-]+"
    for workload in manifests.workloads():
        for container in containers(workload):
            assert re.fullmatch(rf"massline{pinned}", container["image"]), container["image"]


def test_every_process_gets_its_command_and_its_port(manifests: Manifests) -> None:
    commands = {"api": "serve", "worker": "worker", "migrate": "migrate"}
    for workload in manifests.workloads():
        labels = workload["metadata"]["labels"]
        (container,) = pod_spec(workload)["containers"]
        assert container["args"] == [commands[labels[COMPONENT]], labels[NAME]]
        port = environment(manifests, workload)["MASSLINE_PORT"]
        assert all(str(declared["containerPort"]) == port for declared in container.get("ports", []))


# --- configuration and secrets ----------------------------------------------------------------------------------------


def test_settings_are_ours_and_secret_ones_come_from_secrets(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        for name, value in environment(manifests, workload).items():
            assert name.startswith("MASSLINE_"), f"{label(workload)}: {name}"
            assert (value is None) == bool(SECRET_NAME.search(name)), f"{label(workload)}: {name}"


def test_config_maps_hold_settings_and_nothing_secret(manifests: Manifests) -> None:
    for item in manifests.of_kind("ConfigMap"):
        for name in item["data"]:
            assert name.startswith("MASSLINE_"), f"{label(item)}: {name}"
            assert not SECRET_NAME.search(name), f"{label(item)}: {name}"


def test_a_service_reads_its_own_secrets_and_the_shared_ones_only(manifests: Manifests) -> None:
    for workload in manifests.workloads():
        service = workload["metadata"]["labels"][NAME]
        for container in containers(workload):
            for entry in container["env"]:
                reference = entry["valueFrom"]["secretKeyRef"]
                assert reference["key"] == entry["name"]
                assert reference["name"] in {"massline-shared", f"massline-{service}"}
                own = entry["name"].startswith(f"MASSLINE_{service.upper()}_")
                assert own == (reference["name"] != "massline-shared"), entry["name"]


def test_no_secret_is_contained(manifests: Manifests) -> None:
    assert manifests.of_kind("Secret") == []
    for item in manifests.objects:
        for path, value in walk(item):
            assert not re.search(r"://[^/\s]*:[^/\s]*@|BEGIN [A-Z ]*PRIVATE KEY", str(value)), f"{label(item)}{path}"


def test_the_readme_lists_exactly_the_secrets_that_are_read(manifests: Manifests) -> None:
    table = re.findall(r"^\| `([\w-]+)` \| `(MASSLINE_\w+)` \|", (DEPLOY / "k8s/README.md").read_text(), re.MULTILINE)
    read = {
        (entry["valueFrom"]["secretKeyRef"]["name"], entry["valueFrom"]["secretKeyRef"]["key"])
        for workload in manifests.workloads()
        for container in containers(workload)
        for entry in container["env"]
    }
    assert len(table) == len(set(table))
    assert set(table) == read


def test_the_profile_is_the_overlays(manifests: Manifests) -> None:
    expected = {"dev": "development", "production": "production"}[manifests.overlay]
    for workload in manifests.workloads():
        assert environment(manifests, workload)["MASSLINE_PROFILE"] == expected


# --- what belongs together --------------------------------------------------------------------------------------------


def test_each_service_is_whole(manifests: Manifests) -> None:
    for service in SERVICES:
        for kind, name in [
            ("Deployment", f"{service}-api"),
            ("Deployment", f"{service}-worker"),
            ("Job", f"{service}-migrate"),
            ("Service", f"{service}-api"),
            ("PodDisruptionBudget", f"{service}-api"),
            ("PodDisruptionBudget", f"{service}-worker"),
        ]:
            assert manifests.named(kind, name)["metadata"]["labels"][NAME] == service
        assert any(each["metadata"]["name"].startswith(f"{service}-config-") for each in manifests.of_kind("ConfigMap"))
        ingress = [
            policy["metadata"]["name"]
            for policy in manifests.of_kind("NetworkPolicy")
            if policy["spec"].get("ingress") and matches(policy["spec"]["podSelector"], _api_pods(manifests, service))
        ]
        assert ingress, f"no policy lets anybody reach {service}"


def _api_pods(manifests: Manifests, service: str) -> dict[str, str]:
    return manifests.pod_labels()[f"{service}-api"]


def test_every_selector_takes_the_pods_it_is_named_after(manifests: Manifests) -> None:
    pods = manifests.pod_labels()
    for item in manifests.of_kind("Deployment", "PodDisruptionBudget", "Service"):
        selector = item["spec"]["selector"]
        as_selector = {"matchLabels": selector} if item["kind"] == "Service" else selector
        taken = [name for name, labels in pods.items() if matches(as_selector, labels)]
        assert taken == [item["metadata"]["name"]], label(item)
    for deployment in manifests.of_kind("Deployment"):
        name = deployment["metadata"]["name"]
        spreads = pod_spec(deployment)["topologySpreadConstraints"]
        assert spreads
        for spread in spreads:
            assert [each for each, labels in pods.items() if matches(spread["labelSelector"], labels)] == [name]


def test_every_policy_and_monitor_takes_pods(manifests: Manifests) -> None:
    for item in manifests.of_kind("NetworkPolicy", "PodMonitor"):
        selector = item["spec"]["podSelector" if item["kind"] == "NetworkPolicy" else "selector"]
        assert any(matches(selector, labels) for labels in manifests.pod_labels().values()), label(item)


def test_services_and_addresses_lead_to_a_port(manifests: Manifests) -> None:
    for service in manifests.of_kind("Service"):
        (container,) = pod_spec(manifests.named("Deployment", service["metadata"]["name"]))["containers"]
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in {declared["name"] for declared in container["ports"]}
    urls = {
        (name, str(value))
        for workload in manifests.workloads()
        for name, value in environment(manifests, workload).items()
        if name.endswith("_URL") and value
    }
    assert len(urls) == 3
    for name, url in urls:
        found = re.fullmatch(r"http://([\w-]+):(\d+)", url)
        assert found, url
        assert found[1] == f"{name.removeprefix('MASSLINE_GATEWAY_').removesuffix('_URL').lower()}-api"
        ports = manifests.named("Service", found[1])["spec"]["ports"]
        assert int(found[2]) in {port["port"] for port in ports}


def test_api_pods_are_scaled_where_it_matters(manifests: Manifests) -> None:
    scalers = manifests.of_kind("HorizontalPodAutoscaler")
    scaled = {scaler["spec"]["scaleTargetRef"]["name"] for scaler in scalers}
    if manifests.overlay == "dev":
        assert scalers == []
        assert {item["spec"]["replicas"] for item in manifests.of_kind("Deployment")} == {1}
        return
    assert scaled == {f"{service}-api" for service in SERVICES}
    assert all(2 <= each["spec"]["minReplicas"] < each["spec"]["maxReplicas"] for each in scalers)
    for deployment in manifests.of_kind("Deployment"):
        if deployment["metadata"]["name"] in scaled:
            assert "replicas" not in deployment["spec"], "a fixed number would fight with the autoscaler"
        else:
            assert deployment["spec"]["replicas"] >= 2


def test_only_the_gateways_public_paths_are_routed(production: Manifests) -> None:
    (route,) = production.of_kind("HTTPRoute")
    for rule in route["spec"]["rules"]:
        for backend in rule["backendRefs"]:
            assert backend["name"] == "gateway-api"
            ports = production.named("Service", backend["name"])["spec"]["ports"]
            assert backend["port"] in {port["port"] for port in ports}
        paths = [match["path"]["value"] for match in rule["matches"]]
        assert "/v1" in paths
        assert not {"/", "/metrics", "/livez", "/readyz"} & set(paths)
