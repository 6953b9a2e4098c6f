"""While the unit waits for the resident, the clocks of its answer stand still."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.feedback.house import House, admin, official
from tests.feedback.work import work

ASKED = {"text": "Which lamp is it?"}


async def clocks(house: House, case_id: str) -> dict[str, Any]:
    case = await house.get(f"/v1/cases/{case_id}", caller=admin())
    return {clock["kind"]: clock for clock in case["clocks"]}


async def due(house: House, case_id: str) -> dict[str, timedelta]:
    """How long after the opening each clock is due."""
    found = await clocks(house, case_id)
    times = {kind: (clock["due_at"], clock["started_at"]) for kind, clock in found.items()}
    return {kind: datetime.fromisoformat(end) - datetime.fromisoformat(start) for kind, (end, start) in times.items()}


async def test_a_question_waits_for_the_resident_whose_word_takes_the_case_up_again(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    case = await house.do(case_id, "ask", ASKED, caller=clerk)
    allowed = ["answer", "message", "reject", "hand_over", "invite", "merge"]
    assert (case["state"], case["allowed"]) == ("waiting_resident", allowed)
    await house.do(case_id, "messages", {"text": "Take your time."}, caller=clerk)
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert (case["state"], case["allowed"]) == ("waiting_resident", ["message", "withdraw"])
    await house.do(case_id, "messages", {"text": "The one at the well."}, caller=house.speaker)
    assert (await house.get(f"/v1/cases/{case_id}", caller=clerk))["state"] == "in_progress"
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker)
    assert [message["text"] for message in page["items"]] == [ASKED["text"], "Take your time.", "The one at the well."]
    told = await house.told(case_id)
    assert told[2:] == ["case.acknowledged", "case-question.asked", "case-message.added", "case-message.added"]
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=clerk)
    assert [entry["verb"] for entry in timeline] == ["open", "ask", "message", "reply"]


async def test_the_event_of_a_question_holds_no_word_of_it(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "ask", ASKED, caller=official("village"))
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker)
    (data,) = [data for type, data in await house.events(case_id) if type == "case-question.asked"]
    assert json.loads(data)["message_id"] == page["items"][0]["id"]
    assert "lamp" not in data


async def test_the_wait_moves_what_is_due(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    for days in (3, 2):
        house.clock.advance(days=1)
        asked = house.clock()
        await house.do(case_id, "ask", ASKED, caller=clerk)
        paused = {kind for kind, clock in (await clocks(house, case_id)).items() if clock["paused_at"] is not None}
        assert paused == {"first_answer", "resolution"}
        since = (await clocks(house, case_id))["resolution"]["paused_at"]
        assert datetime.fromisoformat(since) == asked
        house.clock.advance(days=days)
        await house.do(case_id, "messages", {"text": "This one."}, caller=house.speaker)
    assert await due(house, case_id) == {
        "acknowledgement": timedelta(days=7),
        "first_answer": timedelta(days=35),
        "resolution": timedelta(days=95),
    }
    found = await clocks(house, case_id)
    assert {kind: (clock["paused_at"], clock["paused_total_s"]) for kind, clock in found.items()} == {
        "acknowledgement": (None, 0),
        "first_answer": (None, 5 * 86_400),
        "resolution": (None, 5 * 86_400),
    }


async def test_a_paused_clock_does_not_breach_and_runs_on_afterwards(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    await house.do(case_id, "ask", ASKED, caller=clerk)
    house.clock.advance(days=400)
    await work(house.service)
    assert "clock.breached" not in await house.told(case_id)
    await house.do(case_id, "messages", {"text": "This one."}, caller=house.speaker)
    house.clock.advance(days=30, microseconds=-1)
    await work(house.service)
    assert "clock.breached" not in await house.told(case_id)
    house.clock.advance(microseconds=1)
    await work(house.service)
    assert (await house.told(case_id))[-2:] == ["clock.breached", "case.escalated"]


async def test_an_answer_after_a_long_wait_is_in_time(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    await house.do(case_id, "ask", ASKED, caller=clerk)
    house.clock.advance(days=200)
    await house.do(case_id, "answer", {"text": "We found it ourselves."}, caller=clerk)
    type, data = (await house.events(case_id))[-1]
    assert (type, json.loads(data)["first"], json.loads(data)["in_time"]) == ("case.answered", True, True)
    assert (await due(house, case_id))["resolution"] == timedelta(days=290)


async def test_what_has_run_out_is_past_pausing(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    house.clock.advance(days=30)
    await house.do(case_id, "ask", ASKED, caller=clerk)
    assert (await clocks(house, case_id))["first_answer"]["paused_at"] is None
    await work(house.service)
    breaches = [json.loads(data)["kind"] for type, data in await house.events(case_id) if type == "clock.breached"]
    assert breaches == ["acknowledgement", "first_answer"]


@pytest.mark.parametrize("minutes", [0, 20, 50, 500])
async def test_an_anonymous_speakers_wait_is_told_to_the_hour(house: House, minutes: int) -> None:
    filed = await house.submit(protection="anonymous")
    case_id = filed["case_id"]
    await house.do(case_id, "ask", ASKED, caller=official("village"))
    before = await due(house, case_id)
    house.clock.advance(minutes=minutes)
    answer = await house.receipt("messages", {"receipt": filed["receipt"], "text": "This one."})
    assert answer.status_code == 201, answer.text
    whole = timedelta(hours=(30 + minutes) // 60)
    assert (await due(house, case_id))["first_answer"] == before["first_answer"] + whole


@pytest.mark.parametrize("state", ["waiting_resident", "answered"])
async def test_a_unit_asks_only_while_it_works(house: House, state: str) -> None:
    case_id, clerk = await house.case(), official("village")
    verb, body = {"waiting_resident": ("ask", ASKED), "answered": ("answer", {"text": "Mended."})}[state]
    await house.do(case_id, verb, body, caller=clerk)
    answer = await house.try_do(case_id, "ask", ASKED, caller=clerk)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:case-state")
