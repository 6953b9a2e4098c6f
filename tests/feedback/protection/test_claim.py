"""A resident makes the case its own that was written down for it."""

import asyncio

import pytest

from shared.auth import ANONYMOUS, Principal
from tests.feedback.house import House, admin, inspector, key, lead, official, resident

CLERK = official("village")


async def assisted(house: House) -> tuple[str, str]:
    """(case id, receipt)"""
    filed = await house.submit(caller=CLERK, assistance="counter")
    return filed["case_id"], filed["receipt"]


async def claim(house: House, receipt: str, caller: Principal) -> tuple[int, str]:
    """Status, and the case or the problem."""
    answer = await house.client.post("/v1/receipts/claim", caller=caller, json={"receipt": receipt})
    told = answer.json()
    return answer.status_code, told["id"] if answer.status_code == 200 else told["type"].removeprefix("urn:massline:problem:")


async def test_it_is_among_the_residents_cases_and_the_receipt_is_void(house: House) -> None:
    case_id, receipt = await assisted(house)
    owner = resident()
    assert await claim(house, receipt, owner) == (200, case_id)
    assert [case["id"] for case in (await house.get("/v1/cases", caller=owner))["items"]] == [case_id]
    assert (await house.get(f"/v1/cases/{case_id}", caller=owner))["allowed"] == ["message", "withdraw"]
    for verb, said in (("open", {}), ("messages", {"text": "A word."}), ("withdraw", {})):
        assert (await house.receipt(verb, {"receipt": receipt, **said})).status_code == 404
    await house.do(case_id, "answer", {"text": "Mended."}, caller=CLERK)
    assert (await house.do(case_id, "confirm", {"resolved": True}, caller=owner))["state"] == "confirmed_resolved"


async def test_a_claimed_case_is_answered_like_none(house: House) -> None:
    _, receipt = await assisted(house)
    assert (await claim(house, receipt, resident()))[0] == 200
    assert await claim(house, receipt, resident()) == (404, "receipt-not-found")
    assert await claim(house, "00000-00000-00000-00000-0", resident()) == (404, "receipt-not-found")


async def test_of_two_at_once_one_has_it(house: House) -> None:
    for _ in range(3):
        case_id, receipt = await assisted(house)
        claims = await asyncio.gather(*(claim(house, receipt, resident()) for _ in range(4)))
        assert sorted(claims) == [(200, case_id), *[(404, "receipt-not-found")] * 3]


async def test_the_same_request_again_is_answered_again(house: House) -> None:
    _, receipt = await assisted(house)
    owner, headers, body = resident(), key(), {"receipt": receipt}
    sent = [await house.client.post("/v1/receipts/claim", caller=owner, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].content == sent[1].content


async def test_an_anonymous_case_stays_nobodys(house: House) -> None:
    receipt = (await house.submit(protection="anonymous"))["receipt"]
    assert await claim(house, receipt, resident()) == (409, "case-stays-anonymous")
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200
    assert [row["owner_id"] for row in await house.rows("SELECT owner_id FROM cases")] == [None]


@pytest.mark.parametrize("caller", [CLERK, lead("village"), inspector("village"), admin()])
async def test_no_official_claims_it_with_what_was_handed_over(house: House, caller: Principal) -> None:
    _, receipt = await assisted(house)
    assert await claim(house, receipt, caller) == (403, "role-not-allowed")
    assert await claim(house, receipt, ANONYMOUS) == (401, "authentication-required")
    assert (await house.receipt("open", {"receipt": receipt})).status_code == 200
