"""A standard from its draft to a grade: residents comment, each is answered, the past is tried, it counts. On both buses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TOLD = ["massline.assessment.standard.drafted.v1", "massline.assessment.standard.activated.v1"]
WORDS = "Half of it should be whether it is solved."


async def test_a_standard_counts_once_residents_were_heard_and_the_past_was_tried(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD})
        town = (await admin.post("/v1/units", {"code": "town", "name": "Town", "level": "township", "parent_id": None}))["id"]
        resident = await _engage(world, admin, "resident", None)
        other = await _engage(world, admin, "other", None)

        # 1. A draft is open to residents, who are shown without their names.
        first = await admin.post("/v1/standards", _standard(response=50, resolution=50), expect=201)
        comments = f"/v1/standards/{first['id']}/comments"
        said = {"criterion": "resolution", "stance": "support", "text": WORDS}
        comment = await resident.post(comments, said, expect=201)
        (read,) = (await other.get(comments))["items"]
        assert (read["text"], read["mine"]) == (WORDS, False)
        early = await admin.post(f"/v1/standards/{first['id']}/activate", {"reason": "Now."}, expect=409)
        assert early["type"].endswith("comments-still-open")

        # 2. Each comment is answered, the past is tried, and then it counts, with what changed and why.
        clock.advance(days=14)
        await admin.post(f"{comments}/{comment['id']}/answer", {"decision": "adopted", "reason": "It is so."})
        run = await admin.post(f"/v1/standards/{first['id']}/dry-runs", _past(clock), expect=201)

        async def tried() -> Any:
            found = await admin.get(f"/v1/standards/{first['id']}/dry-runs/{run['id']}")
            return found if found["finished_at"] else None

        assert (await eventually(tried, within=30))["grades"] == {"township": {"not_graded": 1}}
        active = await admin.post(f"/v1/standards/{first['id']}/activate", {"reason": "Residents wanted it so."})
        assert (active["state"], active["changes"]) == ("active", ["first version"])

        # 3. A campaign is graded by it, whatever the next draft would change.
        span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
        campaign = {"code": "spring", "name": "Spring", "standard_id": first["id"], "unit_id": town, **span}
        await admin.post("/v1/campaigns", campaign, expect=201)
        second = await admin.post("/v1/standards", _standard(response=20, resolution=80), expect=201)
        changes = (await other.get(f"/v1/standards/{second['id']}/changes"))["changes"]
        assert changes == ["response: weight 50 -> 20", "resolution: weight 50 -> 80"]
        card = await admin.get(f"/v1/units/{town}/scorecard")
        assert card["grade"]["explanation"]["standard"]["version"] == 1
        assert [each["weight"] for each in card["grade"]["explanation"]["criteria"]] == [50, 50]

        # 4. Others are told that there is a draft, and what counts; no words.
        told = await eventually(lambda: _all(receiver))
        assert [each["type"] for each in told].count(TOLD[0]) == 2
        assert WORDS not in str(told)


async def _engage(world: World, admin: Person, name: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": name, "password": PASSWORD, "role": "resident", "unit_id": unit_id})
    return await world.sign_in(name, PASSWORD)


def _standard(**weights: int) -> dict[str, Any]:
    sources = {"response": "measured", "resolution": "residents"}
    criteria = [
        {"code": code, "name": code, "weight": weight, "source": sources[code], "indicator": code, "owner": "The office"}
        for code, weight in weights.items()
    ]
    return {"code": "service", "name": "Service to residents", "criteria": criteria}


def _past(clock: ManualClock) -> dict[str, str]:
    return {"since": (clock() - timedelta(days=30)).isoformat(), "until": clock().isoformat()}


async def _all(receiver: Receiver) -> list[Any]:
    taken = [delivery.event for delivery in receiver.taken]
    return taken if len(taken) >= 3 else []
