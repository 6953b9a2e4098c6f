"""A rejection is looked at again by the unit above."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.work import work

APPEAL = {"reason": "The yard is the village's own."}
UPHELD = {"decision": "uphold", "reason": "It is private ground."}
OVERTURNED = {"decision": "overturn", "reason": "The register says otherwise."}


async def rejected(house: House, **said: Any) -> str:
    case_id = await house.case(**said)
    await house.do(case_id, "reject", {"reason": "A private yard."}, caller=official("village"))
    return case_id


async def appealed(house: House, **said: Any) -> str:
    case_id = await rejected(house, **said)
    await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    return case_id


async def read(house: House, case_id: str, caller: Principal) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=caller)


def days(clock: Any) -> float:
    return (datetime.fromisoformat(clock["due_at"]) - datetime.fromisoformat(clock["started_at"])) / timedelta(days=1)


async def test_a_rejected_case_says_why_and_until_when_it_may_be_appealed(house: House) -> None:
    case_id = await rejected(house)
    for caller in (house.speaker, official("village"), lead("province")):
        case = await read(house, case_id, caller)
        assert case["rejection"] == {"reason": "A private yard.", "at": house.clock().isoformat().replace("+00:00", "Z")}
        assert datetime.fromisoformat(case["appealable_until"]) == house.clock() + timedelta(days=30)
    assert (await read(house, case_id, house.speaker))["allowed"] == ["appeal"]


async def test_the_speaker_appeals_to_the_unit_above_which_reads_it_from_then_on(house: House) -> None:
    case_id, above = await rejected(house), official("township")
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=above)).status_code == 404
    case = await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert (case["state"], case["appeal_unit_id"], case["appealable_until"]) == ("rejected", str(unit("township")), None)
    assert (case["appeal"]["number"], case["appeal"]["reason"], case["appeal"]["decision"]) == (1, APPEAL["reason"], None)
    (clock,) = [clock for clock in case["clocks"] if clock["kind"] == "appeal"]
    assert (days(clock), clock["met_at"]) == (30, None)
    seen = await read(house, case_id, above)
    assert (seen["allowed"], seen["appeal"]["reason"]) == (["uphold", "overturn"], APPEAL["reason"])
    assert (await read(house, case_id, official("village")))["appeal"]["reason"] == APPEAL["reason"]
    told = [json.loads(data) for type, data in await house.events(case_id) if type == "rejection.appealed"]
    assert (told[0]["unit_id"], told[0]["to_unit_id"]) == (str(unit("village")), str(unit("township")))
    assert [each["kind"] for each in told[0]["clocks"]] == ["appeal"]
    assert APPEAL["reason"] not in str(await house.events(case_id))


@pytest.mark.parametrize("caller", [official("township"), lead("township"), admin()])
async def test_an_upheld_rejection_stays_and_the_speaker_reads_why(house: House, caller: Principal) -> None:
    case_id = await appealed(house)
    house.clock.advance(days=2)
    await house.do(case_id, "appeal/decide", UPHELD, caller=caller)
    case = await read(house, case_id, house.speaker)
    assert (case["state"], case["appeal_unit_id"], case["allowed"]) == ("rejected", None, [])
    assert (case["appeal"]["decision"], case["appeal"]["decision_reason"]) == ("uphold", UPHELD["reason"])
    (clock,) = [clock for clock in case["clocks"] if clock["kind"] == "appeal"]
    assert clock["met_at"] == case["appeal"]["decided_at"]
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert [(entry["verb"], entry["by_role"]) for entry in timeline[-2:]] == [("appeal", "speaker"), ("uphold", caller.role)]
    (told,) = [json.loads(data) for type, data in await house.events(case_id) if type == "appeal.decided"]
    assert (told["overturned"], told["by_unit_id"], told["clocks"]) == (False, str(unit("township")), [])


async def test_an_overturned_rejection_is_owed_again_with_new_clocks(house: House) -> None:
    case_id = await appealed(house)
    house.clock.advance(days=2)
    case = await house.do(case_id, "appeal/decide", OVERTURNED, caller=official("township"))
    assert (case["state"], case["unit_id"], case["rejection"]) == ("in_progress", str(unit("village")), None)
    running = [clock for clock in case["clocks"] if clock["met_at"] is None and clock["stopped_at"] is None]
    assert [(clock["kind"], clock["round"], days(clock)) for clock in running] == [
        ("first_answer", 1, 30),
        ("resolution", 1, 90),
    ]
    (told,) = [json.loads(data) for type, data in await house.events(case_id) if type == "appeal.decided"]
    assert (told["overturned"], [each["kind"] for each in told["clocks"]]) == (True, ["first_answer", "resolution"])
    case = await house.do(case_id, "answer", {"text": "Mended after all."}, caller=official("village"))
    assert case["state"] == "answered"


async def test_one_appeal_for_each_rejection(house: House) -> None:
    case_id = await appealed(house)
    answer = await house.try_do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:not-appealable")
    await house.do(case_id, "appeal/decide", OVERTURNED, caller=official("township"))
    await house.do(case_id, "reject", {"reason": "Still private."}, caller=official("village"))
    case = await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert (case["appeal"]["number"], case["appeal"]["decision"], case["rejection"]["reason"]) == (2, None, "Still private.")
    await house.do(case_id, "appeal/decide", UPHELD, caller=official("township"))
    answer = await house.try_do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:not-appealable")


async def test_the_time_for_an_appeal_ends(house: House) -> None:
    case_id = await rejected(house)
    house.clock.advance(days=30, microseconds=1)
    assert (await read(house, case_id, house.speaker))["allowed"] == []
    answer = await house.try_do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:appeal-over")


async def test_a_unit_that_the_case_is_about_does_not_decide(house: House) -> None:
    """The township is blamed, so the county has the case, and its prefecture decides."""
    case_id = await house.case(about=[str(unit("township"))])
    await house.do(case_id, "reject", {"reason": "No."}, caller=official("county"))
    case = await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    assert case["appeal_unit_id"] == str(unit("prefecture"))
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=lead("township"))).status_code == 404


async def test_above_the_root_there_is_nobody_to_appeal_to(house: House) -> None:
    case_id = await house.case(unit_id=unit("province"))
    case = await house.do(case_id, "reject", {"reason": "No."}, caller=official("province"))
    assert case["appealable_until"] is None
    assert (await read(house, case_id, house.speaker))["allowed"] == []
    assert (await house.try_do(case_id, "appeal", APPEAL, caller=house.speaker)).status_code == 409


async def test_who_may_not_appeal_nor_decide(house: House) -> None:
    case_id = await rejected(house)
    assert (await house.try_do(case_id, "appeal", APPEAL, caller=official("village"))).status_code == 403
    assert (await house.try_do(case_id, "appeal", APPEAL, caller=resident())).status_code == 404
    assert (await house.try_do(case_id, "appeal/decide", UPHELD, caller=admin())).json()["type"].endswith(":no-appeal")
    await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    callers = [official("village"), lead("county"), inspector("township"), house.speaker]
    statuses = [(await house.try_do(case_id, "appeal/decide", UPHELD, caller=caller)).status_code for caller in callers]
    assert statuses == [403, 403, 403, 403]
    assert (await house.try_do(case_id, "appeal/decide", UPHELD, caller=official("neighbour"))).status_code == 404
    open_case = await house.case()
    assert (await house.try_do(open_case, "appeal", APPEAL, caller=house.speaker)).status_code == 409
    assert (await house.try_do(open_case, "appeal/decide", UPHELD, caller=admin())).status_code == 409


async def test_a_joint_unit_that_is_the_one_above_decides_too(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "joint-units", {"unit_id": str(unit("township")), "task": "Advise"}, caller=official("village"))
    await house.do(case_id, "reject", {"reason": "No."}, caller=official("village"))
    await house.do(case_id, "appeal", APPEAL, caller=house.speaker)
    case = await house.do(case_id, "appeal/decide", OVERTURNED, caller=official("township"))
    assert (case["state"], case["allowed"]) == ("in_progress", ["message", "leave"])


async def test_an_anonymous_speaker_appeals_by_receipt_and_leaves_only_the_hour(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    await house.do(filed["case_id"], "reject", {"reason": "No."}, caller=official("village"))
    answer = await house.receipt("appeal", {"receipt": filed["receipt"], **APPEAL})
    assert answer.status_code == 200
    assert answer.json()["appeal"]["appealed_at"] == "2026-03-02T09:00:00Z"
    (told,) = [json.loads(data) for type, data in await house.events(filed["case_id"]) if type == "rejection.appealed"]
    assert told["appealed_at"] == "2026-03-02T09:00:00Z"
    (since,) = [row["since"] for row in await house.rows("SELECT since FROM case_units")]
    assert since.minute == since.second == since.microsecond == 0
    await house.do(filed["case_id"], "appeal/decide", OVERTURNED, caller=official("township"))
    shown = (await house.receipt("open", {"receipt": filed["receipt"]})).json()["case"]
    assert (shown["state"], shown["appeal"]["decision_reason"]) == ("in_progress", OVERTURNED["reason"])


async def test_an_appeal_that_nobody_decides_climbs_from_the_deciding_unit(house: House) -> None:
    case_id = await appealed(house)
    house.clock.advance(days=30)
    await work(house.service)
    case = await read(house, case_id, official("county"))
    assert [(step["cause"], step["unit_id"]) for step in case["escalations"]] == [("appeal", str(unit("county")))]
    assert case["appeal_unit_id"] == str(unit("township"))
    await house.do(case_id, "appeal/decide", UPHELD, caller=official("township"))
    house.clock.advance(days=400)
    await work(house.service)
    assert len((await read(house, case_id, admin()))["escalations"]) == 1


async def test_two_decisions_at_once_are_one(house: House) -> None:
    case_id = await appealed(house)
    answers = await asyncio.gather(
        *(house.try_do(case_id, "appeal/decide", said, caller=official("township")) for said in (UPHELD, OVERTURNED, UPHELD))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403]
    assert (await house.told(case_id)).count("appeal.decided") == 1


async def test_an_appeal_beside_a_hand_over_leaves_one_of_them(house: House) -> None:
    """A rejected case does not change hands, and one that was overturned cannot be appealed."""
    case_id = await rejected(house)
    hand_over = {"unit_id": str(unit("neighbour")), "reason": "Theirs"}
    answers = await asyncio.gather(
        house.try_do(case_id, "appeal", APPEAL, caller=house.speaker),
        house.try_do(case_id, "hand-over", hand_over, caller=official("village")),
    )
    assert [answer.status_code for answer in answers] == [200, 409]
    await house.do(case_id, "appeal/decide", OVERTURNED, caller=official("township"))
    case = await house.do(case_id, "hand-over", hand_over, caller=official("village"))
    assert (case["unit_id"], case["appeal"]["decision"]) == (str(unit("neighbour")), "overturn")
