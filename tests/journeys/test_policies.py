"""Rules for cases, through the gateway and on both buses: from when they count, and what older cases keep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TREE = (("county", None, "county"), ("township", "county", "township"))
CALENDAR = {
    "code": "office",
    "name": "Office hours",
    "time_zone": "Europe/Berlin",
    "weekly": {day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
    "holidays": [{"date": "2026-04-03", "name": "Good Friday"}, {"date": "2026-04-06", "name": "Easter Monday"}],
}
OPINION = {"channel": "public_opinion", "title": "The well is dry", "body": "Since May we carry water."}


def span(amount: int, unit: str = "days") -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


def rules(**deadlines: Any) -> dict[str, Any]:
    plain = {"acknowledgement": span(7), "first_answer": span(30), "next_answer": span(14), "resolution": span(90)}
    return {
        "deadlines": {**plain, "appeal": span(30), **deadlines},
        "escalation": [span(0)],
        "escalate_after_reopenings": None,
        **dict.fromkeys(("confirm_within", "reopen_within", "appeal_within"), span(30)),
    }


WORKING = {**rules(acknowledgement=span(9, "working_hours"), first_answer=span(4, "working_days")), "calendar_code": "office"}
"""On Wednesday, 1 April 2026 at 16:00 in Berlin: one hour, then Thursday's eight, so Thursday at 17:00; four working days over
Easter, so Thursday, 9 April at 16:00."""
OPENED = datetime(2026, 4, 1, 14, 0, tzinfo=UTC)
WORKING_DUE = {"acknowledgement": "2026-04-02T15:00:00Z", "first_answer": "2026-04-09T14:00:00Z"}
SHIPPED_DUE = {"acknowledgement": "2026-04-08T14:00:00Z", "first_answer": "2026-05-01T14:00:00Z"}


@dataclass
class Town:
    world: World
    clock: ManualClock
    admin: Person
    resident: Person
    official: Person
    units: dict[str, str]

    async def opinion(self, **said: Any) -> Any:
        """The new case."""
        filed = await self.resident.post("/v1/opinions", {**OPINION, "unit_id": self.units["township"], **said}, expect=201)
        return await self.case(filed["case_id"])

    async def opinion_under(self, label: str, **said: Any) -> Any:
        """A new case, once feedback has heard of this policy; those filed before are withdrawn."""

        async def filed() -> Any:
            case = await self.opinion(**said)
            if case["policy_version"] == label:
                return case
            await self.resident.post(f"/v1/cases/{case['id']}/withdraw")
            return None

        return await eventually(filed)

    async def case(self, case_id: str) -> Any:
        return await self.resident.get(f"/v1/cases/{case_id}")

    async def register(self, code: str = "towns", **said: Any) -> Any:
        policy = {"code": code, "name": "Rules for townships", "level": "township", "channel": "public_opinion", **said}
        return await self.admin.post("/v1/policies", policy, expect=201)

    def wait_until(self, moment: datetime) -> None:
        self.clock.advance(seconds=(moment - self.clock()).total_seconds())


@asynccontextmanager
async def open_town(databases: Databases, bus: Bus, **environment: str) -> AsyncIterator[Town]:
    clock = ManualClock(OPENED)
    async with open_world(databases, bus, clock=clock, **environment) as world:
        admin, units = await world.sign_in(), dict[str, str]()
        for code, parent, level in TREE:
            unit = {"code": code, "name": f"The {code}", "level": level, "parent_id": units[parent] if parent else None}
            units[code] = (await admin.post("/v1/units", unit, expect=201))["id"]
        for username, role, unit_id in (("resident", "resident", None), ("official", "official", units["township"])):
            account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
            await admin.post("/v1/accounts", account, expect=201)
        resident, official = [await world.sign_in(username, PASSWORD) for username in ("resident", "official")]
        yield Town(world, clock, admin, resident, official, units)


def due(case: Any) -> dict[str, str]:
    return {clock["kind"]: clock["due_at"] for clock in case["clocks"] if clock["kind"] in WORKING_DUE}


def breached(case: Any) -> dict[str, str]:
    return {clock["kind"]: clock["breached_at"] for clock in case["clocks"] if clock["breached_at"]}


async def test_a_policy_counts_for_cases_opened_after_it_and_older_ones_keep_theirs(databases: Databases, bus: Bus) -> None:
    async with open_town(databases, bus) as town:
        old = await town.opinion()
        assert (old["policy_version"], due(old)) == ("default.v1", SHIPPED_DUE)

        # Registered and used at once: filing never fails, and soon it is under the new rules.
        await town.admin.post("/v1/working-calendars", CALENDAR, expect=201)
        await town.register(**WORKING)
        assert (await town.opinion())["policy_version"] in ("default.v1", "towns.v1")
        new = await town.opinion_under("towns.v1")
        assert (new["calendar_version"], due(new)) == (1, WORKING_DUE)
        assert (await town.opinion(channel="thought"))["policy_version"] == "default.v1"
        assert (await town.opinion(unit_id=town.units["county"]))["policy_version"] == "default.v1"

        # Newer versions of both touch neither.
        await town.register(**rules(acknowledgement=span(1, "hours")))
        closed = {**CALENDAR, "holidays": [{"date": "2026-04-02", "name": "Closed"}]}
        await town.admin.post("/v1/working-calendars", closed, expect=201)
        newest = await town.opinion_under("towns.v2")
        assert due(newest)["acknowledgement"] == "2026-04-01T15:00:00Z"
        assert [(await town.case(case["id"]))["policy_version"] for case in (old, new)] == ["default.v1", "towns.v1"]
        assert [due(await town.case(case["id"])) for case in (old, new)] == [SHIPPED_DUE, WORKING_DUE]

        # The breach comes when the office has closed on Thursday, to the second, and with it the county knows.
        town.wait_until(datetime(2026, 4, 2, 14, 59, 59, tzinfo=UTC))
        await eventually(lambda: _breaches(town, newest, {"acknowledgement": "2026-04-02T14:59:59Z"}))
        assert breached(await town.case(new["id"])) == {}
        town.wait_until(datetime(2026, 4, 2, 15, 0, tzinfo=UTC))
        await eventually(lambda: _breaches(town, new, {"acknowledgement": "2026-04-02T15:00:00Z"}))
        await eventually(lambda: _escalations(town, new, [1]))
        assert breached(await town.case(old["id"])) == {}

        # A pause over Easter costs no working day; the clock that is left goes on by the old calendar.
        await town.official.post(f"/v1/cases/{new['id']}/ask", {"text": "Which well?"})
        town.wait_until(datetime(2026, 4, 7, 6, 0, tzinfo=UTC))
        await town.resident.post(f"/v1/cases/{new['id']}/messages", {"text": "The upper one."})
        assert due(await town.case(new["id"]))["first_answer"] == WORKING_DUE["first_answer"]


async def _breaches(town: Town, case: Any, expected: dict[str, str]) -> bool:
    found = breached(await town.case(case["id"]))
    assert found == expected
    return True


async def _escalations(town: Town, case: Any, steps: list[int]) -> bool:
    return [step["step"] for step in (await town.case(case["id"]))["escalations"]] == steps


async def test_a_policy_of_a_later_time_is_not_applied_before(databases: Databases, bus: Bus) -> None:
    """Nor to an anonymous case of that hour, which is opened at the hour."""
    async with open_town(databases, bus) as town:
        await town.register(**rules(acknowledgement=span(1)), effective_from="2026-04-02T00:30:00+02:00")
        effective = {"level": "township", "channel": "public_opinion"}
        town.wait_until(datetime(2026, 4, 1, 22, 29, 59, tzinfo=UTC))
        assert (await town.opinion())["policy_version"] == "default.v1"
        assert (await town.admin.get("/v1/policies/effective", **effective))["policy"]["label"] == "default.v1"
        town.wait_until(datetime(2026, 4, 1, 22, 30, tzinfo=UTC))
        assert (await town.admin.get("/v1/policies/effective", **effective))["policy"]["label"] == "towns.v1"
        assert (await town.opinion_under("towns.v1"))["clocks"][0]["due_at"] == "2026-04-02T22:30:00Z"
        assert await _anonymous(town) == "default.v1"
        town.wait_until(datetime(2026, 4, 1, 23, 0, tzinfo=UTC))
        assert await _anonymous(town) == "towns.v1"


async def _anonymous(town: Town) -> str:
    """The policy of a new case that nobody is named in."""
    said = {**OPINION, "unit_id": town.units["township"], "protection": "anonymous"}
    filed = await town.world.nobody.post("/v1/opinions", said, expect=201)
    case = await town.official.get(f"/v1/cases/{filed['case_id']}")
    return str(case["policy_version"])
