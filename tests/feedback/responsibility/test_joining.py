"""Units that work on a case beside the one that owes it."""

import asyncio
from typing import Any

import pytest

from services.feedback.responsibility.actions import joining
from shared.auth import Principal
from tests.feedback.house import House, admin, lead, official, unit

TASK = {"task": "Bring a ladder"}


async def invite(house: House, case_id: str, code: str, caller: Principal | None = None) -> Any:
    body = {"unit_id": str(unit(code)), **TASK}
    return await house.try_do(case_id, "joint-units", body, caller=caller or official("village"))


async def leave(house: House, case_id: str, code: str, caller: Principal) -> Any:
    return await house.try_do(case_id, f"joint-units/{unit(code)}/leave", {"reason": "Done"}, caller=caller)


async def test_a_unit_elsewhere_and_of_another_level_works_on_the_case_too(house: House) -> None:
    case_id, helper = await house.case(), official("elsewhere")
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=helper)).status_code == 404
    answer = await invite(house, case_id, "elsewhere")
    assert answer.status_code == 201
    assert answer.json() == {
        "unit_id": str(unit("elsewhere")),
        "name": "The elsewhere",
        "task": "Bring a ladder",
        "state": "working",
        "invited_at": house.clock().isoformat().replace("+00:00", "Z"),
        "left_at": None,
        "left_reason": None,
    }
    assert [case["id"] for case in (await house.get("/v1/cases", caller=helper))["items"]] == [case_id]
    assert (await house.get(f"/v1/cases/{case_id}", caller=helper))["allowed"] == ["message", "leave"]
    assert (await house.try_do(case_id, "answer", {"text": "Yes."}, caller=helper)).status_code == 403
    message = await house.do(case_id, "messages", {"text": "Which side of the well?"}, caller=helper)
    assert (message["by"], message["unit_id"]) == ("unit", str(unit("elsewhere")))
    assert (await house.told(case_id))[-2:] == ["joint-unit.invited", "case-message.added"]


async def test_everybody_who_sees_the_case_sees_who_works_on_it(house: House) -> None:
    case_id = await house.case()
    await invite(house, case_id, "elsewhere")
    for caller in (house.speaker, official("village"), lead("county"), official("elsewhere")):
        (joint,) = await house.get(f"/v1/cases/{case_id}/joint-units", caller=caller)
        assert (joint["name"], joint["task"], joint["state"]) == ("The elsewhere", "Bring a ladder", "working")


@pytest.mark.parametrize("caller", [official("neighbour"), official("village"), admin()], ids=["itself", "owner", "admin"])
async def test_its_part_ends_by_itself_or_by_the_owner(house: House, caller: Principal) -> None:
    case_id = await house.case()
    await invite(house, case_id, "neighbour")
    answer = await leave(house, case_id, "neighbour", caller)
    assert (answer.status_code, answer.json()["state"], answer.json()["left_reason"]) == (200, "left", "Done")
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=official("neighbour"))).status_code == 404
    assert (await house.told(case_id))[-1] == "joint-unit.left"
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert [(entry["verb"], entry["reason"]) for entry in timeline[1:]] == [("invite", "Bring a ladder"), ("leave", "Done")]
    assert (await leave(house, case_id, "neighbour", official("village"))).status_code == 404
    assert (await invite(house, case_id, "neighbour")).status_code == 201
    joint = await house.get(f"/v1/cases/{case_id}/joint-units", caller=house.speaker)
    assert [each["state"] for each in joint] == ["left", "working"]


async def test_what_is_refused(house: House) -> None:
    case_id = await house.case(about=[str(unit("elsewhere"))])

    async def refused(answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]

    assert await refused(await invite(house, case_id, "village")) == (409, "unit-owes-case")
    assert await refused(await invite(house, case_id, "elsewhere")) == (422, "unit-concerned")
    assert await refused(await invite(house, case_id, "township", lead("township"))) == (403, "not-yours-to-do")
    assert await refused(await invite(house, case_id, "township", house.speaker)) == (403, "not-yours-to-do")
    assert await refused(await leave(house, case_id, "neighbour", official("village"))) == (404, "joint-unit-not-found")
    assert (await invite(house, case_id, "neighbour")).status_code == 201
    assert (await invite(house, case_id, "township")).status_code == 201
    assert await refused(await invite(house, case_id, "neighbour")) == (409, "unit-joined")
    assert await refused(await invite(house, case_id, "county", official("neighbour"))) == (403, "not-yours-to-do")
    assert await refused(await leave(house, case_id, "township", official("neighbour"))) == (403, "not-yours-to-do")


async def test_there_is_an_end_to_inviting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MOST_JOINT_UNITS", 2)
    case_id = await house.case()
    answers = [await invite(house, case_id, code) for code in ("neighbour", "township", "county")]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    await leave(house, case_id, "neighbour", official("neighbour"))
    assert (await invite(house, case_id, "county")).status_code == 201


async def test_a_unit_is_invited_once_also_by_two_at_once(house: House) -> None:
    case_id = await house.case()
    answers = await asyncio.gather(*(invite(house, case_id, "neighbour", official("village")) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_former_owner_that_helped_reads_on_when_it_leaves(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "hand-over", {"unit_id": str(unit("neighbour")), "reason": "Theirs"}, caller=official("village"))
    await invite(house, case_id, "village", official("neighbour"))
    assert (await leave(house, case_id, "village", official("village"))).status_code == 200
    case = await house.get(f"/v1/cases/{case_id}", caller=official("village"))
    assert ([each["part"] for each in case["units"]], case["allowed"]) == (["former"], [])
