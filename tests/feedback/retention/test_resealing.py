"""Keys are changed while the work goes on, and what was there before words were sealed is sealed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.cases.sealing import LOST
from services.feedback.retention.actions.resealing import seal_next_case, seal_next_identities
from services.feedback.settings import FeedbackSettings
from shared.migrations import migrate_async
from tests.architecture.sources import ROOT
from tests.feedback.cases.test_sealing import EVERY_WORD, SAID, say, tell
from tests.feedback.files import pdf
from tests.feedback.house import House, admin, official, plant, resident, unit
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases

OLD, NEW, LAST = ("1:" + "the first key " * 4, "2:" + "the second key " * 4, "3:" + "the third key " * 4)
NEIGHBOUR = official("neighbour")
MIGRATIONS = ROOT / "services" / "feedback" / "migrations"


@asynccontextmanager
async def opened(url: str, clock: ManualClock, var: Path, *keys: str) -> AsyncIterator[House]:
    settings = FeedbackSettings(database_url=url, vault_keys=SecretStr(",".join(keys)), var=var)
    service = create_service(settings, clock=clock)
    async with service.open():
        yield House(service, ServiceClient(service), clock)


async def seal_anew(house: House) -> None:
    for job in (seal_next_case(house.service.api.state.cabinet), seal_next_identities):
        more = True
        while more:
            async with house.service.works.begin() as uow:
                more = await job(uow)


async def seals(house: House) -> dict[str, Any]:
    found: dict[str, Any] = (await house.get("/v1/retention", caller=admin()))["seals"]
    return found


def sealed(current: str, *, otherwise: tuple[int, int] = (0, 0), missing: Sequence[str] = ()) -> dict[str, Any]:
    cases, identities = otherwise
    counts = {"cases_sealed_otherwise": cases, "identities_sealed_otherwise": identities}
    return {"current_key": current, "missing_keys": list(missing), **counts}


async def attach(house: House, case_id: str, receipt: str | None) -> str:
    file = {"file": ("a.pdf", pdf())}
    if receipt is None:
        sent = await house.client.post(f"/v1/cases/{case_id}/attachments", caller=house.speaker, files=file)
    else:
        sent = await house.client.post("/v1/receipts/attachments", files=file, data={"receipt": receipt})
    assert sent.status_code == 201, sent.text
    attachment_id: str = sent.json()["id"]
    return attachment_id


async def told(house: House) -> list[tuple[str, str, str | None]]:
    """(id, attachment, receipt) of a case of each protection in which everybody wrote, with a file and a name left."""
    made = []
    for protection in ("confidential", "anonymous"):
        case_id, receipt = await tell(house, protection)
        await say(house, case_id, receipt, "reopen", {"reason": "xqreason"})
        made.append((case_id, await attach(house, case_id, receipt), receipt))
    return made


async def reads_all(house: House, case_id: str, attachment_id: str) -> None:
    case = await house.get(f"/v1/cases/{case_id}", caller=NEIGHBOUR)
    assert {name: case[name] for name in SAID} == SAID
    answers = [(await house.client.get(f"/v1/cases/{case_id}{part}", caller=NEIGHBOUR)).text for part in PARTS]
    assert LOST not in "".join(answers)
    assert not [word for word in EVERY_WORD if word not in "".join(answers)]
    shown = await house.client.get(f"/v1/cases/{case_id}/attachments/{attachment_id}", caller=NEIGHBOUR)
    assert shown.content.startswith(b"%PDF")


OLD_FILE, OLD_CONTENT = "0" * 32, b"%PDF from before"
LEGACY = ("xqtitle", "xqbody", "xqplace", "xqattribute", "xqoutcome", "xqmessage", "xqreason")
PARTS = ("", "/messages", "/notes", "/timeline", "/joint-units")


async def test_keys_are_changed_and_nothing_is_lost(databases: Databases, clock: ManualClock, tmp_path: Path) -> None:
    url = databases.fresh("feedback")
    identity = {"name": "xqname", "contact": "xqcontact"}
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        speaker = house.speaker
        cases = await told(house)
        named = await house.case(identity=identity)
        assert await seals(house) == {
            "current_key": "1",
            "missing_keys": [],
            "cases_sealed_otherwise": 0,
            "identities_sealed_otherwise": 0,
        }
    async with opened(url, clock, tmp_path, NEW, OLD) as house:
        house.speaker = speaker
        assert await seals(house) == {
            "current_key": "2",
            "missing_keys": [],
            "cases_sealed_otherwise": 2,
            "identities_sealed_otherwise": 1,
        }
        await house.do(cases[0][0], "notes", {"text": "xqnote"}, caller=NEIGHBOUR)
        await seal_anew(house)
        assert await seals(house) == {
            "current_key": "2",
            "missing_keys": [],
            "cases_sealed_otherwise": 0,
            "identities_sealed_otherwise": 0,
        }
        async with house.service.works.begin() as uow:
            await house.service.api.state.cabinet.sweep(uow)
        assert not [place for place, value in await house.everything() if value.startswith("\x02sealed:1:")]
    async with opened(url, clock, tmp_path, NEW) as house:
        for case_id, attachment_id, _ in cases:
            await reads_all(house, case_id, attachment_id)
        assert (await house.get(f"/v1/cases/{named}", caller=official("village")))["speaker"]["name"] == "xqname"
        assert len((await house.get("/v1/cases", caller=speaker))["items"]) == 2


async def test_several_workers_and_writers_at_once_leave_nothing_behind(
    databases: Databases, clock: ManualClock, tmp_path: Path
) -> None:
    url = databases.fresh("feedback")
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        cases = [await house.case(protection="confidential", caller=resident(), **SAID) for _ in range(6)]
        async with opened(url, clock, tmp_path, NEW, OLD) as newer:
            writing = [
                each.do(case, "notes", {"text": "xqnote"}, caller=official("village"))
                for case in cases
                for each in (house, newer)
            ]
            await asyncio.gather(*(seal_anew(newer) for _ in range(3)), *writing)
            await seal_anew(newer)
            assert (await seals(newer))["cases_sealed_otherwise"] == 0
            assert not [place for place, value in await newer.everything() if value.startswith("\x02sealed:1:")]


async def test_what_was_sealed_with_a_lost_key_holds_up_nothing(databases: Databases, clock: ManualClock, tmp_path: Path) -> None:
    url = databases.fresh("feedback")
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        cases = await told(house)
        named = await house.case(identity={"name": "xqname"})
    async with opened(url, clock, tmp_path, LAST) as house:
        await house.do(cases[0][0], "notes", {"text": "A new word."}, caller=NEIGHBOUR)
        await seal_anew(house)
        assert await seals(house) == sealed("3", otherwise=(2, 1), missing=["1"]), (
            "so that nobody drops a key that is found again"
        )
        notes = (await house.get(f"/v1/cases/{cases[0][0]}/notes", caller=NEIGHBOUR))["items"]
        assert [note["text"] for note in notes] == [LOST, "A new word."]
        for case_id, attachment_id, _ in cases:
            case = await house.get(f"/v1/cases/{case_id}", caller=NEIGHBOUR)
            assert (case["title"], case["state"]) == (LOST, "in_progress")
            file = await house.client.get(f"/v1/cases/{case_id}/attachments/{attachment_id}", caller=NEIGHBOUR)
            assert (file.status_code, file.json()["type"]) == (409, "urn:massline:problem:attachment-key-lost")
        assert (await house.get(f"/v1/cases/{named}", caller=official("village")))["state"] == "received"
    async with opened(url, clock, tmp_path, LAST, OLD) as house:
        assert (await seals(house))["missing_keys"] == []
        await seal_anew(house)
    async with opened(url, clock, tmp_path, LAST) as house:
        assert await seals(house) == sealed("3")
        for case_id, attachment_id, _ in cases:
            await reads_all(house, case_id, attachment_id)


async def test_a_file_that_is_not_in_its_store_holds_up_nothing(databases: Databases, clock: ManualClock, tmp_path: Path) -> None:
    url = databases.fresh("feedback")
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        cases = await told(house)
        (row,) = await house.rows("SELECT file FROM attachments WHERE case_id = $1", cases[0][0])
        (tmp_path / "attachments" / row["file"]).unlink()
    async with opened(url, clock, tmp_path, NEW, OLD) as house:
        await seal_anew(house)
        assert (await seals(house))["cases_sealed_otherwise"] == 0
    async with opened(url, clock, tmp_path, NEW) as house:
        await reads_all(house, *cases[1][:2])


async def test_a_plain_file_of_two_cases_is_sealed_for_each(databases: Databases, clock: ManualClock, tmp_path: Path) -> None:
    """As a unit's files were kept before they were sealed."""
    url = databases.fresh("feedback")
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        cases = [await house.case(protection="confidential", caller=resident()) for _ in range(2)]
        for case_id in cases:
            path = f"/v1/cases/{case_id}/attachments"
            sent = await house.client.post(path, caller=official("village"), files={"file": ("a.pdf", pdf())})
            assert sent.status_code == 201, sent.text
        await house.rows("UPDATE attachments SET sealed_with = NULL, file = $1", OLD_FILE)
        (tmp_path / "attachments" / OLD_FILE).write_bytes(OLD_CONTENT)
    async with opened(url, clock, tmp_path, NEW, OLD) as house:
        cabinet = house.service.api.state.cabinet
        for job in (seal_next_case(cabinet), cabinet.sweep) * 2:
            async with house.service.works.begin() as uow:
                await job(uow)
        assert not (tmp_path / "attachments" / OLD_FILE).exists()
        for row in await house.rows("SELECT case_id, id FROM attachments"):
            path = f"/v1/cases/{row['case_id']}/attachments/{row['id']}"
            assert (await house.client.get(path, caller=official("village"))).content == OLD_CONTENT


async def test_a_damaged_identity_holds_up_no_other(databases: Databases, clock: ManualClock, tmp_path: Path) -> None:
    url = databases.fresh("feedback")
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        damaged, whole = [await house.case(identity={"name": "xqname"}) for _ in range(2)]
        await house.rows("UPDATE identities SET sealed = 'nothing at all' WHERE case_id = $1", damaged)
    async with opened(url, clock, tmp_path, NEW, OLD) as house:
        await seal_anew(house)
    async with opened(url, clock, tmp_path, NEW) as house:
        names = [
            (await house.get(f"/v1/cases/{each}", caller=official("village")))["speaker"]["name"] for each in (damaged, whole)
        ]
        assert names == [None, "xqname"]


CASE = """
INSERT INTO cases (id, unit_id, state, source, channel, protection, title, body, place, attributes, outcome, owner_id,
    policy_version, opened_at, updated_at, message_count, kind)
VALUES ($1, $2, 'in_progress', 'opinion', 'public_opinion', $3, 'xqtitle', 'xqbody', 'xqplace', '{"why": "xqattribute"}',
    'xqoutcome', $4, 'default.v1', $5, $5, 1, 'report')
"""
MESSAGE = """
INSERT INTO messages (id, case_id, number, by, kind, text, added_at)
VALUES ($1, $2, 1, 'resident', 'message', 'xqmessage', $3)
"""
TERMS = "INSERT INTO case_texts (case_id, terms) VALUES ($1, '''xqtitle'' ''xqbody'' ''channel=public_opinion''')"
ATTACHMENT = """
INSERT INTO attachments (id, case_id, by, type, size, pages, file, added_at) VALUES ($1, $2, 'resident', 'pdf', 100, 1, $3, $4)
"""
ACT = """
INSERT INTO case_history (case_id, at, verb, by_role, from_state, to_state, reason, rule)
VALUES ($1, $2, $3, 'system', 'in_progress', 'in_progress', $4, 'case-states.v1')
"""


@pytest.mark.parametrize("protection", ["confidential", "anonymous"])
async def test_a_case_from_before_words_were_sealed_is_sealed(
    databases: Databases, clock: ManualClock, tmp_path: Path, protection: str
) -> None:
    url, speaker, case_id = databases.empty(), resident(), uuid4()
    await migrate_async(MIGRATIONS, url, to="0003")
    await _file_as_before(url, case_id, protection, speaker.account if protection == "confidential" else None, clock)
    await migrate_async(MIGRATIONS, url)
    store = tmp_path / "attachments"
    store.mkdir()
    (store / OLD_FILE).write_bytes(OLD_CONTENT)
    async with opened(url, clock, tmp_path, OLD) as house:
        await plant(house.service)
        assert (await house.get(f"/v1/cases/{case_id}", caller=official("village")))["title"] == "xqtitle"
        assert (await seals(house))["cases_sealed_otherwise"] == 1
        await seal_anew(house)
        account = str(speaker.account)
        for place, value in await house.everything():
            assert not [mark for mark in (*LEGACY, account) if mark in value], place
        async with house.service.works.begin() as uow:
            await house.service.api.state.cabinet.sweep(uow)
        assert not [file.name for file in store.rglob("*") if OLD_CONTENT in file.read_bytes()]
        (kept,) = await house.get(f"/v1/cases/{case_id}/attachments", caller=official("village"))
        shown = await house.client.get(f"/v1/cases/{case_id}/attachments/{kept['id']}", caller=official("village"))
        assert shown.content == OLD_CONTENT
        case = await house.get(f"/v1/cases/{case_id}", caller=official("village"))
        assert (case["title"], case["body"], case["place"], case["outcome"]) == ("xqtitle", "xqbody", "xqplace", "xqoutcome")
        assert case["attributes"] == {"why": "xqattribute"}
        (message,) = (await house.get(f"/v1/cases/{case_id}/messages", caller=official("village")))["items"]
        assert message["text"] == "xqmessage"
        acts = await house.get(f"/v1/cases/{case_id}/timeline", caller=official("village"))
        assert acts[1]["reason"] == "xqreason"
        assert "first_answer" not in str(acts[2]["reason"]), "a code is told in words"
        own = (await house.get("/v1/cases", caller=speaker))["items"]
        assert len(own) == (1 if protection == "confidential" else 0)
        assert (await house.get("/v1/cases", caller=official("village"), q="xqbody"))["items"] == []
        assert len((await house.get("/v1/cases", caller=official("village"), channel="public_opinion"))["items"]) == 1


async def _file_as_before(url: str, case_id: UUID, protection: str, owner_id: UUID | None, clock: ManualClock) -> None:
    connection, at = await asyncpg.connect(url), clock() - timedelta(days=1)
    try:
        await connection.execute(CASE, case_id, unit("village"), protection, owner_id, at)
        await connection.execute(MESSAGE, uuid4(), case_id, at)
        await connection.execute(TERMS, case_id)
        await connection.execute(ATTACHMENT, uuid4(), case_id, OLD_FILE, at)
        await connection.execute(ACT, case_id, at, "reopen", "xqreason")
        await connection.execute(ACT, case_id, at, "escalate", "first_answer 0")
    finally:
        await connection.close()
