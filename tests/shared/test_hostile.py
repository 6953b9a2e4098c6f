"""Whatever comes in, the answer is a 4xx problem: no input may cause a 500, and none may get past the cap."""

from collections.abc import AsyncIterator

import pytest

from shared.auth import Role
from tests.shared.problems import assert_problem
from tests.shared.toy import Toy
from tests.support.callers import principal

JSON = {"content-type": "application/json"}
CAP = 131_072

BODIES = {
    "NUL": b'{"title": "a\\u0000b"}',
    "raw NUL": b'{"title": "a\x00b"}',
    "lone surrogate": b'{"title": "a\\ud800b"}',
    "lone low surrogate": b'{"title": "\\udfff"}',
    "surrogate in a field name": b'{"title": "x", "a\\ud800": 1}',
    "only a surrogate as a field name": b'{"\\udcff": 1}',
    "NUL in a field name": b'{"title": "x", "a\\u0000": 1}',
    "NaN": b'{"title": "x", "share": NaN}',
    "Infinity": b'{"title": "x", "share": -Infinity}',
    "1e999": b'{"title": "x", "share": 1e999}',
    "NaN for an integer": b'{"title": "x", "count": NaN}',
    "2^63": b'{"title": "x", "big": 9223372036854775808}',
    "-2^63-1": b'{"title": "x", "big": -9223372036854775809}',
    "2^31 where 32 bits are kept": b'{"title": "x", "count": 2147483648}',
    "5,000 digits": b'{"title": "x", "big": ' + b"9" * 5000 + b"}",
    "5,000 digits of a float": b'{"title": "x", "share": 1' + b"0" * 5000 + b"}",
    "5,000 digits in an unknown field": b'{"title": "x", "other": ' + b"9" * 5000 + b"}",
    "exponent of a million digits": b'{"title": "x", "count": 1e999999}',
    "60,000 open brackets": b"[" * 60_000,
    "100,000 open brackets": b"[" * 100_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep below a field": b'{"title": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "bad UTF-8": b'{"title": "\xff\xfe"}',
    "overlong UTF-8": b'{"title": "\xc0\x80"}',
    "UTF-8 surrogate": b'{"title": "\xed\xa0\x80"}',
    "half a UTF-16": '{"title": "x"}'.encode("utf-16-le")[:-1],
    "empty": b"",
    "blank": b"  \n ",
    "a number": b"1",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"title"',
    "cut off": b'{"title": "x"',
    "trailing words": b'{"title": "x"} and more',
    "unknown field": b'{"title": "x", "unit": 1}',
    "wrong type": b'{"title": {"a": 1}}',
    "too long": b'{"title": "' + b"x" * 201 + b'"}',
    "only blanks": b'{"title": "   "}',
    "year 10000": b'{"title": "x", "at": "10000-01-01T00:00:00Z"}',
    "year 1": b'{"title": "x", "at": "0001-01-01T00:00:00+14:00"}',
    "no time zone": b'{"title": "x", "at": "2026-01-01T00:00:00"}',
    "huge epoch": b'{"title": "x", "at": 1e300}',
    "true for a score": b'{"title": "x", "score": true}',
    "code with a newline": b'{"title": "x", "code": "abc\\n"}',
}


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["plain", "with Idempotency-Key"])
async def test_a_hostile_body_is_a_problem_of_the_callers(toy: Toy, key: dict[str, str]) -> None:
    for name, body in BODIES.items():
        answer = await toy.post("/v1/notes", content=body, headers={**JSON, **key})
        assert_problem(answer, about=name)
    assert await toy.titles() == []


async def _chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"title": "'
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b'"}'


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}], ids=["plain", "with Idempotency-Key"])
async def test_a_body_over_the_cap_is_413(toy: Toy, key: dict[str, str]) -> None:
    headers = {**JSON, **key}
    for path in ("/v1/notes", "/v1/questions"):
        announced = await toy.post(path, content=b'{"title": "' + b"x" * CAP + b'"}', headers=headers)
        assert_problem(announced, 413, "body-too-large")
        chunked = await toy.post(path, content=_chunks(CAP + 2048), headers=headers)
        assert_problem(chunked, 413, "body-too-large")
        lying = await toy.post(path, content=_chunks(CAP + 2048), headers={**headers, "content-length": "10"})
        assert_problem(lying, 413, "body-too-large")
    assert await toy.titles() == []


CONTENT_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html", "\xff", "")


async def test_a_wrong_content_type_is_refused(toy: Toy) -> None:
    for content_type in CONTENT_TYPES:
        headers = {"content-type": content_type.encode("latin-1")}
        assert_problem(await toy.post("/v1/notes", content=b'{"title": "x"}', headers=headers), about=content_type)
    assert_problem(await toy.post("/v1/notes", content=b'{"title": "x"}'), about="none at all")


HOSTILE_VALUES = (b"\xed\xa0\x80", b"\xff" * 300, b"a\x00b", b"a\nb: c", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01")


async def test_a_hostile_header_is_a_problem_of_the_callers(toy: Toy) -> None:
    for name in ("massline-credential", "idempotency-key", "accept-language"):
        for value in HOSTILE_VALUES[:4]:
            answer = await toy.post("/v1/notes/headers", headers={name: value}, content=b"")
            assert_problem(answer, about=f"{name}: {value!r}")


async def test_a_header_that_nobody_needs_does_no_harm(toy: Toy) -> None:
    for name in ("traceparent", "x-request-id", "user-agent", "if-match", "cookie", "content-type"):
        for value in HOSTILE_VALUES:
            assert (await toy.get("/v1/notes", headers={name: value})).status_code == 200, f"{name}: {value!r}"


LIMITS = ("-1", "0", "101", "9223372036854775808", "9" * 5000, "NaN", "1e3", "%00", "")
IDS = ("1", "%00", "%ff", "%ed%a0%80", "a" * 3000, "00000000-0000-0000-0000-00000000000g", "-1")
CURSORS = ("", "x", "!!!!", "%00", "%ff", "A" * 21, "A" * 23, "A" * 200, "A" * 201, "\u4e2d\u6587")


async def test_a_hostile_limit_id_or_cursor_is_refused(toy: Toy) -> None:
    for limit in LIMITS:
        assert_problem(await toy.get(f"/v1/notes?limit={limit}"), 422, about=limit)
    for note_id in IDS:
        assert_problem(await toy.get(f"/v1/notes/{note_id}", caller=principal(Role.resident)), about=note_id)
    for cursor in CURSORS:
        assert_problem(await toy.get(f"/v1/notes?cursor={cursor}"), 422, about=cursor)
