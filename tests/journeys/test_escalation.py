"""A duty that nobody does climbs the tree, by the rules that an administrator registered: through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TREE = (("county", None, "county"), ("township", "county", "township"), ("village", "township", "grassroots"))
WEEK = {day: [["09:00", "12:00"], ["13:30", "17:30"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
CALENDAR = {
    "code": "office",
    "name": "Office hours",
    "time_zone": "Asia/Shanghai",
    "weekly": WEEK,
    "holidays": [{"date": f"2026-10-0{day}", "name": "National Day"} for day in (1, 2)],
}


def span(amount: int, unit: str) -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


RULES = {
    "deadlines": {
        "acknowledgement": span(2, "working_hours"),
        "first_answer": span(30, "days"),
        "next_answer": span(1, "working_days"),
        "resolution": span(90, "days"),
        "appeal": span(30, "days"),
    },
    "escalation": [span(0, "hours"), span(1, "working_days")],
    "escalate_after_reopenings": 2,
    "confirm_within": span(30, "days"),
    "reopen_within": span(30, "days"),
    "appeal_within": span(30, "days"),
    "calendar_code": "office",
}
OPINION = {"channel": "public_opinion", "title": "The well is dry", "body": "Since May we carry water."}


async def test_a_forgotten_case_climbs_by_the_registered_policy(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 9, 30, 8, 30, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["*"]}, expect=201)
        people = await _settle(world, admin)
        await _register_policy(admin)
        case = await eventually(lambda: _case_under(people, "village-rules.v1"))

        # Two working hours before a holiday of two days and a weekend: until Monday at 10:00 in Shanghai.
        due = {clock["kind"]: clock["due_at"] for clock in case["clocks"]}
        assert due["acknowledgement"] == "2026-10-05T02:00:00Z"
        _set(clock, datetime(2026, 10, 5, 2, 0, tzinfo=UTC))
        first = await eventually(lambda: _only(people["township"]))
        assert (first["cause"], first["step"], first["case_id"]) == ("acknowledgement", 1, case["id"])
        assert first["next_at"] == "2026-10-06T02:00:00Z"

        # The township has seen it a day later, at noon: the county is told one working day after that, not before.
        _set(clock, datetime(2026, 10, 5, 4, 0, tzinfo=UTC))
        seen = await people["township"].post(f"/v1/escalations/{first['id']}/acknowledge", expect=200)
        assert seen["next_at"] == "2026-10-06T04:00:00Z"
        assert await people["township"].get("/v1/escalations", acknowledged="false") == {"items": [], "next_cursor": None}
        assert (await people["county"].get("/v1/escalations"))["items"] == []
        _set(clock, datetime(2026, 10, 6, 4, 0, tzinfo=UTC))
        second = await eventually(lambda: _only(people["county"]))
        assert (second["step"], second["next_at"]) == (2, None)
        await people["village"].post(f"/v1/escalations/{second['id']}/acknowledge", expect=403)

        # The village does it at last; who was told stays told, and other systems heard of every step.
        done = await people["village"].post(f"/v1/cases/{case['id']}/acknowledge")
        assert (done["chains"], [step["step"] for step in done["escalations"]]) == ([], [1, 2])
        clock.advance(minutes=10)
        await eventually(lambda: _heard(receiver, "case.escalated", 2))
        await eventually(lambda: _heard(receiver, "escalation.acknowledged", 1))


def _set(clock: ManualClock, moment: datetime) -> None:
    clock.advance(seconds=(moment - clock()).total_seconds())


async def _settle(world: World, admin: Person) -> dict[str, Person]:
    units: dict[str, str] = {}
    for code, parent, level in TREE:
        parent_id = units[parent] if parent else None
        unit = {"code": code, "name": f"The {code}", "level": level, "parent_id": parent_id}
        units[code] = (await admin.post("/v1/units", unit, expect=201))["id"]
    people: dict[str, Person] = {}
    for username, unit_id in (*units.items(), ("resident", None)):
        account = {
            "username": username,
            "password": PASSWORD,
            "role": "official" if unit_id else "resident",
            "unit_id": unit_id,
        }
        await admin.post("/v1/accounts", account, expect=201)
        people[username] = await world.sign_in(username, PASSWORD)
    return people


async def _register_policy(admin: Person) -> None:
    await admin.post("/v1/working-calendars", CALENDAR, expect=201)
    policy = {
        "code": "village-rules",
        "name": "Rules for villages",
        "level": "grassroots",
        **RULES,
    }
    await admin.post("/v1/policies", policy, expect=201)


async def _case_under(people: dict[str, Person], policy: str) -> Any:
    """A new case, once feedback has heard of the policy."""
    unit_id = (await people["village"].get("/v1/me"))["unit_id"]
    filed = await people["resident"].post("/v1/opinions", {**OPINION, "unit_id": unit_id}, expect=201)
    case = await people["resident"].get(f"/v1/cases/{filed['case_id']}")
    if case["policy_version"] == policy:
        return case
    await people["resident"].post(f"/v1/cases/{filed['case_id']}/withdraw")
    return None


async def _only(person: Person) -> Any:
    items = (await person.get("/v1/escalations", acknowledged="false"))["items"]
    assert len(items) == 1
    return items[0]


async def _heard(receiver: Receiver, event: str, times: int) -> bool:
    return receiver.types().count(f"massline.feedback.{event}.v1") == times
