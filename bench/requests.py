"""Requests as the bytes that go over the wire, built before the clock runs."""

import json
from collections.abc import Mapping
from uuid import UUID

from bench.load import KEY

BODY_BYTES = 1024
WORDS = "The street lamps by the school have been dark for two weeks and the children walk home along the road. "


def get(path: str, headers: Mapping[str, str]) -> bytes:
    return _head("GET", path, headers)


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Each time that it is sent it carries an Idempotency-Key of its own."""
    extra = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Idempotency-Key": KEY.decode()}
    return _head("POST", path, {**headers, **extra}) + body


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: massline-bench", "Accept: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def opinion(unit_id: UUID) -> bytes:
    """A named opinion whose JSON is exactly 1 KiB long."""
    fields = {
        "channel": "public_opinion",
        "title": "Street lamps by the school",
        "body": "",
        "unit_id": str(unit_id),
        "protection": "named",
        "category": "lighting",
    }
    room = BODY_BYTES - len(json.dumps(fields))
    text = (WORDS * (room // len(WORDS) + 1))[:room].rstrip()
    return json.dumps({**fields, "body": text + "." * (room - len(text))}).encode()
