"""The case of a visit's finding is given to the resident whom it concerns, by receipt, and not by the visitor."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.auth import Principal, Role
from shared.events.visits import FindingReported, FindingSponsorChanged
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.feedback.test_consumers import deliver, record
from tests.support.callers import principal

SPONSOR = principal(Role.official, unit("village"))


async def finding_case(house: House) -> str:
    told = FindingReported(
        finding_id=uuid4(),
        visit_id=uuid4(),
        unit_id=unit("village"),
        category="drinking-water",
        sponsor_id=SPONSOR.account,
        reported_at=house.clock(),
    )
    await deliver(house, [record(told)])
    (item,) = (await house.get("/v1/cases", caller=official("village"), source="finding"))["items"]
    case_id: str = item["id"]
    return case_id


async def issue(house: House, case_id: str, *, by: Principal) -> httpx.Response:
    return await house.client.post(f"/v1/cases/{case_id}/receipt", caller=by)


async def receipt_of(house: House, case_id: str) -> str:
    answer = await issue(house, case_id, by=official("village"))
    assert answer.status_code == 201, answer.text
    receipt: str = answer.json()["receipt"]
    return receipt


async def test_the_resident_reads_the_answer_and_says_whether_anything_changed(house: House) -> None:
    case_id = await finding_case(house)
    receipt = await receipt_of(house, case_id)
    await house.do(case_id, "answer", {"text": "A new pump."}, caller=official("village"))
    opened = (await house.receipt("open", {"receipt": receipt})).json()
    assert (opened["case"]["id"], opened["messages"][0]["text"]) == (case_id, "A new pump.")
    assert [act["verb"] for act in opened["timeline"]] == ["open", "issue_receipt", "answer"]
    answer = await house.receipt("confirm", {"receipt": receipt, "resolved": True, "satisfied": True})
    assert answer.json()["state"] == "confirmed_resolved"
    ((_, told),) = [event for event in await house.events(case_id) if event[0] == "case.confirmed"]
    assert f'"finding_id":"{opened["case"]["finding_id"]}"' in told


async def test_whoever_made_the_visit_hands_nothing_over(house: House) -> None:
    answer = await issue(house, await finding_case(house), by=SPONSOR)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "sponsor-hands-nothing-over")


async def test_the_unit_above_may_hand_it_over(house: House) -> None:
    assert (await issue(house, await finding_case(house), by=lead("township"))).status_code == 201


@pytest.mark.parametrize("outsider", [admin(), inspector("township"), resident()], ids=["admin", "inspector", "resident"])
async def test_nobody_else_hands_it_over(house: House, outsider: Principal) -> None:
    assert (await issue(house, await finding_case(house), by=outsider)).status_code == 403


async def test_to_a_neighbour_the_case_is_not_there(house: House) -> None:
    assert (await issue(house, await finding_case(house), by=official("neighbour"))).status_code == 404


async def test_a_new_receipt_voids_the_one_before(house: House) -> None:
    case_id = await finding_case(house)
    first, second = await receipt_of(house, case_id), await receipt_of(house, case_id)
    assert (await house.receipt("open", {"receipt": first})).status_code == 404
    assert (await house.receipt("open", {"receipt": second})).status_code == 200


async def test_a_case_that_was_claimed_or_filed_belongs_to_its_speaker(house: House) -> None:
    case_id = await finding_case(house)
    claimed = await house.client.post(
        "/v1/receipts/claim", caller=house.speaker, json={"receipt": await receipt_of(house, case_id)}
    )
    assert claimed.status_code == 200, claimed.text
    for taken in (case_id, await house.case()):
        answer = await issue(house, taken, by=lead("village"))
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "case-has-a-speaker")


async def sponsor_of(house: House, case_id: str) -> Any:
    (row,) = await house.rows("SELECT sponsor_id FROM cases WHERE id::text = $1", case_id)
    return row["sponsor_id"]


async def handed_over(house: House, case_id: str, successor: Principal) -> None:
    (row,) = await house.rows("SELECT finding_id FROM cases WHERE id::text = $1", case_id)
    told = FindingSponsorChanged(
        finding_id=row["finding_id"], unit_id=unit("village"), sponsor_id=successor.account, changed_at=house.clock()
    )
    await deliver(house, [record(told)])


async def test_the_sponsors_duty_passes_on_with_the_post(house: House) -> None:
    case_id, successor = await finding_case(house), principal(Role.official, unit("village"))
    await handed_over(house, case_id, successor)
    assert await sponsor_of(house, case_id) == successor.account
    assert (await issue(house, case_id, by=successor)).status_code == 403


async def test_a_sponsor_told_before_the_case_is_there_waits_as_parked(house: House) -> None:
    told = FindingSponsorChanged(
        finding_id=uuid4(), unit_id=unit("village"), sponsor_id=SPONSOR.account, changed_at=house.clock()
    )
    await deliver(house, [record(told)])
    (parked,) = await house.get("/v1/operations/feedback/parked-events", caller=admin())
    assert parked["cause"] == "not-found: finding-case-not-found"
