"""A backup is read by nobody without the keys, and brings everything back with them."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.cases.sealing import LOST
from services.feedback.settings import FeedbackSettings
from shared.embedded.postgres import program
from tests.feedback.house import House, official
from tests.privacy.marks import found_in
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.databases import Databases

WORDS = {"title": "xq-title-of-it", "body": "xq-body-of-it"}
LOST_KEY = {"vault_keys": SecretStr("2:" + "another key " * 4)}
LOST_PEPPER = {"pepper": SecretStr("another pepper " * 4)}


def dump(url: str, file: Path) -> bytes:
    subprocess.run([program("pg_dump"), "--format=plain", "--inserts", f"--file={file}", url], check=True)
    return file.read_bytes()


def restore(url: str, file: Path) -> None:
    command = [program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={file}", url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def restored(databases: Databases, file: Path, clock: ManualClock, **lost: SecretStr) -> AsyncIterator[House]:
    url = databases.empty()
    restore(url, file)
    service = create_service(FeedbackSettings(database_url=url, **lost), clock=clock)  # type: ignore[arg-type]
    async with service.open():
        yield House(service, ServiceClient(service), clock)


async def spoken(house: House) -> tuple[str, str]:
    """(case id, receipt) of an anonymous voice that was answered, beside a confidential one."""
    filed = await house.submit(protection="anonymous", title=WORDS["title"], body=WORDS["body"])
    await house.submit(protection="confidential", title=WORDS["title"], body=WORDS["body"])
    await house.do(filed["case_id"], "answer", {"text": "xq-answer-to-it"}, caller=official("village"))
    return filed["case_id"], filed["receipt"]


async def test_a_backup_tells_neither_words_nor_speakers_nor_receipts(house: House, database_url: str, tmp_path: Path) -> None:
    _, receipt = await spoken(house)
    plain = receipt.replace("-", "")
    account = house.speaker.account
    marks = {**WORDS, "answer": "xq-answer-to-it", "account": str(account), "hex": account.hex}
    marks |= {"receipt": receipt, "plain": plain, "first half": plain[:10], "second half": plain[10:20]}
    backup = dump(database_url, tmp_path / "backup.sql")
    assert b"INSERT INTO public.cases" in backup
    assert found_in(backup, marks) == []


async def test_with_its_keys_a_backup_is_whole(
    house: House, databases: Databases, database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    case_id, receipt = await spoken(house)
    dump(database_url, tmp_path / "backup.sql")
    async with restored(databases, tmp_path / "backup.sql", clock) as again:
        shown = (await again.receipt("open", {"receipt": receipt})).json()
        assert (shown["case"]["body"], shown["messages"][0]["text"]) == (WORDS["body"], "xq-answer-to-it")
        assert len((await again.get("/v1/cases", caller=house.speaker))["items"]) == 1
        assert (await again.get(f"/v1/cases/{case_id}", caller=official("village")))["title"] == WORDS["title"]
        assert (await again.receipt("confirm", {"receipt": receipt, "resolved": True})).status_code == 200


@pytest.mark.parametrize(("lost", "opens"), [(LOST_KEY, 200), (LOST_PEPPER, 404)], ids=["vault key", "pepper"])
async def test_what_is_lost_with_a_key(
    house: House,
    databases: Databases,
    database_url: str,
    clock: ManualClock,
    tmp_path: Path,
    lost: dict[str, SecretStr],
    opens: int,
) -> None:
    """Without the vault key the words; without the pepper the receipts, and whose a confidential case is. The work goes on."""
    case_id, receipt = await spoken(house)
    dump(database_url, tmp_path / "backup.sql")
    async with restored(databases, tmp_path / "backup.sql", clock, **lost) as again:
        assert (await again.receipt("open", {"receipt": receipt})).status_code == opens
        own = (await again.get("/v1/cases", caller=house.speaker))["items"]
        assert len(own) == (1 if opens == 200 else 0)
        case = await again.get(f"/v1/cases/{case_id}", caller=official("village"))
        assert case["title"] == (LOST if opens == 200 else WORDS["title"])
        await again.do(case_id, "messages", {"text": "A new word."}, caller=official("village"))
        messages = (await again.get(f"/v1/cases/{case_id}/messages", caller=official("village")))["items"]
        assert messages[-1]["text"] == "A new word."
