"""Opening a masked identity: by whom, after whom, for how long, and before whose eyes."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.auth import ANONYMOUS, Principal, Role
from tests.feedback.house import House, admin, inspector, key, lead, official, resident, unit
from tests.shared.problems import assert_problem
from tests.support.callers import ServiceClient, principal
from tests.support.clock import ManualClock

IDENTITY = {"name": "Lin Hua", "contact": "lin@example.org"}
MOTIVE = "We must bring the papers to the door."
ASKED = {"motive": MOTIVE, "hours": 24}
CLERK = official("village")
APPROVERS = {"lead": lead("township"), "inspector": inspector("township"), "far above": lead("province")}
ACTS = ["identity_requested", "identity_approved", "identity_opened"]


async def confidential(house: House, **said: Any) -> str:
    return await house.case(**{"identity": IDENTITY, "protection": "confidential", **said})


async def try_ask(house: House, case_id: str, *, caller: Principal = CLERK, **said: Any) -> httpx.Response:
    return await house.try_do(case_id, "identity-requests", {**ASKED, **said}, caller=caller)


async def asked(house: House, case_id: str, *, caller: Principal = CLERK, **said: Any) -> str:
    """The id of a new request."""
    answer = await try_ask(house, case_id, caller=caller, **said)
    assert answer.status_code == 201, answer.text
    request_id: str = answer.json()["id"]
    return request_id


async def do(house: House, request_id: str, verb: str, *, caller: Principal, **said: Any) -> httpx.Response:
    return await house.client.post(f"/v1/identity-requests/{request_id}/{verb}", caller=caller, json=said)


async def approved(house: House, case_id: str, **said: Any) -> str:
    request_id = await asked(house, case_id, **said)
    answer = await do(house, request_id, "approve", caller=lead("township"))
    assert answer.status_code == 200, answer.text
    return request_id


async def seen(house: House, case_id: str, caller: Principal) -> Any:
    return await house.get(f"/v1/cases/{case_id}/identity-requests", caller=caller)


async def listed(house: House, caller: Principal, **asked: Any) -> list[str]:
    page = await house.get("/v1/identity-requests", caller=caller, **asked)
    return [request["id"] for request in page["items"]]


async def acts(house: House) -> list[str]:
    return [entry["act"] for entry in (await house.get("/v1/audit", caller=admin()))["items"]][::-1]


@pytest.mark.parametrize("approver", APPROVERS.values(), ids=APPROVERS)
async def test_who_handles_the_case_sees_who_spoke_once_a_second_person_above_agrees(house: House, approver: Principal) -> None:
    case_id = await confidential(house)
    answer = await try_ask(house, case_id)
    request = answer.json()
    assert (answer.status_code, request["state"], request["motive"], request["openings"]) == (201, "pending", MOTIVE, [])
    assert (request["by_role"], request["unit_id"]) == ("official", str(unit("village")))
    decided = (await do(house, request["id"], "approve", caller=approver)).json()
    assert (decided["state"], decided["decided_by_role"]) == ("approved", approver.role)
    assert decided["decided_by_unit_id"] == str(approver.unit_id)
    opened = await do(house, request["id"], "open", caller=CLERK)
    assert (opened.status_code, opened.json(), opened.headers["cache-control"]) == (200, IDENTITY, "no-store")
    assert await acts(house) == ACTS
    assert (await house.get(f"/v1/cases/{case_id}", caller=CLERK))["speaker"]["masked"]


async def test_the_speaker_sees_all_of_it(house: House) -> None:
    case_id = await confidential(house)
    rejected = await asked(house, case_id, motive="Curious.")
    await do(house, rejected, "reject", caller=inspector("county"), reason="That is no reason.")
    request_id = await approved(house, case_id)
    for _ in range(2):
        house.clock.advance(hours=1)
        await do(house, request_id, "open", caller=CLERK)
    first, second = await seen(house, case_id, house.speaker)
    assert (first["id"], first["motive"], first["state"]) == (rejected, "Curious.", "rejected")
    assert (first["reason"], first["decided_by_role"], first["openings"]) == ("That is no reason.", "inspector", [])
    assert first["decided_by_unit_id"] == str(unit("county"))
    assert (second["id"], second["state"], second["hours"]) == (request_id, "approved", 24)
    assert [opening["number"] for opening in second["openings"]] == [1, 2]
    assert second["openings"][0]["at"] < second["openings"][1]["at"] < second["expires_at"]


async def test_a_speaker_without_an_account_sees_it_by_receipt(house: House) -> None:
    filed = await house.submit(identity=IDENTITY, protection="confidential", assistance="phone", caller=official("elsewhere"))
    request_id = await approved(house, filed["case_id"])
    await do(house, request_id, "open", caller=CLERK)
    shown = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    (request,) = shown["identity_requests"]
    assert (request["id"], request["motive"], len(request["openings"])) == (request_id, MOTIVE, 1)


NOT_ASKING = {
    "speaker": None,
    "lead above": lead("township"),
    "inspector": inspector("village"),
    "administrator": admin(),
}
STRANGERS = {"another unit": official("elsewhere"), "another resident": resident(), "blamed": lead("county")}


@pytest.mark.parametrize("caller", NOT_ASKING.values(), ids=NOT_ASKING)
async def test_only_who_works_on_the_case_asks(house: House, caller: Principal | None) -> None:
    case_id = await confidential(house)
    assert_problem(await try_ask(house, case_id, caller=caller or house.speaker), 403, "identity-not-yours")
    assert not await house.rows("SELECT FROM identity_requests")


@pytest.mark.parametrize("caller", STRANGERS.values(), ids=STRANGERS)
async def test_who_does_not_see_the_case_is_told_that_there_is_none(house: House, caller: Principal) -> None:
    case_id = await confidential(house, about=[str(unit("county"))])
    for path in (case_id, str(uuid4())):
        assert_problem(await try_ask(house, path, caller=caller), 404, "case-not-found")
        answer = await house.client.get(f"/v1/cases/{path}/identity-requests", caller=caller)
        assert_problem(answer, 404, "case-not-found")


async def test_a_joint_unit_asks_too_and_its_own_line_decides(house: House) -> None:
    case_id, helper = await confidential(house), official("elsewhere")
    await house.do(case_id, "joint-units", {"unit_id": str(unit("elsewhere")), "task": "Look."}, caller=CLERK)
    request_id = await asked(house, case_id, caller=helper)
    assert_problem(await do(house, request_id, "approve", caller=lead("county")), 404, "identity-request-not-found")
    assert (await do(house, request_id, "approve", caller=lead("prefecture"))).status_code == 200
    assert (await do(house, request_id, "open", caller=helper)).json() == IDENTITY


FORBIDDEN = {
    "another official of the unit": official("village"),
    "the lead of the unit": lead("village"),
    "an inspector of the unit": inspector("village"),
    "an official above": official("township"),
    "a lead beside": lead("neighbour"),
    "a lead elsewhere": lead("elsewhere"),
}
WITHOUT_UNIT = {"an administrator": admin(), "a resident": resident()}


@pytest.mark.parametrize("caller", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_nobody_decides_but_a_lead_or_an_inspector_above(house: House, caller: Principal) -> None:
    case_id = await confidential(house)
    request_id = await asked(house, case_id)
    await house.rows("INSERT INTO case_units VALUES ($1, $2, 'told', now())", unit("township"), UUID(case_id))
    for verb, said in (("approve", {}), ("reject", {"reason": "No."}), ("open", {})):
        assert_problem(await do(house, request_id, verb, caller=caller, **said), 404, "identity-request-not-found")
    assert_problem(await house.client.get(f"/v1/identity-requests/{request_id}", caller=caller), 404)
    assert await listed(house, caller) == []
    assert (await house.get(f"/v1/identity-requests/{request_id}", caller=CLERK))["state"] == "pending"


@pytest.mark.parametrize("caller", WITHOUT_UNIT.values(), ids=WITHOUT_UNIT)
async def test_who_is_in_no_unit_has_no_part_in_it(house: House, caller: Principal) -> None:
    request_id = await asked(house, await confidential(house))
    for verb, said in (("approve", {}), ("reject", {"reason": "No."}), ("open", {})):
        assert_problem(await do(house, request_id, verb, caller=caller, **said), 403)
    assert_problem(await house.client.get("/v1/identity-requests", caller=caller), 403)


async def test_who_asked_does_not_decide_also_after_a_promotion(house: House) -> None:
    case_id = await confidential(house)
    request_id = await asked(house, case_id)
    promoted = principal(Role.lead, unit("township"), CLERK.account_id)
    for caller in (CLERK, promoted):
        assert_problem(await do(house, request_id, "approve", caller=caller), 403, "second-person-needed")
    assert await listed(house, promoted) == [request_id]


async def test_who_decides_does_not_open(house: House) -> None:
    request_id = await approved(house, await confidential(house))
    assert_problem(await do(house, request_id, "open", caller=lead("township")), 403, "opening-not-yours")


async def test_a_speaker_in_office_decides_nothing_about_themselves(house: House) -> None:
    house.speaker = lead("county")
    case_id = await confidential(house)
    request_id = await asked(house, case_id)
    assert_problem(await do(house, request_id, "approve", caller=house.speaker), 404, "identity-request-not-found")
    assert await listed(house, house.speaker) == []
    assert [request["id"] for request in await seen(house, case_id, house.speaker)] == [request_id]


async def test_the_lead_of_a_blamed_unit_cannot_see_the_request(house: House) -> None:
    """It is said to the village, about the village: the township handles it, and the county decides."""
    case_id = await confidential(house, about=[str(unit("village"))])
    request_id = await asked(house, case_id, caller=official("township"))
    for blamed in (lead("village"), inspector("village"), CLERK):
        assert_problem(await do(house, request_id, "approve", caller=blamed), 404, "identity-request-not-found")
        assert_problem(await house.client.get(f"/v1/identity-requests/{request_id}", caller=blamed), 404)
        assert await listed(house, blamed) == []
    assert (await do(house, request_id, "approve", caller=lead("county"))).status_code == 200


async def test_who_holds_a_blamed_post_above_cannot_see_the_request(house: House) -> None:
    case_id = await confidential(house, about_posts=[{"unit_id": str(unit("township")), "post": "lead"}])
    request_id = await asked(house, case_id)
    blamed = lead("township")
    assert_problem(await do(house, request_id, "approve", caller=blamed), 404, "identity-request-not-found")
    assert await listed(house, blamed) == []
    assert (await do(house, request_id, "approve", caller=inspector("township"))).status_code == 200


async def test_where_nobody_could_approve_nobody_asks(house: House) -> None:
    highest = await confidential(house, unit_id=unit("province"))
    assert_problem(await try_ask(house, highest, caller=official("province")), 409, "nobody-to-approve")
    above = [{"unit_id": str(unit("province")), "post": post} for post in ("lead", "inspector")]
    blamed = await confidential(house, unit_id=unit("prefecture"), about_posts=above)
    assert_problem(await try_ask(house, blamed, caller=official("prefecture")), 409, "nobody-to-approve")


async def test_there_must_be_a_masked_identity(house: House) -> None:
    assert_problem(await try_ask(house, await confidential(house, identity=None)), 409, "no-identity")
    assert_problem(await try_ask(house, await house.case(protection="anonymous")), 409, "no-identity")
    assert_problem(await try_ask(house, await house.case(identity=IDENTITY)), 409, "identity-not-masked")


@pytest.mark.parametrize(
    "said",
    [{"hours": 0}, {"hours": 73}, {"hours": "24"}, {"motive": " "}, {"motive": "a\nb"}, {"motive": None}, {"more": 1}],
    ids=str,
)
async def test_a_request_needs_a_motive_and_an_end(house: House, said: dict[str, Any]) -> None:
    assert_problem(await try_ask(house, await confidential(house), **said), 422, "invalid-request")


async def test_it_opens_after_the_approval_and_before_its_end(house: House) -> None:
    case_id = await confidential(house)
    request_id = await asked(house, case_id, hours=2)
    assert_problem(await do(house, request_id, "open", caller=CLERK), 409, "opening-not-approved")
    house.clock.advance(hours=5)
    await do(house, request_id, "approve", caller=lead("township"))
    house.clock.advance(hours=1, minutes=59)
    assert (await do(house, request_id, "open", caller=CLERK)).json() == IDENTITY
    house.clock.advance(minutes=1)
    assert_problem(await do(house, request_id, "open", caller=CLERK), 409, "opening-over")
    (request,) = await seen(house, case_id, house.speaker)
    assert (request["state"], len(request["openings"])) == ("over", 1)
    again = await approved(house, case_id, hours=1)
    assert (await do(house, again, "open", caller=CLERK)).status_code == 200
    assert await acts(house) == [*ACTS, *ACTS]


async def test_a_request_that_nobody_decides_lapses_after_a_week(house: House) -> None:
    request_id = await asked(house, await confidential(house))
    house.clock.advance(days=7)
    for verb, said in (("approve", {}), ("reject", {"reason": "No."})):
        assert_problem(await do(house, request_id, verb, caller=lead("township"), **said), 409, "identity-request-lapsed")
    assert_problem(await do(house, request_id, "open", caller=CLERK), 409, "opening-not-approved")
    assert await listed(house, lead("township"), state="lapsed") == [request_id]


async def test_what_is_decided_stays_decided(house: House) -> None:
    case_id = await confidential(house)
    rejected = await asked(house, case_id)
    assert_problem(await do(house, rejected, "reject", caller=lead("township")), 422)
    await do(house, rejected, "reject", caller=lead("township"), reason="No.")
    for request_id in (rejected, await approved(house, case_id)):
        for verb, said in (("approve", {}), ("reject", {"reason": "No."})):
            answer = await do(house, request_id, verb, caller=lead("county"), **said)
            assert_problem(answer, 409, "identity-request-decided")
    assert_problem(await do(house, rejected, "open", caller=CLERK), 409, "opening-not-approved")


async def test_two_who_decide_at_once_are_one_decision(house: House) -> None:
    request_id = await asked(house, await confidential(house))
    answers = await asyncio.gather(
        do(house, request_id, "approve", caller=lead("township")),
        do(house, request_id, "reject", caller=lead("county"), reason="No."),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await acts(house)) == 2


async def test_openings_at_once_are_each_counted(house: House) -> None:
    case_id = await confidential(house)
    request_id = await approved(house, case_id)
    await asyncio.gather(*(do(house, request_id, "open", caller=CLERK) for _ in range(5)))
    (request,) = await seen(house, case_id, house.speaker)
    assert [opening["number"] for opening in request["openings"]] == [1, 2, 3, 4, 5]
    assert (await house.get("/v1/audit/check", caller=admin()))["entries"] == 7


async def test_a_repeated_opening_is_counted_again_and_never_answered_from_memory(house: House) -> None:
    request_id = await approved(house, await confidential(house), hours=1)
    path, headers = f"/v1/identity-requests/{request_id}/open", key()
    for _ in range(2):
        answer = await house.client.post(path, caller=CLERK, json={}, headers=headers)
        assert answer.status_code == 200
    house.clock.advance(hours=1)
    assert_problem(await house.client.post(path, caller=CLERK, json={}, headers=headers), 409, "opening-over")
    assert len(await house.rows("SELECT FROM identity_openings")) == 2


async def test_who_does_not_work_on_the_case_any_more_does_not_open(house: House) -> None:
    case_id = await confidential(house)
    request_id = await approved(house, case_id)
    moved = principal(Role.official, unit("elsewhere"), CLERK.account_id)
    assert_problem(await do(house, request_id, "open", caller=moved), 404, "identity-request-not-found")
    await house.do(case_id, "hand-over", {"unit_id": str(unit("neighbour")), "reason": "Your wire."}, caller=CLERK)
    assert_problem(await do(house, request_id, "open", caller=CLERK), 403, "identity-not-yours")
    assert not await house.rows("SELECT FROM identity_openings")


async def test_the_list_has_what_one_made_or_may_decide(house: House) -> None:
    village = [await asked(house, await confidential(house)) for _ in range(3)]
    far = await asked(house, await confidential(house, unit_id=unit("elsewhere")), caller=official("elsewhere"))
    assert await listed(house, CLERK) == village[::-1]
    assert await listed(house, lead("township")) == village[::-1]
    assert await listed(house, inspector("prefecture")) == [far, *village[::-1]]
    first = await house.get("/v1/identity-requests", caller=lead("county"), limit=2)
    rest = await house.get("/v1/identity-requests", caller=lead("county"), limit=2, cursor=first["next_cursor"])
    assert [request["id"] for request in first["items"] + rest["items"]] == village[::-1]
    for wrong in ({"cursor": "?"}, {"state": "unknown"}, {"unit": "x"}):
        assert_problem(await house.client.get("/v1/identity-requests", caller=CLERK, params=wrong), 422)
    assert_problem(await house.client.get("/v1/identity-requests", caller=ANONYMOUS), 401)


async def test_the_list_is_filtered_by_the_state_that_is_shown(house: House) -> None:
    case_id, judge = await confidential(house), lead("township")
    made = {"over": await approved(house, case_id, hours=1), "lapsed": await asked(house, case_id)}
    house.clock.advance(days=7)
    made |= {"pending": await asked(house, case_id), "approved": await approved(house, case_id)}
    made["rejected"] = await asked(house, case_id)
    await do(house, made["rejected"], "reject", caller=judge, reason="No.")
    for state, request_id in made.items():
        assert await listed(house, judge, state=state) == [request_id]
        assert (await house.get(f"/v1/identity-requests/{request_id}", caller=judge))["state"] == state
    house.clock.advance(days=30)
    assert len(await listed(house, judge, state="over")) == 2
    assert len(await listed(house, judge, state="lapsed")) == 2


async def test_an_official_of_the_unit_sees_its_own_requests_only(house: House) -> None:
    case_id = await confidential(house)
    request_id = await asked(house, case_id)
    assert [request["id"] for request in await seen(house, case_id, CLERK)] == [request_id]
    assert [request["id"] for request in await seen(house, case_id, lead("township"))] == [request_id]
    for caller in (official("village"), lead("village"), admin()):
        assert await seen(house, case_id, caller) == []


async def test_motive_reason_and_who_acted_stay_out_of_events_and_rows(house: House) -> None:
    case_id = await confidential(house)
    request_id = await asked(house, case_id)
    await do(house, request_id, "reject", caller=lead("township"), reason="Marked reason.")
    await do(house, await approved(house, case_id), "open", caller=CLERK)
    told = await house.told(case_id)
    assert told[-5:] == ["identity.requested", "identity-request.decided"] * 2 + ["identity.opened"]
    marks = [MOTIVE, "Marked reason", *IDENTITY.values(), str(CLERK.account_id), str(house.speaker.account_id)]
    for place, value in await house.everything():
        assert not [mark for mark in marks if mark in value], place


async def test_a_lost_key_is_told_and_no_opening_is_counted(
    house: House, database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    request_id = await approved(house, await confidential(house))
    settings = FeedbackSettings(database_url=database_url, var=tmp_path, vault_keys=SecretStr("2:another key"))
    service = create_service(settings, clock=clock)
    async with service.open():
        later = House(service, ServiceClient(service), clock, house.speaker)
        assert_problem(await do(later, request_id, "open", caller=CLERK), 409, "identity-key-lost")
        assert await listed(later, CLERK, state="approved") == [request_id]
        assert await acts(later) == ACTS[:2]
