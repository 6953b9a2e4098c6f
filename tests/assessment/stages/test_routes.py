from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from services.assessment.jobs import advance, roll_out
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import StageEntered
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

RESIDENT = principal(Role.resident)
ANSWERS = {"kind": "count", "of": "cases_answered", "at_least": 2}
ON_TIME = {"kind": "indicator", "indicator": "response", "at_least": "0.80", "minimum": 5}
BEGIN = {"code": "begin", "name": "Begin", "entry": [], "exit": [ANSWERS]}
WORK = {"code": "work", "name": "Work", "entry": [], "exit": [ON_TIME]}


class Campaign:
    """Over a county with two townships, from tomorrow."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.works = office.service.works

    async def build(self, *stages: Any) -> "Campaign":
        self.county = await self.office.register_unit("county")
        self.hill = await self.office.register_unit("hill", "township", self.county)
        self.dale = await self.office.register_unit("dale", "township", self.county)
        standard = await self.office.adopt_standard()
        self.path = f"/v1/campaigns/{(await self.office.schedule_campaign(None, standard, start=1))['id']}"
        if stages:
            answer = await self.plan(*stages)
            assert answer.status_code == 200, answer.text
        return self

    async def plan(self, *stages: Any, caller: Any = ADMIN) -> Any:
        return await self.office.client.post(f"{self.path}/stages", caller=caller, json={"stages": list(stages)})

    async def start(self) -> None:
        self.office.clock.advance(days=1)
        await self.work()

    async def work(self) -> None:
        """All that the jobs find to do, after an hour."""
        self.office.clock.advance(hours=1.01)
        while await roll_out(self.works):
            pass
        while await advance(self.works):
            pass

    async def answer(self, unit: Any, cases: int, *, in_time: bool = True) -> None:
        for _ in range(cases):
            story = Story(unit)
            await self.office.hear([story.opened(26), story.answered(27, in_time=in_time)])

    async def stage(self, unit: Any) -> Any:
        return await self.office.get(f"{self.path}/units/{unit['id']}/stage")

    async def places(self) -> dict[str, str]:
        units = (await self.office.get(f"{self.path}/units"))["items"]
        return {unit["unit_code"]: unit["stage"] or unit["place"] for unit in units}


@pytest.fixture
async def campaign(office: Office) -> Campaign:
    return await Campaign(office).build(BEGIN, WORK)


async def test_each_unit_goes_on_by_its_own_evidence(campaign: Campaign) -> None:
    await campaign.start()
    assert await campaign.places() == {"county": "begin", "hill": "begin", "dale": "begin"}
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    assert await campaign.places() == {"county": "begin", "hill": "work", "dale": "begin"}
    await campaign.answer(campaign.hill, 3)
    await campaign.work()
    assert await campaign.places() == {"county": "begin", "hill": "completed", "dale": "begin"}


async def test_an_official_is_told_what_is_missing_and_nothing_is_taken_for_zero(campaign: Campaign) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 2, in_time=False)
    await campaign.work()
    shown = await campaign.office.get(
        f"{campaign.path}/units/{campaign.hill['id']}/stage", principal(Role.official, UUID(campaign.hill["id"]))
    )
    assert (shown["place"], shown["stage"], shown["next"]) == ("in_stage", "work", {"place": "completed", "stage": None})
    assert shown["conditions"] == [
        {"condition": ON_TIME, "met": False, "known": 0.0, "n": 2, "lack": "response needs 5 observations, has 2"}
    ]
    [check] = (await campaign.stage(campaign.dale))["conditions"]
    assert (check["known"], check["lack"]) == (0.0, "cases_answered needs 2, has 0")


async def test_history_keeps_the_numbers_on_which_a_unit_moved(campaign: Campaign) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    await campaign.answer(campaign.hill, 4)
    entered, moved = (await campaign.stage(campaign.hill))["history"][:2]
    assert (entered["stage"], entered["evidence"]) == ("begin", [])
    assert (moved["stage"], moved["evidence"]) == (
        "work",
        [{"condition": ANSWERS, "met": True, "known": 2.0, "n": None, "lack": None}],
    )


async def test_a_unit_goes_no_way_back(campaign: Campaign) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 5)
    await campaign.work()
    await campaign.answer(campaign.hill, 50, in_time=False)
    await campaign.work()
    assert (await campaign.places())["hill"] == "completed"


async def test_no_date_moves_a_unit(campaign: Campaign) -> None:
    await campaign.start()
    campaign.office.clock.advance(days=60)
    await campaign.work()
    assert await campaign.places() == {"county": "begin", "hill": "begin", "dale": "begin"}


async def test_evidence_of_the_last_hour_of_a_campaign_still_moves_a_unit_and_later_evidence_does_not(
    campaign: Campaign,
) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 2)
    campaign.office.clock.advance(days=60)
    await campaign.work()
    await campaign.answer(campaign.dale, 2)
    campaign.office.clock.advance(days=1)
    await campaign.work()
    assert await campaign.places() == {"county": "begin", "hill": "work", "dale": "begin"}


async def test_stage_entered_is_told_once_for_each_move(campaign: Campaign) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    await campaign.work()
    told = [event.model_dump(mode="json") for event in await campaign.office.recorded(StageEntered)]
    assert [(event["stage_code"], event["number"]) for event in told if event["unit_id"] == campaign.hill["id"]] == [
        ("begin", 1),
        ("work", 2),
    ]
    assert len(told) == 4


async def test_the_summary_counts_by_stage_and_level(campaign: Campaign) -> None:
    await campaign.start()
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    summary = await campaign.office.get(f"{campaign.path}/stages", RESIDENT)
    assert [(stage["code"], stage["units"], stage["levels"]) for stage in summary["stages"]] == [
        ("begin", 2, {"county": 1, "township": 1}),
        ("work", 1, {"township": 1}),
    ]
    assert (summary["frozen"], summary["waiting"], summary["completed"]) == (True, {}, {})
    [unit] = (await campaign.office.get(f"{campaign.path}/units", RESIDENT, stage="work"))["items"]
    assert unit["unit_id"] == campaign.hill["id"]
    assert (await campaign.office.get(f"{campaign.path}/units", place="completed"))["items"] == []


async def test_a_campaign_without_stages_is_one_stage_without_conditions(office: Office) -> None:
    campaign = await Campaign(office).build()
    await campaign.start()
    assert await campaign.places() == {"county": "whole", "hill": "whole", "dale": "whole"}
    shown = await campaign.stage(campaign.hill)
    assert (shown["next"], shown["conditions"]) == (None, [])


async def test_units_wait_before_a_first_stage_that_asks_something(office: Office) -> None:
    campaign = await Campaign(office).build({**BEGIN, "entry": [ANSWERS], "exit": []})
    await campaign.start()
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    assert await campaign.places() == {"county": "waiting", "hill": "begin", "dale": "waiting"}


async def test_a_unit_registered_later_gets_its_place_and_one_left_out_gets_none(campaign: Campaign) -> None:
    reason = {"reason_code": "reorganisation", "reason": "It joins the hill."}
    await campaign.office.post(f"{campaign.path}/exclusions", {"unit_id": campaign.dale["id"], **reason})
    await campaign.start()
    await campaign.office.register_unit("late", "township", campaign.county)
    await campaign.work()
    assert await campaign.places() == {"county": "begin", "hill": "begin", "late": "begin"}


async def test_a_unit_that_is_left_out_stays_where_it_is(campaign: Campaign) -> None:
    await campaign.start()
    reason = {"reason_code": "emergency", "reason": "A flood.", "with_subtree": True}
    await campaign.office.post(f"{campaign.path}/exclusions", {"unit_id": campaign.county["id"], **reason})
    await campaign.answer(campaign.hill, 2)
    await campaign.work()
    shown = await campaign.stage(campaign.hill)
    assert (shown["stage"], shown["excluded"], shown["conditions"][0]["met"]) == ("begin", True, True)


async def test_stages_are_frozen_once_the_campaign_has_started(campaign: Campaign) -> None:
    assert (await campaign.plan(WORK)).json()["stages"][0]["code"] == "work"
    campaign.office.clock.advance(days=1)
    assert_problem(await campaign.plan(BEGIN), 409, "campaign-started")


async def test_visits_move_a_unit_too(office: Office) -> None:
    visits = {"kind": "count", "of": "visits_made", "at_least": 2}
    quality = {"kind": "indicator", "indicator": "visits_counted", "at_least": 0.6}
    campaign = await Campaign(office).build({**BEGIN, "exit": [visits]}, {**WORK, "exit": [quality]})
    await campaign.start()
    for number in range(5):
        story = Story(campaign.hill)
        heard = [story.planned(26), story.recorded(27)]
        await office.hear([*heard, story.counted(28)] if number < 2 else heard)
    await campaign.work()
    [check] = (await campaign.stage(campaign.hill))["conditions"]
    assert (check["known"], check["n"]) == (0.4, 5)


async def test_a_batch_costs_as_many_queries_as_one_unit(campaign: Campaign) -> None:
    await campaign.start()
    costs = []
    for units in (1, 6):
        for number in range(units):
            made = await campaign.office.register_unit(f"more-{units}-{number}", "township", campaign.county)
            await campaign.answer(made, 2)
        campaign.office.clock.advance(hours=1.01)
        while await roll_out(campaign.works):
            pass
        seen: list[str] = []
        engine = campaign.office.service.database.engine.sync_engine
        listener = _listener(seen)
        event.listen(engine, "before_cursor_execute", listener)
        await advance(campaign.works)
        event.remove(engine, "before_cursor_execute", listener)
        costs.append(len(seen))
    assert costs[0] == costs[1]


async def test_plan_stages_refusals(campaign: Campaign) -> None:
    for stages, slug in [
        ([], "invalid-request"),
        ([BEGIN] * 13, "invalid-request"),
        ([BEGIN, BEGIN], "stage-code-twice"),
        ([{**BEGIN, "exit": []}, WORK], "stage-without-evidence"),
        ([{**BEGIN, "exit": [{"kind": "date", "on": "2026-05-01"}]}], "invalid-request"),
        ([{**BEGIN, "ends_at": "2026-05-01T00:00:00Z"}], "invalid-request"),
        ([{**BEGIN, "name": "\x00"}], "invalid-request"),
        ([{**BEGIN, "exit": [{"kind": "indicator", "indicator": "outcomes", "at_least": "0.5"}]}], "invalid-request"),
    ]:
        assert_problem(await campaign.plan(*stages), 422, slug)
    campaign.path = f"/v1/campaigns/{uuid4()}"
    assert_problem(await campaign.plan(BEGIN), 404, "campaign-not-found")


async def test_list_units_pages_and_refuses(campaign: Campaign) -> None:
    await campaign.start()
    page = await campaign.office.get(f"{campaign.path}/units", limit=2)
    rest = await campaign.office.get(f"{campaign.path}/units", limit=2, cursor=page["next_cursor"])
    assert [unit["unit_code"] for unit in page["items"] + rest["items"]] == ["county", "hill", "dale"]
    for query in [*HOSTILE_QUERIES, {"stage": "\x00"}, {"place": "nowhere"}]:
        assert_problem(await campaign.office.client.get(f"{campaign.path}/units", caller=ADMIN, params=query), 422)
    unknown = await campaign.office.client.get(f"{campaign.path}/units", caller=ADMIN, params={"stage": "unheard-of"})
    assert_problem(unknown, 404, "stage-not-found")


async def test_get_unit_stage_before_the_start_and_from_outside(campaign: Campaign) -> None:
    path = f"{campaign.path}/units/{campaign.hill['id']}/stage"
    client = campaign.office.client
    assert_problem(await client.get(path, caller=ADMIN), 404, "unit-without-stage")
    await campaign.start()
    neighbour = principal(Role.lead, UUID(campaign.dale["id"]))
    above = principal(Role.official, UUID(campaign.county["id"]))
    for caller in (neighbour, above):
        assert_problem(await client.get(path, caller=caller), 404, "unit-not-found")
    assert_problem(await client.get(path, caller=RESIDENT), 403)
    assert_problem(await client.get(path, caller=ANONYMOUS), 401)


def _listener(seen: list[str]) -> Any:
    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    return listen
