"""What PostgreSQL gathers to plan by would keep words when they have been erased: of words it gathers nothing."""

from uuid import uuid4

import asyncpg
import pytest

from services.feedback.retention.words import WORDS
from shared.migrations import migrate_async
from tests.feedback.house import House, official
from tests.feedback.test_upgrade import MIGRATIONS, file_as_before
from tests.support.databases import Databases

COLUMNS = [(words.table.name, column) for words in WORDS for column in words.columns]
SAMPLES = "SELECT 1 FROM pg_stats WHERE tablename = $1 AND attname = $2"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_no_words_are_sampled(house: House, table: str, column: str) -> None:
    for _ in range(3):
        await house.do(await house.case(), "reject", {"reason": "xqreason"}, caller=official("village"))
    await house.rows(f'ANALYZE "{table}"')
    assert not await house.rows(SAMPLES, table, column)
    (row,) = await house.rows(
        "SELECT attstattarget FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2", table, column
    )
    assert row["attstattarget"] == 0


async def test_what_was_sampled_before_is_forgotten(databases: Databases) -> None:
    url = databases.empty()
    await migrate_async(MIGRATIONS, url, to="0001")
    await file_as_before(url, uuid4())
    await migrate_async(MIGRATIONS, url, to="0008")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("ANALYZE")
        sampled = [place for place in COLUMNS if await connection.fetch(SAMPLES, *place)]
        assert ("cases", "title") in sampled
        assert ("messages", "text") in sampled
        await migrate_async(MIGRATIONS, url)
        await connection.execute("ANALYZE")
        assert [place for place in COLUMNS if await connection.fetch(SAMPLES, *place)] == []
    finally:
        await connection.close()
