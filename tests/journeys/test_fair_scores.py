"""From what a unit is to what people give it: profiles, peers and scores through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.standards import adopt_standard
from tests.support.world import Person, open_world

TOLD = [
    "massline.assessment.unit-profile.declared.v1",
    "massline.assessment.score.given.v1",
    "massline.assessment.score.withdrawn.v1",
]
REASON = "Two sessions a month, both attended."


async def test_units_declare_what_they_are_and_are_scored_by_themselves_and_by_outsiders(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, nobody = await world.sign_in(), world.nobody
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        county = await _unit(admin, "county", None, "county")
        hills, valley = [await _unit(admin, code, county, "township") for code in ("hills", "valley")]
        lead = await admin.engage("lead", "lead", hills)
        chained = await admin.engage("chained", "inspector", county)
        outside = await admin.engage("outside", "inspector", valley)

        # 1. A unit says what it is; until it has, nobody can tell who is comparable.
        unknown = await nobody.request("GET", f"/v1/public/units/{hills}/profile")
        assert (unknown.status_code, "POST /v1/units/{id}/profiles" in unknown.json()["detail"]) == (404, True)
        await lead.post(f"/v1/units/{hills}/profiles", _profile(population=20_000))
        await lead.post(f"/v1/units/{hills}/profiles", _profile(population=12_000))
        await lead.post(f"/v1/units/{valley}/profiles", _profile(population=99_000), expect=403)
        await admin.post(f"/v1/units/{valley}/profiles", _profile(population=99_000))
        declared = await nobody.get(f"/v1/public/units/{hills}/profile")
        assert (declared["population"], declared["peer_group"]) == (12_000, "township.hills.1e4")
        (peer,) = (await lead.get(f"/v1/units/{hills}/peers"))["items"]
        assert (peer["unit_id"], peer["profile"]["population"]) == (valley, 99_000)

        # 2. In a campaign it assesses itself; an inspector above it may not score it, one from beside it may.
        path = f"/v1/campaigns/{await _campaign(admin, county, clock)}/scores"
        own = await lead.post(path, _score(hills, "self", 90), expect=201)
        refused = await chained.post(path, _score(hills, "inspector", 100), expect=403)
        assert refused["type"].endswith("inspector-in-chain")
        await outside.post(path, _score(hills, "inspector", 30), expect=201)
        await outside.post(path, _score(hills, "inspector", 60), expect=201)

        # 3. The unit sees what it got and from where, and not from whom; what was overtaken stays.
        seen = (await lead.get(path, unit_id=hills))["items"]
        assert [(score["part"], score["points"], score["counts"]) for score in seen] == [
            ("self", 90, True), ("inspector", 30, False), ("inspector", 60, True),
        ]  # fmt: skip
        assert [score["by_unit_id"] for score in seen] == [hills, valley, valley]
        outsider = (await outside.get("/v1/me"))["id"]
        assert outsider not in str(seen)
        assert outsider in str(await admin.get(path))

        # 4. What was given can be taken back while the campaign runs.
        await lead.post(f"{path}/{own['id']}/withdraw", {"reason": "We counted a session twice."})
        await outside.post(f"{path}/{own['id']}/withdraw", {"reason": "Not mine."}, expect=404)
        assert [score["counts"] for score in (await lead.get(path))["items"]] == [False, False, True]
        clock.advance(days=31)
        await lead.post(path, _score(hills, "self", 80), expect=409)

        # 5. Others are told ids and numbers; no words and no account.
        told = await eventually(lambda: _all(receiver))
        assert {each["type"] for each in told} == set(TOLD)
        assert not any(word in str(told) for word in (REASON, outsider, "Census"))


async def _unit(admin: Person, code: str, parent_id: str | None, level: str) -> str:
    made = await admin.post("/v1/units", {"code": code, "name": code, "level": level, "parent_id": parent_id})
    unit_id: str = made["id"]
    return unit_id


def _profile(population: int) -> dict[str, Any]:
    return {"population": population, "staff": 40, "terrain": "hills", "as_of": "2026-01-31", "source": "Census, table 3"}


async def _campaign(admin: Person, unit_id: str, clock: ManualClock) -> str:
    learning = {"code": "learning", "weight": 100, "source": "inspector", "minimum_sample": 1}
    standard = await adopt_standard(admin, clock, "service", [learning])
    span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
    planned = {"code": "spring", "name": "Spring", "standard_id": standard["id"], "unit_id": unit_id, **span}
    campaign_id: str = (await admin.post("/v1/campaigns", planned))["id"]
    return campaign_id


def _score(unit_id: str, part: str, points: int) -> dict[str, Any]:
    evidence = [{"kind": "document", "url": "https://example.org/minutes.pdf"}]
    said = {"criterion": "learning", "points": points, "evidence": evidence, "reason": REASON}
    return {**said, "unit_id": unit_id, "part": part}


async def _all(receiver: Receiver) -> list[Any]:
    """Three declarations, three scores and a withdrawal."""
    taken = [delivery.event for delivery in receiver.taken]
    return taken if len(taken) >= 7 else []
