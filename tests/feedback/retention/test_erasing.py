"""When its time has come, what was said is gone, from the rows and from the files; and the case still tells what was done."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from services.feedback.cases.queries.access import Holder
from services.feedback.ledger.actions import seal_ledger
from services.feedback.ledger.verifier import check
from services.feedback.opinions.queries import prove_held
from services.feedback.retention.actions.erasing import end_due_access, erase_due_words
from services.feedback.retention.words import ERASED
from tests.feedback.cases.test_sealing import EVERY_WORD, SAID, say, tell
from tests.feedback.files import pdf
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.retention.test_resealing import attach
from tests.privacy.marks import Mark, found_in, found_under

PROTECTIONS = ("named", "confidential", "anonymous")
NEIGHBOUR = official("neighbour")


async def run(house: House) -> None:
    cabinet = house.service.api.state.cabinet
    for job in (end_due_access, erase_due_words(cabinet), cabinet.sweep):
        more = True
        while more:
            async with house.service.works.begin() as uow:
                more = await job(uow)


async def erased(house: House, case_id: str) -> bool:
    (row,) = await house.rows("SELECT erased_at FROM cases WHERE id = $1", case_id)
    return row["erased_at"] is not None


async def ended(house: House, protection: str = "anonymous", **said: Any) -> tuple[str, str | None]:
    """A withdrawn case; (its id, its receipt)."""
    filed = await house.submit(protection=protection, **said)
    await say(house, filed["case_id"], filed["receipt"], "withdraw", {"reason": "xqwithdrawn"})
    return filed["case_id"], filed["receipt"]


async def due(house: House) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"access": set(), "words": set()}
    for case in (await house.get("/v1/retention/due", caller=admin()))["first"]:
        found[case["end"]].add(case["case_id"])
    return found


async def test_access_ends_before_words_and_a_dry_run_says_so_before(house: House) -> None:
    case_id, receipt = await ended(house)
    house.clock.advance(days=179)
    assert await due(house) == {"access": set(), "words": set()}
    await run(house)
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200

    house.clock.advance(days=2)
    assert await due(house) == {"access": {case_id}, "words": set()}
    never = await house.receipt("open", {"receipt": "00000-00000-00000-00000-0"})
    await run(house)
    gone = await house.receipt("open", {"receipt": receipt})
    assert gone.status_code == never.status_code == 404
    assert gone.json()["type"] == never.json()["type"]
    assert await due(house) == {"access": set(), "words": set()}
    assert (await house.get(f"/v1/cases/{case_id}", caller=official("village")))["title"] == "The lamp is broken"

    house.clock.advance(days=730 - 181 + 1)
    assert await due(house) == {"access": set(), "words": {case_id}}
    await run(house)
    assert await erased(house, case_id)
    assert await due(house) == {"access": set(), "words": set()}
    assert [type for type in await house.told(case_id) if type == "case.erased"] == ["case.erased"]


@pytest.mark.parametrize("protection", PROTECTIONS)
async def test_an_erased_case_tells_what_was_done_and_nothing_that_was_said(house: House, protection: str) -> None:
    case_id, _ = await tell(house, protection)
    before = await house.get(f"/v1/cases/{case_id}", caller=NEIGHBOUR)
    house.clock.advance(days=1826)
    await run(house)
    case = await house.get(f"/v1/cases/{case_id}", caller=NEIGHBOUR)
    assert (case["title"], case["body"], case["place"], case["outcome"]) == (ERASED, None, None, None)
    same = ("state", "unit_id", "channel", "kind", "clocks", "refused_count", "handed_over_count", "opened_at")
    assert {name: case[name] for name in same} == {name: before[name] for name in same}
    assert case["erased_at"] is not None
    for part in ("messages", "notes", "timeline", "joint-units", "attachments", "similar"):
        answer = await house.client.get(f"/v1/cases/{case_id}/{part}", caller=NEIGHBOUR)
        assert answer.status_code == 200, answer.text
        assert not [word for word in EVERY_WORD if word in answer.text], part
    seals = (await house.get("/v1/retention", caller=admin()))["seals"]
    assert seals["cases_sealed_otherwise"] == 0, "where there are no words there is nothing to seal"
    refused = await house.try_do(case_id, "notes", {"text": "Another word."}, caller=NEIGHBOUR)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:massline:problem:case-erased")
    for place, value in await house.everything():
        told = [word for word in EVERY_WORD if word in value.lower()]
        assert not told, place
    assert (await house.get("/v1/cases", caller=house.speaker))["items"] == []
    assert [each["id"] for each in (await house.get("/v1/cases", caller=NEIGHBOUR, kind="report"))["items"]] == [case_id]


async def test_what_is_not_over_is_not_erased(house: House) -> None:
    """Open, still open to an appeal, held for proceedings, or with a report of retaliation that nobody has decided."""
    waiting = await house.case(protection="anonymous")
    rejected = await house.case(protection="confidential")
    await house.do(rejected, "reject", {"reason": "No."}, caller=official("village"))
    await house.do(rejected, "appeal", {"reason": "Yes."}, caller=house.speaker)
    held, receipt = await ended(house)
    await house.do(held, "legal-hold", {"motive": "A trial."}, caller=lead("county"))
    hurt, hurt_receipt = await ended(house)
    answer = await house.receipt("retaliation", {"receipt": hurt_receipt, "text": "They came to my door."})
    assert answer.status_code == 201, answer.text
    over, _ = await ended(house)
    house.clock.advance(days=3000)
    assert await due(house) == {"access": {over}, "words": {over}}
    await run(house)
    assert [await erased(house, each) for each in (waiting, rejected, held, hurt, over)] == [False, False, False, False, True]
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200


async def test_a_hold_is_shown_to_the_speaker_lifted_and_written_down(house: House) -> None:
    case_id, receipt = await ended(house)
    held = await house.do(case_id, "legal-hold", {"motive": "A trial."}, caller=inspector("township"))
    assert held["legal_hold"]["motive"] == "A trial."
    again = await house.try_do(case_id, "legal-hold", {"motive": "Another."}, caller=lead("county"))
    assert (again.status_code, again.json()["type"]) == (409, "urn:massline:problem:case-held")
    shown = (await house.receipt("open", {"receipt": receipt})).json()
    assert shown["case"]["legal_hold"]["motive"] == "A trial."
    house.clock.advance(days=1000)
    lifted = await house.do(case_id, "legal-hold/lift", {"reason": "It is over."}, caller=lead("county"))
    assert lifted["legal_hold"]["lift_reason"] == "It is over."
    shown = (await house.receipt("open", {"receipt": receipt})).json()
    assert shown["case"]["legal_hold"]["lift_reason"] == "It is over."
    assert shown["case"]["legal_hold"]["lifted_at"] is not None
    again = await house.try_do(case_id, "legal-hold/lift", {"reason": "Twice."}, caller=lead("county"))
    assert (again.status_code, again.json()["type"]) == (409, "urn:massline:problem:case-not-held")
    acts = [entry["act"] for entry in (await house.get("/v1/audit", caller=admin(), case_id=case_id))["items"]]
    assert acts == ["hold_lifted", "case_held"]
    assert [type for type in await house.told(case_id) if "hold" in type] == ["legal-hold.placed", "legal-hold.lifted"]
    await run(house)
    assert await erased(house, case_id)
    refused = await house.try_do(case_id, "legal-hold", {"motive": "Late."}, caller=lead("county"))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:massline:problem:case-erased")


async def test_who_may_not_hold(house: House) -> None:
    case_id = await house.case(about=[str(unit("township"))])
    for caller, status in ((official("county"), 403), (house.speaker, 403), (lead("township"), 404), (lead("elsewhere"), 404)):
        refused = await house.try_do(case_id, "legal-hold", {"motive": "A trial."}, caller=caller)
        assert refused.status_code == status, caller
    speaker = lead("county")
    spoken = await house.case(caller=speaker, protection="confidential")
    refused = await house.try_do(spoken, "legal-hold", {"motive": "Mine."}, caller=speaker)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:massline:problem:not-yours-to-do")


async def test_many_workers_erase_each_once(house: House) -> None:
    for _ in range(3):
        await ended(house, caller=resident())
    house.clock.advance(days=1000)
    await asyncio.gather(*(run(house) for _ in range(4)))
    erased_events = [data for type, data in await house.events() if type == "case.erased"]
    assert len({json.loads(data)["case_id"] for data in erased_events}) == len(erased_events) == 3


async def test_a_request_for_an_identity_takes_no_words_once_its_case_is_erased(house: House) -> None:
    case_id, _ = await ended(house, "confidential", identity={"name": "Somebody"})
    house.clock.advance(days=1000)
    asking = official("village")
    asked = {"motive": "A letter must arrive.", "hours": 4}
    request = await house.do(case_id, "identity-requests", asked, caller=asking)
    await run(house)
    way, above = f"/v1/identity-requests/{request['id']}", lead("township")
    refused = await house.client.post(f"{way}/reject", caller=above, json={"reason": "xqreason"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:massline:problem:case-erased")
    approved = await house.client.post(f"{way}/approve", caller=above, json={})
    assert approved.status_code == 200, approved.text
    opened = await house.client.post(f"{way}/open", caller=asking, json={})
    assert (opened.status_code, opened.json()["type"]) == (409, "urn:massline:problem:no-identity")


async def test_a_proof_holds_when_its_words_are_gone(house: House) -> None:
    await ended(house)
    house.clock.advance(days=2)
    async with house.service.works.begin() as uow:
        await seal_ledger(uow)
    house.clock.advance(days=1000)
    await run(house)
    async with house.service.works.begin() as uow:
        (row,) = await house.rows("SELECT id FROM cases")
        proof = await prove_held(uow, Holder(row["id"]))
    assert proof.opening is None
    check(json.loads(proof.model_dump_json()), proof.seal)


async def test_files_go_with_the_words_but_not_while_another_case_has_them(house: House) -> None:
    main = await house.case()
    twin = await house.case(caller=resident())
    await house.do(twin, "merge", {"into_case_id": main, "reason": "One lamp."}, caller=official("village"))
    path = f"/v1/cases/{main}/attachments"
    sent = await house.client.post(path, caller=official("village"), files={"file": ("a.pdf", pdf())})
    assert sent.status_code == 201
    await house.do(main, "withdraw", {}, caller=house.speaker)
    house.clock.advance(days=2000)
    await run(house)
    assert await erased(house, main)
    (kept,) = await house.rows("SELECT id FROM attachments")
    shown = await house.client.get(f"/v1/cases/{twin}/attachments/{kept['id']}", caller=official("village"))
    assert shown.content.startswith(b"%PDF")


@pytest.mark.slow
async def test_no_byte_is_left_in_the_database_the_store_or_the_log(
    house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """After the tables were written anew, as VACUUM FULL does. A named case's words are plain until then."""
    marks: dict[str, Mark] = {word: word for word in (*EVERY_WORD, "xqcalled", "xqreached")}
    for protection in PROTECTIONS:
        case_id, receipt = await tell(house, protection)
        if receipt is not None:
            plain = receipt.replace("-", "")
            marks |= {"receipt": receipt, "plain": plain, "half": plain[:10]}
        else:
            await ended(house, protection, identity={"name": "xqcalled", "contact": "xqreached@example.org"})
        await say(house, case_id, receipt, "reopen", {"reason": "xqreason"})
        await attach(house, case_id, receipt)
        await say(house, case_id, receipt, "withdraw", {"reason": "xqwithdrawn"})
    folder, store = await _folder_of(house), tmp_path / "attachments"
    await house.rows("CHECKPOINT")
    assert found_under(folder, {"named": SAID["title"]}), "what was said by name is found before"
    assert [file for file in store.rglob("*") if file.is_file()]
    house.clock.advance(days=1826)
    await run(house)
    for row in await house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await house.rows(f'VACUUM FULL "{row["tablename"]}"')
    await house.rows("CHECKPOINT")
    assert found_under(folder, marks) == {}
    assert [file for file in store.rglob("*") if file.is_file()] == []
    assert found_in("".join(capfd.readouterr()).encode(), marks) == []


async def _folder_of(house: House) -> Path:
    (row,) = await house.rows(
        "SELECT current_setting('data_directory') AS folder, oid FROM pg_database WHERE datname = current_database()"
    )
    return Path(row["folder"]) / "base" / str(row["oid"])


async def test_what_was_shared_is_shared_no_more(house: House) -> None:
    case_id = await house.case(shared=True)
    await house.do(case_id, "withdraw", {}, caller=house.speaker)
    await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    await house.do(case_id, "answer", {"text": "Mended."}, caller=official("village"))
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    assert (await house.client.get(f"/v1/shared-cases/{case_id}", caller=resident())).status_code == 200
    house.clock.advance(days=1826)
    await run(house)
    assert (await house.client.get(f"/v1/shared-cases/{case_id}", caller=resident())).status_code == 404
