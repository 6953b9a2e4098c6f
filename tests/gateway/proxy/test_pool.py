"""Which call gets which connection, what is asked twice, and what cancelled calls leave behind: nothing."""

import asyncio
import random

import pytest

from services.gateway.proxy import pool
from services.gateway.proxy.calls import make_call
from services.gateway.proxy.upstreams import HttpUpstream
from services.gateway.proxy.wire import Connection
from tests.gateway.proxy.raw import OK, Raw, call, listening, raw_upstream


async def serve(raw: Raw) -> None:
    while True:
        await raw.request()
        await raw.send(OK)


@pytest.mark.parametrize(
    ("method", "key", "status", "asked"),
    [("GET", False, 200, 3), ("PUT", False, 200, 3), ("POST", True, 200, 3), ("POST", False, 502, 2), ("PATCH", True, 502, 2)],
)
async def test_a_connection_found_closed_is_forgiven_to_calls_that_may_be_repeated(
    method: str, key: bool, status: int, asked: int
) -> None:
    heard = 0

    async def behave(raw: Raw) -> None:
        nonlocal heard
        await raw.request()
        heard += 1
        await raw.send(OK)
        await raw.request()
        heard += 1

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 200
        assert (await call(house.app, method, key=key)).status == status
    assert heard == asked


async def test_a_new_connection_that_ends_without_an_answer_is_not_tried_again() -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 502
        assert house.connections == 1


async def test_one_byte_of_an_answer_and_nothing_is_tried_again() -> None:
    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(OK)
        await raw.request()
        await raw.send(b"H")

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 200
        assert (await call(house.app)).status == 502
        assert house.connections == 1


async def test_a_call_is_repeated_once() -> None:
    async def behave(raw: Raw) -> None:
        if raw.number > 1:
            return
        await raw.request()
        await raw.send(OK)
        await raw.request()

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 200
        assert (await call(house.app)).status == 502
        assert house.connections == 2


async def test_a_call_that_could_not_be_repeated_does_not_claim_that_nothing_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = asyncio.Event()

    async def behave(raw: Raw) -> None:
        if raw.number == 2:
            accepted.set()
            return
        await raw.request()
        await raw.send(OK)
        await raw.request()

    async with raw_upstream(behave) as house:
        assert (await call(house.app)).status == 200
        monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.0)
        assert (await call(house.app)).status == 502
        await accepted.wait()


async def test_a_service_that_hangs_up_on_everybody_keeps_nobody_waiting() -> None:
    async def behave(raw: Raw) -> None:
        raw.writer.transport.abort()

    async with raw_upstream(behave, patience=1.0) as house:
        answers = await asyncio.gather(*(call(house.app) for _ in range(50)))
        assert {answer.status for answer in answers} <= {502, 503}


async def test_an_idle_connection_is_not_used_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEEP_ALIVE", 0.0)
    async with raw_upstream(serve) as house:
        for _ in range(3):
            assert (await call(house.app, "POST")).status == 200
        assert house.connections == 3


async def test_idle_connections_are_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEEP_ALIVE", 0.0)
    closed = asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        await raw.send(OK)
        await raw.gone()
        closed.set()

    async with raw_upstream(behave, patience=0.1) as house:
        assert (await call(house.app)).status == 200
        await closed.wait()


async def test_calls_wait_for_a_free_connection() -> None:
    together = 0
    most = 0

    async def behave(raw: Raw) -> None:
        nonlocal together, most
        while True:
            await raw.request()
            together += 1
            most = max(most, together)
            await asyncio.sleep(0)
            together -= 1
            await raw.send(OK)

    async with raw_upstream(behave, connections=3) as house:
        answers = await asyncio.gather(*(call(house.app, "POST") for _ in range(50)))
        assert {answer.status for answer in answers} == {200}
        assert house.connections <= 3
    assert most <= 3


async def test_a_call_that_gets_no_connection_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.05)
    busy, release = asyncio.Event(), asyncio.Event()

    async def behave(raw: Raw) -> None:
        while True:
            await raw.request()
            busy.set()
            await release.wait()
            await raw.send(OK)

    async with raw_upstream(behave, connections=1) as house:
        first = asyncio.create_task(call(house.app, "POST"))
        await busy.wait()
        assert (await call(house.app, "POST")).status == 503
        release.set()
        assert (await first).status == 200
        assert (await call(house.app, "POST")).status == 200


async def test_a_service_that_does_not_greet_in_time_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.1)

    async def behave(raw: Raw) -> None:
        await raw.gone()

    async with raw_upstream(behave) as house:
        over_tls = HttpUpstream("feedback", house.url.replace("http:", "https:"))
        async with over_tls.open():
            assert (await call(over_tls, "POST")).status == 503


async def test_closing_lets_a_call_under_way_finish() -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def behave(raw: Raw) -> None:
        await raw.request()
        asked.set()
        await release.wait()
        await raw.send(OK)
        await raw.gone()

    async with raw_upstream(behave) as house:
        under_way = asyncio.create_task(call(house.app))
        await asked.wait()
        asyncio.get_running_loop().call_soon(release.set)
    assert (await under_way).body == b"ok"
    with pytest.raises(RuntimeError):
        await call(house.app)


async def test_two_thousand_cancelled_calls_wear_out_nothing() -> None:
    """Cancelled at every stage: before a place, before a connection, before an answer, in the middle of one, just after it."""
    together, everybody, started = 0, asyncio.Event(), asyncio.Event()
    chance = random.Random(7)

    async def behave(raw: Raw) -> None:
        nonlocal together
        while True:
            await raw.request()
            if started.is_set():
                together += 1
                if together == 20:
                    everybody.set()
                await everybody.wait()
                await raw.send(OK)
            elif chance.random() < 0.5:
                await raw.send(OK)
            else:
                await raw.send(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\nabc")

    async def cancelled() -> None:
        task = asyncio.create_task(call(house.app, chance.choice(["GET", "POST"])))
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    async with raw_upstream(behave, connections=20) as house:
        for _ in range(20):
            await asyncio.gather(*(cancelled() for _ in range(100)))
        started.set()
        answers = await asyncio.gather(*(call(house.app, "POST") for _ in range(20)))
    assert [answer.body for answer in answers] == [b"ok"] * 20


async def test_a_call_cancelled_after_its_answer_does_not_disturb_the_next_on_its_connection() -> None:
    """The answer frees the connection before the task that asked has run again."""
    later: list[asyncio.Task[bytes]] = []

    async def ask(connection: Connection) -> bytes:
        answer = await connection.ask(make_call("GET", b"/", b"h", []))
        return answer.take()

    def on_end(connection: Connection, reusable: bool) -> None:
        if not later:
            first.cancel()
            later.append(asyncio.ensure_future(ask(connection)))

    async with listening(serve) as port:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(on_end, lambda lost: None), "127.0.0.1", port)
        first = asyncio.ensure_future(ask(connection))
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await later[0] == b"ok"
        connection.close()
