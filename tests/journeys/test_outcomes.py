"""What really changed: from a baseline to an effect that residents notice, and from an answer to whether it was true. Through the
gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, open_world

PAGE = {"kind": "dataset", "url": "https://data.example.org/water.csv"}
TOLD = [
    "massline.assessment.outcome.recorded.v1",
    "massline.assessment.outcome.measured.v1",
    "massline.assessment.outcome.reached.v1",
]
TITLE = "Water in the upper houses"


async def test_an_outcome_counts_as_far_as_residents_notice_it(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        county = await _unit(admin, "county", None)
        township = await _unit(admin, "township", county)
        upper = await admin.engage("upper", "lead", county)
        clerk = await admin.engage("clerk", "official", township)
        residents = [await admin.engage(f"resident-{number}", "resident", None) for number in range(5)]

        # 1. A resident says what is missing; the township says what is to change, and puts it first.
        case_id = await _speak(residents[0], township)
        await eventually(lambda: _known(clerk, township))
        made = await clerk.post("/v1/outcomes", _outcome(township, case_id, clock), expect=201)
        path = f"/v1/outcomes/{made['id']}"
        first = {"unit_id": county, "code": "water", "title": "Water for everybody", "rank": 1, "since": _day(clock)}
        priority = await upper.post("/v1/priorities", first, expect=201)
        for kind, id in (("outcome", made["id"]), ("case", case_id)):
            await clerk.post(f"/v1/priorities/{priority['id']}/tag", {"kind": kind, "id": id})

        # 2. It is measured, with evidence; the better figure is the newer one, and the older stays.
        clock.advance(days=30)
        await clerk.post(f"{path}/measurements", _measured(5, clock), expect=201)
        clock.advance(days=30)
        reached = await clerk.post(f"{path}/measurements", _measured(8, clock), expect=201)
        assert (reached["progress"], reached["counted_progress"], len(reached["measurements"])) == (1.0, None, 2)

        # 3. Published, four residents notice it: too few to say. With the fifth, who does not, there is a share.
        await residents[0].post(f"{path}/confirm", {"noticed": "yes"}, expect=404)
        await clerk.post(f"{path}/publish", expect=403)
        await upper.post(f"{path}/publish")
        for resident in residents[:4]:
            await resident.post(f"{path}/confirm", {"noticed": "yes"})
        (shown,) = (await nobody.get("/v1/public/outcomes"))["items"]
        assert (shown["progress"], shown["counted_progress"], shown["confirmation"]["n"]) == (1.0, None, None)
        await residents[4].post(f"{path}/confirm", {"noticed": "no"})
        (shown,) = (await nobody.get("/v1/public/outcomes", unit_id=township))["items"]
        assert (shown["before"]["value"], shown["after"]["value"]) == (2.0, 8.0)
        assert (shown["confirmation"]["share"], shown["counted_progress"]) == (0.8, 0.8)
        assert case_id not in str(shown)

        # 4. What was done for the priority shows once the case is answered.
        await clerk.post(f"/v1/cases/{case_id}/answer", {"text": "The pump runs."})
        effort = await eventually(lambda: _effort(clerk, township))
        (part,) = effort["priorities"]
        assert (part["priority"]["code"], part["effort"]["cases"]) == ("water", {"n": 1, "share": 1.0})

        # 5. Others are told ids and numbers, and no words.
        told = await eventually(lambda: _all_told(receiver))
        assert {each["type"] for each in told} == set(TOLD)
        assert not any(TITLE in str(each) or "example.org" in str(each) for each in told)


async def test_what_is_called_resolved_and_is_not_shows_and_who_closes_in_bulk_is_seen(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        county = await _unit(admin, "county", None)
        township, bureau = [await _unit(admin, code, county) for code in ("township", "bureau")]
        upper = await admin.engage("upper", "lead", county)
        head = await admin.engage("head", "lead", township)
        resident = await admin.engage("resident", "resident", None)

        # 1. The township answers twenty cases in a day.
        cases = [await _speak(resident, township) for _ in range(20)]
        for case_id in cases:
            await head.post(f"/v1/cases/{case_id}/answer", {"text": "Done."})

        # 2. Of six that are judged two were resolved, and one of these comes back; the next unit owes it then, and not the gap.
        for number, case_id in enumerate(cases[:6]):
            await resident.post(f"/v1/cases/{case_id}/confirm", {"resolved": number < 2})
        await resident.post(f"/v1/cases/{cases[0]}/reopen", {"reason": "It is dark again."})
        await head.post(f"/v1/cases/{cases[0]}/hand-over", {"unit_id": bureau, "reason": "Your lamp."})
        card = await eventually(lambda: _card(head, township, judged=6))
        assert card["gap"]["confirmation"]["n"] == 6
        assert card["gap"]["value"] == 5 / 6
        assert (card["gap"]["durability"]["value"], card["gap"]["durability"]["n"]) == (0.5, 2)
        public = (await nobody.get("/v1/public/three-rates", unit_id=township))["gap"]
        assert (public["value"], public["durability"]["suppressed"]) == (5 / 6, True)
        assert (await upper.get(f"/v1/units/{bureau}/scorecard"))["gap"]["value"] is None

        # 3. When the day is over, somebody above is told, and decides; the unit reads it and does not.
        clock.advance(days=1)
        (alarm,) = await eventually(lambda: _alarms(upper), within=30)
        assert (alarm["unit_id"], alarm["closings"], alarm["busiest"]) == (township, 20, 0)
        assert (await head.get("/v1/alarms"))["items"] == [alarm]
        await head.post(f"/v1/alarms/{alarm['id']}/clear", {"reason": "We were quick."}, expect=403)
        await upper.post(f"/v1/alarms/{alarm['id']}/uphold", {"reason": "Nobody went there."})
        counted = (await nobody.get("/v1/public/alarms", unit_id=township))["items"]
        assert counted == [{"unit_id": township, "open": 0, "cleared": 0, "upheld": 1}]


async def _unit(admin: Person, code: str, parent_id: str | None) -> str:
    level = "township" if parent_id else "county"
    made = await admin.post("/v1/units", {"code": code, "name": code, "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


async def _speak(resident: Person, unit_id: str) -> str:
    opinion = {"channel": "public_opinion", "title": "No water", "body": "The upper line is dry.", "unit_id": unit_id}
    case_id: str = (await resident.post("/v1/opinions", {**opinion, "protection": "named"}))["case_id"]
    return case_id


def _day(clock: ManualClock, days: int = 0) -> str:
    return (clock() + timedelta(days=days)).date().isoformat()


def _outcome(unit_id: str, case_id: str, clock: ManualClock) -> dict[str, Any]:
    return {
        "unit_id": unit_id,
        "title": TITLE,
        "indicator": {"name": "Hours with water", "unit_of_measure": "hours a day", "better": "higher"},
        "baseline": {"value": 2, "on": _day(clock), "evidence": [{"kind": "case", "id": case_id}]},
        "target": {"value": 8, "on": _day(clock, 90)},
        "beneficiaries": "Households on the upper line",
        "needs": [{"kind": "case", "id_or_code": case_id}],
    }


def _measured(value: float, clock: ManualClock) -> dict[str, Any]:
    return {"value": value, "measured_on": _day(clock), "evidence": [PAGE]}


async def _known(clerk: Person, unit_id: str) -> bool:
    opened: int = (await clerk.get(f"/v1/units/{unit_id}/scorecard"))["cases"]["opened"]
    return opened == 1


async def _effort(clerk: Person, unit_id: str) -> Any:
    found = await clerk.get(f"/v1/units/{unit_id}/effort")
    return found if found["total"]["cases"] else None


async def _card(head: Person, unit_id: str, *, judged: int) -> Any:
    """Once all that happened has arrived."""
    card = await head.get(f"/v1/units/{unit_id}/scorecard")
    gap = card["gap"]
    arrived = gap["confirmation"]["n"] == judged and gap["durability"]["n"] == 2 and gap["durability"]["value"] == 0.5
    return card if arrived else None


async def _alarms(upper: Person) -> Any:
    return (await upper.get("/v1/alarms"))["items"]


async def _all_told(receiver: Receiver) -> list[Any]:
    taken = [delivery.event for delivery in receiver.taken]
    return taken if len(taken) >= len(TOLD) + 1 else []
