"""Whatever is sent, the answer is 4xx problem+json and never 500."""

import json
from typing import Any
from uuid import uuid4

import pytest

from shared.auth import CREDENTIAL_HEADER, Credentials
from tests.feedback.categories.catalogue import ATTRIBUTES, change, register, try_register
from tests.feedback.house import House, opinion, unit

GOOD = opinion()


def raw(**changed: Any) -> bytes:
    return json.dumps({**GOOD, **changed}).encode()


def spliced(field: str, value: bytes) -> bytes:
    """The body with bytes that no JSON writer would write."""
    return raw(**{field: "@"}).replace(b'"@"', value)


ID = "018f4e9c-0000-7000-8000-000000000000"
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
    **{
        f"{name} {written}": spliced(name, written.encode())
        for name in ("shared", "wants_visit")
        for written in ("1", "0.0", '"true"', "null", "[]", "{}")
    },
    "unknown kind": raw(kind="gossip"),
    "unknown assistance": raw(assistance="telepathy"),
    "area of another kind": raw(unit_id=None, area_id="village"),
    "unknown area": raw(unit_id=None, area_id=str(uuid4())),
    "neither unit nor area": raw(unit_id=None),
    "unit and area": raw(area_id=GOOD["unit_id"]),
    "place of two lines long": raw(place="x" * 201),
    "place with NUL": raw(place="a\x00b"),
    "place without a word": raw(place=" \n "),
    "place with a lone surrogate": raw(place="\ud800"),
    "location of another kind": raw(location=[31.2, 121.4]),
    "half a location": raw(location={"latitude": 31.2}),
    "more than a location": raw(location={"latitude": 31.2, "longitude": 121.4, "altitude": 4}),
    **{
        f"{name} {written}": raw(location={"latitude": 1, "longitude": 2, name: "@"}).replace(b'"@"', written.encode())
        for name in ("latitude", "longitude")
        for written in ("NaN", "-Infinity", "1e999", "180.001", "-180.001", "true", '"31"', "null", "9" * 400, "[]")
    },
    "attributes of another kind": raw(attributes=[]),
    "too many attributes": raw(attributes={f"a{number}": 1 for number in range(31)}),
    "attribute without a code": raw(attributes={"": 1}),
    "attribute of a NUL code": raw(attributes={"a\x00": 1}),
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


NUMBERS = b"NaN 1e999 -Infinity 9223372036854775808 1e16 -9007199254740993 true null".split()
TEXTS = (b'"a\\u0000b"', b'"\\ud800"', b'["a\\u0000"]', b'["A b"]', b'"' + b"x" * 5001 + b'"', b"9" * 5000)
SHAPES = (b"{}", b"[[]]", b"[1]", b"[" * 5000, b'{"a":' * 5000)


@pytest.mark.parametrize("attribute", ["pole", "height", "since", "story", "size", "sizes"])
async def test_a_hostile_attribute(house: House, attribute: str) -> None:
    await register(house, attributes=[{**each, "required": False} for each in ATTRIBUTES])
    for value in (*NUMBERS, *TEXTS, *SHAPES):
        body = raw(category="light", attributes={attribute: "@"}).replace(b'"@"', value)
        assert_problem(await send(house, "POST", "/v1/opinions", body))
    assert await house.rows("SELECT FROM cases") == []


HOSTILE_CATEGORIES: dict[str, dict[str, Any]] = {
    "no channel": {"channels": []},
    "unknown channel": {"channels": ["shouting"]},
    "bad code": {"code": "Street Lights"},
    "name in one language": {"name": {"en": "Light"}},
    "name with NUL": {"name": {"en": "a\x00b", "zh": "灯"}},
    "empty keyword": {"keywords": [" "]},
    "long keyword": {"keywords": ["x" * 61]},
    "too many keywords": {"keywords": ["x"] * 51},
    "unknown level": {"level": "empire"},
    "bad unit": {"default_unit_id": "village"},
    "unknown datatype": {"attributes": [{"code": "a", "datatype": "blob", "description": "A"}]},
    "attribute without a description": {"attributes": [{"code": "a", "datatype": "text"}]},
    "required by a word": {"attributes": [{"code": "a", "datatype": "text", "description": "A", "required": "yes"}]},
    "order of 2^63": {"attributes": [{"code": "a", "datatype": "text", "description": "A", "order": 2**63}]},
    "too many attributes": {"attributes": [{"code": f"a{n}", "datatype": "text", "description": "A"} for n in range(31)]},
    "unknown field": {"colour": "red"},
}


@pytest.mark.parametrize("name", HOSTILE_CATEGORIES)
async def test_a_hostile_category(house: House, name: str) -> None:
    assert_problem(await try_register(house, **HOSTILE_CATEGORIES[name]), 422)
    assert_problem(await change(house, "light", '"1"', **HOSTILE_CATEGORIES[name]), 404, 422)
    assert await house.rows("SELECT FROM categories") == []


@pytest.mark.parametrize(
    "text", [b'""', b'" "', b"null", b"5", b'"\\u0000"', b'"\\ud800"', b'"' + b"x" * 2001 + b'"', b"[" * 5000]
)
async def test_a_hostile_question_for_categories(house: House, text: bytes) -> None:
    assert_problem(await send(house, "POST", "/v1/categories/suggest", b'{"text": ' + text + b"}"))


@pytest.mark.parametrize("header", ["zh;q=1e999", "\xff", ";" * 5000, "zh;q=NaN,en;q=-1", "en;q=" + "1" * 5000])
async def test_a_hostile_language_is_english(house: House, header: str) -> None:
    await register(house)
    answer = await house.client.get("/v1/categories/light", headers={"Accept-Language": header.encode("latin-1")})
    assert (answer.status_code, answer.json()["title"]) == (200, "Street light")


@pytest.mark.parametrize("path", ["/v1/categories/%00", "/v1/categories/%ff", "/v1/categories/a%20b", "/v1/categories?channel=x"])
async def test_a_hostile_path_to_a_category(house: House, path: str) -> None:
    assert_problem(await send(house, "GET", path))


@pytest.mark.parametrize("tag", ["1", '"x"', 'W/"1"', '"9223372036854775808"', '""', "*"])
async def test_a_hostile_version_of_a_category(house: House, tag: str) -> None:
    await register(house)
    assert_problem(await change(house, "light", tag), 412, 422)


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
    for verb in ("open", "claim"):
        assert_problem(await send(house, "POST", f"/v1/receipts/{verb}", b'{"receipt": ' + receipt + b"}"))


@pytest.mark.parametrize("key", ["", "x" * 256, "\t", "\x7f"])
async def test_hostile_idempotency_keys(house: House, key: str) -> None:
    assert_problem(await send(house, "POST", "/v1/opinions", raw(), **{"Idempotency-Key": key}), 422)


async def test_a_unit_in_upper_case_is_the_same_unit(house: House) -> None:
    filed = await house.submit(unit_id=str(unit("village")).upper())
    assert filed["readers"][0]["unit_id"] == str(unit("village"))
