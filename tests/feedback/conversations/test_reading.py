"""Who has seen what: each side has its own mark, which moves only forward."""

from typing import Any
from uuid import uuid4

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident

CLERK = official("village")


async def unread(house: House, case_id: str, caller: Principal) -> int:
    case = await house.get(f"/v1/cases/{case_id}", caller=caller)
    (listed,) = [item for item in (await house.get("/v1/cases", caller=caller))["items"] if item["id"] == case_id]
    assert listed["unread"] == case["unread"]
    return int(case["unread"])


async def say(house: House, case_id: str, *callers: Principal) -> list[Any]:
    return [await house.do(case_id, "messages", {"text": "A word."}, caller=caller) for caller in callers]


async def test_whoever_writes_has_read_what_came_before(house: House) -> None:
    case_id = await house.case()
    await say(house, case_id, house.speaker, house.speaker)
    assert (await unread(house, case_id, house.speaker), await unread(house, case_id, CLERK)) == (0, 2)
    await say(house, case_id, CLERK)
    assert (await unread(house, case_id, house.speaker), await unread(house, case_id, CLERK)) == (1, 0)
    assert (await house.get(f"/v1/cases/{case_id}", caller=house.speaker))["last_said_by"] == "unit"
    await say(house, case_id, house.speaker)
    assert (await house.get(f"/v1/cases/{case_id}", caller=CLERK))["last_said_by"] == "resident"


async def test_nobody_has_spoken_in_a_new_case(house: House) -> None:
    case = await house.get(f"/v1/cases/{await house.case()}", caller=house.speaker)
    assert (case["last_said_by"], case["unread"]) == (None, 0)


@pytest.mark.parametrize("by", ["id", "number"])
async def test_reading_moves_the_mark_of_one_side_and_never_back(house: House, by: str) -> None:
    case_id = await house.case()
    first, second, third = await say(house, case_id, house.speaker, house.speaker, house.speaker)
    for message, left in ((second, 1), (first, 1), (third, 0)):
        case = await house.do(case_id, "read", {"up_to": message[by]}, caller=CLERK)
        assert case["unread"] == left
    assert await unread(house, case_id, house.speaker) == 0
    assert await house.told(case_id) == ["opinion.submitted", "case.opened", *3 * ["case-message.added"]], "reading tells nobody"


async def test_reading_leaves_no_time_behind(house: House) -> None:
    case_id = await house.case()
    (message,) = await say(house, case_id, CLERK)
    before = await house.get(f"/v1/cases/{case_id}", caller=CLERK)
    house.clock.advance(hours=3)
    await house.do(case_id, "read", {"up_to": message["id"]}, caller=house.speaker)
    assert await house.get(f"/v1/cases/{case_id}", caller=CLERK) == before
    assert [entry["verb"] for entry in await house.get(f"/v1/cases/{case_id}/timeline", caller=CLERK)] == ["open", "message"]


async def test_what_is_not_of_this_case_cannot_be_read_in_it(house: House) -> None:
    case_id, other = await house.case(), await house.case()
    (foreign,) = await say(house, other, house.speaker)
    for up_to in (foreign["id"], str(uuid4()), 1, 2**31 - 1):
        answer = await house.try_do(case_id, "read", {"up_to": up_to}, caller=CLERK)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:massline:problem:message-not-found")


@pytest.mark.parametrize("up_to", [0, -1, 2**31, 1.5, True, None, "x", [], {}])
async def test_reading_up_to_nonsense(house: House, up_to: object) -> None:
    answer = await house.try_do(await house.case(), "read", {"up_to": up_to}, caller=CLERK)
    assert answer.status_code == 422, answer.text


async def test_who_only_looks_on_reads_for_nobody(house: House) -> None:
    case_id = await house.case()
    (message,) = await say(house, case_id, house.speaker)
    for caller, status in (
        (lead("township"), 403),
        (inspector("village"), 403),
        (official("neighbour"), 404),
        (resident(), 404),
        (admin(), 200),
    ):
        answer = await house.try_do(case_id, "read", {"up_to": message["id"]}, caller=caller)
        assert answer.status_code == status, caller.role


async def test_a_joint_unit_reads_for_the_units_side(house: House) -> None:
    case_id, neighbour = await house.case(), official("neighbour")
    await house.do(case_id, "joint-units", {"unit_id": str(neighbour.unit_id), "task": "Look at your wire."}, caller=CLERK)
    (message,) = await say(house, case_id, house.speaker)
    assert (await house.do(case_id, "read", {"up_to": message["id"]}, caller=neighbour))["unread"] == 0
    assert await unread(house, case_id, CLERK) == 0
    (message,) = await say(house, case_id, neighbour)
    assert (message["by"], message["unit_id"]) == ("unit", str(neighbour.unit_id))


async def test_the_holder_of_a_receipt_reads_too(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    receipt = filed["receipt"]
    (message,) = await say(house, filed["case_id"], CLERK)
    opened = (await house.receipt("open", {"receipt": receipt})).json()
    assert opened["case"]["unread"] == 1
    answer = await house.receipt("read", {"receipt": receipt, "up_to": message["number"]})
    assert (answer.status_code, answer.json()["unread"]) == (200, 0)
    answer = await house.receipt("read", {"receipt": receipt, "up_to": 2})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:massline:problem:message-not-found")
