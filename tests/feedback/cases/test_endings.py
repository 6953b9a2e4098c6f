"""How a case ends without a judgement: rejected by its unit, withdrawn by its speaker, or left unjudged."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from tests.feedback.house import House, admin, official, unit
from tests.feedback.work import work
from tests.support.clock import ManualClock

REASON = {"reason": "The lamp stands in a private yard."}


async def state_of(house: House, case_id: str) -> str:
    state: str = (await house.get(f"/v1/cases/{case_id}", caller=admin()))["state"]
    return state


async def data_of(house: House, case_id: str, wanted: str) -> list[Any]:
    return [json.loads(data) for type, data in await house.events(case_id) if type == wanted]


async def at(house: House, state: str) -> str:
    """A case that has come to this state."""
    case_id, clerk = await house.case(), official("village")
    if state != "received":
        await house.do(case_id, "acknowledge", caller=clerk)
    if state in ("waiting_resident", "in_progress"):
        await house.do(case_id, "ask", {"text": "Which?"}, caller=clerk)
    if state == "in_progress":
        await house.do(case_id, "messages", {"text": "This."}, caller=house.speaker)
    if state == "answered":
        await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    assert await state_of(house, case_id) == state
    return case_id


@pytest.mark.parametrize("state", ["received", "acknowledged", "in_progress", "waiting_resident"])
async def test_a_unit_rejects_with_a_reason_that_the_speaker_reads(house: House, state: str) -> None:
    case_id, clerk = await at(house, state), official("village")
    case = await house.do(case_id, "reject", REASON, caller=clerk)
    assert (case["state"], case["allowed"], case["reopenable_until"]) == ("rejected", [], None)
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker)
    assert (page["items"][-1]["by"], page["items"][-1]["text"]) == ("unit", REASON["reason"])
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert (timeline[-1]["verb"], timeline[-1]["reason"]) == ("reject", REASON["reason"])
    (told,) = await data_of(house, case_id, "case.rejected")
    assert told == {
        "case_id": case_id,
        "unit_id": str(unit("village")),
        "finding_id": None,
        "rejected_at": house.clock().isoformat().replace("+00:00", "Z"),
    }
    for verb, body in (("reopen", {"reason": "No."}), ("withdraw", {}), ("messages", {"text": "But."})):
        assert (await house.try_do(case_id, verb, body, caller=house.speaker)).status_code == 409


async def test_an_answered_case_cannot_be_rejected(house: House) -> None:
    answer = await house.try_do(await house.answered(), "reject", REASON, caller=official("village"))
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("Possible now: answer, message, invite.")


async def test_a_rejection_needs_a_reason(house: House) -> None:
    case_id = await house.case()
    for body in ({}, {"reason": None}, {"reason": "  "}):
        assert (await house.try_do(case_id, "reject", body, caller=official("village"))).status_code == 422


async def test_the_holder_of_a_receipt_reads_why_it_was_rejected(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    await house.do(filed["case_id"], "reject", REASON, caller=official("village"))
    shown = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    assert (shown["case"]["state"], shown["messages"][-1]["text"]) == ("rejected", REASON["reason"])


@pytest.mark.parametrize("state", ["received", "acknowledged", "in_progress", "waiting_resident", "answered"])
async def test_the_speaker_withdraws_and_may_come_back(house: House, state: str) -> None:
    case_id = await at(house, state)
    case = await house.do(case_id, "withdraw", caller=house.speaker)
    assert (case["state"], case["allowed"]) == ("withdrawn", ["reopen"])
    assert (await house.told(case_id))[-1] == "case.withdrawn"
    assert (await house.try_do(case_id, "answer", {"text": "Yet."}, caller=official("village"))).status_code == 409
    case = await house.do(case_id, "reopen", {"reason": "It is dark again."}, caller=house.speaker)
    assert case["state"] == "in_progress"


async def test_the_reason_of_a_withdrawal_is_kept_for_those_who_read_the_case(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "withdraw", {"reason": "I mended it."}, caller=house.speaker)
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=official("village"))
    assert (timeline[-1]["verb"], timeline[-1]["by_role"], timeline[-1]["reason"]) == ("withdraw", "speaker", "I mended it.")
    assert all("mended" not in data for _, data in await house.events(case_id))


async def test_an_anonymous_speaker_withdraws_by_receipt(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    answer = await house.receipt("withdraw", {"receipt": filed["receipt"]})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    (told,) = await data_of(house, filed["case_id"], "case.withdrawn")
    assert told["withdrawn_at"] == "2026-03-02T09:00:00Z"


@pytest.mark.parametrize(("verb", "body"), [("reject", REASON), ("withdraw", {})])
@pytest.mark.parametrize("state", ["received", "waiting_resident"])
async def test_the_end_stops_every_running_clock(house: House, state: str, verb: str, body: Any) -> None:
    case_id = await at(house, state)
    house.clock.advance(days=2)
    case = await house.do(case_id, verb, body, caller=house.speaker if verb == "withdraw" else official("village"))
    running = [clock for clock in case["clocks"] if clock["met_at"] is None and clock["stopped_at"] is None]
    assert running == []
    assert all(clock["paused_at"] is None for clock in case["clocks"])
    house.clock.advance(days=400)
    await work(house.service)
    assert not {"clock.breached", "case.escalated"} & set(await house.told(case_id))


async def test_an_end_does_not_hide_what_had_run_out(house: House) -> None:
    """No worker has looked since the clock ran out: it is told before the end, and climbs nowhere any more."""
    case_id = await house.case()
    house.clock.advance(days=8)
    await house.do(case_id, "reject", REASON, caller=official("village"))
    assert (await house.told(case_id))[2:] == ["clock.breached", "case.rejected"]
    await work(house.service)
    assert (await house.told(case_id))[2:] == ["clock.breached", "case.rejected"]


async def test_a_case_withdrawn_unanswered_owes_its_first_answer_again_when_reopened(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    await house.do(case_id, "withdraw", caller=house.speaker)
    house.clock.advance(days=10)
    case = await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    running = [clock["kind"] for clock in case["clocks"] if clock["stopped_at"] is None]
    assert running == ["first_answer", "resolution"]
    (told,) = await data_of(house, case_id, "case.reopened")
    assert [clock["kind"] for clock in told["clocks"]] == running
    await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    (told,) = await data_of(house, case_id, "case.answered")
    assert (told["first"], told["in_time"]) == (True, True)


async def test_an_answer_that_nobody_judges_closes_the_case_unconfirmed(house: House) -> None:
    case_id = await house.answered()
    house.clock.advance(days=30, microseconds=-1)
    await work(house.service)
    assert await state_of(house, case_id) == "answered"
    house.clock.advance(microseconds=1)
    await work(house.service)
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert (case["state"], case["confirmation"], case["allowed"]) == ("closed_unconfirmed", None, ["reopen"])
    assert (await house.told(case_id))[-1] == "case.lapsed"
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert (timeline[-1]["verb"], timeline[-1]["by_role"], timeline[-1]["by_unit_id"]) == ("lapse", "system", None)
    house.clock.advance(days=400)
    await work(house.service)
    assert "clock.breached" not in await house.told(case_id)


async def test_a_case_closed_unconfirmed_is_reopenable_within_its_window(house: House) -> None:
    ids = [await house.answered() for _ in range(2)]
    house.clock.advance(days=30)
    await work(house.service)
    house.clock.advance(days=30)
    case = await house.do(ids[0], "reopen", {"reason": "Dark again."}, caller=house.speaker)
    assert (case["state"], case["reopened_count"]) == ("in_progress", 1)
    assert [clock["kind"] for clock in case["clocks"] if clock["met_at"] is None and clock["stopped_at"] is None] == [
        "resolution"
    ]
    house.clock.advance(microseconds=1)
    answer = await house.try_do(ids[1], "reopen", {"reason": "Dark again."}, caller=house.speaker)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:reopening-over")


async def test_only_an_answer_that_still_stands_lapses(house: House) -> None:
    """Judged, refused and answered anew: the last answer counts."""
    confirmed, refused, again = [await house.answered() for _ in range(3)]
    await house.do(confirmed, "confirm", {"resolved": True}, caller=house.speaker)
    await house.do(refused, "confirm", {"resolved": False}, caller=house.speaker)
    house.clock.advance(days=20)
    await house.do(again, "answer", {"text": "And a second lamp."}, caller=official("village"))
    house.clock.advance(days=29)
    await work(house.service)
    states = [await state_of(house, case_id) for case_id in (confirmed, refused, again)]
    assert states == ["confirmed_resolved", "in_progress", "answered"]
    house.clock.advance(days=1)
    await work(house.service)
    assert await state_of(house, again) == "closed_unconfirmed"


async def test_two_workers_close_exactly_once(house: House, database_url: str, clock: ManualClock) -> None:
    ids = [await house.answered() for _ in range(30)]
    clock.advance(days=30)
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        await asyncio.gather(*(work(service) for service in (house.service, other) for _ in range(2)))
    for case_id in ids:
        assert (await house.told(case_id)).count("case.lapsed") == 1
    assert len(await house.rows("SELECT 1 FROM case_history WHERE verb = 'lapse'")) == 30


async def test_an_unjudged_case_that_somebody_holds_is_left_and_found_again(house: House) -> None:
    case_id = await house.answered()
    house.clock.advance(days=30)
    async with house.service.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", UUID(case_id))
        async with asyncio.timeout(10):
            await work(house.service)
        assert await state_of(house, case_id) == "answered"
    await work(house.service)
    assert await state_of(house, case_id) == "closed_unconfirmed"


async def test_the_unjudged_are_found_by_their_index(house: House) -> None:
    (row,) = await house.rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'cases_unjudged'")
    assert "(judge_until) WHERE (judge_until IS NOT NULL)" in row["indexdef"]


async def test_judgements_are_counted_also_within_an_hour(house: House) -> None:
    filed = await house.submit(protection="anonymous")
    case_id, clerk = filed["case_id"], official("village")
    for resolved in (False, True):
        await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
        await house.receipt("confirm", {"receipt": filed["receipt"], "resolved": resolved})
    await house.receipt("reopen", {"receipt": filed["receipt"], "reason": "Dark again."})
    first, second = await data_of(house, case_id, "case.confirmed")
    assert first["confirmed_at"] == second["confirmed_at"]
    assert [(told["judgement"], told["resolved"]) for told in (first, second)] == [(1, False), (2, True)]
    assert (await data_of(house, case_id, "case.reopened"))[0]["judgement"] == 2
