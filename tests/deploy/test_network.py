"""The network policies, evaluated: who can open a connection to whom.

A connection needs the sender's egress and the receiver's ingress. Where any policy takes a pod for a direction, only
what some policy allows in that direction passes.
"""

import ipaddress
from dataclasses import dataclass, field

import pytest

from .manifests import COMPONENT, NAME, SERVICES, Labels, Manifests, Object, matches

API_PORT = 8000
BACKENDS = {"feedback-api", "visits-api", "assessment-api"}


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod of ours (no namespace), a pod elsewhere in the cluster, or an address outside."""

    labels: Labels = field(default_factory=dict)
    namespace: Labels | None = None
    address: str | None = None

    @property
    def ours(self) -> bool:
        return self.namespace is None and self.address is None


POSTGRES = End({"cnpg.io/cluster": "massline"}, namespace={"kubernetes.io/metadata.name": "data"})
KAFKA = End({"strimzi.io/cluster": "massline"}, namespace={"kubernetes.io/metadata.name": "data"})
DNS = End({"k8s-app": "kube-dns"}, namespace={"kubernetes.io/metadata.name": "kube-system"})
PROMETHEUS = End({NAME: "prometheus"}, namespace={"kubernetes.io/metadata.name": "monitoring"})
INGRESS = End({NAME: "envoy"}, namespace={"kubernetes.io/metadata.name": "ingress"})
PUBLIC = End(address="9.9.9.9")


def may_connect(manifests: Manifests, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    return _passes(manifests, "egress", source, target, port, protocol) and _passes(
        manifests, "ingress", target, source, port, protocol
    )


def _passes(manifests: Manifests, direction: str, pod: End, peer: End, port: int, protocol: str) -> bool:
    if not pod.ours:
        return True  # not ours to police
    specs = [policy["spec"] for policy in manifests.of_kind("NetworkPolicy")]
    policing = [s for s in specs if direction.title() in s["policyTypes"] and matches(s["podSelector"], pod.labels)]
    assert policing, f"nothing polices the {direction} of {pod.labels}"
    rules = [rule for spec in policing for rule in spec.get(direction, [])]
    return any(_rule_allows(rule, direction, peer, port, protocol) for rule in rules)


def _rule_allows(rule: Object, direction: str, peer: End, port: int, protocol: str) -> bool:
    peers = rule.get("to" if direction == "egress" else "from")
    ports = rule.get("ports")
    right_port = ports is None or any(each["port"] == port and each["protocol"] == protocol for each in ports)
    return right_port and (peers is None or any(_peer_matches(each, peer) for each in peers))


def _peer_matches(rule: Object, peer: End) -> bool:
    if "ipBlock" in rule:
        return peer.address is not None and _within(rule["ipBlock"], peer.address)
    if peer.address is not None:
        return False
    if "namespaceSelector" in rule:
        if not matches(rule["namespaceSelector"], peer.namespace or {}):
            return False
    elif not peer.ours:
        return False
    return matches(rule.get("podSelector", {}), peer.labels)


def _within(block: Object, address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    excluded = any(parsed in ipaddress.ip_network(each) for each in block.get("except", []))
    return parsed in ipaddress.ip_network(block["cidr"]) and not excluded


def ours(manifests: Manifests) -> dict[str, End]:
    return {name: End(labels) for name, labels in manifests.pod_labels().items()}


def senders_to(manifests: Manifests, target: End, port: int, protocol: str = "TCP") -> set[str]:
    return {name for name, pod in ours(manifests).items() if may_connect(manifests, pod, target, port, protocol)}


def test_one_policy_forbids_every_pod_everything(manifests: Manifests) -> None:
    (deny,) = [
        policy["spec"]
        for policy in manifests.of_kind("NetworkPolicy")
        if not policy["spec"].get("ingress") and not policy["spec"].get("egress")
    ]
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert all(matches(deny["podSelector"], pod.labels) for pod in ours(manifests).values())


def test_between_our_pods_only_the_gateway_calls_and_only_the_three_services(manifests: Manifests) -> None:
    for name, target in ours(manifests).items():
        expected = {"gateway-api", "gateway-worker"} if name in BACKENDS else set()
        assert senders_to(manifests, target, API_PORT) == expected, name
        assert senders_to(manifests, target, 22) == set(), name


def test_every_pod_reaches_dns_postgresql_and_kafka(manifests: Manifests) -> None:
    everyone = set(manifests.pod_labels())
    assert everyone == {f"{service}-{process}" for service in SERVICES for process in ("api", "worker", "migrate")}
    assert senders_to(manifests, DNS, 53) == everyone
    assert senders_to(manifests, DNS, 53, "UDP") == everyone
    assert senders_to(manifests, POSTGRES, 5432) == everyone
    assert senders_to(manifests, KAFKA, 9092) == everyone


@pytest.mark.parametrize(("labels", "port"), [({"app": "rook-ceph-rgw"}, 8080), ({"v1.min.io/tenant": "files"}, 9000)])
def test_only_feedback_reaches_the_store_of_files(manifests: Manifests, labels: Labels, port: int) -> None:
    store = End(labels, namespace={"kubernetes.io/metadata.name": "files"})
    assert senders_to(manifests, store, port) == {"feedback-api", "feedback-worker"}
    assert senders_to(manifests, store, 22) == set()


def test_only_the_gateways_worker_reaches_the_outside_and_only_by_https(manifests: Manifests) -> None:
    assert senders_to(manifests, PUBLIC, 443) == {"gateway-worker"}
    assert senders_to(manifests, End(address="2620:fe::fe"), 443) == {"gateway-worker"}
    assert senders_to(manifests, PUBLIC, 25) == set()
    assert senders_to(manifests, PUBLIC, 5432) == set()


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.1", "192.168.1.1"),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2001:db8::1", "2002:a00:1::", "fc00::1", "fe80::1", "ff02::1"),
    ],
)
def test_no_pod_reaches_an_address_that_is_not_public(manifests: Manifests, address: str) -> None:
    assert senders_to(manifests, End(address=address), 443) == set()


def test_from_outside_only_the_gateway_is_reached(manifests: Manifests) -> None:
    for caller in (INGRESS, PUBLIC):
        reached = {name for name, pod in ours(manifests).items() if may_connect(manifests, caller, pod, API_PORT)}
        assert reached == {"gateway-api"}


def test_prometheus_reads_every_long_running_pod(production: Manifests) -> None:
    reached = {name for name, pod in ours(production).items() if may_connect(production, PROMETHEUS, pod, API_PORT)}
    long_running = {name for name, labels in production.pod_labels().items() if labels[COMPONENT] != "migrate"}
    assert reached == long_running
