"""The same through REST wherever the files lie: a local folder, and a bucket behind the protocol of S3."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.attachments.cabinet import Cabinet
from services.feedback.settings import FeedbackSettings
from shared.auth import ANONYMOUS
from tests.feedback.files import jpeg, opened, pdf
from tests.feedback.house import House, official, plant, resident
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, Bucket, open_bucket

NAME = re.compile(r"[0-9a-f]{32}(\.thumbnail)?")


@dataclass
class Rented:
    """A house whose files lie elsewhere, and what lies there."""

    house: House
    names: Callable[[], list[str]]

    async def sweep(self) -> None:
        cabinet: Cabinet = self.house.service.api.state.cabinet
        async with self.house.service.works.begin() as uow:
            await cabinet.sweep(uow)


def in_bucket(database_url: str, bucket: Bucket, *, secret: str = SECRET_KEY, store: str = "files") -> FeedbackSettings:
    return FeedbackSettings(
        database_url=database_url,
        attachments_store=f"s3://{store}/cases",
        attachments_s3_endpoint=bucket.endpoint,
        attachments_s3_region=REGION,
        attachments_access_key=SecretStr(ACCESS_KEY),
        attachments_secret_key=SecretStr(secret),
    )


@asynccontextmanager
async def opened_house(settings: FeedbackSettings, clock: ManualClock) -> AsyncIterator[House]:
    service = create_service(settings, clock=clock)
    async with service.open():
        await plant(service)
        yield House(service, ServiceClient(service), clock)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with open_bucket("files") as opened:
        yield opened


@pytest.fixture(params=["folder", "bucket"])
async def rented(
    request: pytest.FixtureRequest, database_url: str, clock: ManualClock, tmp_path: Path, bucket: Bucket
) -> AsyncIterator[Rented]:
    def in_folder() -> list[str]:
        return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())

    if request.param == "folder":
        settings, names = FeedbackSettings(database_url=database_url, attachments_store=str(tmp_path / "files")), in_folder
    else:
        settings, names = in_bucket(database_url, bucket), lambda: [key.removeprefix("cases/") for key in bucket.objects]
    async with opened_house(settings, clock) as house:
        yield Rented(house, names)
    assert bucket.refused == 0


async def test_files_come_and_go(rented: Rented) -> None:
    house = rented.house
    case_id = await house.case()
    path = f"/v1/cases/{case_id}/attachments"
    answers = [
        await house.client.post(path, caller=house.speaker, files={"file": ("name of somebody", content)})
        for content in (jpeg(), pdf(), b"neither")
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    names = rented.names()
    assert len(names) == 3
    assert all(NAME.fullmatch(name) for name in names)
    photo, document = answers[0].json(), answers[1].json()
    whole = await house.client.get(f"{path}/{photo['id']}", caller=house.speaker)
    assert len(whole.content) == photo["size"] == int(whole.headers["content-length"])
    small = await house.client.get(f"{path}/{photo['id']}/thumbnail", caller=house.speaker)
    assert opened(small.content).size == (48, 64)
    for id in (photo["id"], document["id"]):
        assert (await house.client.call("DELETE", f"{path}/{id}", caller=house.speaker)).status_code == 204
    await rented.sweep()
    assert rented.names() == []
    assert await house.rows("SELECT * FROM stray_files") == []


async def test_a_transaction_that_is_rolled_back_leaves_a_stray_that_is_swept(rented: Rented) -> None:
    house = rented.house
    cabinet: Cabinet = house.service.api.state.cabinet
    file = await cabinet.keep(await cabinet.convert(jpeg()), house.clock())
    async with house.service.works.open() as (uow, _):
        await cabinet.claim(uow, file)
    await rented.sweep()
    assert len(rented.names()) == 2
    house.clock.advance(hours=2)
    await rented.sweep()
    assert rented.names() == []


async def test_a_receipt_works_too(rented: Rented) -> None:
    house = rented.house
    receipt = (await house.submit(protection="anonymous"))["receipt"]
    added = await house.client.post(
        "/v1/receipts/attachments", caller=ANONYMOUS, data={"receipt": receipt}, files={"file": ("a", jpeg())}
    )
    assert added.status_code == 201, added.text
    answer = await house.receipt(f"attachments/{added.json()['id']}", {"receipt": receipt})
    assert opened(answer.content).size == (48, 64)
    await house.receipt(f"attachments/{added.json()['id']}/remove", {"receipt": receipt})
    await rented.sweep()
    assert rented.names() == []


@pytest.mark.parametrize("wrong", [{"store": "no-such-bucket"}, {"secret": "another"}], ids=["bucket", "key"])
async def test_a_store_that_refuses_is_told_as_away(
    database_url: str, clock: ManualClock, bucket: Bucket, wrong: dict[str, str]
) -> None:
    async with opened_house(in_bucket(database_url, bucket, **wrong), clock) as house:
        path = f"/v1/cases/{await house.case()}/attachments"
        answer = await house.client.post(path, caller=house.speaker, files={"file": ("a", jpeg())})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:massline:problem:file-store-unavailable")
        assert "127.0.0.1" not in answer.text
        assert await house.rows("SELECT * FROM attachments") == []
    assert bucket.objects == {}
    assert (bucket.refused > 0) == ("secret" in wrong)


@pytest.mark.parametrize("protection", ["confidential", "anonymous"])
async def test_files_of_a_protected_case_are_sealed_whoever_sent_them(rented: Rented, protection: str) -> None:
    """Also of a unit that sends one file into merged cases: each has its own, and the named one's is as it was."""
    house = rented.house
    main = await house.case()
    twin = await house.case(protection=protection, caller=resident())
    await house.do(twin, "merge", {"into_case_id": main, "reason": "One lamp."}, caller=official("village"))
    sent = await house.client.post(f"/v1/cases/{main}/attachments", caller=official("village"), files={"file": ("a.jpg", jpeg())})
    assert sent.status_code == 201, sent.text
    rows = await house.rows("SELECT id, case_id, file, sealed_with FROM attachments")
    assert {str(row["case_id"]): row["sealed_with"] for row in rows} == {main: None, twin: "1"}
    assert len({row["file"] for row in rows}) == 2
    contents = {}
    for row in rows:
        for part in ("", "/thumbnail"):
            path = f"/v1/cases/{row['case_id']}/attachments/{row['id']}{part}"
            contents[str(row["case_id"]), part] = (await house.client.get(path, caller=official("village"))).content
    for part in ("", "/thumbnail"):
        assert contents[main, part] == contents[twin, part]
        assert contents[main, part].startswith(b"\xff\xd8")
    assert len(rented.names()) == 4
