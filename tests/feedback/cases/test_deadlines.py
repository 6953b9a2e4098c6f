"""Clocks that run out: told once, and made visible one unit further up each time."""

import asyncio
import json
from uuid import UUID

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from tests.feedback.house import House, lead, official, unit
from tests.feedback.work import work
from tests.support.clock import ManualClock


async def steps(house: House, case_id: str) -> list[tuple[int, str, str]]:
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    by_id = {str(unit(code)): code for code in ("village", "township", "county", "prefecture", "province")}
    return [(step["step"], by_id[step["unit_id"]], step["kind"]) for step in case["escalations"]]


async def test_nothing_is_breached_before_its_time(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=7, microseconds=-1)
    await work(house.service)
    assert await house.told(case_id) == ["opinion.submitted", "case.opened"]


async def test_each_breach_climbs_one_unit(house: House) -> None:
    case_id = await house.case()
    for days, expected in [
        (7, [(1, "township", "acknowledgement")]),
        (23, [(2, "county", "first_answer")]),
        (60, [(3, "prefecture", "resolution")]),
    ]:
        now = house.clock.advance(days=days)
        await work(house.service)
        assert (await steps(house, case_id))[-1:] == expected
        type, data = (await house.events(case_id))[-1]
        assert type == "case.escalated"
        assert json.loads(data)["escalated_at"] == now.isoformat().replace("+00:00", "Z")
    told = await house.told(case_id)
    assert told[2:] == ["clock.breached", "case.escalated"] * 3
    case = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert all(clock["breached_at"] and not clock["met_at"] for clock in case["clocks"])
    assert case["state"] == "received"
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert [entry["verb"] for entry in timeline] == ["open", "escalate", "escalate", "escalate"]


async def test_escalation_shows_the_case_to_the_officials_above_who_still_cannot_act(house: House) -> None:
    case_id, above = await house.case(), official("township")
    house.clock.advance(days=7)
    await work(house.service)
    case = await house.get(f"/v1/cases/{case_id}", caller=above)
    assert (case["unit_id"], case["allowed"]) == (str(unit("village")), [])
    assert [item["id"] for item in (await house.get("/v1/cases", caller=above))["items"]] == [case_id]
    assert (await house.try_do(case_id, "answer", {"text": "We will."}, caller=above)).status_code == 403
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=official("county"))).status_code == 404


async def test_at_the_root_a_breach_is_told_and_nothing_more(house: House) -> None:
    case_id = await house.case(unit_id=unit("province"))
    house.clock.advance(days=400)
    await work(house.service)
    assert (await house.told(case_id))[2:] == ["clock.breached"] * 3
    assert await steps(house, case_id) == []


async def test_several_clocks_that_ran_out_together_climb_in_order_of_their_time(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=400)
    await work(house.service)
    kinds = ["acknowledgement", "first_answer", "resolution"]
    assert await steps(house, case_id) == list(zip((1, 2, 3), ("township", "county", "prefecture"), kinds, strict=True))


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
    assert await steps(house, case_id) == [(1, "township", "resolution")]


async def test_what_is_done_late_is_told_as_late(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=31)
    await work(house.service)
    await house.do(case_id, "answer", {"text": "At last."}, caller=lead("village"))
    late = {type: json.loads(data).get("in_time") for type, data in await house.events(case_id)}
    assert late["case.acknowledged"] is False
    assert late["case.answered"] is False


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
    case_id = await house.case()
    house.clock.advance(days=7)
    async with house.service.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", UUID(case_id))
        async with asyncio.timeout(10):
            await work(house.service)
        assert "clock.breached" not in await house.told(case_id)
    await work(house.service)
    assert "clock.breached" in await house.told(case_id)


async def test_the_running_clocks_are_found_by_their_index(house: House) -> None:
    (row,) = await house.rows("SELECT indexdef FROM pg_indexes WHERE indexname = 'case_clocks_running'")
    for column in ("met_at", "breached_at", "paused_at", "stopped_at"):
        assert f"{column} IS NULL" in row["indexdef"]
