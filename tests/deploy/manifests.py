"""Kubernetes manifests as `kubectl kustomize` renders them, and the few questions the tests ask of them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = ("feedback", "visits", "assessment", "gateway")
NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"

Object = dict[str, Any]
Labels = dict[str, str]


def kubectl() -> str:
    """The kubectl on this machine. Without one the test is skipped; where CI=true it fails, not to go unseen."""
    found = shutil.which("kubectl")
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("kubectl is not installed: the Kubernetes manifests would go unchecked")
    pytest.skip("kubectl is not installed: the Kubernetes manifests are not checked")


def render(overlay: str) -> "Manifests":
    command = [kubectl(), "kustomize", str(DEPLOY / "k8s" / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "# Warning" not in done.stderr, done.stderr
    return Manifests(overlay, [document for document in yaml.safe_load_all(done.stdout) if document])


@dataclass(frozen=True)
class Manifests:
    overlay: str
    objects: list[Object]

    def of_kind(self, *kinds: str) -> list[Object]:
        return [item for item in self.objects if item["kind"] in kinds]

    def named(self, kind: str, name: str) -> Object:
        found = [item for item in self.of_kind(kind) if item["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} objects called {kind}/{name}"
        return found[0]

    def workloads(self) -> list[Object]:
        """Everything that has a pod template."""
        return [item for item in self.objects if "template" in item.get("spec", {})]

    def pod_labels(self) -> dict[str, Labels]:
        """The labels of the pods that each workload makes, by the workload's name."""
        return {w["metadata"]["name"]: w["spec"]["template"]["metadata"]["labels"] for w in self.workloads()}


def label(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def pod_spec(workload: Object) -> Object:
    spec: Object = workload["spec"]["template"]["spec"]
    return spec


def containers(workload: Object) -> list[Object]:
    spec = pod_spec(workload)
    return [*spec.get("initContainers", []), *spec["containers"]]


def environment(manifests: Manifests, workload: Object) -> dict[str, str | None]:
    """The names in the container's environment; the value is None where a Secret gives it."""
    result: dict[str, str | None] = {}
    for container in containers(workload):
        for source in container.get("envFrom", []):
            result.update(manifests.named("ConfigMap", source["configMapRef"]["name"])["data"])
        for entry in container.get("env", []):
            result[entry["name"]] = entry.get("value")
    return result


def matches(selector: Object, labels: Labels) -> bool:
    """Kubernetes' label selector; an empty one takes everything."""
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(_expression_holds(each, labels) for each in selector.get("matchExpressions", []))


def _expression_holds(expression: Object, labels: Labels) -> bool:
    present = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return present in expression["values"]
        case "Exists":
            return present is not None
        case other:
            raise NotImplementedError(f"operator {other}")


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a document with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{path}[{index}]")
    else:
        yield path, value
