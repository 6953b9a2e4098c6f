"""The file of cases: what is in it, and how it comes through the gateway, in one process and in two."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from services.feedback.cases.queries import exporting
from services.feedback.cases.queries.exporting import HEADER, harmless
from services.feedback.cases.queries.searching import Filters, Sort
from services.gateway.proxy.upstreams import HttpUpstream
from shared.auth import ANONYMOUS, Role
from tests.feedback.house import House, admin, official, resident, unit
from tests.gateway.proxy.stub import served
from tests.gateway.support import open_gateway
from tests.support.clock import ManualClock
from tests.support.databases import Databases

INSERT = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, body, policy_version, opened_at, updated_at)
SELECT uuidv7(), $1, 'received', 'imported', 'thought', 'named', 'Lamp ' || n, 'Call me: 555', 'default.v1', now(), now()
FROM generate_series(1, $2) AS n
"""


def read(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def export(house: House, caller: Any, **asked: Any) -> httpx.Response:
    answer = await house.client.get("/v1/cases/export", caller=caller, params=asked)
    assert answer.status_code == 200, answer.text
    return answer


async def test_the_file_has_what_the_list_has(house: House) -> None:
    first = await house.case(title='Lamp, "the old one"', body="Call me: 555", category="light")
    second = await house.case(title="=1+1")
    answer = await export(house, official("village"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cases.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = read(answer.content)
    assert list(rows[0]) == list(HEADER)
    assert [row["id"] for row in rows] == [second, first]
    assert [row["title"] for row in rows] == ["'=1+1", 'Lamp, "the old one"']
    assert (rows[1]["category"], rows[1]["unit_code"], rows[1]["state"]) == ("light", "village", "received")
    assert str(house.speaker.account_id) not in answer.text
    assert "555" not in answer.text
    assert [row["id"] for row in read((await export(house, admin(), sort="oldest", q="old")).content)] == [first]
    assert read((await export(house, resident())).content) == []
    assert (await house.client.get("/v1/cases/export", caller=ANONYMOUS)).status_code == 401


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Lamp", "a=1", "", None, "路灯"])
def test_other_text_is_left_alone(text: str | None) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("sort", ["newest", "oldest", "updated", "due"])
async def test_pieces_make_the_whole(house: House, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    filed = {await house.case() for _ in range(10)}
    rows = read((await export(house, admin(), sort=sort)).content)
    assert len(rows) == 10
    assert {row["id"] for row in rows} == filed


async def test_nobody_who_reads_slowly_holds_a_connection_to_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    for _ in range(6):
        await house.case()
    works = house.service.works
    async with works.open() as (uow, _):
        pieces = await exporting.export_cases(works, uow, admin(), Filters(), Sort.newest)
    sizes = []
    async for piece in pieces:
        sizes.append(piece.count(b"\r\n"))
        pool: Any = house.service.database.engine.pool
        assert pool.checkedout() == 0
    assert sizes == [3, 2, 2]


@pytest.fixture(params=["direct", "sockets"])
async def gateway(request: Any, house: House, databases: Databases, clock: ManualClock) -> AsyncIterator[tuple[str, str]]:
    """A URL of the gateway, and an administrator's token."""
    async with AsyncExitStack() as stack:
        upstream: Any = house.service.app
        if request.param == "sockets":
            upstream = HttpUpstream("feedback", await stack.enter_async_context(served(upstream)))
            await stack.enter_async_context(upstream.open())
        names = ("feedback", "visits", "assessment")
        opened = await stack.enter_async_context(
            open_gateway(databases.fresh("gateway"), clock, upstreams=dict.fromkeys(names, upstream))
        )
        yield await stack.enter_async_context(served(opened.service.app)), opened.token(Role.admin)


async def test_a_long_file_streams_through_the_gateway(house: House, gateway: tuple[str, str]) -> None:
    """Its first piece is there before the last is read, and all of it arrives."""
    await house.rows(INSERT, unit("village"), 5_000)
    url, token = gateway
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        async with http.stream("GET", "/v1/cases/export", headers=headers) as answer:
            assert answer.status_code == 200
            assert "content-length" not in answer.headers
            pieces = [piece async for piece in answer.aiter_raw()]
        rows = read(b"".join(pieces))
        assert len({row["id"] for row in rows}) == len(rows) == 5_000
        assert len(pieces) > 4
        refused = await http.get("/v1/cases/export?q=%3F", headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:nothing-to-search")


async def test_a_caller_who_leaves_half_way_disturbs_nobody(house: House, gateway: tuple[str, str]) -> None:
    await house.rows(INSERT, unit("village"), 5_000)
    url, token = gateway
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        for _ in range(3):
            async with http.stream("GET", "/v1/cases/export", headers=headers) as answer:
                await anext(answer.aiter_raw())
        whole = await http.get("/v1/cases/export", headers=headers)
        assert len(read(whole.content)) == 5_000
