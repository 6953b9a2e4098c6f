"""What was told before a table was there is taken over into it."""

import importlib
from pathlib import Path
from uuid import uuid4

import asyncpg

from services.assessment import migrations
from shared.migrations import migrate_async
from tests.support.databases import Databases

FOLDER = Path(str(migrations.__file__)).parent
KEEP = """
INSERT INTO case_evidence (case_id, unit_id, owner, first_answered_at, judgement, verdict_at, resolved, reopened_judgement)
VALUES ($1, $2, 0, now(), $3, now(), $4, $5)
"""
FOUND = "SELECT judgement, resolved, confirmed_judgement, reopened_judgement, answered_at = judged_at FROM answer_evidence"


async def test_verdicts_heard_before_count_for_the_unit_that_owes_the_case(databases: Databases) -> None:
    [file] = (FOLDER / "versions").glob("*_outcomes.py")
    before: str = importlib.import_module(f"{migrations.__name__}.versions.{file.stem}").down_revision
    url = databases.empty()
    await migrate_async(FOLDER, url, before)
    connection = await asyncpg.connect(url)
    try:
        for judgement, resolved, reopened in ((1, True, None), (2, False, 1), (3, True, 3)):
            await connection.execute(KEEP, uuid4(), uuid4(), judgement, resolved, reopened)
        await connection.execute("INSERT INTO case_evidence (case_id, unit_id, owner) VALUES ($1, $2, 0)", uuid4(), uuid4())
        await migrate_async(FOLDER, url)
        rows = [tuple(row) for row in await connection.fetch(f"{FOUND} ORDER BY judgement")]
    finally:
        await connection.close()
    assert rows == [(1, True, 1, None, True), (2, False, None, 1, True), (3, True, 3, 3, True)]
