from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.assessment.directives.actions.issuing import cascade_directives
from services.assessment.jobs import advance, cascade, escalate, roll_out
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import DirectiveIssued, TaskAcknowledged, TaskDone, TaskEscalated
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

WORDS = "Mend every lamp on the lane."


class Province:
    """`top` over `north` and `south`; `north` over `hill` and `dale`."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.works = office.service.works
        self.units: dict[str, Any] = {}

    async def build(self) -> "Province":
        for code, level, above in (
            ("top", "province", None),
            ("north", "county", "top"),
            ("south", "county", "top"),
            ("hill", "township", "north"),
            ("dale", "township", "north"),
        ):
            self.units[code] = await self.office.register_unit(code, level, self.units.get(above or ""))
        return self

    def id(self, code: str) -> str:
        found: str = self.units[code]["id"]
        return found

    def caller(self, code: str, role: Role = Role.lead) -> Principal:
        return principal(role, UUID(self.id(code)))

    def wanted(self, **fields: Any) -> dict[str, Any]:
        plain = {"code": "lamps", "unit_id": self.id("top"), "title": "Lamps", "text": WORDS, "acknowledge_within": 2}
        return {**plain, **fields}

    async def issue(self, caller: Principal | None = None, **fields: Any) -> Any:
        directive = await self.office.post("/v1/directives", self.wanted(**fields), caller or self.caller("top"))
        while await cascade(self.works):
            pass
        return directive

    async def tasks(self, caller: Principal = ADMIN, **asked: Any) -> dict[str, Any]:
        return {task["unit_code"]: task for task in (await self.office.get("/v1/tasks", caller, **asked))["items"]}

    async def task(self, code: str) -> Any:
        return (await self.tasks())[code]

    async def ask(self, code: str, verb: str, caller: Principal | None = None, **body: Any) -> Any:
        path = f"/v1/tasks/{(await self.task(code))['id']}/{verb}"
        return await self.office.client.post(path, caller=caller or self.caller(code), json=body)

    async def do(self, code: str, verb: str, caller: Principal | None = None, **body: Any) -> Any:
        answer = await self.ask(code, verb, caller, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def evidence(self, code: str) -> list[dict[str, str]]:
        story = Story(self.units[code])
        await self.office.hear([story.opened()])
        return [{"kind": "case", "id": str(story.id)}]

    async def wait(self, days: float) -> None:
        self.office.clock.advance(days=days)
        while await escalate(self.works):
            pass

    async def steps(self, code: str) -> list[tuple[str, str]]:
        detail = await self.office.get(f"/v1/tasks/{(await self.task(code))['id']}")
        codes = {unit["id"]: name for name, unit in self.units.items()}
        return [(step["cause"], codes[step["to_unit_id"]]) for step in detail["steps"]]


@pytest.fixture
async def province(office: Office) -> Province:
    return await Province(office).build()


async def test_a_directive_becomes_a_task_in_every_unit_below_each_linked_to_the_one_above(province: Province) -> None:
    directive = await province.issue()
    assert (await province.office.get(f"/v1/directives/{directive['id']}"))["cascaded"] is True
    tasks = await province.tasks(directive_id=directive["id"])
    assert {code: task["above_task_id"] for code, task in tasks.items()} == {
        "north": None,
        "south": None,
        "hill": tasks["north"]["id"],
        "dale": tasks["north"]["id"],
    }
    below = await province.tasks(directive_id=directive["id"], above_unit_id=province.id("north"))
    assert set(below) == {"hill", "dale"}


async def test_levels_narrow_it_and_the_link_goes_to_the_nearest_task_above(province: Province) -> None:
    province.units["lane"] = await province.office.register_unit("lane", "grassroots", province.units["hill"])
    await province.issue(levels=["county", "grassroots"])
    tasks = await province.tasks()
    assert set(tasks) == {"north", "south", "lane"}
    assert tasks["lane"]["above_task_id"] == tasks["north"]["id"]


async def test_units_that_the_campaign_leaves_out_get_no_task(province: Province) -> None:
    campaign = await province.office.schedule_campaign(None, await province.office.adopt_standard())
    left_out = {"unit_id": province.id("north"), "with_subtree": True, "reason_code": "emergency", "reason": "A flood."}
    await province.office.post(f"/v1/campaigns/{campaign['id']}/exclusions", left_out)
    await province.issue(campaign_id=campaign["id"])
    assert set(await province.tasks()) == {"south"}


async def test_the_cascade_stops_and_goes_on_where_it_stopped(province: Province) -> None:
    await province.office.post("/v1/directives", province.wanted(), ADMIN)
    for expected in (1, 2, 3, 4, 4):
        async with province.works.begin() as uow:
            await cascade_directives(uow, limit=1)
        assert len(await province.tasks()) == expected
    assert await cascade(province.works) is False


async def test_a_unit_acknowledges_and_does_its_task(province: Province) -> None:
    due_at = province.office.clock() + timedelta(days=9)
    await province.issue(due_at=due_at.isoformat())
    official = province.caller("hill", Role.official)
    assert (await province.do("hill", "acknowledge", official))["state"] == "acknowledged"
    evidence = await province.evidence("hill")
    done = await province.do("hill", "done", official, report="Nine lamps burn.", evidence=evidence)
    assert (done["state"], done["report"], done["evidence"], done["overdue"]) == ("done", "Nine lamps burn.", evidence, False)
    assert str(official.account_id) not in str(done)
    [issued], [acknowledged], [completed] = [
        [event.model_dump(mode="json") for event in await province.office.recorded(contract)]
        for contract in (DirectiveIssued, TaskAcknowledged, TaskDone)
    ]
    assert (issued["directive_code"], acknowledged["in_time"], completed["in_time"], completed["evidence"]) == (
        "lamps",
        True,
        True,
        1,
    )
    assert WORDS not in str(issued)
    assert "Nine lamps" not in str(completed)


async def test_a_task_goes_its_way_and_no_other(province: Province) -> None:
    await province.issue()
    evidence = await province.evidence("hill")
    report: dict[str, Any] = {"report": "Done.", "evidence": evidence}
    assert_problem(await province.ask("hill", "done", **report), 409, "task-issued")
    assert_problem(await province.ask("hill", "send-back", ADMIN, reason="Dark."), 409, "task-issued")
    await province.do("hill", "acknowledge")
    assert_problem(await province.ask("hill", "acknowledge"), 409, "task-acknowledged")
    await province.do("hill", "done", **report)
    assert_problem(await province.ask("hill", "done", **report), 409, "task-done")
    assert_problem(await province.ask("hill", "acknowledge"), 409, "task-done")


async def test_a_unit_above_sends_a_task_back_for_a_reason_and_it_is_done_again(province: Province) -> None:
    await province.issue()
    await province.do("hill", "acknowledge")
    report: dict[str, Any] = {"report": "Done.", "evidence": await province.evidence("hill")}
    await province.do("hill", "done", **report)
    assert_problem(await province.ask("hill", "send-back", reason="Enough."), 403, "task-from-above")
    back = await province.do("hill", "send-back", province.caller("north"), reason="Two are dark.")
    assert (back["state"], back["sent_back_reason"], back["report"]) == ("acknowledged", "Two are dark.", "Done.")
    assert (await province.do("hill", "done", **report))["state"] == "done"


async def test_evidence_is_the_units_own_and_never_left_out(province: Province) -> None:
    await province.issue()
    await province.do("hill", "acknowledge")
    foreign = await province.evidence("dale")
    assert_problem(await province.ask("hill", "done", report="Done.", evidence=foreign), 422, "evidence-not-known")
    unheard = [{"kind": "visit", "id": str(uuid4())}]
    assert_problem(await province.ask("hill", "done", report="Done.", evidence=unheard), 422, "evidence-not-known")
    assert_problem(await province.ask("hill", "done", report="Done.", evidence=[]), 422, "invalid-request")
    named = [{"kind": "activity", "id": str(uuid4())}]
    assert (await province.do("hill", "done", report="Done.", evidence=named))["evidence"] == named


async def test_what_a_unit_adds_is_for_itself_and_those_below_it(province: Province) -> None:
    await province.issue()
    await province.do("north", "notes", text="The long lane first.")
    await province.do("hill", "notes", text="Bring a ladder.")
    texts = {}
    for code, task in (await province.tasks()).items():
        detail = await province.office.get(f"/v1/tasks/{task['id']}")
        texts[code] = [note["text"] for note in detail["notes"]]
    assert texts == {
        "north": ["The long lane first."],
        "hill": ["The long lane first.", "Bring a ladder."],
        "dale": ["The long lane first."],
        "south": [],
    }


async def test_an_overdue_acknowledgement_climbs_unit_by_unit_and_stays_owed_below(province: Province) -> None:
    await province.issue()
    await province.do("dale", "acknowledge")
    await province.wait(2)
    assert await province.steps("hill") == []
    await province.wait(0.1)
    assert await province.steps("hill") == [("acknowledgement", "north")]
    await province.wait(30)
    await province.wait(30)
    assert await province.steps("hill") == [("acknowledgement", "north"), ("acknowledgement", "top")]
    assert await province.steps("dale") == []
    task = await province.task("hill")
    assert (task["state"], task["overdue"], task["escalated_to"]) == ("issued", True, province.id("top"))
    told = [event.model_dump(mode="json") for event in await province.office.recorded(TaskEscalated)]
    assert [(event["cause"], event["step"]) for event in told if event["unit_id"] == province.id("hill")] == [
        ("acknowledgement", 1),
        ("acknowledgement", 2),
    ]
    await province.do("hill", "acknowledge")
    assert (await province.office.recorded(TaskAcknowledged))[-1].model_dump()["in_time"] is False


async def test_overdue_work_climbs_again_from_the_nearest_unit(province: Province) -> None:
    await province.issue(due_at=(province.office.clock() + timedelta(days=5)).isoformat())
    await province.wait(2.1)
    await province.do("hill", "acknowledge")
    await province.wait(3)
    assert await province.steps("hill") == [("acknowledgement", "north"), ("work", "north")]
    await province.do("hill", "done", report="Done.", evidence=await province.evidence("hill"))
    await province.wait(30)
    assert len(await province.steps("hill")) == 2


async def test_without_a_day_work_is_never_overdue(province: Province) -> None:
    await province.issue()
    await province.do("hill", "acknowledge")
    await province.wait(300)
    assert await province.steps("hill") == []


async def test_the_roll_out_counts_by_level_and_by_child(province: Province) -> None:
    directive = await province.issue()
    await province.do("hill", "acknowledge")
    await province.do("hill", "done", report="Done.", evidence=await province.evidence("hill"))
    await province.do("south", "acknowledge")
    province.office.clock.advance(days=3)
    shown = await province.office.get(f"/v1/directives/{directive['id']}/rollout", province.caller("hill", Role.official))
    names = ("issued", "acknowledged", "done", "overdue")
    assert [shown[name] for name in names] == [4, 2, 1, 2]
    assert {part["level"]: [part[name] for name in names] for part in shown["levels"]} == {
        "county": [2, 1, 0, 1],
        "township": [2, 1, 1, 1],
    }
    assert {part["unit_code"]: [part[name] for name in names] for part in shown["children"]} == {
        "north": [3, 1, 1, 2],
        "south": [1, 1, 0, 0],
    }


async def test_who_sees_what(province: Province) -> None:
    directive = await province.issue(province.caller("north"), code="north-lamps", unit_id=province.id("north"))
    path = f"/v1/directives/{directive['id']}"
    for caller in (province.caller("top"), province.caller("north", Role.official), province.caller("hill", Role.official)):
        assert (await province.office.get(path, caller))["id"] == directive["id"]
        assert [item["id"] for item in (await province.office.get("/v1/directives", caller))["items"]] == [directive["id"]]
    for caller in (province.caller("south"), province.caller("top", Role.official)):
        assert_problem(await province.office.client.get(path, caller=caller), 404, "directive-not-found")
        assert (await province.office.get("/v1/directives", caller))["items"] == []
    assert set(await province.tasks(province.caller("north"))) == {"hill", "dale"}
    assert set(await province.tasks(province.caller("hill"))) == {"hill"}
    hill = (await province.task("hill"))["id"]
    assert_problem(await province.office.client.get(f"/v1/tasks/{hill}", caller=province.caller("dale")), 404, "task-not-found")
    assert_problem(await province.ask("hill", "acknowledge", province.caller("dale")), 404, "task-not-found")
    assert_problem(await province.ask("hill", "acknowledge", province.caller("north")), 403, "task-not-yours")
    assert_problem(await province.office.client.get(path, caller=principal(Role.resident)), 403)
    assert_problem(await province.office.client.get(path, caller=ANONYMOUS), 401)


async def test_issue_directive_refusals(province: Province) -> None:
    now = province.office.clock()
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"unit_id": str(uuid4())}, 404, "unit-not-found"),
        ({"campaign_id": str(uuid4())}, 404, "campaign-not-found"),
        ({"due_at": (now + timedelta(days=1)).isoformat()}, 422, "directive-due-too-early"),
        ({"acknowledge_within": 0}, 422, "invalid-request"),
        ({"acknowledge_within": 2**63}, 422, "invalid-request"),
        ({"levels": []}, 422, "invalid-request"),
        ({"levels": ["village"]}, 422, "invalid-request"),
        ({"title": "\x00"}, 422, "invalid-request"),
        ({"text": ""}, 422, "invalid-request"),
        ({"code": "a/b"}, 422, "invalid-request"),
    ]
    for fields, status, slug in cases:
        answer = await province.office.client.post("/v1/directives", caller=ADMIN, json=province.wanted(**fields))
        assert_problem(answer, status, slug)
    await province.issue()
    assert_problem(
        await province.office.client.post("/v1/directives", caller=ADMIN, json=province.wanted()), 409, "directive-code-taken"
    )
    for caller in (province.caller("north"), province.caller("top", Role.official)):
        answer = await province.office.client.post("/v1/directives", caller=caller, json=province.wanted(code="other"))
        assert_problem(answer, 403, "directive-not-yours")


async def test_lists_are_pages_and_refuse(province: Province) -> None:
    await province.issue()
    page = await province.office.get("/v1/tasks", limit=3)
    rest = await province.office.get("/v1/tasks", limit=3, cursor=page["next_cursor"])
    assert [len(page["items"]), len(rest["items"]), rest["next_cursor"]] == [3, 1, None]
    for path in ("/v1/tasks", "/v1/directives"):
        for query in HOSTILE_QUERIES:
            assert_problem(await province.office.client.get(path, caller=ADMIN, params=query), 422)
    assert_problem(await province.office.client.get("/v1/tasks", caller=ADMIN, params={"state": "lost"}), 422)


async def test_a_stage_is_left_by_a_task(province: Province) -> None:
    campaign = await province.office.schedule_campaign(None, await province.office.adopt_standard(), start=1)
    condition = {"kind": "task", "directive": "lamps", "state": "acknowledged"}
    stages = [{"code": "begin", "name": "Begin", "exit": [condition]}, {"code": "work", "name": "Work"}]
    path = f"/v1/campaigns/{campaign['id']}"
    answer = await province.office.client.post(f"{path}/stages", caller=ADMIN, json={"stages": stages})
    assert answer.status_code == 200, answer.text
    await province.issue(acknowledge_within=9)
    await province.do("hill", "acknowledge")
    province.office.clock.advance(days=1)
    while await roll_out(province.works):
        pass
    while await advance(province.works):
        pass
    found = (await province.office.get(f"{path}/units"))["items"]
    assert {unit["unit_code"]: unit["stage"] for unit in found} == {
        "top": "begin",
        "north": "begin",
        "south": "begin",
        "hill": "work",
        "dale": "begin",
    }
    lacks = {
        code: (await province.office.get(f"{path}/units/{province.id(code)}/stage"))["conditions"] for code in ("top", "dale")
    }
    assert [(lack["known"], lack["lack"]) for [lack] in lacks.values()] == [
        (None, "the task of lamps is not there, and not acknowledged"),
        ("issued", "the task of lamps is issued, and not acknowledged"),
    ]
