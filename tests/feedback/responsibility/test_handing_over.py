"""A case changes hands: both units stay visible, the clocks run on."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit

WHY = "The lamp stands on the neighbour's ground."


def to(code: str, reason: str = WHY) -> dict[str, str]:
    return {"unit_id": str(unit(code)), "reason": reason}


async def read(house: House, case_id: str, caller: Principal) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=caller)


@pytest.mark.parametrize("caller", [official("village"), lead("village"), lead("township"), lead("province"), admin()])
async def test_the_unit_a_lead_above_and_an_administrator_hand_over(house: House, caller: Principal) -> None:
    case_id = await house.case()
    house.clock.advance(days=1)
    case = await house.do(case_id, "hand-over", to("neighbour"), caller=caller)
    assert (case["unit_id"], case["state"], case["handed_over_count"]) == (str(unit("neighbour")), "received", 1)
    former, owner = case["owners"]
    assert (former["name"], former["until"], former["reason"]) == ("The village", owner["since"], None)
    assert (owner["name"], owner["until"], owner["reason"]) == ("The neighbour", None, WHY)
    assert former["since"] == case["opened_at"]


async def test_the_speaker_sees_both_owners_and_the_reason(house: House) -> None:
    case_id = await house.case()
    case = await read(house, case_id, house.speaker)
    assert [(owner["name"], owner["until"]) for owner in case["owners"]] == [("The village", None)]
    await house.do(case_id, "hand-over", to("elsewhere"), caller=official("village"))
    case = await read(house, case_id, house.speaker)
    assert [owner["name"] for owner in case["owners"]] == ["The village", "The elsewhere"]
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert (timeline[-1]["verb"], timeline[-1]["by_role"], timeline[-1]["reason"]) == ("hand_over", "official", WHY)
    assert timeline[-1]["by_unit_id"] == str(unit("village"))


async def test_who_holds_the_receipt_sees_both_owners_and_all_readers(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    await house.do(filed["case_id"], "hand-over", to("elsewhere"), caller=official("village"))
    shown = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    assert [owner["name"] for owner in shown["case"]["owners"]] == ["The village", "The elsewhere"]
    assert [reader["code"] for reader in shown["readers"]] == ["elsewhere", "prefecture", "province", "village"]


async def test_the_clocks_run_on(house: House) -> None:
    case_id = await house.case()
    before = (await read(house, case_id, house.speaker))["clocks"]
    house.clock.advance(days=3)
    after = (await house.do(case_id, "hand-over", to("neighbour"), caller=official("village")))["clocks"]
    assert after == before


async def test_the_former_owner_reads_on_and_the_new_one_answers_at_once(house: House) -> None:
    case_id, before, now = await house.case(), official("village"), official("neighbour")
    await house.do(case_id, "hand-over", to("neighbour"), caller=before)
    assert (await read(house, case_id, before))["allowed"] == []
    listed = await house.get("/v1/cases", caller=before)
    assert [case["id"] for case in listed["items"]] == [case_id]
    assert (await house.try_do(case_id, "answer", {"text": "Yes."}, caller=before)).status_code == 403
    case = await house.do(case_id, "answer", {"text": "Mended."}, caller=now)
    assert case["state"] == "answered"
    assert {entry["unit_id"]: entry["part"] for entry in case["units"]} == {str(unit("village")): "former"}


async def test_handing_on_and_back_is_counted_and_shown(house: House) -> None:
    case_id = await house.case()
    for sender, receiver in (("village", "neighbour"), ("neighbour", "elsewhere"), ("elsewhere", "village")):
        house.clock.advance(days=1)
        await house.do(case_id, "hand-over", to(receiver, f"From {sender}"), caller=official(sender))
    case = await read(house, case_id, official("village"))
    assert case["handed_over_count"] == 3
    assert [owner["name"] for owner in case["owners"]] == ["The village", "The neighbour", "The elsewhere", "The village"]
    assert [owner["reason"] for owner in case["owners"]] == [None, "From village", "From neighbour", "From elsewhere"]
    assert [before["until"] for before in case["owners"][:-1]] == [after["since"] for after in case["owners"][1:]]
    assert {entry["unit_id"] for entry in case["units"]} == {str(unit("neighbour")), str(unit("elsewhere"))}
    told = [json.loads(data) for type, data in await house.events(case_id) if type == "case.handed-over"]
    assert [event["handed_over_count"] for event in told] == [1, 2, 3]
    assert told[0] == {
        "case_id": case_id,
        "unit_id": str(unit("neighbour")),
        "finding_id": None,
        "from_unit_id": str(unit("village")),
        "handed_over_count": 1,
        "handed_over_at": case["owners"][1]["since"],
    }


async def test_what_is_refused(house: House) -> None:
    case_id, clerk = await house.case(about=[str(unit("elsewhere"))]), official("village")

    async def refused(body: Any, caller: Principal = clerk) -> tuple[int, str]:
        answer = await house.try_do(case_id, "hand-over", body, caller=caller)
        return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]

    assert await refused(to("village")) == (409, "unit-owes-case")
    assert await refused(to("elsewhere")) == (422, "unit-concerned")
    assert await refused({"unit_id": str(uuid4()), "reason": WHY}) == (404, "unit-not-found")
    assert await refused({"unit_id": str(unit("neighbour"))}) == (422, "invalid-request")
    assert await refused(to("neighbour"), inspector("village")) == (403, "not-yours-to-do")
    assert await refused(to("neighbour"), house.speaker) == (403, "not-yours-to-do")
    assert await refused(to("neighbour"), official("neighbour")) == (404, "case-not-found")
    assert await refused(to("neighbour"), resident()) == (404, "case-not-found")
    await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    assert await refused(to("neighbour")) == (409, "case-state")


async def test_of_two_who_hand_over_at_once_one_does(house: House) -> None:
    case_id = await house.case()
    answers = await asyncio.gather(
        *(
            house.try_do(case_id, "hand-over", to(code), caller=official("village"))
            for code in ("neighbour", "elsewhere", "township")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403]
    case = await read(house, case_id, admin())
    assert (case["handed_over_count"], len(case["owners"])) == (1, 2)
    assert (await house.told(case_id)).count("case.handed-over") == 1


async def test_a_joint_unit_that_gets_the_case_owes_it_and_is_joint_no_more(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    await house.do(case_id, "joint-units", {"unit_id": str(unit("neighbour")), "task": "Bring a ladder"}, caller=clerk)
    case = await house.do(case_id, "hand-over", to("neighbour"), caller=clerk)
    assert [entry["part"] for entry in case["units"]] == ["former"]
    assert (await house.told(case_id))[-2:] == ["joint-unit.left", "case.handed-over"]
    (joint,) = await house.get(f"/v1/cases/{case_id}/joint-units", caller=clerk)
    assert (joint["state"], joint["left_reason"]) == ("left", WHY)
    assert "answer" in (await read(house, case_id, official("neighbour")))["allowed"]


async def test_cases_answered_together_change_hands_together(house: House) -> None:
    main, follower, clerk = await house.case(), await house.case(), official("village")
    await house.do(follower, "merge", {"into_case_id": main, "reason": "The same lamp"}, caller=clerk)
    await house.do(main, "hand-over", to("neighbour"), caller=clerk)
    case = await read(house, follower, official("neighbour"))
    assert (case["unit_id"], case["merged_into"], case["handed_over_count"]) == (str(unit("neighbour")), main, 1)
    assert [owner["name"] for owner in case["owners"]] == ["The village", "The neighbour"]


async def test_an_officials_own_opinion_goes_along_too(house: House) -> None:
    clerk = official("village")
    main, own = await house.case(), await house.case(caller=clerk)
    await house.do(own, "merge", {"into_case_id": main, "reason": "The same lamp"}, caller=official("village"))
    await house.do(main, "hand-over", to("neighbour"), caller=clerk)
    assert (await read(house, own, clerk))["unit_id"] == str(unit("neighbour"))


async def test_a_merged_case_that_waits_for_its_judgement_stays_and_goes_alone(house: House) -> None:
    main, follower, clerk = await house.case(), await house.case(), official("village")
    await house.do(follower, "merge", {"into_case_id": main, "reason": "The same lamp"}, caller=clerk)
    await house.do(main, "answer", {"text": "Mended."}, caller=clerk)
    await house.do(main, "confirm", {"resolved": False}, caller=house.speaker)
    await house.do(main, "hand-over", to("neighbour"), caller=clerk)
    case = await read(house, follower, house.speaker)
    assert (case["unit_id"], case["merged"], case["handed_over_count"]) == (str(unit("village")), False, 0)
    assert (await house.told(follower))[-1] == "case.unmerged"


async def test_the_first_hand_over_writes_both_owners_and_an_untouched_case_none(house: House) -> None:
    case_id = await house.case()
    assert not await house.rows("SELECT 1 FROM case_owners")
    await house.do(case_id, "hand-over", to("neighbour"), caller=official("village"))
    rows = await house.rows("SELECT unit_id FROM case_owners WHERE case_id = $1 ORDER BY number", UUID(case_id))
    assert [row["unit_id"] for row in rows] == [unit("village"), unit("neighbour")]
