"""Where a request goes, what of it travels on, and how four documents become one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.types import JsonObject

SERVICES = ("feedback", "visits", "assessment")
AREAS: dict[str, str] = {
    "opinions": "feedback",
    "audit": "feedback",
    "cases": "feedback",
    "categories": "feedback",
    "challenges": "feedback",
    "escalations": "feedback",
    "identity-requests": "feedback",
    "holds": "feedback",
    "ledger": "feedback",
    "receipts": "feedback",
    "retaliation-reports": "feedback",
    "retention": "feedback",
    "shared-cases": "feedback",
    "signals": "feedback",
    "templates": "feedback",
    "contact-cards": "visits",
    "contacts": "visits",
    "posts": "visits",
    "activities": "visits",
    "activity-templates": "visits",
    "research-duties": "visits",
    "research-projects": "visits",
    "research-register": "visits",
    "visit-plans": "visits",
    "visit-proposals": "visits",
    "calendars": "visits",
    "visit-requests": "visits",
    "visits": "visits",
    "findings": "visits",
    "visit-templates": "visits",
    "promises": "visits",
    "visit-confirmations": "visits",
    "call-backs": "visits",
    "units": "assessment",
    "policies": "assessment",
    "policy-supplements": "assessment",
    "practice-policies": "assessment",
    "working-calendars": "assessment",
    "standards": "assessment",
    "campaigns": "assessment",
    "alarms": "assessment",
    "case-call-backs": "assessment",
    "outcomes": "assessment",
    "priorities": "assessment",
    "directives": "assessment",
    "tasks": "assessment",
    "decisions": "assessment",
    "grades": "assessment",
    "objections": "assessment",
    "upgrade-plans": "assessment",
    "public": "assessment",
}
"""First segment under /v1 -> the service that answers. What is not here, the gateway answers itself."""

OPERATIONS = "operations"
TOKEN_PATH = "/v1/auth/token"

Headers = Iterable[tuple[bytes, bytes]]

TRAVELS_IN = frozenset(
    {
        b"accept",
        b"accept-language",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"massline-proof-of-work",
        b"range",
    }
)
"""All that a service gets to see of the caller's headers. Not the address, the cookies, the browser or the token of whoever
speaks; and no header that could pass for the gateway's own word."""

STAYS_OUT = frozenset(
    {
        b"connection",
        b"date",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"server",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers of an answer that concern one connection only, or that the gateway's own server writes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who answers, and the path under which logs and metrics count it. Looks like a route to `shared.http.Edge`."""

    service: str
    path: str


OWN = Place("gateway", "unmatched")
_AREA_PLACES = {area: Place(service, f"/v1/{area}") for area, service in AREAS.items()}
_OPERATION_PLACES = {service: Place(service, f"/v1/{OPERATIONS}/{service}") for service in SERVICES}


def place_of(path: str) -> Place:
    """Who answers this (decoded) path."""
    root, _, rest = path[1:].partition("/")
    if root != "v1":
        return OWN
    area, _, rest = rest.partition("/")
    if area == OPERATIONS:
        return _OPERATION_PLACES.get(rest.partition("/")[0], OWN)
    return _AREA_PLACES.get(area, OWN)


def bearer_of(authorization: bytes) -> str | None:
    """The token of an `Authorization` header; None when it is not a well-formed bearer."""
    scheme, _, token = authorization.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token or not token.isascii():
        return None
    return token.decode()


def travelling(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that go on to the caller."""
    return [(name, value) for name, value in headers if name not in STAYS_OUT]


METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "password": {"type": "oauth2", "flows": {"password": {"tokenUrl": TOKEN_PATH, "scopes": {}}}},
}
SIGNED_IN: list[dict[str, list[str]]] = [{"bearer": []}, {"password": []}]
ANYBODY: list[dict[str, list[str]]] = [*SIGNED_IN, {}]
TAGS = {
    "identity": "Accounts, and signing in.",
    "units": "The organisation tree, and how its units stand.",
    "opinions": "Speaking, by name or anonymously.",
    "cases": "The work that a unit owes on an opinion.",
    "webhooks": "Events for other systems, signed.",
    "operations": "For those who run the system.",
}
DESCRIPTION = """Residents speak, units answer, residents confirm whether anything changed.

Errors are `application/problem+json` with a stable `type`. Every POST takes an `Idempotency-Key`. Lists are
`{"items": [...], "next_cursor": ...}`. Times are RFC 3339 in UTC."""


class DocumentClash(ValueError):
    """Two services claim the same method of the same path."""


def merge_openapi(documents: Mapping[str, JsonObject]) -> JsonObject:
    """One OpenAPI document of the services' own, by service name.

    Schemas of one name and different content, and operation ids used twice, get the service's name in front. An operation that
    states no security of its own may be called by anybody, signed in or not. Raises `DocumentClash`.
    """
    merged = _Merger()
    for service in sorted(documents):
        merged.add(service, documents[service])
    return merged.document()


class _Merger:
    def __init__(self) -> None:
        self._paths: JsonObject = {}
        self._schemas: JsonObject = {}
        self._operation_ids: set[str] = set()

    def add(self, service: str, document: JsonObject) -> None:
        document = self._adopt_schemas(service, document)
        for path, item in document.get("paths", {}).items():
            target = self._paths.setdefault(path, {})
            for method, operation in item.items():
                if method in target:
                    raise DocumentClash(f"{method.upper()} {path} is claimed twice, the second time by {service}")
                target[method] = self._operation(service, path, operation) if method in METHODS else operation

    def _adopt_schemas(self, service: str, document: JsonObject) -> JsonObject:
        schemas = document.get("components", {}).get("schemas", {})
        clashing = {name for name, schema in schemas.items() if self._schemas.get(name, schema) != schema}
        renamed = {f"#/components/schemas/{name}": f"#/components/schemas/{service.title()}{name}" for name in clashing}
        document = _rewrite(document, renamed) if renamed else document
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            self._schemas[f"{service.title()}{name}" if name in clashing else name] = schema
        return document

    def _operation(self, service: str, path: str, operation: JsonObject) -> JsonObject:
        operation_id = operation.get("operationId", "")
        if operation_id in self._operation_ids:
            operation_id = f"{service}_{operation_id}"
        self._operation_ids.add(operation_id)
        stated = operation.get("security")
        security = ANYBODY if stated is None else SIGNED_IN if stated else []
        tags = operation.get("tags") or [path.split("/")[2] if path.startswith("/v1/") else service]
        return {**operation, "operationId": operation_id, "security": security, "tags": tags}

    def document(self) -> JsonObject:
        operations = [o for item in self._paths.values() for method, o in item.items() if method in METHODS]
        tags = sorted({tag for operation in operations for tag in operation["tags"]})
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "massline",
                "version": "1",
                "description": DESCRIPTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": tag, **({"description": TAGS[tag]} if tag in TAGS else {})} for tag in tags],
            "paths": dict(sorted(self._paths.items())),
            "components": {"schemas": dict(sorted(self._schemas.items())), "securitySchemes": SECURITY_SCHEMES},
        }


def _rewrite(value: Any, renamed: Mapping[str, str]) -> Any:
    """A copy in which references to renamed schemas follow them."""
    if isinstance(value, dict):
        return {
            key: renamed.get(part, part) if key == "$ref" and isinstance(part, str) else _rewrite(part, renamed)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_rewrite(part, renamed) for part in value]
    return value
