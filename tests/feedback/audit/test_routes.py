"""The audit log: nobody changes it, and whoever does is found."""

import asyncio
import hashlib
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.feedback.audit import queries
from services.feedback.audit.actions import record_act
from services.feedback.audit.rules import Act
from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.shared.problems import assert_problem

NONE = "0" * 64


async def act(house: House, principal: Principal, *, case_id: UUID | None = None, **detail: Any) -> None:
    async with house.service.works.begin() as uow:
        await record_act(uow, principal, Act.cases_exported, case_id=case_id, detail=detail)


async def entries(house: House, *, caller: Principal | None = None, **asked: Any) -> Any:
    """Oldest first."""
    page = await house.get("/v1/audit", caller=caller or admin(), limit=100, **asked)
    return page["items"][::-1]


async def check(house: House) -> Any:
    return await house.get("/v1/audit/check", caller=admin())


async def tamper(house: House, *statements: str) -> None:
    """As a superuser can, who takes the trigger off first."""
    async with house.service.database.pool.acquire() as connection:
        for statement in ("SET session_replication_role = replica", *statements, "RESET session_replication_role"):
            await connection.execute(statement)


async def test_whoever_has_the_answer_alone_can_check_every_hash(house: House) -> None:
    """As the docstring of `hash_of` says, with nothing of this project."""
    for number in range(3):
        await act(house, official("village"), case_id=UUID(int=number), sort="newest", number=number, more=None)
    previous = NONE
    for number, entry in enumerate(await entries(house), 1):
        claimed = entry.pop("hash")
        assert (entry["number"], entry["previous"]) == (number, previous)
        written = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(written.encode()).hexdigest() == claimed
        previous = claimed
    assert await check(house) == {"entries": 3, "head": previous, "intact": True, "broken_at": None}


async def test_an_empty_log_is_intact(house: House) -> None:
    assert await check(house) == {"entries": 0, "head": NONE, "intact": True, "broken_at": None}


async def test_entries_written_at_once_make_one_chain(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "AT_ONCE", 7)
    await asyncio.gather(*(act(house, official("village")) for _ in range(40)))
    assert [entry["number"] for entry in await entries(house)] == list(range(1, 41))
    found = await check(house)
    assert (found["entries"], found["intact"]) == (40, True)


async def test_what_was_rolled_back_leaves_no_gap(house: House) -> None:
    await act(house, official("village"))
    async with house.service.works.open() as (uow, _):
        await record_act(uow, official("village"), Act.cases_exported)
    await act(house, official("village"))
    assert (await check(house))["entries"] == 2


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET by_role = 'lead'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"],
)
async def test_the_database_refuses_to_change_an_entry(house: House, statement: str) -> None:
    await act(house, official("village"))
    with pytest.raises(asyncpg.RaiseError, match="only ever added to"):
        await house.rows(statement)
    assert (await check(house))["intact"]


EVERY_COLUMN = {
    "id": "uuidv7()",
    "at": "at + interval '1 microsecond'",
    "act": "'identity_opened'",
    "by_role": "'lead'",
    "by_unit_id": "NULL",
    "by_account": "uuidv7()",
    "case_id": "uuidv7()",
    "subject_id": "uuidv7()",
    "detail": """'{"sort": "oldest"}'""",
    "previous": "decode(repeat('00', 32), 'hex')",
    "hash": "decode(repeat('00', 32), 'hex')",
}


@pytest.mark.parametrize(("column", "value"), EVERY_COLUMN.items(), ids=EVERY_COLUMN)
async def test_a_changed_row_is_found_whatever_was_changed(house: House, column: str, value: str) -> None:
    for _ in range(5):
        await act(house, official("village"), sort="newest")
    await tamper(house, f"UPDATE audit_entries SET {column} = {value} WHERE number = 3")
    found = await check(house)
    assert (found["entries"], found["intact"], found["broken_at"]) == (2, False, 3)


async def test_a_removed_row_is_found(house: House) -> None:
    for _ in range(5):
        await act(house, official("village"))
    await tamper(house, "DELETE FROM audit_entries WHERE number = 4")
    assert (await check(house))["broken_at"] == 4
    await tamper(house, "DELETE FROM audit_entries WHERE number = 1")
    assert (await check(house))["broken_at"] == 1


async def test_swapped_rows_are_found(house: House) -> None:
    for _ in range(5):
        await act(house, official("village"))
    swap = "UPDATE audit_entries SET number = {} WHERE number = {}"
    await tamper(house, swap.format(99, 2), swap.format(2, 3), swap.format(3, 99))
    assert (await check(house))["broken_at"] == 2


async def test_a_log_cut_off_or_written_anew_does_not_have_the_heads_that_were_told(house: House) -> None:
    for _ in range(3):
        await act(house, official("village"))
    told = [json.loads(data) for type, data in await house.events() if type == "audit.recorded"]
    shown = await entries(house)
    assert [(event["entry_id"], event["number"], event["hash"], event["act_code"], event["recorded_at"]) for event in told] == [
        (entry["id"], entry["number"], entry["hash"], entry["act"], entry["at"]) for entry in shown
    ]
    await tamper(house, "DELETE FROM audit_entries WHERE number = 3")
    assert (await check(house))["head"] == told[1]["hash"]
    await act(house, official("village"))
    found = await check(house)
    assert found["intact"]
    assert found["head"] != told[2]["hash"]


async def test_an_inspector_sees_what_its_own_unit_and_those_below_did(house: House) -> None:
    for caller in (official("village"), lead("township"), official("elsewhere"), admin()):
        await act(house, caller)
    assert [entry["by_unit_id"] for entry in await entries(house, caller=inspector("township"))] == [
        str(unit("village")),
        str(unit("township")),
    ]
    assert len(await entries(house, caller=inspector("prefecture"))) == 3
    assert len(await entries(house)) == 4
    assert_problem(await house.client.get("/v1/audit/check", caller=inspector("province")), 403)
    assert_problem(await house.client.get("/v1/audit", caller=lead("province")), 403)


async def test_the_log_is_read_in_pages_and_by_case_and_act(house: House) -> None:
    case = UUID(int=7)
    for number in range(5):
        await act(house, official("village"), case_id=case if number % 2 else None)
    first = await house.get("/v1/audit", caller=admin(), limit=3)
    rest = await house.get("/v1/audit", caller=admin(), limit=3, cursor=first["next_cursor"])
    assert [entry["number"] for entry in first["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next_cursor"] is None
    assert [entry["number"] for entry in await entries(house, case_id=str(case), act="cases_exported")] == [2, 4]
    assert await entries(house, act="identity_opened") == []
    for wrong in ({"cursor": "?"}, {"act": "unknown"}, {"case_id": "7"}, {"acts": "cases_exported"}):
        assert_problem(await house.client.get("/v1/audit", caller=admin(), params=wrong), 422)
    far = {"cursor": "_" * 21 + "w"}
    assert len((await house.get("/v1/audit", caller=admin(), **far))["items"]) == 5


async def test_a_file_of_cases_is_written_down_before_it_leaves(house: House) -> None:
    clerk = official("village")
    asked = {"q": "secret", "bbox": "1,2,3,4", "state": ["received", "answered"], "category": "light", "overdue": "true"}
    asked |= {"unit_id": str(unit("village")), "merged": "false", "sort": "oldest", "opened_from": "2026-01-01T00:00:00Z"}
    async with house.client.http.stream("GET", "/v1/cases/export") as unknown:
        assert unknown.status_code == 401
    for caller, params in ((clerk, asked), (clerk, {}), (resident(), {}), (lead("county"), {"q": "?"})):
        await house.client.get("/v1/cases/export", caller=caller, params=params)
    first, second = await entries(house)
    assert first["act"] == second["act"] == "cases_exported"
    assert (first["by_role"], first["by_unit_id"]) == ("official", str(unit("village")))
    assert first["by_account"] == second["by_account"] != str(clerk.account_id)
    assert first["detail"] == {
        "sort": "oldest",
        "words": True,
        "box": True,
        "states": "received,answered",
        "category": "light",
        "overdue": True,
        "merged": False,
        "unit_id": str(unit("village")),
        "opened_from": "2026-01-01T00:00:00+00:00",
    }
    assert second["detail"] == {"sort": "newest"}
    assert (await check(house))["entries"] == 2


async def test_an_account_is_not_called_here_what_it_is_called_as_a_speaker(house: House) -> None:
    """A copy of the database must not tell which official spoke in confidence."""
    clerk = official("village")
    await act(house, clerk)
    (entry,) = await entries(house)
    assert clerk.account_id is not None
    assert entry["by_account"] != str(house.service.works.keyring.alias(clerk.account_id))


async def test_whom_a_case_is_about_learns_nothing_of_it_here(house: House) -> None:
    """An inspector of the prefecture is accused; the county handles the case, and its lead opens who spoke."""
    post = {"unit_id": str(unit("prefecture")), "post": "inspector"}
    filed = await house.submit(
        protection="confidential", unit_id=unit("county"), about_posts=[post], identity={"name": "Somebody"}
    )
    asked = {"motive": "To bring papers.", "hours": 1}
    await house.do(filed["case_id"], "identity-requests", asked, caller=official("county"))
    seen = [entry["case_id"] for entry in await entries(house, caller=inspector("province"))]
    assert seen == [filed["case_id"]]
    assert await entries(house, caller=inspector("prefecture")) == []
