"""Attachments through REST: who may send and see which, what is told of them, and that nothing stays behind."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.feedback.app import create_service
from services.feedback.attachments.cabinet import Cabinet
from services.feedback.settings import FeedbackSettings
from shared.auth import ANONYMOUS, Principal, Role
from tests.feedback.files import MARK, jpeg, opened, pdf, png
from tests.feedback.house import House, inspector, key, lead, official, plant, resident, unit
from tests.support.callers import ServiceClient, principal
from tests.support.clock import ManualClock

CLERK = official("village")
PHOTO = jpeg()


async def send(
    house: House, case_id: str, content: bytes = PHOTO, *, caller: Principal, name: str = MARK, headers: Any = None
) -> httpx.Response:
    files = {"file": (name, content, "text/html")}
    return await house.client.post(f"/v1/cases/{case_id}/attachments", caller=caller, files=files, headers=headers)


async def attach(house: House, case_id: str, content: bytes = PHOTO, *, caller: Principal | None = None) -> Any:
    answer = await send(house, case_id, content, caller=caller or house.speaker)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def fetch(house: House, case_id: str, rest: str, *, caller: Principal) -> httpx.Response:
    return await house.client.get(f"/v1/cases/{case_id}/attachments/{rest}", caller=caller)


async def listed(house: House, case_id: str, *, caller: Principal = CLERK) -> Any:
    return await house.get(f"/v1/cases/{case_id}/attachments", caller=caller)


async def swept(house: House) -> None:
    cabinet: Cabinet = house.service.api.state.cabinet
    async with house.service.works.begin() as uow:
        await cabinet.sweep(uow)


def kept(tmp_path: Path) -> list[Path]:
    """Files in the store, also half-written ones."""
    return sorted(path for path in tmp_path.rglob("*") if path.is_file())


async def nothing_left(house: House, tmp_path: Path) -> bool:
    tables = ("attachments", "stray_files")
    rows = [row for table in tables for row in await house.rows(f"SELECT * FROM {table}")]
    counted = await house.rows("SELECT 1 FROM cases WHERE attachment_count <> 0")
    return rows == [] and counted == [] and kept(tmp_path) == []


async def test_a_picture_is_kept_shown_and_told_of(house: House) -> None:
    case_id = await house.case()
    added = await attach(house, case_id)
    assert added == {
        "id": added["id"],
        "by": "resident",
        "unit_id": None,
        "media_type": "image/jpeg",
        "size": added["size"],
        "width": 48,
        "height": 64,
        "pages": None,
        "thumbnail": True,
        "added_at": "2026-03-02T09:30:15.123456Z",
    }
    assert await listed(house, case_id) == [added]
    assert (await house.get(f"/v1/cases/{case_id}", caller=CLERK))["attachment_count"] == 1
    (event,) = [data for type, data in await house.events(case_id) if type == "attachment.added"]
    assert added["id"] in event
    assert '"kind":"image"' in event
    assert MARK not in event + str(await house.rows("SELECT * FROM attachments"))


@pytest.mark.parametrize("rest", ["", "/thumbnail"])
async def test_a_download_is_harmless_to_whoever_opens_it(house: House, rest: str) -> None:
    case_id = await house.case()
    added = await attach(house, case_id, png())
    for caller in (house.speaker, CLERK, inspector("township")):
        answer = await fetch(house, case_id, added["id"] + rest, caller=caller)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == ("image/jpeg" if rest else "image/png")
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="{added["id"]}')
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"] == "private, no-store"
        assert opened(answer.content).size == (48, 64)
        assert MARK.encode() not in answer.content


async def test_a_document_has_pages_and_no_thumbnail(house: House) -> None:
    case_id = await house.case()
    added = await attach(house, case_id, pdf(pages=2), caller=CLERK)
    assert (added["by"], added["unit_id"], added["media_type"]) == ("unit", str(unit("village")), "application/pdf")
    assert (added["pages"], added["width"], added["thumbnail"]) == (2, None, False)
    whole = await fetch(house, case_id, added["id"], caller=house.speaker)
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.content.startswith(b"%PDF-")
    answer = await fetch(house, case_id, f"{added['id']}/thumbnail", caller=house.speaker)
    assert answer.json()["type"] == "urn:massline:problem:attachment-not-found"


async def test_both_sides_send_until_the_case_is_closed(house: House) -> None:
    case_id = await house.case()
    for caller in (house.speaker, CLERK):
        await attach(house, case_id, caller=caller)
    before = await house.get(f"/v1/cases/{case_id}", caller=CLERK)
    assert before["state"] == "received"
    assert all(clock["met_at"] is None for clock in before["clocks"])
    await house.do(case_id, "withdraw", caller=house.speaker)
    for caller in (house.speaker, CLERK):
        answer = await send(house, case_id, caller=caller)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:case-state")
    assert len(await listed(house, case_id)) == 2


async def test_who_does_not_write_in_the_case_sends_no_file(house: House, tmp_path: Path) -> None:
    case_id = await house.case()
    for caller, status in (
        (inspector("village"), 403),
        (lead("township"), 403),
        (resident(), 404),
        (official("neighbour"), 404),
        (ANONYMOUS, 401),
    ):
        assert (await send(house, case_id, caller=caller)).status_code == status
    assert await nothing_left(house, tmp_path)


async def test_a_stranger_learns_nothing_of_a_file(house: House) -> None:
    case_id, own = await house.case(), await house.case()
    added = await attach(house, case_id)
    for caller in (resident(), official("neighbour")):
        for rest in (added["id"], f"{added['id']}/thumbnail"):
            there = await fetch(house, case_id, rest, caller=caller)
            nowhere = await fetch(house, str(uuid4()), rest, caller=caller)
            assert there.status_code == 404
            assert {**there.json(), "request_id": ""} == {**nowhere.json(), "request_id": ""}
    elsewhere = await fetch(house, own, added["id"], caller=house.speaker)
    missing = await fetch(house, own, str(uuid4()), caller=house.speaker)
    assert elsewhere.status_code == 404
    assert {**elsewhere.json(), "request_id": ""} == {**missing.json(), "request_id": ""}


async def test_a_case_takes_so_many_files(house: House, tmp_path: Path) -> None:
    case_id = await house.case()
    await house.rows("UPDATE cases SET attachment_count = 10 WHERE id = $1", UUID(case_id))
    answer = await send(house, case_id, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:too-many-files")
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file-type-not-taken"),
        (PHOTO[:400], "file-unreadable"),
        (b"", "file-type-not-taken"),
    ],
)
async def test_a_refused_file_leaves_nothing_behind(house: House, tmp_path: Path, content: bytes, slug: str) -> None:
    case_id = await house.case()
    answer = await send(house, case_id, content, caller=house.speaker, name="photo.jpg")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:massline:problem:{slug}"
    assert await nothing_left(house, tmp_path)
    assert "attachment.added" not in await house.told(case_id)


async def test_the_same_upload_sent_again_has_one_effect(house: House, tmp_path: Path) -> None:
    """The client draws a new boundary for its second try."""
    case_id, headers = await house.case(), key()
    answers = [await send(house, case_id, caller=house.speaker, headers=headers) for _ in range(2)]
    assert answers[0].request.headers["content-type"] != answers[1].request.headers["content-type"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert len(kept(tmp_path)) == 2
    other = await send(house, case_id, png(), caller=house.speaker, headers=headers)
    assert other.json()["type"] == "urn:massline:problem:idempotency-key-reused"


async def test_a_speaker_takes_its_own_file_back(house: House, tmp_path: Path) -> None:
    case_id = await house.case()
    mine, theirs = await attach(house, case_id), await attach(house, case_id, caller=CLERK)
    path = f"/v1/cases/{case_id}/attachments"
    for caller, id, status in (
        (CLERK, mine["id"], 403),
        (CLERK, theirs["id"], 403),
        (house.speaker, theirs["id"], 403),
        (resident(), mine["id"], 404),
        (house.speaker, str(uuid4()), 404),
        (house.speaker, mine["id"], 204),
        (house.speaker, mine["id"], 404),
    ):
        assert (await house.client.call("DELETE", f"{path}/{id}", caller=caller)).status_code == status
    assert await listed(house, case_id) == [theirs]
    assert (await house.get(f"/v1/cases/{case_id}", caller=CLERK))["attachment_count"] == 1
    assert (await fetch(house, case_id, mine["id"], caller=house.speaker)).status_code == 404
    await swept(house)
    assert len(kept(tmp_path)) == 2
    assert (await fetch(house, case_id, theirs["id"], caller=house.speaker)).status_code == 200


async def test_a_closed_case_keeps_its_files(house: House) -> None:
    case_id = await house.case()
    mine = await attach(house, case_id)
    await house.do(case_id, "withdraw", caller=house.speaker)
    path = f"/v1/cases/{case_id}/attachments/{mine['id']}"
    assert (await house.client.call("DELETE", path, caller=house.speaker)).status_code == 409
    assert (await house.client.get(path, caller=house.speaker)).status_code == 200


async def test_what_a_unit_sends_reaches_every_speaker_of_merged_cases(house: House, tmp_path: Path) -> None:
    other = resident()
    main, merged = await house.case(), await house.case(caller=other)
    await house.do(merged, "merge", {"into_case_id": main, "reason": "The same lamp."}, caller=CLERK)
    await attach(house, main)
    plan = await attach(house, main, pdf(), caller=CLERK)
    (copy,) = await listed(house, merged, caller=other)
    assert (copy["by"], copy["pages"]) == ("unit", plan["pages"])
    assert (await fetch(house, merged, copy["id"], caller=other)).status_code == 200
    assert (await fetch(house, main, plan["id"], caller=other)).status_code == 404
    assert "attachment.added" in await house.told(merged)
    assert len(kept(tmp_path)) == 3


async def test_an_official_who_speaks_sends_as_a_speaker(house: House) -> None:
    in_office = principal(Role.official, unit("village"))
    case_id = await house.case(caller=in_office)
    assert (await attach(house, case_id, caller=in_office))["by"] == "resident"


# --- anonymous speakers --------------------------------------------------------------------------------------------------


async def shown(house: House, receipt: str, content: bytes = PHOTO, **fields: str) -> httpx.Response:
    data = {"receipt": receipt, **fields}
    return await house.client.post("/v1/receipts/attachments", data=data, files={"file": (MARK, content, "image/jpeg")})


async def test_an_anonymous_speaker_sends_sees_and_takes_back(house: House, tmp_path: Path) -> None:
    filed = await house.submit(protection="anonymous")
    case_id, receipt = filed["case_id"], filed["receipt"]
    answer = await shown(house, receipt)
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert added["added_at"] == "2026-03-02T09:00:00Z"
    assert (await house.receipt("open", {"receipt": receipt})).json()["attachments"] == [added]
    for rest in ("", "/thumbnail"):
        file = await house.receipt(f"attachments/{added['id']}{rest}", {"receipt": receipt})
        assert file.status_code == 200
        assert file.headers["content-security-policy"]
        assert MARK.encode() not in file.content
    assert (await fetch(house, case_id, added["id"], caller=CLERK)).status_code == 200
    removed = await house.receipt(f"attachments/{added['id']}/remove", {"receipt": receipt})
    assert removed.json()["attachment_count"] == 0
    await swept(house)
    assert await nothing_left(house, tmp_path)


async def test_of_an_anonymous_upload_only_the_hour_is_kept(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    house.clock.advance(minutes=7)
    added = (await shown(house, filed["receipt"])).json()
    milliseconds = int(UUID(added["id"]).hex[:12], 16)
    assert milliseconds % 3_600_000 == 0
    (row,) = await house.rows("SELECT * FROM attachments")
    assert (row["added_at"].minute, row["added_at"].second, row["added_at"].microsecond) == (0, 0, 0)
    (event,) = await house.rows("SELECT * FROM outbox WHERE type = 'massline.feedback.attachment.added.v1'")
    assert (event["time"].minute, event["time"].second, event["traceparent"]) == (0, 0, "")
    assert ":37:" not in event["data"]
    await house.receipt(f"attachments/{added['id']}/remove", {"receipt": filed["receipt"]})
    (stray,) = await house.rows("SELECT * FROM stray_files")
    assert (stray["due_at"].minute, stray["due_at"].second) == (0, 0)


async def test_a_wrong_receipt_opens_no_file(house: House, tmp_path: Path) -> None:
    filed, other = [await house.submit(protection="anonymous") for _ in range(2)]
    added = (await shown(house, filed["receipt"])).json()
    assert len(kept(tmp_path)) == 2
    for verb in ("", "/thumbnail", "/remove"):
        answer = await house.receipt(f"attachments/{added['id']}{verb}", {"receipt": other["receipt"]})
        assert answer.json()["type"] == "urn:massline:problem:attachment-not-found"
        answer = await house.receipt(f"attachments/{added['id']}{verb}", {"receipt": "00000-00000-00000-00000-0"})
        assert answer.json()["type"] == "urn:massline:problem:receipt-not-found"
    for wrong in ("00000-00000-00000-00000-0", "", "\x00", "文"):
        assert (await shown(house, wrong)).status_code == 404
    assert len(kept(tmp_path)) == 2


# --- what goes wrong half way ---------------------------------------------------------------------------------------------


async def test_what_was_kept_for_a_case_that_closed_meanwhile_is_swept(house: House, tmp_path: Path) -> None:
    """The file is in the store, its row is not: as after a crash between the two."""
    case_id = await house.case()
    cabinet: Cabinet = house.service.api.state.cabinet
    await attach(house, case_id)
    await cabinet.keep(await cabinet.convert(png()), house.clock())
    await swept(house)
    assert len(kept(tmp_path)) == 4
    house.clock.advance(hours=2)
    await swept(house)
    assert len(kept(tmp_path)) == 2
    assert len(await listed(house, case_id)) == 1
    assert await house.rows("SELECT * FROM stray_files") == []


async def test_a_file_that_was_swept_before_its_row_came_is_not_claimed(house: House, tmp_path: Path) -> None:
    cabinet: Cabinet = house.service.api.state.cabinet
    file = await cabinet.keep(await cabinet.convert(png()), house.clock() - timedelta(days=1))
    await swept(house)
    assert kept(tmp_path) == []
    async with house.service.works.begin() as uow:
        with pytest.raises(Exception, match="upload-too-slow"):
            await cabinet.claim(uow, file)


async def test_a_store_that_fails_is_told_and_leaves_nothing(database_url: str, clock: ManualClock, tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.write_text("a file where a folder should be")
    service = create_service(FeedbackSettings(database_url=database_url, attachments_store=str(folder)), clock=clock)
    async with service.open():
        await plant(service)
        house = House(service, ServiceClient(service), clock)
        answer = await send(house, await house.case(), caller=house.speaker)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:massline:problem:file-store-unavailable")
        assert await house.rows("SELECT * FROM attachments") == []


async def test_a_lost_file_is_answered_as_none(house: House, tmp_path: Path) -> None:
    case_id = await house.case()
    added = await attach(house, case_id)
    for path in kept(tmp_path):
        path.unlink()
    assert (await fetch(house, case_id, added["id"], caller=house.speaker)).status_code == 404
