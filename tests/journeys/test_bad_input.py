"""Whatever is sent to whichever route through the gateway: a clear 4xx in problem+json, never a 500."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from shared.bus.inprocess import InProcessBus
from tests.support.databases import Databases
from tests.support.world import Person, open_world

CAP = 1_048_576
DIGITS = "9" * 5_000
DEEP = b"[" * 100_000 + b"]" * 100_000

RAW_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{]",
    "not an object": b"[]",
    "null": b"null",
    "bad UTF-8": b'{"title": "\xff\xfe"}',
    "deep nesting": DEEP,
    "deep nesting in a field": b'{"title": ' + DEEP + b"}",
    "a number of 5,000 digits": f'{{"score": {DIGITS}}}'.encode(),
    "NaN": b'{"score": NaN}',
    "Infinity": b'{"score": -Infinity}',
    "1e999": b'{"score": 1e999}',
    "NUL in a name": b'{"\\u0000": 1}',
    "lone surrogate in a name": b'{"\\ud800": 1}',
    "unknown field": b'{"surprise": true}',
    "over the cap": b'{"title": "' + b"x" * CAP + b'"}',
}
HOSTILE_VALUES: list[Any] = [
    None,
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 50_000,
    2**63,
    -(2**63) - 1,
    -1,
    1e308,
    True,
    [],
    {},
    [None],
    "unknown-value",
    "0000",
    "9999-99-99T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    str(uuid4()),
]
HOSTILE_QUERY = ["-1", "0", "9223372036854775808", DIGITS[:4000], "NaN", "%00", "%ED%A0%80", "%FF", "x", "", str(uuid4())]
HOSTILE_PATHS = ["nonsense", "%00", "%ED%A0%80", "%FF", "0", "9223372036854775808", "x" * 2000, str(uuid4())]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_no_input_breaks_any_route(databases: Databases) -> None:
    async with open_world(databases, InProcessBus()) as world:
        admin = await world.sign_in()
        unit = await admin.post("/v1/units", {"code": "here", "name": "Here", "level": "county", "parent_id": None})
        document = await world.nobody.get("/openapi.json")
        assert len(document["paths"]) > 30
        for method, path, operation in _operations(document):
            for caller in (admin, world.nobody):
                await _attack(caller, document, method, path, operation, unit["id"])


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path, operation


async def _attack(
    caller: Person, document: dict[str, Any], method: str, path: str, operation: dict[str, Any], known_id: str
) -> None:
    parameters = operation.get("parameters", [])
    names = [parameter["name"] for parameter in parameters if parameter["in"] == "path"]
    plain = path
    for name in names:
        plain = plain.replace(f"{{{name}}}", str(uuid4()))
    for name in names:
        for value in HOSTILE_PATHS:
            hostile = path.replace(f"{{{name}}}", value)
            for other in names:
                hostile = hostile.replace(f"{{{other}}}", str(uuid4()))
            await _expect_clear(caller, method, hostile, b"{}" if method != "GET" else b"")
    for parameter in parameters:
        if parameter["in"] == "query":
            for value in HOSTILE_QUERY:
                await _expect_clear(caller, method, f"{plain}?{parameter['name']}={value}", b"")
    if method != "GET":
        for body in RAW_BODIES.values():
            await _expect_clear(caller, method, plain, body)
        for body in _near_misses(document, operation, known_id):
            await _expect_clear(caller, method, plain, body)


def _near_misses(document: dict[str, Any], operation: dict[str, Any], known_id: str) -> Iterator[bytes]:
    """A body of the right shape, with one field at a time holding something hostile."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    schema = _resolved(document, content["schema"])
    properties = schema.get("properties", {})
    base = {name: _plausible(document, each, known_id) for name, each in properties.items()}
    for name in properties:
        for value in HOSTILE_VALUES:
            yield json.dumps({**base, name: value}).encode()
    yield json.dumps({**base, "surprise": 1}).encode()


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _plausible(document: dict[str, Any], schema: dict[str, Any], known_id: str) -> Any:
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return _plausible(document, schema["anyOf"][0], known_id)
    if "enum" in schema:
        return schema["enum"][0]
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string":
        return {"uuid": known_id, "date-time": "2026-05-01T10:00:00Z"}.get(form or "", "plausible")
    if kind == "array":
        parts = schema.get("prefixItems") or [schema["items"]]
        return [_plausible(document, part, known_id) for part in parts]
    if kind == "object":
        return {name: _plausible(document, each, known_id) for name, each in schema.get("properties", {}).items()}
    return {"integer": 3, "number": 0.5, "boolean": True}.get(kind or "")


async def _expect_clear(caller: Person, method: str, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    answer = await caller.request(method, path, content=body, headers=headers)
    said = f"{method} {path[:200]} {body[:200]!r} -> {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", said
        problem = answer.json()
        assert problem["type"].startswith("urn:massline:problem:"), said
        assert problem["detail"], said
        assert problem["request_id"], said


async def test_a_body_over_the_cap_is_named_so(databases: Databases) -> None:
    async with open_world(databases, InProcessBus()) as world:
        answer = await world.nobody.request("POST", "/v1/opinions", content=RAW_BODIES["over the cap"])
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:massline:problem:body-too-large"


async def test_a_foreign_unit_is_not_found(databases: Databases) -> None:
    async with open_world(databases, InProcessBus()) as world:
        body = {"channel": "thought", "title": "To nobody", "body": "Is there anybody?", "unit_id": str(uuid4())}
        problem = await world.nobody.post("/v1/opinions", {**body, "protection": "anonymous"}, expect=404)
        assert problem["type"] == "urn:massline:problem:unit-not-found"
