"""Clocks that run out: told once each, whatever the workers do."""

import asyncio
import json
from uuid import UUID

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from tests.feedback.house import House, lead, unit
from tests.feedback.work import work
from tests.support.clock import ManualClock


async def test_nothing_is_breached_before_its_time(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=7, microseconds=-1)
    await work(house.service)
    assert await house.told(case_id) == ["opinion.submitted", "case.opened"]


async def test_each_clock_that_runs_out_is_told_at_its_time(house: House) -> None:
    case_id = await house.case()
    opened, breaches = house.clock(), []
    for days in (7, 30, 90):
        house.clock.advance(days=days - (house.clock() - opened).days)
        await work(house.service)
        told = [json.loads(data) for type, data in await house.events(case_id) if type == "clock.breached"]
        breaches.append(told[-1]["kind"])
        assert len(told) == len(breaches)
        assert told[-1]["breached_at"] == told[-1]["due_at"] == house.clock().isoformat().replace("+00:00", "Z")
    assert breaches == ["acknowledgement", "first_answer", "resolution"]
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert all(clock["breached_at"] and not clock["met_at"] for clock in case["clocks"])
    assert (case["state"], case["unit_id"]) == ("received", str(unit("village")))


async def test_clocks_that_ran_out_together_are_told_in_order_of_their_time(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=400)
    await work(house.service)
    told = [json.loads(data)["kind"] for type, data in await house.events(case_id) if type == "clock.breached"]
    assert told == ["acknowledgement", "first_answer", "resolution"]


async def test_at_the_root_a_breach_is_told_and_nothing_more(house: House) -> None:
    case_id = await house.case(unit_id=unit("province"))
    house.clock.advance(days=400)
    await work(house.service)
    assert (await house.told(case_id))[2:] == ["clock.breached"] * 3
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert (case["escalations"], case["chains"]) == ([], [])


async def test_a_met_clock_is_not_breached(house: House) -> None:
    case_id = await house.answered()
    house.clock.advance(days=29)
    await work(house.service)
    assert "clock.breached" not in await house.told(case_id)
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    house.clock.advance(days=400)
    await work(house.service)
    assert "clock.breached" not in await house.told(case_id)


async def test_a_reopened_case_runs_a_new_resolution_clock(house: House) -> None:
    case_id = await house.answered()
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    house.clock.advance(days=90)
    await work(house.service)
    (told,) = [json.loads(data) for type, data in await house.events(case_id) if type == "clock.breached"]
    assert told["kind"] == "resolution"
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert [clock["round"] for clock in case["clocks"] if clock["breached_at"]] == [1]


async def test_what_is_done_late_is_told_as_late(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=31)
    await work(house.service)
    await house.do(case_id, "answer", {"text": "At last."}, caller=lead("village"))
    late = {type: json.loads(data).get("in_time") for type, data in await house.events(case_id)}
    assert late["case.acknowledged"] is False
    assert late["case.answered"] is False


async def test_what_is_done_late_before_a_worker_looked_is_told_as_a_breach_first(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=31)
    await house.do(case_id, "answer", {"text": "At last."}, caller=lead("village"))
    expected = ["clock.breached", "clock.breached", "case.acknowledged", "case.answered"]
    assert (await house.told(case_id))[2:] == expected
    await work(house.service)
    assert (await house.told(case_id))[2:] == expected


async def test_two_workers_breach_and_escalate_exactly_once(house: House, database_url: str, clock: ManualClock) -> None:
    ids = [await house.case() for _ in range(30)]
    clock.advance(days=7)
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        await asyncio.gather(*(work(service) for service in (house.service, other) for _ in range(2)))
        await work(other)
    for case_id in ids:
        assert (await house.told(case_id))[2:] == ["clock.breached", "case.escalated"]
    assert len(await house.rows("SELECT 1 FROM escalation_steps")) == 30
    assert len(await house.rows("SELECT 1 FROM case_clocks WHERE breached_at IS NOT NULL")) == 30


async def test_a_case_that_somebody_holds_is_left_and_found_again(house: House) -> None:
    case_id, free = await house.case(), await house.case()
    house.clock.advance(days=7)
    async with house.service.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", UUID(case_id))
        async with asyncio.timeout(10):
            await work(house.service)
        assert "clock.breached" not in await house.told(case_id)
        assert "clock.breached" in await house.told(free)
    await work(house.service)
    assert "clock.breached" in await house.told(case_id)
