"""A whole province moves: a campaign, one unit left out, a directive down the tree, and stages by evidence; on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.assessment.jobs import advance, cascade, escalate, roll_out
from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.standards import SHIPPED
from tests.support.world import Person, World, open_world

TREE = (
    ("top", "province", None),
    ("north", "county", "top"),
    ("south", "county", "top"),
    ("hill", "township", "north"),
    ("dale", "township", "north"),
)
TOLD = [
    "massline.assessment.campaign.started.v2",
    "massline.assessment.unit.excluded.v1",
    "massline.assessment.directive.issued.v1",
    "massline.assessment.task.acknowledged.v1",
    "massline.assessment.task.escalated.v1",
    "massline.assessment.stage.entered.v1",
]
WORDS, REASON = "Mend every lamp on the lane.", "The flood took the office."
STAGES = [
    {
        "code": "begin",
        "name": "Begin",
        "exit": [
            {"kind": "task", "directive": "lamps", "state": "acknowledged"},
            {"kind": "count", "of": "cases_answered", "at_least": 1},
        ],
    },
    {"code": "work", "name": "Work", "exit": [{"kind": "indicator", "indicator": "resolution", "at_least": 0.8}]},
]


async def test_a_province_is_mobilised_by_evidence(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        units: dict[str, str] = {}
        for code, level, above in TREE:
            unit = {"code": code, "name": code, "level": level, "parent_id": units.get(above or "")}
            units[code] = (await admin.post("/v1/units", unit))["id"]
        head = await admin.engage("head", "lead", units["top"])
        north = await admin.engage("northern", "lead", units["north"])
        hill = await admin.engage("clerk", "official", units["hill"])
        resident = await admin.engage("speaker", "resident", None)

        # 1. A campaign over the whole tree; a county is left out from above, and everybody sees why.
        campaign = f"campaigns/{await _schedule(admin, clock)}"
        await admin.post(f"/v1/{campaign}/stages", {"stages": STAGES})
        left_out = {"unit_id": units["south"], "with_subtree": True, "reason_code": "emergency", "reason": REASON}
        await north.post(f"/v1/{campaign}/exclusions", left_out, expect=403)
        await head.post(f"/v1/{campaign}/exclusions", left_out)
        [shown] = (await nobody.get(f"/v1/public/{campaign}/exclusions"))["items"]
        assert (shown["unit_code"], shown["reason"], shown["lifted_at"]) == ("south", REASON, None)
        coverage = await nobody.get(f"/v1/public/{campaign}/coverage")
        assert (coverage["units"], coverage["covered"]) == (5, 4)
        clock.advance(days=1)
        assert await eventually(lambda: _places(world, admin, campaign)) == dict.fromkeys(
            ("top", "north", "hill", "dale"), "begin"
        )

        # 2. One directive becomes tasks, level by level; the township acknowledges its own, and its neighbour does not.
        directive = {"code": "lamps", "unit_id": units["top"], "title": "Lamps", "text": WORDS, "acknowledge_within": 2}
        asked = {"directive_id": (await head.post("/v1/directives", {**directive, "campaign_id": shown["campaign_id"]}))["id"]}
        tasks = await eventually(lambda: _tasks(world, head, asked))
        assert set(tasks) == {"north", "hill", "dale"}
        assert tasks["dale"]["above_task_id"] == tasks["north"]["id"]
        await hill.post(f"/v1/tasks/{tasks['hill']['id']}/acknowledge")

        # 3. What is overdue is told one unit further up, and stays owed below.
        clock.advance(days=2, hours=1)
        late = await eventually(lambda: _told_above(world, north, tasks["dale"]["id"]))
        assert [(step["cause"], step["to_unit_id"]) for step in late["steps"]] == [("acknowledgement", units["north"])]
        assert (late["state"], late["unit_id"]) == ("issued", units["dale"])
        rollout = await head.get(f"/v1/directives/{asked['directive_id']}/rollout")
        assert (rollout["issued"], rollout["acknowledged"], rollout["overdue"]) == (3, 1, 2)

        # 4. The township answers a resident: by that evidence it goes on, alone.
        said = {"channel": "public_opinion", "title": "Dark", "body": "The lane is dark.", "unit_id": units["hill"]}
        case_id = (await resident.post("/v1/opinions", said))["case_id"]
        await hill.post(f"/v1/cases/{case_id}/answer", {"text": "It burns again."})
        stage = f"/v1/{campaign}/units/{units['hill']}/stage"
        await eventually(lambda: _is_ready(hill, stage))
        clock.advance(hours=2)
        places = await eventually(lambda: _moved(world, admin, campaign))
        assert places == {"top": "begin", "north": "begin", "hill": "work", "dale": "begin"}
        now = await hill.get(stage)
        assert [check["lack"] for check in now["conditions"]] == ["resolution needs 5 observations, has 0"]
        assert [check["known"] for check in now["history"][1]["evidence"]] == ["acknowledged", 1.0]
        lacking = await north.get(f"/v1/{campaign}/units/{units['dale']}/stage")
        assert [check["met"] for check in lacking["conditions"]] == [False, False]

        # 5. Others are told ids, codes and numbers, and no words.
        told = await eventually(lambda: _all_told(receiver))
        assert not any(words in str(each) for each in told for words in (WORDS, REASON, "dark"))


async def _schedule(admin: Person, clock: ManualClock) -> str:
    span = {"starts_at": (clock() + timedelta(hours=1)).isoformat(), "ends_at": (clock() + timedelta(days=90)).isoformat()}
    campaign_id: str = (await admin.post("/v1/campaigns", {"code": "light", "name": "Light", "standard_id": SHIPPED, **span}))[
        "id"
    ]
    return campaign_id


async def _work(world: World) -> None:
    works = next(service for service in world.product.services if service.name == "assessment").works
    for job in (roll_out, advance, cascade, escalate):
        await job(works)


async def _places(world: World, admin: Person, campaign: str) -> dict[str, str]:
    """Once each has a stage."""
    await _work(world)
    units = (await admin.get(f"/v1/{campaign}/units"))["items"]
    return {unit["unit_code"]: unit["stage"] for unit in units} if all(unit["stage"] for unit in units) else {}


async def _moved(world: World, admin: Person, campaign: str) -> dict[str, str]:
    places = await _places(world, admin, campaign)
    return places if places.get("hill") == "work" else {}


async def _tasks(world: World, head: Person, asked: dict[str, Any]) -> dict[str, Any]:
    await _work(world)
    return {task["unit_code"]: task for task in (await head.get("/v1/tasks", **asked))["items"]}


async def _told_above(world: World, north: Person, task_id: str) -> Any:
    await _work(world)
    task = await north.get(f"/v1/tasks/{task_id}")
    return task if task["steps"] else None


async def _is_ready(hill: Person, stage: str) -> bool:
    return all(check["met"] for check in (await hill.get(stage))["conditions"])


async def _all_told(receiver: Receiver) -> list[Any]:
    told = [delivery.event for delivery in receiver.taken]
    return told if {each["type"] for each in told} == set(TOLD) else []
