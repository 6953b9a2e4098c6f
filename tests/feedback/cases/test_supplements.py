"""A case is opened under the policy and the supplements of its unit and of those above, and keeps them."""

from datetime import datetime, timedelta
from typing import Any

from shared.policies import Channel
from shared.types import Level
from tests.feedback.house import House, lead, official, unit
from tests.feedback.policies import SHANGHAI, know_calendar, know_policy, know_supplement, rules, span
from tests.feedback.work import work

CLERK = official("village")
SAID = {"text": "We are on it."}


async def case_of(house: House, case_id: str) -> Any:
    return await house.get(f"/v1/cases/{case_id}", caller=house.speaker)


def lasts(case: Any) -> dict[str, timedelta]:
    times = [(clock["kind"], clock["started_at"], clock["due_at"]) for clock in case["clocks"]]
    return {kind: datetime.fromisoformat(due) - datetime.fromisoformat(started) for kind, started, due in times}


async def test_of_each_term_the_strictest_of_policy_and_supplements_counts(house: House) -> None:
    await know_supplement(
        house.service, unit("county"), code="county", deadlines={"acknowledgement": span(2), "first_answer": span(9)}
    )
    await know_supplement(house.service, unit("village"), code="village", deadlines={"first_answer": span(30, "hours")})
    case = await case_of(house, await house.case())
    assert case["policy_version"] == "default.v1+county.v1+village.v1"
    assert lasts(case) == {
        "acknowledgement": timedelta(days=2),
        "first_answer": timedelta(hours=30),
        "resolution": timedelta(days=90),
    }
    assert {clock["kind"]: clock["counted_in"] for clock in case["clocks"]}["first_answer"] == "hours"


async def test_a_supplement_is_for_its_subtree_its_channel_and_its_time(house: House) -> None:
    haste: dict[str, Any] = {"deadlines": {"acknowledgement": span(1)}}
    tomorrow = house.clock() + timedelta(days=1)
    await know_supplement(house.service, unit("township"), code="town", channel=Channel.emotional, **haste)
    await know_supplement(house.service, unit("village"), code="village", effective_from=tomorrow, **haste)
    filed = await house.submit(unit_id=unit("county"), channel="emotional")
    above = await house.get(f"/v1/cases/{filed['case_id']}", caller=official("county"))
    assert above["policy_version"] == "default-emotional.v1"
    kept = [await house.case(), await house.case(channel="emotional")]
    house.clock.advance(days=1)
    kept += [await house.case(), await house.case(channel="emotional")]
    await know_supplement(house.service, unit("village"), code="village", version=2, effective_from=house.clock(), ends=True)
    kept.append(await house.case())
    assert [(await case_of(house, case_id))["policy_version"] for case_id in kept] == [
        "default.v1",
        "default-emotional.v1+town.v1",
        "default.v1+village.v1",
        "default-emotional.v1+town.v1+village.v1",
        "default.v1",
    ]


async def test_windows_of_residents_grow_and_later_clocks_keep_to_the_supplement(house: House) -> None:
    await know_supplement(
        house.service,
        unit("village"),
        code="village",
        confirm_within=span(40),
        reopen_within=span(50),
        deadlines={"next_answer": span(3), "resolution": span(20)},
        escalate_after_reopenings=1,
    )
    case_id = await house.case()
    await know_supplement(house.service, unit("village"), code="village", version=2, ends=True)
    case = await house.do(case_id, "answer", SAID, caller=CLERK)
    assert datetime.fromisoformat(case["judge_until"]) == house.clock() + timedelta(days=40)
    await house.do(case_id, "messages", {"text": "And the other lamp?"}, caller=house.speaker)
    assert lasts(await case_of(house, case_id))["next_answer"] == timedelta(days=3)
    case = await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    assert datetime.fromisoformat(case["reopenable_until"]) == house.clock() + timedelta(days=50)
    await house.do(case_id, "reopen", {"reason": "Dark again."}, caller=house.speaker)
    await work(house.service)
    case = await case_of(house, case_id)
    assert lasts(case)["resolution"] == timedelta(days=20)
    assert [step["cause"] for step in case["escalations"]] == ["reopening"]


async def test_a_chain_climbs_by_the_shorter_delays_and_the_history_names_the_supplement(house: House) -> None:
    await know_supplement(house.service, unit("village"), code="village", escalation=[span(0), span(1)])
    case_id = await house.case()
    for days in (7, 1):
        house.clock.advance(days=days)
        await work(house.service)
    case = await case_of(house, case_id)
    assert [step["step"] for step in case["escalations"]] == [1, 2]
    timeline = await house.get(f"/v1/cases/{case_id}/timeline", caller=lead("village"))
    rule = {entry["rule"] for entry in timeline if entry["verb"] == "escalate"}
    assert rule == {"default.v1+village.v1"}


async def test_a_case_that_is_handed_over_keeps_what_it_was_opened_under(house: House) -> None:
    await know_supplement(house.service, unit("village"), code="village", deadlines={"resolution": span(20)})
    case_id = await house.case()
    said = {"unit_id": str(unit("township")), "reason": "Theirs."}
    await house.do(case_id, "hand-over", said, caller=lead("village"))
    case = await case_of(house, case_id)
    assert (case["policy_version"], lasts(case)["resolution"]) == ("default.v1+village.v1", timedelta(days=20))


async def test_working_days_of_a_supplement_are_those_of_the_policys_calendar(house: House) -> None:
    """From a Monday after hours, so until the office closes on Thursday."""
    await know_calendar(house.service, SHANGHAI, code="office")
    said = rules(deadlines={"first_answer": span(5, "working_days")}, calendar_code="office")
    await know_policy(house.service, said, level=Level.grassroots)
    await know_supplement(house.service, unit("village"), code="village", deadlines={"first_answer": span(3, "working_days")})
    case = await case_of(house, await house.case())
    [clock] = [clock for clock in case["clocks"] if clock["kind"] == "first_answer"]
    assert (clock["counted_in"], clock["due_at"]) == ("working_days", "2026-03-05T09:30:00Z")
    assert case["calendar_version"] == 1
