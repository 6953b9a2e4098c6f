"""A report that nobody acknowledges or decides in time is read further up too, once for each deadline."""

import asyncio
import json
from datetime import datetime
from typing import Any

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from tests.feedback.house import TREE, House, admin, lead, official, unit
from tests.feedback.retaliation.voices import Voice, codes, every_protection, hand_over, speak
from tests.feedback.work import work
from tests.support.clock import ManualClock

CODES = {str(unit(code)): code for code, *_ in TREE}
NOTHING_FOUND = {"substantiated": False, "reason": "The frost broke the pipe."}
DECIDED_ABOVE = {"substantiated": True, "unit_id": str(unit("township")), "reason": "It sat on it."}


async def pass_days(house: House, *days: float) -> None:
    for some in days:
        house.clock.advance(days=some)
        await work(house.service)


async def readers(voice: Voice) -> list[str]:
    (report,) = (await voice.watch())["reports"]
    return codes(report["readers"])


async def climbed(house: House) -> list[Any]:
    return [json.loads(data) for type, data in await house.events() if type == "retaliation.climbed"]


async def do(house: House, report: Any, verb: str, body: Any = None, *, code: str = "township") -> None:
    answer = await house.client.post(f"/v1/retaliation-reports/{report['id']}/{verb}", caller=lead(code), json=body or {})
    assert answer.status_code == 200, answer.text


@every_protection
async def test_each_missed_deadline_lets_one_more_unit_read_it(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    report = await voice.report()
    for days, expected in [
        (6.9, ["township"]),
        (0.1, ["township", "county"]),
        (20, ["township", "county"]),
        (3, ["township", "county", "prefecture"]),
        (300, ["township", "county", "prefecture"]),
    ]:
        await pass_days(house, days)
        assert await readers(voice) == expected
    events = await climbed(house)
    assert [(event["report_id"], CODES[event["unit_id"]]) for event in events] == [
        (report["id"], "county"),
        (report["id"], "prefecture"),
    ]
    (shown,) = (await voice.watch())["reports"]
    assert (shown["unit_id"], shown["state"], shown["overdue"]) == (str(unit("township")), "reported", True)
    assert shown["readers"][1]["why"].endswith("because the unit below was late.")
    for code in ("township", "county", "prefecture"):
        listed = await house.get("/v1/retaliation-reports", caller=lead(code), overdue=True)
        assert [item["id"] for item in listed["items"]] == [report["id"]]


async def test_an_anonymous_report_climbs_by_the_hour(house: House) -> None:
    await (await speak(house, "anonymous")).report()
    await pass_days(house, 7)
    (event,) = await climbed(house)
    (row,) = await house.rows("SELECT time FROM outbox WHERE type LIKE '%.retaliation.climbed.v1'")
    assert datetime.fromisoformat(event["climbed_at"]) == row["time"] == house.clock().replace(minute=0, second=0, microsecond=0)


async def test_a_report_that_is_acknowledged_in_time_climbs_only_when_it_is_not_decided(house: House) -> None:
    voice = await speak(house)
    await do(house, await voice.report(), "acknowledge")
    await pass_days(house, 7, 22)
    assert await readers(voice) == ["township"]
    await pass_days(house, 1)
    assert await readers(voice) == ["township", "county"]


async def test_a_report_that_is_decided_in_time_never_climbs(house: House) -> None:
    voice = await speak(house)
    await do(house, await voice.report(), "decide", NOTHING_FOUND)
    await pass_days(house, 7, 30, 400)
    assert await readers(voice) == ["township"]
    assert await climbed(house) == []


async def test_the_unit_that_it_climbed_to_may_decide_also_about_the_one_below(house: House) -> None:
    voice = await speak(house)
    report = await voice.report()
    await pass_days(house, 7)
    await do(house, report, "acknowledge", code="county")
    await do(house, report, "decide", DECIDED_ABOVE, code="county")
    (shown,) = (await voice.watch())["reports"]
    assert (shown["retaliating_unit_id"], shown["reason"]) == (str(unit("township")), "It sat on it.")


async def test_at_the_top_it_stays_and_is_overdue(house: House) -> None:
    voice = await speak(house, unit_id=unit("prefecture"))
    report = await voice.report()
    await pass_days(house, 7, 23)
    assert await readers(voice) == ["province"]
    assert await climbed(house) == []
    listed = await house.get("/v1/retaliation-reports", caller=lead("province"), overdue=True)
    assert [item["id"] for item in listed["items"]] == [report["id"]]


async def test_a_report_climbs_past_a_unit_that_came_to_owe_the_case_or_to_work_on_it(house: House) -> None:
    voice = await speak(house)
    await voice.report()
    await hand_over(house, voice.case_id, "county")
    body = {"unit_id": str(unit("prefecture")), "task": "Look at it."}
    await house.do(voice.case_id, "joint-units", body, caller=official("county"))
    await pass_days(house, 7)
    assert await readers(voice) == ["township", "province"]


async def test_nobody_who_reads_the_case_sees_it_climb(house: House) -> None:
    voice = await speak(house)
    await voice.report()
    await house.do(voice.case_id, "answer", {"text": "Mended."}, caller=official("village"))
    await house.do(voice.case_id, "confirm", {"resolved": True}, caller=voice.speaker)
    paths = [f"/v1/cases/{voice.case_id}", f"/v1/cases/{voice.case_id}/timeline", "/v1/cases"]
    callers = (official("village"), lead("village"), official("county"), admin())

    async def seen() -> list[str]:
        answers = [await house.client.get(path, caller=caller) for path in paths for caller in callers]
        return [answer.text.replace(answer.headers["x-request-id"], "") for answer in answers]

    await pass_days(house, 6)
    before = await seen()
    await pass_days(house, 1)
    assert await readers(voice) == ["township", "county"]
    assert await seen() == before


async def test_an_outage_costs_each_deadline_one_unit_and_no_more(house: House) -> None:
    voice = await speak(house)
    await voice.report()
    await pass_days(house, 400)
    assert [CODES[event["unit_id"]] for event in await climbed(house)] == ["county", "prefecture"]


async def test_two_workers_let_each_report_climb_once(house: House, database_url: str, clock: ManualClock) -> None:
    voices = [await speak(house) for _ in range(20)]
    for voice in voices:
        await voice.report()
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        clock.advance(days=7)
        await asyncio.gather(*(work(service) for service in (house.service, other) for _ in range(2)))
        await work(other)
    assert len(await climbed(house)) == 20
    for voice in voices:
        assert await readers(voice) == ["township", "county"]
