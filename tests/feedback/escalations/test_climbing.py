"""A duty that was not done climbs the tree: unit by unit, each step in its time, each once."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from tests.feedback.house import TREE, House, lead, official, unit
from tests.feedback.policies import know_policy, rules, span
from tests.feedback.work import work
from tests.support.clock import ManualClock

CODES = {str(unit(code)): code for code, *_ in TREE}
CLERK = official("village")
SAID = {"text": "We are on it."}


async def case_of(house: House, case_id: str) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=house.speaker)


async def steps(house: House, case_id: str, cause: str) -> list[tuple[int, str]]:
    found = [step for step in (await case_of(house, case_id))["escalations"] if step["cause"] == cause]
    return [(step["step"], CODES[step["unit_id"]]) for step in found]


async def climbs_at(house: House, case_id: str, cause: str) -> datetime | None:
    """When the newest running chain of this cause climbs."""
    found = [chain["next_at"] for chain in (await case_of(house, case_id))["chains"] if chain["cause"] == cause]
    return datetime.fromisoformat(found[-1]) if found else None


async def pass_days(house: House, *days: float) -> None:
    for some in days:
        house.clock.advance(days=some)
        await work(house.service)


async def escalated(house: House, case_id: str) -> list[Any]:
    return [json.loads(data) for type, data in await house.events(case_id) if type == "case.escalated"]


async def test_each_breach_climbs_by_itself_unit_by_unit(house: House) -> None:
    """Seven, fourteen and thirty days after the step before; nobody acknowledges, nobody answers."""
    case_id = await house.case()
    passed, seen = 0, 0
    for day, cause, step, code in [
        (7, "acknowledgement", 1, "township"),
        (14, "acknowledgement", 2, "county"),
        (28, "acknowledgement", 3, "prefecture"),
        (30, "first_answer", 1, "township"),
        (37, "first_answer", 2, "county"),
        (51, "first_answer", 3, "prefecture"),
        (58, "acknowledgement", 4, "province"),
        (81, "first_answer", 4, "province"),
        (90, "resolution", 1, "township"),
    ]:
        await pass_days(house, day - passed)
        passed, seen = day, seen + 1
        told = await escalated(house, case_id)
        assert len(told) == seen
        assert (told[-1]["cause"], told[-1]["step"], CODES[told[-1]["to_unit_id"]]) == (cause, step, code)
        assert told[-1]["escalated_at"] == house.clock().isoformat().replace("+00:00", "Z")
    case = await case_of(house, case_id)
    assert (case["state"], case["unit_id"]) == ("received", str(unit("village")))
    parts = {CODES[part["unit_id"]]: part["part"] for part in case["units"]}
    assert parts == dict.fromkeys(("township", "county", "prefecture", "province"), "told")
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert [entry["verb"] for entry in timeline] == ["open", *["escalate"] * 9]


async def test_a_chain_ends_at_the_root(house: House) -> None:
    case_id = await house.case(unit_id=unit("elsewhere"))
    await pass_days(house, 7, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "prefecture"), (2, "province")]
    assert await climbs_at(house, case_id, "acknowledgement") is None


async def test_a_chain_ends_when_the_policy_says_no_more(house: House) -> None:
    await know_policy(house.service, rules(escalation=[span(0), span(2)]), code="default", version=2)
    case_id = await house.case()
    await pass_days(house, 7, 2, 30)
    assert (await steps(house, case_id, "acknowledgement")) == [(1, "township"), (2, "county")]


async def test_the_first_step_waits_where_the_policy_says_so(house: House) -> None:
    await know_policy(house.service, rules(escalation=[span(3), span(1)]), code="default", version=2)
    case_id = await house.case()
    await pass_days(house, 7)
    assert await steps(house, case_id, "acknowledgement") == []
    assert await climbs_at(house, case_id, "acknowledgement") == house.clock() + timedelta(days=3)
    await pass_days(house, 3)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]


async def test_no_step_is_taken_before_its_time(house: House) -> None:
    case_id = await house.case()
    await pass_days(house, 7)
    house.clock.advance(days=7, microseconds=-1)
    await work(house.service)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]
    house.clock.advance(microseconds=1)
    await work(house.service)
    assert len(await steps(house, case_id, "acknowledgement")) == 2


@pytest.mark.parametrize(("verb", "body"), [("acknowledge", {}), ("ask", SAID), ("answer", SAID)])
async def test_a_duty_done_at_last_ends_its_chain(house: House, verb: str, body: dict[str, str]) -> None:
    case_id = await house.case()
    await pass_days(house, 7)
    case = await house.do(case_id, verb, body, caller=CLERK)
    assert case["chains"] == []
    await pass_days(house, 7, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]


async def test_a_chain_goes_on_while_only_another_duty_is_done(house: House) -> None:
    case_id = await house.case()
    await pass_days(house, 30)
    await house.do(case_id, "acknowledge", caller=CLERK)
    await pass_days(house, 7)
    assert await steps(house, case_id, "first_answer") == [(1, "township"), (2, "county")]
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]


@pytest.mark.parametrize(("verb", "body"), [("reject", {"reason": "Not ours."}), ("withdraw", {})])
async def test_the_end_of_a_case_ends_its_chains(house: House, verb: str, body: dict[str, str]) -> None:
    case_id = await house.case()
    await pass_days(house, 30)
    await house.do(case_id, verb, body, caller=house.speaker if verb == "withdraw" else CLERK)
    seen = len(await escalated(house, case_id))
    await pass_days(house, 7, 400)
    assert len(await escalated(house, case_id)) == seen


async def test_units_that_the_case_is_about_are_passed_over(house: House) -> None:
    case_id = await house.case(about=[str(unit("county"))])
    assert (await case_of(house, case_id))["unit_id"] == str(unit("prefecture"))
    await pass_days(house, 7, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "province")]


async def test_a_blamed_unit_above_is_skipped_with_all_below_it(house: House) -> None:
    """As it may stand after the case was handed down: what is blamed later than routed is not told either."""
    case_id = await house.case()
    await house.rows("INSERT INTO case_exclusions (case_id, unit_id) VALUES ($1, $2)", UUID(case_id), unit("county"))
    await pass_days(house, 7, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "prefecture"), (2, "province")]


async def test_after_a_hand_over_the_chain_goes_on_above_the_new_unit(house: House) -> None:
    case_id = await house.case()
    await pass_days(house, 7)
    await house.rows("UPDATE cases SET unit_id = $1 WHERE id = $2", unit("neighbour"), UUID(case_id))
    await pass_days(house, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township"), (2, "county")]
    await house.rows("UPDATE cases SET unit_id = $1 WHERE id = $2", unit("elsewhere"), UUID(case_id))
    await pass_days(house, 14)
    assert (await steps(house, case_id, "acknowledgement"))[2:] == [(3, "prefecture")]


async def test_a_unit_that_works_on_the_case_stays_a_joint_one_when_it_is_told(house: House) -> None:
    case_id = await house.case()
    statement = "INSERT INTO case_units (unit_id, case_id, part, since) VALUES ($1, $2, 'joint', $3)"
    await house.rows(statement, unit("township"), UUID(case_id), house.clock())
    await pass_days(house, 7)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]
    assert [part["part"] for part in (await case_of(house, case_id))["units"]] == ["joint"]


async def test_escalation_shows_the_case_to_the_officials_above_who_still_cannot_act(house: House) -> None:
    case_id, above = await house.case(), official("township")
    await pass_days(house, 7)
    case = await house.get(f"/v1/cases/{case_id}", caller=above)
    assert (case["unit_id"], case["allowed"]) == (str(unit("village")), [])
    assert [item["id"] for item in (await house.get("/v1/cases", caller=above))["items"]] == [case_id]
    assert (await house.try_do(case_id, "answer", {"text": "We will."}, caller=above)).status_code == 403
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=official("county"))).status_code == 404


async def test_a_late_worker_gives_every_unit_its_time(house: House) -> None:
    """After an outage a chain does not rush to the top: each delay counts from when the unit below was told."""
    case_id = await house.case()
    await pass_days(house, 400)
    assert await steps(house, case_id, "acknowledgement") == [(1, "township")]
    assert await climbs_at(house, case_id, "acknowledgement") == house.clock() + timedelta(days=7)


async def reopen(house: House, case_id: str, times: int) -> None:
    for _ in range(times):
        await house.do(case_id, "answer", SAID, caller=CLERK)
        await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
        await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
        await work(house.service)


async def test_repeated_reopening_tells_one_unit_further_up_each_time(house: House) -> None:
    case_id = await house.case()
    await reopen(house, case_id, 1)
    assert await escalated(house, case_id) == []
    await reopen(house, case_id, 6)
    told = [
        (event["cause"], event["round"], event["step"], CODES[event["to_unit_id"]]) for event in await escalated(house, case_id)
    ]
    assert told == [
        ("reopening", reopened, 1, code)
        for reopened, code in zip((2, 3, 4, 5), ("township", "county", "prefecture", "province"), strict=True)
    ]
    assert (await case_of(house, case_id))["chains"] == []


async def test_reopening_alone_tells_nobody_where_the_policy_says_so(house: House) -> None:
    await know_policy(house.service, rules(escalate_after_reopenings=None), code="default", version=2)
    case_id = await house.case()
    await reopen(house, case_id, 4)
    assert await escalated(house, case_id) == []


async def test_an_anonymous_speakers_reopening_is_told_to_the_hour(house: House) -> None:
    await know_policy(house.service, rules(escalate_after_reopenings=1), code="default", version=2)
    filed = await house.submit(protection="anonymous")
    case_id, receipt = filed["case_id"], filed["receipt"]
    await house.do(case_id, "answer", SAID, caller=CLERK)
    house.clock.advance(hours=3, minutes=17)
    await house.receipt("confirm", {"receipt": receipt, "resolved": True})
    assert (await house.receipt("reopen", {"receipt": receipt, "reason": "Dark again."})).status_code == 200
    house.clock.advance(seconds=1)
    await work(house.service)
    hour = "2026-03-02T12:00:00Z"
    (told,) = await escalated(house, case_id)
    assert told["escalated_at"] == hour
    (row,) = await house.rows("SELECT id, time FROM outbox WHERE type LIKE '%case.escalated.v2'")
    assert row["time"] == datetime.fromisoformat(hour)
    (step,) = await house.rows("SELECT id, notified_at FROM escalation_steps")
    assert step["notified_at"] == datetime.fromisoformat(hour)
    for id in (row["id"], step["id"]):
        assert (id.int >> 80) == int(datetime.fromisoformat(hour).timestamp() * 1000)
    acts = await house.rows("SELECT at FROM case_history WHERE verb IN ('reopen', 'escalate')")
    assert {act["at"] for act in acts} == {datetime.fromisoformat(hour)}


async def test_two_workers_take_each_step_once(house: House, database_url: str, clock: ManualClock) -> None:
    ids = [await house.case() for _ in range(30)]
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        for days in (7, 7):
            clock.advance(days=days)
            await asyncio.gather(*(work(service) for service in (house.service, other) for _ in range(2)))
            await work(other)
    for case_id in ids:
        assert [event["step"] for event in await escalated(house, case_id)] == [1, 2]
    assert len(await house.rows("SELECT 1 FROM case_history WHERE verb = 'escalate'")) == 60


async def test_an_appeal_that_waits_too_long_climbs_above_the_unit_that_must_decide(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "reject", {"reason": "Not ours."}, caller=CLERK)
    await house.do(case_id, "appeal", {"reason": "It is yours."}, caller=house.speaker)
    await pass_days(house, 30, 7)
    assert await steps(house, case_id, "appeal") == [(1, "county"), (2, "prefecture")]
    case = await house.do(case_id, "appeal/decide", {"decision": "uphold", "reason": "It is not."}, caller=lead("township"))
    assert case["chains"] == []
    await pass_days(house, 60)
    assert len(await steps(house, case_id, "appeal")) == 2
