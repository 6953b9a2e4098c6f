"""What others do to a case in the very moment in which its words end, or are sealed anew."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from services.feedback.retaliation.actions.inspecting import decide_report
from services.feedback.retaliation.schemas import ReportDecisionIn
from services.feedback.retention.actions.erasing import erase_due_words
from services.feedback.retention.actions.resealing import seal_next_case
from tests.feedback.files import pdf
from tests.feedback.house import House, lead, official, plant, resident
from tests.feedback.retention.test_erasing import ended, erased, run
from tests.feedback.retention.test_resealing import NEW, OLD, attach, opened, seal_anew, seals
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually

HOLD = "INSERT INTO legal_holds (case_id, number, motive, by_role, placed_at) VALUES ($1, 1, 'A trial.', 'lead', now())"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) AS waits"


@asynccontextmanager
async def apart(house: House) -> AsyncIterator["PoolConnectionProxy[asyncpg.Record]"]:
    """A transaction of somebody else."""
    async with house.service.database.pool.acquire() as connection, connection.transaction():
        yield connection


async def begun(house: House, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Runs until it waits for a lock."""
    task = asyncio.create_task(work)
    await eventually(lambda: _waits(house))
    return task


async def _waits(house: House) -> bool:
    (row,) = await house.rows(WAITS)
    return bool(row["waits"])


async def test_a_hold_that_comes_while_a_run_has_begun_is_in_time(house: House) -> None:
    case_id, receipt = await ended(house)
    house.clock.advance(days=1000)
    async with apart(house) as other:
        await other.execute("LOCK TABLE cases IN EXCLUSIVE MODE")
        running = await begun(house, run(house))
        await other.execute(HOLD, case_id)
    await running
    assert not await erased(house, case_id)
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200


async def test_what_another_has_locked_is_left_to_it(house: House) -> None:
    case_id, receipt = await ended(house)
    house.clock.advance(days=1000)
    async with apart(house) as other:
        await other.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", case_id)
        await run(house)
    assert not await erased(house, case_id)
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200
    await run(house)
    assert await erased(house, case_id)


async def test_a_word_that_comes_while_a_case_is_erased_is_refused(house: House) -> None:
    case_id, _ = await ended(house)
    house.clock.advance(days=1000)
    erase = erase_due_words(house.service.api.state.cabinet)
    async with house.service.works.begin() as uow:
        await erase(uow)
        writing = await begun(house, house.try_do(case_id, "notes", {"text": "xqnote"}, caller=official("village")))
    refused = await writing
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:massline:problem:case-erased")
    assert await house.rows("SELECT FROM notes") == []


async def test_a_file_of_two_cases_goes_when_two_workers_erase_them_at_once(house: House, tmp_path: Path) -> None:
    main = await house.case()
    twin = await house.case(caller=(other := resident()))
    await house.do(twin, "merge", {"into_case_id": main, "reason": "One lamp."}, caller=official("village"))
    files = {"file": ("a.pdf", pdf())}
    sent = await house.client.post(f"/v1/cases/{main}/attachments", caller=official("village"), files=files)
    assert sent.status_code == 201
    for case_id, speaker in ((main, house.speaker), (twin, other)):
        await house.do(case_id, "withdraw", {}, caller=speaker)
    house.clock.advance(days=2000)
    erase = erase_due_words(house.service.api.state.cabinet)
    async with house.service.works.begin() as uow:
        async with apart(house) as locking:
            await locking.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", twin)
            await erase(uow)
        second = await begun(house, run(house))
    await second
    await run(house)
    assert [await erased(house, each) for each in (main, twin)] == [True, True]
    assert [file for file in (tmp_path / "attachments").rglob("*") if file.is_file()] == []


@asynccontextmanager
async def while_keys_change(url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    """A process that was not restarted yet, which writes with the old key, and one that was."""
    async with opened(url, clock, tmp_path, OLD, NEW) as older, opened(url, clock, tmp_path, NEW, OLD) as newer:
        await plant(older.service)
        yield older, newer


async def nothing_is_left_behind(house: House) -> None:
    await seal_anew(house)
    assert (await seals(house))["cases_sealed_otherwise"] == 0
    assert not [place for place, value in await house.everything() if value.startswith("\x02sealed:1:")]


async def test_a_note_under_the_old_key_while_its_case_is_sealed_anew_is_not_missed(
    databases: Databases, clock: ManualClock, tmp_path: Path
) -> None:
    async with while_keys_change(databases.fresh("feedback"), clock, tmp_path) as (older, newer):
        case_id = await older.case(protection="confidential")
        async with newer.service.works.begin() as uow:
            await seal_next_case(newer.service.api.state.cabinet)(uow)
            writing = await begun(older, older.try_do(case_id, "notes", {"text": "xqnote"}, caller=official("village")))
        assert (await writing).status_code == 201
        assert (await seals(newer))["cases_sealed_otherwise"] == 1
        await nothing_is_left_behind(newer)


async def test_a_file_under_the_old_key_after_its_case_was_sealed_anew_is_not_missed(
    databases: Databases, clock: ManualClock, tmp_path: Path
) -> None:
    async with while_keys_change(databases.fresh("feedback"), clock, tmp_path) as (older, newer):
        case_id = await older.case(protection="confidential")
        await seal_anew(newer)
        await attach(older, case_id, None)
        await nothing_is_left_behind(newer)
        assert [row["sealed_with"] for row in await newer.rows("SELECT sealed_with FROM attachments")] == ["2"]


async def test_a_decision_under_the_old_key_while_its_case_is_sealed_anew_is_not_missed(
    databases: Databases, clock: ManualClock, tmp_path: Path
) -> None:
    async with while_keys_change(databases.fresh("feedback"), clock, tmp_path) as (older, newer):
        case_id = await older.case(protection="confidential")
        await older.do(case_id, "retaliation", {"text": "xqhurt"}, caller=older.speaker)
        (report,) = (await older.get("/v1/retaliation-reports", caller=lead("township")))["items"]
        said = ReportDecisionIn(substantiated=False, reason="xqnothing")
        async with older.service.works.begin() as uow:
            await decide_report(uow, lead("township"), UUID(report["id"]), said)
            await uow.session.flush()
            async with newer.service.works.begin() as sealing:
                assert not await seal_next_case(newer.service.api.state.cabinet)(sealing), "it is left to who writes in it"
        await nothing_is_left_behind(newer)
