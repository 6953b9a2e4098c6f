"""From what residents said to a grade that two have signed, an objection that is upheld, and a plan that leads upwards: through
the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.grades import has_verdicts, newest_grade, sign
from tests.support.receiver import open_receiver
from tests.support.settling import settle
from tests.support.standards import SHIPPED
from tests.support.world import Person, open_world

TREE = (
    ("county", "county", None),
    ("mill", "township", "county"),
    ("ford", "township", "county"),
    ("bureau", "township", "county"),
)
PEOPLE = (
    ("lin", "resident", None),
    ("upper", "lead", "county"),
    ("miller", "lead", "mill"),
    ("ferry", "lead", "ford"),
    ("near", "inspector", "county"),
    ("beside", "inspector", "bureau"),
    ("roaming", "inspector", None),
    ("fresh", "inspector", None),
)
TOLD = ["massline.assessment.grade.published.v1"]


async def test_a_grade_is_signed_objected_to_and_corrected_and_another_unit_works_its_way_up(
    databases: Databases, bus: Bus
) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        units, people = await settle(world, TREE, PEOPLE)
        await people["admin"].post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        campaign_id = await _campaign(people["admin"], units, clock)

        # 1. Residents judge what the units did; the campaign ends, and every unit's grade is proposed.
        wrong = (await _cases(people, units["mill"], people["miller"], resolved=4))[-1]
        await _cases(people, units["ford"], people["ferry"], resolved=1)
        for unit in ("mill", "ford"):
            await eventually(partial(has_verdicts, people["admin"], units[unit], 6))
        clock.advance(days=31)
        grade = await eventually(lambda: newest_grade(people["roaming"], units["mill"], state="proposed"))
        assert (grade["value"], grade["composite_exact"], grade["campaign_id"]) == ("qualified", "7/10", campaign_id)

        # 2. Who stands above is refused; two from outside sign what they saw; it is published, without them.
        await sign(people["near"], grade, expect=403)
        await sign(people["beside"], grade)
        assert (await people["nobody"].get("/v1/public/grades"))["items"] == []
        await sign(people["roaming"], grade)
        public = f"/v1/public/units/{units['mill']}"
        shown = await people["nobody"].get(f"{public}/grade")
        assert (shown["state"], shown["value"], shown["signatures_given"]) == ("published", "qualified", 2)
        assert not [name for name in people if name in str(shown)]

        # 3. The unit objects that one case was never its own; a third inspector upholds it, and two sign what is counted anew.
        said = {"grounds": "counted_wrongly", "text": "The last one is the ford's.", "criteria": ["resolution"]}
        objection = await people["miller"].post(f"/v1/grades/{grade['id']}/objections", said)
        assert (await people["nobody"].get(f"{public}/grade"))["state"] == "under_objection"
        deciding = f"/v1/objections/{objection['id']}/decide"
        corrections = [
            {"criterion": criterion, "case_ids": [wrong], "reason": "It is the ford's."}
            for criterion in ("resolution", "satisfaction")
        ]
        upheld = {"outcome": "upheld", "reason": "It is the ford's.", "corrections": corrections}
        await people["beside"].post(deciding, upheld, expect=403)
        decided = await people["fresh"].post(deciding, upheld)
        corrected = await people["roaming"].get(f"/v1/grades/{decided['new_grade_id']}")
        assert (corrected["composite_exact"], corrected["state"]) == ("41/50", "proposed")
        for signer in ("fresh", "beside"):
            await sign(people[signer], corrected)
        shown = await people["nobody"].get(f"{public}/grade")
        assert (shown["id"], [each["criterion"] for each in shown["corrections"]]) == (
            corrected["id"],
            ["resolution", "satisfaction"],
        )
        assert (await people["roaming"].get(f"/v1/grades/{corrected['id']}/recomputation"))["same"]
        history = (await people["miller"].get(f"/v1/units/{units['mill']}/grades"))["items"]
        assert [each["state"] for each in history] == ["superseded", "published"]

        # 4. The other unit is unqualified: it owes a plan, carries it out, and is graded anew over what happened since.
        low = await newest_grade(people["roaming"], units["ford"], state="proposed")
        for signer in ("roaming", "beside"):
            await sign(people[signer], low)
        owed = await people["nobody"].get(f"/v1/public/units/{units['ford']}/upgrade-plan")
        assert (owed["state"], [gap["code"] for gap in owed["gaps"]]) == ("owed", ["resolution", "satisfaction"])
        plan = await _carry_out(people, units["ford"], owed["gaps"], clock)
        await people["ferry"].post(f"{plan}/reassess")
        new = await newest_grade(people["roaming"], units["ford"], state="proposed")
        for signer in ("roaming", "beside"):
            await sign(people[signer], new)
        shown = await people["nobody"].get(f"/v1/public/units/{units['ford']}/grade")
        assert (shown["value"], shown["supersedes_id"]) == ("excellent", low["id"])

        # 5. Every decision is in the register, and others were told numbers and no person.
        register = (await people["nobody"].get("/v1/public/decisions", unit_id=units["ford"]))["items"]
        assert [each["kind"] for each in register] == [
            "grade.published",
            "upgrade-plan.accepted",
            "upgrade-plan.action-done",
            "upgrade-plan.action-done",
            "upgrade-plan.reassessed",
            "grade.superseded",
            "grade.published",
        ]
        assert all(each["rule"] and each["reason"] for each in register)
        told = await eventually(lambda: _all(receiver.taken, 4))
        assert [each["data"]["value"] for each in told if each["data"]["unit_id"] == units["ford"]] == [
            "unqualified",
            "excellent",
        ]


async def _campaign(admin: Person, units: dict[str, str], clock: ManualClock) -> str:
    span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
    body = {"code": "spring", "name": "Spring", "standard_id": SHIPPED, "unit_id": units["county"], **span}
    campaign_id: str = (await admin.post("/v1/campaigns", body))["id"]
    return campaign_id


async def _cases(people: dict[str, Person], unit_id: str, head: Person, *, resolved: int) -> list[str]:
    """Six cases, answered in time, the first of them resolved and satisfying; their ids."""
    made = []
    for number in range(6):
        said = {"channel": "public_opinion", "title": f"Lamp {number}", "body": "It is dark.", "unit_id": unit_id}
        case_id = (await people["lin"].post("/v1/opinions", said))["case_id"]
        await head.post(f"/v1/cases/{case_id}/answer", {"text": "Mended."})
        content = number < resolved
        await people["lin"].post(f"/v1/cases/{case_id}/confirm", {"resolved": content, "satisfied": content})
        made.append(case_id)
    return made


async def _carry_out(people: dict[str, Person], unit_id: str, gaps: Any, clock: ManualClock) -> str:
    """The path of the plan, whose actions are all done, after residents have judged six more cases."""
    due_on = (clock() + timedelta(days=20)).date().isoformat()
    actions = [{"gap": gap["code"], "text": "Go back to each house.", "due_on": due_on} for gap in gaps]
    plan = await people["ferry"].post("/v1/upgrade-plans", {"aim": "qualified", "actions": actions})
    path = f"/v1/upgrade-plans/{plan['id']}"
    await people["upper"].post(f"{path}/accept")
    cases = await _cases(people, unit_id, people["ferry"], resolved=6)
    for action in plan["actions"]:
        await people["ferry"].post(f"{path}/actions/{action['id']}/done", {"evidence_ids": [*cases, str(uuid4())]})
    await eventually(lambda: has_verdicts(people["admin"], unit_id, 12))
    clock.advance(days=10)
    return path


async def _all(taken: Any, count: int) -> list[Any]:
    return [delivery.event for delivery in taken] if len(taken) >= count else []
