"""A speaker takes a passage out of their own words, and it is gone from everywhere."""

from typing import Any

import pytest

from services.feedback.redactions.rules import REDACTED
from tests.feedback.cases.test_sealing import say, with_keys
from tests.feedback.house import House, admin, lead, official, plant, resident
from tests.support.clock import ManualClock
from tests.support.databases import Databases

CLERK = official("village")
NAME = "Mister Xqname"
SAID: dict[str, Any] = {"title": f"{NAME} took it", "body": f"It was {NAME}. Again: {NAME}.", "place": f"Beside {NAME}"}
PROTECTIONS = ("named", "confidential", "anonymous")


@pytest.mark.parametrize("protection", PROTECTIONS)
async def test_a_passage_is_gone_from_everywhere(house: House, protection: str) -> None:
    filed = await house.submit(protection=protection, **SAID)
    case_id, receipt = filed["case_id"], filed["receipt"]
    await say(house, case_id, receipt, "messages", {"text": f"{NAME} came back."})
    await house.do(case_id, "answer", {"text": "We have spoken with him."}, caller=CLERK)
    await say(house, case_id, receipt, "confirm", {"resolved": False})
    await say(house, case_id, receipt, "withdraw", {"reason": f"{NAME} threatens me."})
    shown = await say(house, case_id, receipt, "redact", {"passage": NAME})
    assert (shown["title"], shown["place"]) == (f"{REDACTED} took it", f"Beside {REDACTED}")
    assert shown["body"] == f"It was {REDACTED}. Again: {REDACTED}."
    messages = (await house.get(f"/v1/cases/{case_id}/messages", caller=CLERK))["items"]
    assert [message["text"] for message in messages] == [f"{REDACTED} came back.", "We have spoken with him."]
    acts = await house.get(f"/v1/cases/{case_id}/timeline", caller=CLERK)
    assert [(act["verb"], act["reason"]) for act in acts][-2:] == [("withdraw", f"{REDACTED} threatens me."), ("redact", None)]
    for place, value in await house.everything():
        assert "xqname" not in value.lower(), place
    assert (await house.told(case_id))[-1] == "case.redacted"
    assert (await house.get("/v1/cases", caller=CLERK, q="Xqname"))["items"] == []
    found = (await house.get("/v1/cases", caller=CLERK, q="again"))["items"]
    assert len(found) == (1 if protection == "named" else 0)


async def test_attributes_are_words_too(house: House) -> None:
    case_id = await house.case(protection="confidential")
    await house.rows('UPDATE cases SET attributes = \'{"who": "Mister Xqname", "n": 3}\' WHERE id = $1', case_id)
    shown = await house.do(case_id, "redact", {"passage": NAME}, caller=house.speaker)
    assert shown["attributes"] == {"who": REDACTED, "n": 3}


async def test_words_whose_key_is_lost_stay_as_they_are(databases: Databases, clock: ManualClock) -> None:
    url, first, second = databases.fresh("feedback"), "1:" + "the first key " * 4, "2:" + "the second key " * 4
    async with with_keys(url, clock, first) as house:
        await plant(house.service)
        speaker, case_id = house.speaker, await house.case(protection="confidential", **SAID)
    async with with_keys(url, clock, second) as house:
        refused = await house.try_do(case_id, "redact", {"passage": "key"}, caller=speaker)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:passage-not-found")
    async with with_keys(url, clock, f"{second},{first}") as house:
        assert (await house.get(f"/v1/cases/{case_id}", caller=speaker))["body"] == SAID["body"]


async def test_what_the_unit_wrote_stays_and_what_is_nowhere_is_said(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "answer", {"text": "Ours alone."}, caller=CLERK)
    refused = await house.try_do(case_id, "redact", {"passage": "Ours alone"}, caller=house.speaker)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:passage-not-found")
    assert (await house.try_do(case_id, "redact", {"passage": "x"}, caller=house.speaker)).status_code == 422


async def test_nobody_redacts_the_words_of_somebody_else(house: House) -> None:
    case_id = await house.case()
    for caller in (CLERK, lead("county"), admin(), resident()):
        refused = await house.try_do(case_id, "redact", {"passage": "lamp"}, caller=caller)
        assert (refused.status_code, refused.json()["type"]) == (404, "urn:massline:problem:case-not-found")


async def test_a_proof_shows_no_words_that_are_not_those_that_were_filed(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "redact", {"passage": "lamp"}, caller=house.speaker)
    (leaf,) = await house.rows("SELECT salt FROM ledger_leaves")
    assert leaf["salt"] is None


async def test_personal_data_is_pointed_out_before_and_after_filing(house: House) -> None:
    said: dict[str, Any] = {"title": "The lamp", "body": "Call me: 138 1234 5678."}
    draft = await house.client.post("/v1/opinions/similar", json={**said, "unit_id": str(CLERK.unit_id)})
    filed = await house.submit(**said)
    assert (
        draft.json()["advice"] == filed["advice"] == ["This seems to hold a telephone number. Whoever handles the case reads it."]
    )
    assert (await house.submit())["advice"] == []
