"""Answers as services should not give them, from a real socket: each arrives whole, or as a failure that says what is known."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from services.gateway.proxy import pool
from services.gateway.proxy.calls import FRAMING, Broken, Malformed, Silent, make_call
from services.gateway.proxy.wire import OVERHEAD, WHOLE, Connection
from tests.gateway.proxy.raw import OK, Raw, call, raw_upstream

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LARGE = b"x" * (3 * WHOLE)


SOUND = {
    "length": (OK, 200, b"ok", True),
    "empty": (b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n", 201, b"", True),
    "chunks": (CHUNKED + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, b"abcde", True),
    "trailers": (CHUNKED + b"3\r\nabc\r\n0\r\netag: no\r\nx: y\r\n\r\n", 200, b"abc", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", 304, b"", True),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", True),
    "early hints": (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\netag: no\r\n\r\n" + OK, 200, b"ok", True),
    "closing": (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", False),
    "old": (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", False),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\nok", 200, b"ok", False),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length: 2\r\nx:\r\n\r\nok", 200, b"ok", True),
    "large": (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(LARGE) + LARGE, 200, LARGE, True),
    "large chunks": (CHUNKED + b"%x\r\n" % len(LARGE) + LARGE + b"\r\n0\r\n\r\n", 200, LARGE, True),
}


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("trickling", [False, True], ids=["at once", "byte by byte"])
async def test_a_sound_answer_arrives_and_the_connection_serves_on(name: str, trickling: bool) -> None:
    answer, status, body, kept = SOUND[name]
    if trickling and len(body) > WHOLE:
        answer, body = answer.replace(LARGE, LARGE[: WHOLE + 1]), LARGE[: WHOLE + 1]
        answer = answer.replace(b"%d\r\n" % len(LARGE), b"%d\r\n" % len(body)).replace(
            b"%x\r\n" % len(LARGE), b"%x\r\n" % len(body)
        )

    async def behave(raw: Raw) -> None:
        while True:
            await raw.request()
            await (raw.trickle(answer) if trickling and len(body) < WHOLE else raw.send(answer))
            if not kept:
                return

    async with raw_upstream(behave) as house:
        for _ in range(2):
            got = await call(house.app)
            assert (got.status, got.body, got.ended) == (status, body, True)
            assert b"etag" not in got.headers
            assert b"link" not in got.headers
            assert status not in (204, 304) or b"content-length" not in got.headers
        assert house.connections == (1 if kept else 2)


async def test_a_short_answer_is_two_messages() -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.trickle(OK)

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).messages == 2


async def test_head_has_no_body_whatever_its_length_says() -> None:
    async def behave(raw: Raw) -> None:
        assert (await raw.request()).startswith(b"HEAD /v1/cases HTTP/1.1\r\n")
        await raw.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")
        await raw.gone()

    async with raw_upstream(behave) as house:
        for _ in range(2):
            got = await call(house.app, "HEAD")
            assert (got.status, got.headers[b"content-length"], got.body) == (200, b"5000", b"")


BROKEN = {
    "nothing": b"",
    "garbage": b"\x16\x03\x01\x02garbage\r\n\r\n",
    "a request": b"GET / HTTP/1.1\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "half a body": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
    "only an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a status of no kind": b"HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n",
    "a status of naught": b"HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz",
    "an interim answer with a body": b"HTTP/1.1 199 Odd\r\ncontent-length: 2\r\n\r\nok" + OK,
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    "length and chunks": CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-length: 2\r\n\r\n") + b"2\r\nok\r\n0\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok",
    "a folded header": b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
    "a control character": b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n",
    "a huge header": b"HTTP/1.1 200 OK\r\nx: " + b"a" * (OVERHEAD * 8),
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * OVERHEAD,
    "endless hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" * OVERHEAD,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_is_a_502_and_the_next_call_is_answered(name: str) -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(BROKEN[name] if raw.number == 1 else OK)
        if raw.number == 1 and name in ("a huge header", "many headers", "endless hints"):
            await raw.gone()

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 502
        assert (await call(house.app)).body == b"ok"


HALF = CHUNKED + b"3\r\nabc\r\n"


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nabc", b""),
        (HALF, b""),
        (HALF, b"nonsense\r\n"),
        (HALF, b"0\r\nx: " + b"y" * (OVERHEAD * 8)),
    ],
    ids=["length", "chunks", "a chunk of nonsense", "a trailer without end"],
)
async def test_an_answer_that_breaks_off_half_way_does_so_for_the_caller(start: bytes, rest: bytes) -> None:
    started = asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(start if raw.number == 1 else OK)
        await started.wait()
        await raw.send(rest)

    async with raw_upstream(behave) as house:
        with pytest.raises(Broken):
            await call(house.app, started=started)
        assert (await call(house.app)).body == b"ok"


async def test_what_is_broken_before_anything_was_passed_on_is_a_502() -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(HALF + b"nonsense\r\n")

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 502


@pytest.mark.parametrize("surplus", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"\x00"])
async def test_surplus_bytes_reach_nobody_and_end_the_connection(surplus: bytes) -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(OK + surplus)
        await raw.gone()

    async with raw_upstream(behave) as house:
        for number in (1, 2):
            got = await call(house.app)
            assert (got.status, got.body, house.connections) == (200, b"ok", number)


async def test_bytes_that_nobody_asked_for_end_an_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEEP_ALIVE", 1000.0)
    closed = asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(OK)
        if raw.number == 1:
            await idle.wait()
            await raw.send(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
            await raw.gone()
            closed.set()

    idle = asyncio.Event()
    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 200
        idle.set()
        await closed.wait()
        assert (await call(house.app, "POST")).status == 200


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc"])
async def test_silence_is_a_504(said: bytes) -> None:
    closed = asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(said)
        await raw.gone()
        closed.set()

    async with raw_upstream(behave, patience=0.1) as house:
        assert (await call(house.app)).status == 504
        await closed.wait()


@pytest.mark.parametrize("start", [HALF, b"HTTP/1.1 200 OK\r\n\r\nabc"], ids=["chunks", "until the end"])
async def test_silence_half_way_breaks_the_answer_off(start: bytes) -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(start)
        await raw.gone()

    async with raw_upstream(behave, patience=0.1) as house:
        with pytest.raises(Silent):
            await call(house.app)


async def test_a_long_answer_waits_for_a_slow_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than memory should hold is never held, however fast the service sends."""
    sizes: list[int] = []
    take = Connection.data_received

    def watched(self: Connection, data: bytes) -> None:
        take(self, data)
        sizes.append(self._answer.size)

    monkeypatch.setattr(Connection, "data_received", watched)
    piece, count = b"x" * WHOLE, 200

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (len(piece) * count))
        for _ in range(count):
            await raw.send(piece)
        await raw.gone()

    async with raw_upstream(behave) as house:
        got = await call(house.app, slowly=True)
    assert len(got.body) == len(piece) * count
    assert max(sizes) <= WHOLE + 262_144


async def test_a_caller_who_leaves_in_the_middle_ends_the_connection() -> None:
    leaves, closed = asyncio.Event(), asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(HALF)
        leaves.set()
        await raw.gone()
        closed.set()

    async with raw_upstream(behave) as house:
        with pytest.raises(ClientDisconnect):
            await call(house.app, leaves=leaves)
        await closed.wait()


async def test_a_service_that_answers_before_it_has_read_is_heard_and_not_used_again() -> None:
    async def behave(raw: Raw) -> None:
        await raw.reader.readuntil(b"\r\n\r\n")
        await raw.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await raw.gone()

    async with raw_upstream(behave) as house:
        for number in (1, 2):
            assert (await call(house.app, "POST", body=b"x" * 32_000_000)).status == 413
            assert house.connections == number


async def test_what_cannot_be_written_is_refused() -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(OK)

    async with raw_upstream(behave) as house:
        for value in (b"x\r\nx-evil: 1", b"x\0"):
            assert (await call(house.app, header=(b"accept", value))).status == 400
        assert house.connections == 0
        assert (await call(house.app)).status == 200


@given(st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8))), st.binary(max_size=8), st.binary(max_size=8))
def test_a_request_has_as_many_lines_as_it_was_given(headers: list[tuple[bytes, bytes]], target: bytes, body: bytes) -> None:
    try:
        content = make_call("POST", b"/" + target, b"host", headers, body).content
    except Malformed:
        assert any(byte in name + value for name, value in headers for byte in (b"\r", b"\n", b"\0"))
        return
    assert content.endswith(b"\r\n\r\n" + body)
    lines = content[: len(content) - len(body) - 4].split(b"\r\n")
    assert lines[0].count(b" ") == 2
    assert lines[1:-1] == [b"host: host", *(name + b": " + value for name, value in headers if name not in FRAMING)]
    assert lines[-1] == b"content-length: %d" % len(body)


@pytest.mark.parametrize("name", [b"host", b"content-length", b"transfer-encoding", b"connection"])
def test_only_the_connection_says_how_a_request_is_framed(name: bytes) -> None:
    content = make_call("POST", b"/", b"h", [(name, b"7")], b"ab").content
    assert content == b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nab"


@pytest.mark.parametrize("method", ["", "GET /x HTTP/1.1\r\n", "get", "G T"])
def test_a_method_is_a_word(method: str) -> None:
    with pytest.raises(Malformed):
        make_call(method, b"/", b"h", [])
