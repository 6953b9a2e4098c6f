import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from services.assessment.indicators.queries import measure_units
from services.assessment.indicators.rules import Period
from services.assessment.jobs import find_alarms
from services.assessment.mechanism.queries import count_runs
from services.assessment.mechanism.rules import SPANS, together
from shared.auth import ANONYMOUS, Role
from shared.events.envelope import Event
from shared.events.visits import PromiseBroken, PromiseKept, PromiseWithdrawn
from tests.assessment.assessors import open_board
from tests.assessment.cases import Story, after, judged_cases
from tests.assessment.office import ADMIN, Office, assert_problem, record_of
from tests.assessment.outcomes.test_routes import call, day, hear_residents, measure, record
from tests.support.callers import principal


def answers(unit: Any, *, in_time: int, late: int = 0, hours: float = 0) -> list[Event]:
    stories = [Story(unit) for _ in range(in_time + late)]
    return [story.answered(hours, in_time=number < in_time) for number, story in enumerate(stories)]


def visits(unit: Any, *, on_time: int, late: int = 0, missed: int = 0, hours: float = 0) -> list[Event]:
    events: list[Event] = []
    for number in range(on_time + late + missed):
        story = Story(unit)
        outcome = "done" if number < on_time else "done_late"
        came = number < on_time + late
        events += [story.planned(hours), story.recorded(hours + 1, outcome=outcome) if came else story.missed(hours + 1)]
    return events


async def mechanism(office: Office, unit: Any) -> Any:
    return await office.get(f"/v1/units/{unit['id']}/mechanism")


async def public(office: Office, unit: Any) -> Any:
    return await office.get(f"/v1/public/units/{unit['id']}/mechanism", ANONYMOUS)


async def test_a_unit_without_a_campaign_has_a_score_of_what_it_keeps_up(office: Office) -> None:
    """18 of 20 answered in time, 6 of 8 visits on time: (0.9 + 0.75) / 2 = 0.825."""
    unit = await office.register_unit("north")
    await office.hear([*answers(unit, in_time=18, late=2), *visits(unit, on_time=6, late=1, missed=1)])
    office.clock.advance(days=1)
    found = await public(office, unit)
    assert (found["formula"], found["campaign_grade"]) == (
        "score = mean of the values of the habits that are known, each weighing the same",
        None,
    )
    quarter, year = found["spans"]
    assert (quarter["days"], year["days"]) == (90, 365)
    assert quarter["own"] == year["own"]
    own = quarter["own"]
    assert (own["score"], own["not_scored"], own["rests_on"]) == (0.825, None, ["response", "visits_on_time"])
    response, on_time, promises, outcomes, inspections = own["habits"]
    assert (response["habit"], response["value"], response["hits"], response["n"]) == ("response", 0.9, 18, 20)
    assert response["low"] < 0.9 < response["high"]
    assert (on_time["value"], on_time["hits"], on_time["n"]) == (0.75, 6, 8)
    assert (promises["value"], promises["missing"]) == (None, "promises needs 5 promises due, has 0")
    assert (outcomes["value"], outcomes["missing"]) == (None, "outcomes needs 1 outcomes due that can be counted, has 0")
    assert (inspections["value"], inspections["missing"]) == (None, "inspections are not recorded yet")
    assert own["alarms"] == {"decided": 0, "upheld": 0}


async def test_what_is_not_known_is_no_zero(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear([*answers(unit, in_time=0, late=4), *visits(unit, on_time=0, missed=3)])
    office.clock.advance(days=1)
    own = (await public(office, unit))["spans"][0]["own"]
    assert own["score"] is None
    assert own["not_scored"] == (
        "not scored: response needs 5 cases due a first answer, has 4; visits_on_time needs 5 visits made or missed, has 3; "
        "promises needs 5 promises due, has 0; outcomes needs 1 outcomes due that can be counted, has 0; "
        "inspections are not recorded yet"
    )
    assert (own["rests_on"], [each["value"] for each in own["habits"]]) == ([], [None] * 5)


async def test_the_last_ninety_days_and_the_last_year_are_apart(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear([*answers(unit, in_time=0, late=5), *answers(unit, in_time=15, hours=24 * 100)])
    office.clock.advance(days=120)
    quarter, year = (await public(office, unit))["spans"]
    assert (quarter["own"]["score"], year["own"]["score"]) == (1.0, 0.75)
    office.clock.advance(days=400)
    assert [span["own"]["score"] for span in (await public(office, unit))["spans"]] == [None, None]


async def test_outcomes_and_alarms_stand_beside_them(office: Office) -> None:
    """(1 + 0.8) / 2 = 0.9, whatever the alarm."""
    unit = await office.register_unit("north")
    made = await record(office, unit, target={"value": 8, "on": day(office, 10)})
    await measure(office, made, 8)
    await call(office, "publish", made)
    await hear_residents(office, made, yes=4, no=1)
    await office.hear([*answers(unit, in_time=5), *(Story(unit).rejected() for _ in range(30))])
    office.clock.advance(days=11)
    while await find_alarms(office.service.works):
        pass
    before = (await public(office, unit))["spans"][0]["own"]
    assert (before["score"], before["alarms"]) == (0.9, {"decided": 0, "upheld": 0})
    outcomes = before["habits"][3]
    assert (outcomes["value"], outcomes["hits"], outcomes["n"], outcomes["low"]) == (0.8, None, 1, None)
    [alarm] = (await office.get("/v1/alarms"))["items"]
    await office.client.post(f"/v1/alarms/{alarm['id']}/uphold", caller=ADMIN, json={"reason": "Nobody went there."})
    after = (await public(office, unit))["spans"][0]["own"]
    assert after == {**before, "alarms": {"decided": 1, "upheld": 1}}


def promised(unit: Any, *, kept: int = 0, late: int = 0, broken: int = 0, taken_back: int = 0, hours: float = 0) -> list[Event]:
    """Each broken before it is kept late or taken back."""
    events: list[Event] = []
    for number in range(kept + late + broken + taken_back):
        told = {"promise_id": uuid4(), "visit_id": uuid4(), "unit_id": UUID(unit["id"])}
        due = {**told, "due_on": after(hours).date()}
        if number >= kept:
            events.append(PromiseBroken(**due, broken_at=after(hours + 24)))
        if number < kept + late:
            events.append(PromiseKept(**due, kept_at=after(hours + 48), in_time=number < kept))
        elif number >= kept + late + broken:
            events.append(PromiseWithdrawn(**told, withdrawn_at=after(hours + 48)))
    return events


async def test_promises_count_by_their_day_in_every_order_and_however_often_they_are_told(office: Office) -> None:
    """Six kept of eight whose day has come; two more were taken back, and the day of four has not come."""
    unit = await office.register_unit("north")
    story = promised(unit, kept=6, late=1, broken=1, taken_back=2) + promised(unit, kept=4, hours=24 * 30)
    records = [record_of(event) for event in story]
    mix = random.Random(3)
    await office.service.consumer.deliver(mix.sample([*records, *records], k=2 * len(records)))
    await office.service.consumer.deliver([record_of(event) for event in mix.sample(story, k=len(story))])
    office.clock.advance(days=3)
    promises = (await public(office, unit))["spans"][0]["own"]["habits"][2]
    assert (promises["habit"], promises["hits"], promises["n"], promises["value"]) == ("promises", 6, 8, 0.75)
    assert promises["low"] < 0.75 < promises["high"]


async def test_all_below_are_summed_and_nobody_else(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = [await office.register_unit(code, "county", north) for code in ("mid", "other")]
    low = await office.register_unit("low", "township", mid)
    await office.hear([*answers(mid, in_time=2), *answers(low, in_time=4, late=4), *answers(other, in_time=90)])
    office.clock.advance(days=1)
    found = await mechanism(office, mid)
    own, below = (found["spans"][0][whose]["habits"][0] for whose in ("own", "with_below"))
    assert found["units"] == 2
    assert (own["n"], own["value"], below["hits"], below["n"], below["value"]) == (2, None, 6, 10, 0.6)
    assert (await mechanism(office, north))["spans"][1]["with_below"]["habits"][0]["n"] == 100
    assert found["spans"][0]["own"] == (await public(office, mid))["spans"][0]["own"]
    assert "with_below" not in (await public(office, mid))["spans"][0]


async def test_it_stands_beside_the_grade_of_a_campaign(office: Office) -> None:
    board = await open_board(office)
    assert (await public(office, board.mid))["campaign_grade"] is None
    grade = await board.published()
    found = await public(office, board.mid)
    assert found["campaign_grade"] == {
        "value": "qualified",
        "reason": grade["reason"],
        "composite": 0.6975,
        "published_at": grade["published_at"],
    }
    assert found["spans"][0]["own"]["habits"][0]["n"] == 10


async def test_it_counts_as_grades_do_in_every_order_and_however_often_it_is_told(office: Office) -> None:
    """Against what measures the same units for a grade."""
    units = [await office.register_unit(f"unit-{number}") for number in range(4)]
    mix = random.Random(11)
    story: list[Event] = []
    for unit in units:
        told = {name: mix.randint(0, 6) for name in ("on_time", "late", "missed")}
        story += [*answers(unit, in_time=mix.randint(0, 9), late=mix.randint(0, 9)), *visits(unit, **told)]
        story += [Story(unit).breached(), Story(unit).planned()]
        cancelled = Story(unit)
        story += [cancelled.planned(), cancelled.missed(), cancelled.cancelled(2)]
        story += judged_cases(unit, due=6, in_time=4, judged=3, resolved=1, rated=2, satisfied=1)
    records = [record_of(event) for event in story]
    await office.service.consumer.deliver(mix.sample([*records, *records], k=2 * len(records)))
    office.clock.advance(days=2)
    ids = [UUID(unit["id"]) for unit in units]
    async with office.service.works.begin() as uow:
        counts = await count_runs(uow, ids[0], ids, uow.now())
        for days in SPANS:
            period = Period(uow.now() - timedelta(days=days), uow.now())
            measured = await measure_units(uow, ids, period)
            for counted, tallies in (
                ("response", {id: found.response for id, found in measured.items()}),
                ("visits", {id: found.visits.on_time for id, found in measured.items()}),
            ):
                assert counts.tallies[counted, days, True] == tallies[ids[0]]
                assert counts.tallies[counted, days, False] == together(tallies[id] for id in ids[1:])


async def test_a_whole_tree_costs_as_many_queries_as_one_unit(office: Office) -> None:
    north = await office.register_unit("north", "province")
    statements: list[str] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async def cost() -> int:
        statements.clear()
        await mechanism(office, north)
        return len(statements)

    alone = await cost()
    for number in range(6):
        await office.hear(answers(await office.register_unit(f"unit-{number}", "county", north), in_time=1))
    assert await cost() == alone == 5
    assert sum("case_evidence" in each for each in statements) == 1


async def test_staff_read_the_sums_and_everybody_the_unit(office: Office) -> None:
    unit = await office.register_unit("north")
    path = f"/v1/units/{unit['id']}/mechanism"
    for role in (Role.official, Role.lead, Role.inspector):
        assert (await office.client.get(path, caller=principal(role, uuid4()))).status_code == 200
    assert_problem(await office.client.get(path, caller=principal(Role.resident)), 403, "role-not-allowed")
    assert_problem(await office.client.get(path, caller=ANONYMOUS), 401)


@pytest.mark.parametrize("path", ["/v1/units/{}/mechanism", "/v1/public/units/{}/mechanism"])
async def test_mechanism_bad_requests(office: Office, path: str) -> None:
    assert_problem(await office.client.get(path.format(uuid4()), caller=ADMIN), 404, "unit-not-found")
    assert_problem(await office.client.get(path.format("17"), caller=ADMIN), 422)


async def cooling(office: Office, unit: Any) -> Any:
    return await office.get(f"/v1/public/units/{unit['id']}/cooling", ANONYMOUS)


def quick_and_slow(unit: Any, number: int, *, hours: float, takes: float) -> list[Event]:
    stories = [Story(unit) for _ in range(number)]
    return [event for story in stories for event in (story.opened(hours), story.answered(hours + takes))]


async def test_what_is_left_of_a_campaign_once_it_is_over(office: Office) -> None:
    """Thirty visits in thirty days, then six in fifteen: 0.4. Two hours to an answer, then four: 0.5. Together 0.45."""
    unit = await office.register_unit("north")
    campaign = await office.schedule_campaign(unit, await office.adopt_standard())
    after = 24 * 35
    await office.hear([*visits(unit, on_time=30, hours=24), *quick_and_slow(unit, 6, hours=24, takes=2)])
    await office.hear([*visits(unit, on_time=6, hours=after), *quick_and_slow(unit, 5, hours=after, takes=4)])
    office.clock.advance(days=45)
    found = await cooling(office, unit)
    assert found["campaign"] == {"id": campaign["id"], "code": "spring"}
    assert (found["after"]["since"], found["during"]["until"]) == (campaign["ends_at"], campaign["ends_at"])
    made, first = found["signs"]
    assert (made["sign"], made["during_n"], made["after_n"], made["after"]) == ("visits_made", 30, 6, 0.4)
    assert made["kept"] == pytest.approx(0.4, rel=1e-3)
    assert (first["sign"], first["during"], first["after"], first["kept"]) == ("first_answer", 7200, 14400, 0.5)
    assert (found["index"], found["cooled"], found["not_shown"]) == (pytest.approx(0.45, rel=1e-3), True, None)
    assert found["formula"].startswith("index = mean of what was kept")


async def test_a_unit_that_goes_on_has_not_cooled(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.schedule_campaign(unit, await office.adopt_standard())
    for hours in (24, 24 * 35):
        await office.hear(quick_and_slow(unit, 5, hours=hours, takes=2))
    office.clock.advance(days=45)
    found = await cooling(office, unit)
    assert (found["index"], found["cooled"]) == (1.0, False)
    assert found["signs"][0]["missing"] == "visits_made needs 5 during the campaign, has 0"


async def test_where_nothing_can_be_compared_the_answer_says_why(office: Office) -> None:
    unit, other = await office.register_unit("north"), await office.register_unit("south")
    standard = await office.adopt_standard()
    await office.schedule_campaign(unit, standard)

    async def why(unit: Any) -> Any:
        found = await cooling(office, unit)
        assert (found["index"], found["cooled"]) == (None, None)
        return found["not_shown"]

    assert await why(unit) == "no campaign that measured this unit has ended"
    office.clock.advance(days=35)
    assert await why(unit) == "it takes 14 days without a campaign after the last one: there have been 5"
    assert await why(other) == "no campaign that measured this unit has ended"
    office.clock.advance(days=10)
    few = "visits_made needs 5 during the campaign, has 0; first_answer needs 5 during the campaign, has 0"
    assert await why(unit) == few, "what is missing is no zero"
    assert_problem(await office.client.get(f"/v1/public/units/{uuid4()}/cooling"), 404, "unit-not-found")
    assert_problem(await office.client.get("/v1/public/units/17/cooling"), 422)
