import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.assessment.alarms.queries import upheld_alarms
from services.assessment.alarms.rules import Upheld
from services.assessment.indicators.rules import ALL_TIME, Period
from services.assessment.jobs import find_alarms
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import BulkClosingSuspected
from shared.events.envelope import Event
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem, record_of
from tests.support.callers import principal


def closings(unit: Any, number: int, *, days: int = 0) -> list[Event]:
    """Half of them answered, half rejected, some days after the tests' first."""
    stories = [Story(unit) for _ in range(number)]
    hours = 24 * days
    return [story.answered(hours) if number % 2 else story.rejected(hours) for number, story in enumerate(stories)]


async def look(office: Office, *, days: int) -> None:
    """Once that many days have passed since the last look."""
    office.clock.advance(days=days)
    while await find_alarms(office.service.works):
        pass


async def alarms(office: Office, caller: Any = ADMIN, **params: Any) -> Any:
    return (await office.get("/v1/alarms", caller, **params))["items"]


async def decide(office: Office, alarm: Any, verb: str, caller: Any = ADMIN) -> Any:
    return await office.client.post(f"/v1/alarms/{alarm['id']}/{verb}", caller=caller, json={"reason": "I looked."})


async def test_closing_in_bulk_raises_an_alarm_once_the_day_is_over(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear(closings(unit, 6))
    await office.hear(closings(unit, 20, days=2))
    await look(office, days=1)
    assert await alarms(office) == []
    await look(office, days=2)
    [alarm] = await alarms(office)
    assert (alarm["unit_id"], alarm["first_day"], alarm["last_day"]) == (unit["id"], "2026-03-04", "2026-03-04")
    assert (alarm["closings"], alarm["busiest"], alarm["rule"]) == (20, 6, "bulk-closing.v1")


async def test_a_busy_habit_raises_none(office: Office) -> None:
    """The whole week's work on Mondays."""
    unit = await office.register_unit("north")
    for week in range(4):
        await office.hear(closings(unit, 12 + week, days=7 * week))
    await office.hear(closings(unit, 35, days=28))
    await look(office, days=30)
    assert await alarms(office) == []


async def test_a_case_counts_once_a_day_however_often_it_is_answered(office: Office) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)
    await office.hear([story.answered(hour / 4, first=hour == 0) for hour in range(40)])
    await look(office, days=2)
    assert await alarms(office) == []


async def test_an_alarm_is_the_same_in_every_order_and_however_often_told(office: Office) -> None:
    unit, other = [await office.register_unit(code) for code in ("north", "south")]
    story = [*closings(unit, 7), *closings(unit, 30, days=5), *closings(other, 19, days=5)]
    records = [record_of(event) for event in story]
    again = [record_of(event) for event in story]
    shuffled = random.Random(5).sample([*records, *again, *records], k=3 * len(records))
    await office.service.consumer.deliver(shuffled[:60])
    await office.service.consumer.deliver(shuffled[60:])
    await look(office, days=7)
    [alarm] = await alarms(office)
    assert (alarm["unit_id"], alarm["closings"], alarm["busiest"]) == (unit["id"], 30, 7)
    await office.service.consumer.deliver(again)
    await look(office, days=1)
    assert await alarms(office) == [alarm]


async def test_what_is_told_late_is_looked_at_again(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear(closings(unit, 15))
    await look(office, days=3)
    assert await alarms(office) == []
    await office.hear(closings(unit, 5))
    await look(office, days=0)
    assert [alarm["closings"] for alarm in await alarms(office)] == [20]


async def test_a_burst_of_several_days_is_one_alarm_and_told_once(office: Office) -> None:
    unit = await office.register_unit("north")
    for days, number in ((0, 25), (1, 40), (2, 21)):
        await office.hear(closings(unit, number, days=days))
    office.clock.advance(days=5)
    await asyncio.gather(*(find_alarms(office.service.works) for _ in range(3)))
    await look(office, days=0)
    [alarm] = await alarms(office)
    assert (alarm["first_day"], alarm["last_day"], alarm["closings"]) == ("2026-03-02", "2026-03-04", 40)
    [told] = await office.recorded(BulkClosingSuspected)
    assert (str(told.key), told.closings) == (alarm["id"], 25)


@pytest.mark.parametrize(("verb", "again"), [("clear", 0), ("uphold", 1), (None, 1)])
async def test_only_what_was_cleared_becomes_usual(office: Office, verb: str | None, again: int) -> None:
    unit = await office.register_unit("north")
    await office.hear(closings(unit, 30))
    await look(office, days=2)
    [alarm] = await alarms(office)
    if verb:
        assert (await decide(office, alarm, verb)).status_code == 200
    await office.hear(closings(unit, 30, days=10))
    await look(office, days=11)
    assert len(await alarms(office)) == 1 + again


async def test_somebody_above_decides_with_a_reason_and_once(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = [await office.register_unit(code, "county", north) for code in ("mid", "other")]
    await office.hear(closings(mid, 30))
    await look(office, days=2)
    [alarm] = await alarms(office)
    own, foreign, above = [principal(Role.lead, UUID(unit["id"])) for unit in (mid, other, north)]
    assert await alarms(office, own) == await alarms(office, above) == [alarm]
    assert await alarms(office, foreign) == []
    assert_problem(await decide(office, alarm, "clear", own), 403, "alarm-not-yours")
    assert_problem(await decide(office, alarm, "clear", foreign), 404, "alarm-not-found")
    assert_problem(await office.client.post(f"/v1/alarms/{alarm['id']}/clear", caller=above, json={}), 422)
    upheld = (await decide(office, alarm, "uphold", above)).json()
    assert (upheld["decision"], upheld["decision_reason"], upheld["decided_by_unit_id"]) == ("upheld", "I looked.", north["id"])
    assert str(above.account_id) not in str(upheld), "who decides is a unit"
    assert_problem(await decide(office, alarm, "clear", above), 409, "alarm-decided")


async def test_anybody_reads_how_often_and_what_came_of_it(office: Office) -> None:
    north, south = await office.register_unit("north"), await office.register_unit("south")
    for days in (0, 3, 6):
        await office.hear(closings(north, 30, days=days))
    await office.hear(closings(south, 30))
    await look(office, days=8)
    about_north = await alarms(office, unit_id=north["id"])
    assert len(about_north) == 3
    await decide(office, about_north[0], "uphold")
    await decide(office, about_north[1], "clear")
    counted = await office.get("/v1/public/alarms", ANONYMOUS)
    assert counted["items"] == [
        {"unit_id": north["id"], "open": 1, "cleared": 1, "upheld": 1},
        {"unit_id": south["id"], "open": 1, "cleared": 0, "upheld": 0},
    ]
    page = await office.get("/v1/public/alarms", ANONYMOUS, limit=1)
    assert (await office.get("/v1/public/alarms", ANONYMOUS, limit=1, cursor=page["next_cursor"]))["items"] == counted["items"][
        1:
    ]
    assert (await office.get("/v1/public/alarms", ANONYMOUS, unit_id=south["id"]))["items"] == counted["items"][1:]


async def test_what_was_upheld_is_a_fact_of_its_period(office: Office) -> None:
    north, south = await office.register_unit("north"), await office.register_unit("south")
    for unit in (north, south):
        await office.hear(closings(unit, 30))
    await office.hear(closings(north, 20, days=5))
    start = office.clock()
    await look(office, days=7)
    for alarm in await alarms(office, unit_id=north["id"]):
        await decide(office, alarm, "uphold")
    await decide(office, (await alarms(office, unit_id=south["id"]))[0], "clear")
    north_id, south_id = UUID(north["id"]), UUID(south["id"])
    first, last = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC)
    early, later = Period(start, start + timedelta(days=4)), Period(start + timedelta(days=6), start + timedelta(days=9))
    async with office.service.works.begin() as uow:
        assert await upheld_alarms(uow, [north_id, south_id], ALL_TIME) == {north_id: Upheld(2, first, last)}
        assert await upheld_alarms(uow, [north_id, south_id], early) == {north_id: Upheld(1, first, first)}
        assert await upheld_alarms(uow, [north_id, south_id], later) == {}


async def test_an_unknown_alarm_is_not_found(office: Office) -> None:
    assert_problem(await decide(office, {"id": str(uuid4())}, "clear"), 404, "alarm-not-found")


@pytest.mark.parametrize("query", HOSTILE_QUERIES)
async def test_hostile_pages_are_refused(office: Office, query: dict[str, str]) -> None:
    for path in ("/v1/alarms", "/v1/public/alarms"):
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)
