"""A town asks more of itself than its policy does, and a changed policy is tried on the past; through the gateway and on both
buses."""

from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.journeys.test_policies import PASSWORD, SHIPPED_DUE, Town, due, open_town, rules, span
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person

PATH = "/v1/policy-supplements"


async def lead_of(town: Town, unit: str) -> Person:
    account = {"username": f"lead-{unit}", "password": PASSWORD, "role": "lead", "unit_id": town.units[unit]}
    await town.admin.post("/v1/accounts", account, expect=201)
    return await town.world.sign_in(f"lead-{unit}", PASSWORD)


async def test_a_towns_supplement_counts_for_cases_opened_after_it_and_every_case_says_its_own(
    databases: Databases, bus: Bus
) -> None:
    async with open_town(databases, bus) as town:
        lead, county = await lead_of(town, "township"), await lead_of(town, "county")
        old = await town.opinion()

        lax = {"unit_id": town.units["township"], "reason": "We are few.", "deadlines": {"first_answer": span(31)}}
        refused: Any = await lead.post(PATH, lax, expect=422)
        assert "default.v1 has 30 days" in refused["detail"]
        await lead.post(PATH, {**lax, "unit_id": town.units["county"]}, expect=403)
        haste = {**lax, "reason": "The river rises.", "deadlines": {"first_answer": span(5)}, "confirm_within": span(60)}
        made = await lead.post(PATH, haste, expect=201)
        assert made["label"] == "township.v1"

        # Soon the town's new cases have five days; the county's keep theirs, and so does the old one.
        new = await town.opinion_under("default.v1+township.v1")
        assert due(new) == {**SHIPPED_DUE, "first_answer": "2026-04-06T14:00:00Z"}
        assert due(await town.case(old["id"])) == SHIPPED_DUE
        assert (await town.opinion(unit_id=town.units["county"]))["policy_version"] == "default.v1"

        # Everybody sees which rule says what.
        found = await town.resident.get("/v1/policies/effective", unit_id=town.units["township"], channel="public_opinion")
        assert found["label"] == new["policy_version"]
        said = {each["term"]: each["label"] for each in found["terms"]}
        assert (said["deadlines.first_answer"], said["confirm_within"]) == ("township.v1", "township.v1")
        assert (said["deadlines.acknowledgement"], said["reopen_within"]) == ("default.v1", "default.v1")

        # The resident's longer window is promised and given.
        answered = await town.official.post(f"/v1/cases/{new['id']}/answer", {"text": "We dig."})
        assert datetime.fromisoformat(answered["judge_until"]).isoformat() == "2026-05-31T14:00:00+00:00"

        # The county ends it: what was opened under it keeps it.
        ending = {"unit_id": town.units["township"], "reason": "The river has sunk.", "ends": True}
        assert (await county.post(PATH, ending, expect=201))["label"] == "township.v2"
        assert due(await town.opinion_under("default.v1")) == SHIPPED_DUE
        assert (await town.case(new["id"]))["policy_version"] == "default.v1+township.v1"


def counts(found: Any) -> dict[str, tuple[int, int, int, int]]:
    shown = ("cases", "breached_then", "would_breach", "newly_breached")
    return {clock["clock"]: tuple(clock[name] for name in shown) for clock in found["clocks"]}


async def test_a_changed_policy_is_tried_on_the_past_before_it_is_registered(databases: Databases, bus: Bus) -> None:
    async with open_town(databases, bus) as town:
        lead = await lead_of(town, "township")
        asked, quick, silent = await town.opinion(), await town.opinion(), await town.opinion()
        await town.opinion(unit_id=town.units["county"])
        town.wait_until(datetime(2026, 4, 3, 14, 0, tzinfo=UTC))
        await town.official.post(f"/v1/cases/{quick['id']}/answer", {"text": "We dig."})
        await town.official.post(f"/v1/cases/{asked['id']}/ask", {"text": "Which well?"})
        town.wait_until(datetime(2026, 4, 20, 14, 0, tzinfo=UTC))

        # Within seven days the silent town has acknowledged nothing; one day would have been too short for every case.
        policy = {"code": "towns", "name": "Tried", "level": "township", **rules(acknowledgement=span(1), first_answer=span(4))}
        tried = {"policy": policy, "since": "2026-04-01", "until": "2026-04-20"}

        async def told() -> Any:
            found = await town.admin.post("/v1/policies/simulate", tried)
            assert counts(found) == {
                "acknowledgement": (3, 1, 3, 2),
                "first_answer": (2, 0, 1, 1),
                "resolution": (2, 0, 0, 0),
            }
            return found

        found = await eventually(told)
        assert [clock["paused"] for clock in found["clocks"]] == [0, 1, 1]
        assert [unit["code"] for unit in found["units"]] == ["township"]
        assert (await lead.post("/v1/policies/simulate", tried))["clocks"] == found["clocks"]
        await lead.post("/v1/policies/simulate", {**tried, "unit_id": town.units["county"]}, expect=403)

        # Trying registers nothing; what was tried can be registered, and the silent case keeps what it had.
        assert [each["label"] for each in (await town.admin.get("/v1/policies", level="township"))["items"]] == []
        assert (await town.admin.post("/v1/policies", policy, expect=201))["label"] == found["label"]
        assert (await town.case(silent["id"]))["policy_version"] == "default.v1"
