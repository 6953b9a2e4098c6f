"""From cases that residents judged to a sample that an inspector from outside checks, a grade that waits for it, and a correction
that two sign: through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.grades import has_verdicts, newest_grade, sign
from tests.support.receiver import open_receiver
from tests.support.settling import settle
from tests.support.standards import SHIPPED
from tests.support.world import Person, open_world

TREE = (("county", "county", None), ("mill", "township", "county"), ("bureau", "township", "county"))
PEOPLE = (
    ("lin", "resident", None),
    ("miller", "lead", "mill"),
    ("near", "inspector", "county"),
    ("beside", "inspector", "bureau"),
    ("roaming", "inspector", None),
    ("fresh", "inspector", None),
)
TOLD = ["massline.assessment.evidence-audit.started.v1", "massline.assessment.evidence.audited.v1"]
UPHELD = {"finding": "upheld", "ground": "as_recorded", "note": "The lamp burns."}
UNTRUE = {"finding": "not_supported", "ground": "recorded_otherwise", "note": "There never was a lamp."}


async def test_evidence_that_does_not_hold_is_found_and_counts_no_more(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        units, people = await settle(world, TREE, PEOPLE)
        await people["admin"].post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        audits = f"/v1/campaigns/{await _campaign(people['admin'], units, clock)}/audits"

        # 1. Residents judge what the mill did; the campaign ends, and its grade waits for two signatures.
        untrue = (await _cases(people, units["mill"], resolved=6))[0]
        await eventually(lambda: has_verdicts(people["admin"], units["mill"], 7))
        clock.advance(days=31)
        grade = await eventually(lambda: newest_grade(people["roaming"], units["mill"]))
        assert (grade["state"], grade["composite_exact"]) == ("proposed", "61/70")

        # 2. Somebody outside has a sample drawn. The seed is told at once; what it draws, the unit's own chain does not read.
        asked = {"units": 5, "size": 20, "unit_id": units["mill"]}
        await people["near"].post(audits, asked, expect=403)
        audit = await people["beside"].post(audits, asked)
        assert (audit["drawing"], audit["drawn"]) == (True, 0)
        path = f"{audits}/{audit['id']}/units/{units['mill']}"
        drawn = await eventually(lambda: _drawn(people["beside"], audits, audit))
        assert [(unit["unit_id"], unit["population"], unit["drawn"]) for unit in drawn["audited"]] == [(units["mill"], 7, 7)]
        assert (await people["near"].request("GET", path)).status_code == 403
        await sign(people["roaming"], grade, expect=409)

        # 3. One piece does not hold: until somebody else has settled that, nobody signs.
        await people["beside"].post(f"{path}/take")
        for item in (await people["beside"].get(path))["items"]:
            said = UNTRUE if item["evidence_id"] == untrue else UPHELD
            await people["beside"].post(f"{path}/findings", {"evidence_id": item["evidence_id"], **said})
        (public,) = (await people["nobody"].get(audits.replace("/v1/", "/v1/public/")))["items"]
        assert (public["open"], public["holding"]["n"], round(public["holding"]["value"], 3)) == (0, 7, 0.857)
        refused = await sign(people["roaming"], grade, expect=409)
        assert refused["type"].endswith("grade-audit-unsettled")
        settled = {"settled_as": "counted_anew", "reason": "There never was a lamp."}
        await people["beside"].post(f"{path}/settle", settled, expect=403)
        await people["fresh"].post(f"{path}/settle", settled)

        # 4. The grade is counted without it, its log says so, and two others than the auditor sign it.
        corrected = await newest_grade(people["roaming"], units["mill"])
        assert (corrected["id"], corrected["version"], corrected["composite_exact"]) == (grade["id"], 2, "17/20")
        assert corrected["audit"]["not_supported"] == 1
        await sign(people["beside"], corrected, expect=403)
        await sign(people["fresh"], corrected)
        await sign(people["roaming"], corrected)
        shown = await people["nobody"].get(f"/v1/public/units/{units['mill']}/grade")
        assert (shown["state"], {each["rule"] for each in shown["corrections"]}) == ("published", {"grade.corrected-on-audit"})
        assert not [secret for secret in (untrue, *people) if secret in str(shown)]

        # 5. All of it stands in the register, and others were told numbers.
        register = (await people["fresh"].get("/v1/decisions", subject_id=audit["id"]))["items"]
        assert [each["kind"] for each in register].count("audit.upheld") == 6
        assert {each["kind"] for each in register} == {
            "audit.started",
            "audit.upheld",
            "audit.not-supported",
            "audit.counted-anew",
        }
        events = await eventually(lambda: _told(receiver.taken))
        assert events[TOLD[0]]["seed"] == audit["seed"]
        assert (events[TOLD[1]]["upheld"], events[TOLD[1]]["not_supported"]) == (6, 1)
        assert "lamp" not in str(events)


async def _campaign(admin: Person, units: dict[str, str], clock: ManualClock) -> str:
    span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
    body = {"code": "spring", "name": "Spring", "standard_id": SHIPPED, "unit_id": units["county"], **span}
    campaign_id: str = (await admin.post("/v1/campaigns", body))["id"]
    return campaign_id


async def _cases(people: dict[str, Person], unit_id: str, *, resolved: int) -> list[str]:
    """Seven cases, answered in time, the first of them resolved and satisfying; their ids."""
    made = []
    for number in range(7):
        said = {"channel": "public_opinion", "title": f"Lamp {number}", "body": "It is dark.", "unit_id": unit_id}
        case_id = (await people["lin"].post("/v1/opinions", said))["case_id"]
        await people["miller"].post(f"/v1/cases/{case_id}/answer", {"text": "Mended."})
        content = number < resolved
        await people["lin"].post(f"/v1/cases/{case_id}/confirm", {"resolved": content, "satisfied": content})
        made.append(case_id)
    return made


async def _drawn(reader: Person, audits: str, audit: Any) -> Any:
    found = await reader.get(f"{audits}/{audit['id']}")
    return None if found["drawing"] else found


async def _told(taken: Any) -> dict[str, Any]:
    """What was told of each type, once there is something of all."""
    events = {delivery.event["type"]: delivery.event["data"] for delivery in taken}
    return events if set(events) == set(TOLD) else {}
