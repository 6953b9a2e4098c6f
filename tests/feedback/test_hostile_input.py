"""Whatever is sent, the answer is 4xx problem+json and never 500."""

import json
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import CREDENTIAL_HEADER, Credentials
from tests.feedback.house import House, opinion, unit

GOOD = opinion()


def raw(**changed: Any) -> bytes:
    return json.dumps({**GOOD, **changed}).encode()


def spliced(field: str, value: bytes) -> bytes:
    """The body with bytes that no JSON writer would write."""
    return raw(**{field: "@"}).replace(b'"@"', value)


ID = str(uuid4())
BODIES = {
    "empty": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "a number": b"5" * 5000,
    "bad UTF-8": spliced("title", b'"\xff\xfe"'),
    "UTF-16": raw().decode().encode("utf-16"),
    "NUL": raw(title="a\x00b"),
    "NUL alone": raw(body="\x00"),
    "lone surrogate": raw(title="\ud800"),
    "surrogates the wrong way": raw(title="\udc00\ud800"),
    "NaN": spliced("title", b"NaN"),
    "Infinity": spliced("unit_id", b"-Infinity"),
    "1e999": spliced("unit_id", b"1e999"),
    "2^63": raw(unit_id=2**63),
    "5,000 digits": spliced("title", b"9" * 5000),
    "deep list": spliced("about", b"[" * 5000 + b"]" * 5000),
    "deep object": spliced("origin", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "unclosed deep list": b"[" * 100_000,
    "unknown field": raw(secret=1),
    "unknown channel": raw(channel="shouting"),
    "unknown protection": raw(protection="invisible"),
    "bad category": raw(category="Street Lights"),
    "bad id": raw(unit_id="village"),
    "null id": raw(unit_id=None),
    "unknown unit": raw(unit_id=str(uuid4())),
    "missing field": json.dumps({name: value for name, value in GOOD.items() if name != "title"}).encode(),
    "empty title": raw(title="   "),
    "long title": raw(title="x" * 201),
    "long body": raw(body="x" * 20_001),
    "too many about": raw(about=[ID] * 21),
    "about of another kind": raw(about="village"),
    "bad origin": raw(origin={"system": "nyc311"}),
    "origin in the year 0": raw(origin={"system": "a", "reference": "b", "reported_at": "0001-01-01T00:00:00Z"}),
    "origin without a zone": raw(origin={"system": "a", "reference": "b", "reported_at": "2020-01-01T00:00:00"}),
}


async def send(house: House, method: str, path: str, content: bytes | None = None, **headers: str) -> Any:
    credentials = Credentials(house.service.settings.internal_secret.get_secret_value())
    sent = {CREDENTIAL_HEADER: credentials.issue(house.speaker), "Content-Type": "application/json", **headers}
    return await house.client.http.request(method, path, content=content, headers=sent)


def assert_problem(answer: Any, *statuses: int) -> None:
    assert answer.status_code in (statuses or (400, 404, 405, 422)), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:massline:problem:")


@pytest.mark.parametrize("name", list(BODIES))
async def test_a_hostile_opinion(house: House, name: str) -> None:
    assert_problem(await send(house, "POST", "/v1/opinions", BODIES[name]))
    assert await house.rows("SELECT 1 FROM cases") == []


async def test_a_body_over_the_cap(house: House) -> None:
    big = raw(body="x" * 1_048_576)
    for path in ("/v1/opinions", "/v1/receipts/open", f"/v1/cases/{ID}/messages"):
        assert_problem(await send(house, "POST", path, big), 413)


async def test_problems_do_not_repeat_what_was_said(house: House) -> None:
    answer = await send(house, "POST", "/v1/opinions", raw(title="secret word" * 30, channel="hidden word"))
    assert "secret" not in answer.text
    assert "hidden" not in answer.text
    assert {error["field"] for error in answer.json()["errors"]} == {"body.title", "body.channel"}


@pytest.mark.parametrize("verb", ["acknowledge", "ask", "answer", "messages", "reject", "confirm", "reopen", "withdraw"])
async def test_hostile_acts(house: House, verb: str) -> None:
    case_id = await house.case()
    for id in ("x", "0", "null", "%00", "%ff", "9" * 5000, ID, case_id):
        for content in (
            b"{",
            b"[]",
            b'{"unknown": 1}',
            b'{"text": "\\ud800"}',
            b'{"reason": "\\u0000", "resolved": NaN}',
            b"\xff",
        ):
            assert_problem(await send(house, "POST", f"/v1/cases/{id}/{verb}", content))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"resolved": None},
        {"resolved": "yes"},
        {"resolved": 1},
        {"resolved": True, "score": 0},
        {"resolved": True, "score": 6},
        {"resolved": True, "score": 2**63},
        {"resolved": True, "score": 3.0},
        {"resolved": True, "score": True},
        {"resolved": True, "satisfied": "very"},
        {"resolved": True, "more": 1},
    ],
)
async def test_hostile_confirmations(house: House, said: dict[str, Any]) -> None:
    case_id = await house.answered()
    assert_problem(await house.try_do(case_id, "confirm", said, caller=house.speaker), 422)
    assert_problem(await house.receipt("confirm", {"receipt": "x", **said}), 422)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=9223372036854775808",
        "limit=" + "9" * 5000,
        "limit=NaN",
        "limit=1e3",
        "state=lost",
        "state=%00",
        "unit_id=village",
        "unit_id=%ff",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 23,
        "cursor=" + "A" * 300,
        "cursor=%E8%A1%8C",
        f"unit_id={ID}",
    ],
)
async def test_hostile_lists(house: House, query: str) -> None:
    assert_problem(await send(house, "GET", f"/v1/cases?{query}"))


@pytest.mark.parametrize("receipt", [b'"\\u0000"', b'"\\ud800"', b"null", b"5", b'"' + b"x" * 101 + b'"', b"[" * 5000])
async def test_hostile_receipts(house: House, receipt: bytes) -> None:
    assert_problem(await send(house, "POST", "/v1/receipts/open", b'{"receipt": ' + receipt + b"}"))


@pytest.mark.parametrize("key", ["", "x" * 256, "\t", "\x7f"])
async def test_hostile_idempotency_keys(house: House, key: str) -> None:
    assert_problem(await send(house, "POST", "/v1/opinions", raw(), **{"Idempotency-Key": key}), 422)


async def test_a_unit_in_upper_case_is_the_same_unit(house: House) -> None:
    filed = await house.submit(unit_id=str(unit("village")).upper())
    assert filed["readers"][0]["unit_id"] == str(unit("village"))
