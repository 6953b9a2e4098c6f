"""Coming in, through the gateway and on both buses: by a category to a unit, with a wish to be visited, and over a counter."""

from dataclasses import dataclass
from typing import Any

from shared.bus import Bus
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
LOOPBACK = "127.0.0.0/8"
TOLD = ("massline.feedback.visit.requested.v1", "massline.feedback.opinion.assisted.v1")
TREE = (
    ("county", None, "county"),
    ("east", "county", "township"),
    ("west", "county", "township"),
    ("village", "east", "grassroots"),
)
LIGHT = {
    "code": "light",
    "name": {"en": "Street light", "zh": "路灯"},
    "channels": ["public_opinion"],
    "keywords": ["lamp", "照明"],
    "level": "township",
    "attributes": [{"code": "pole", "datatype": "string", "required": True, "description": "The number on the pole"}],
}
COMPANY = {"code": "company", "name": {"en": "Company", "zh": "陪伴"}, "channels": ["emotional"], "keywords": ["alone", "孤单"]}


@dataclass
class Town:
    """A county with two townships and a village, an official in each, a resident, and somebody who listens."""

    world: World
    units: dict[str, str]
    people: dict[str, Person]

    async def refused(self, who: str, path: str, body: Any) -> tuple[int, str]:
        answer = await self.people[who].request("POST", path, json=body)
        return answer.status_code, answer.json()["type"].removeprefix("urn:massline:problem:")

    async def suggested(self, text: str, language: str) -> list[str]:
        headers = {"Accept-Language": language}
        found = await self.world.nobody.post("/v1/categories/suggest", {"text": text}, headers=headers)
        return [item["title"] for item in found["items"]]


async def _settle(world: World, receiver: Receiver) -> Town:
    admin = await world.sign_in()
    await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": TOLD}, expect=201)
    units: dict[str, str] = {}
    for code, parent, level in TREE:
        unit = {"code": code, "name": f"The {code}", "level": level, "parent_id": units[parent] if parent else None}
        units[code] = (await admin.post("/v1/units", unit, expect=201))["id"]
    people = {"admin": admin, "nobody": world.nobody}
    for username, unit_id in (*units.items(), ("resident", None)):
        account = {"username": username, "password": PASSWORD, "role": "official" if unit_id else "resident", "unit_id": unit_id}
        await admin.post("/v1/accounts", account, expect=201)
        people[username] = await world.sign_in(username, PASSWORD)
    await admin.post("/v1/categories", LIGHT, expect=201)
    await admin.post("/v1/categories", {**COMPANY, "default_unit_id": units["west"]}, expect=201)
    return Town(world, units, people)


async def test_a_category_is_suggested_says_what_it_needs_and_where_it_goes(databases: Databases, bus: Bus) -> None:
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS=LOOPBACK) as world,
    ):
        town = await _settle(world, receiver)
        assert await town.suggested("The lamps are dark", "en") == ["Street light"]
        assert await town.suggested("村口没有照明", "zh") == ["路灯"]

        said: dict[str, Any] = {
            "channel": "public_opinion",
            "title": "The lamp is dark",
            "body": "By the well.",
            "category": "light",
        }
        assert await town.refused("resident", "/v1/opinions", said) == (422, "attribute-missing")
        said["attributes"] = {"pole": "P 12"}
        assert await town.refused("resident", "/v1/opinions", said) == (422, "unit-needed")
        assert await town.refused("resident", "/v1/opinions", {**said, "kind": "question"}) == (422, "kind-unfit")
        said |= {"area_id": town.units["village"], "location": {"latitude": 31.230416, "longitude": 121.473701}, "shared": True}
        filed = await town.people["resident"].post("/v1/opinions", said, expect=201)
        assert [reader["code"] for reader in filed["readers"]] == ["east", "county"]
        case = await town.people["east"].get(f"/v1/cases/{filed['case_id']}")
        assert (case["kind"], case["attributes"], case["shared"]) == ("report", {"pole": "P 12"}, True)
        assert (case["latitude"], case["longitude"]) == (31.23, 121.474)

        await town.people["admin"].post("/v1/categories/light/retire")
        assert await town.refused("resident", "/v1/opinions", said) == (409, "category-retired")


async def test_somebody_who_stays_unknown_asks_to_be_visited(databases: Databases, bus: Bus) -> None:
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS=LOOPBACK) as world,
    ):
        town = await _settle(world, receiver)
        assert await town.suggested("我一个人很孤单", "zh") == ["陪伴"]
        said = {"channel": "emotional", "title": "Alone", "body": "Nobody comes.", "category": "company", "wants_visit": True}
        filed = await world.nobody.post("/v1/opinions", {**said, "protection": "anonymous"}, expect=201)
        (asked,) = await eventually(lambda: _told(receiver, 1))
        case = await town.people["west"].get(f"/v1/cases/{filed['case_id']}")
        assert (case["wants_visit"], case["kind"]) == (True, "help")
        assert asked["data"] == {"case_id": case["id"], "unit_id": town.units["west"], "requested_at": case["opened_at"]}
        assert asked["data"]["requested_at"].endswith(":00:00Z")


async def test_what_is_said_at_a_counter_is_the_residents(databases: Databases, bus: Bus) -> None:
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS=LOOPBACK) as world,
    ):
        town = await _settle(world, receiver)
        clerk, east = town.people["west"], town.people["east"]
        said = {"channel": "public_opinion", "title": "The well is dry", "body": "Since May.", "unit_id": town.units["east"]}
        assert await town.refused("resident", "/v1/opinions", {**said, "assistance": "counter"}) == (403, "assistance-needs-unit")
        filed = await clerk.post("/v1/opinions", {**said, "assistance": "counter"}, expect=201)
        (told,) = await eventually(lambda: _told(receiver, 1))
        assert (told["data"]["case_id"], told["data"]["by_unit_id"]) == (filed["case_id"], town.units["west"])

        # The clerk has no part in it; the unit that owes it sees how it came in; the paper opens it.
        path, paper = f"/v1/cases/{filed['case_id']}", {"receipt": filed["receipt"]}
        assert (await clerk.request("GET", path)).status_code == 404
        assert (await clerk.get("/v1/cases"))["items"] == []
        seen = await east.get(path)
        assert (seen["assistance"], seen["assisted_by_unit_id"]) == ("counter", town.units["west"])
        assert (await world.nobody.post("/v1/receipts/open", paper))["case"]["allowed"] == ["message", "withdraw"]

        # Back home the resident makes it a case of their account; a copy of the paper is worth nothing from then on.
        assert await town.refused("west", "/v1/receipts/claim", paper) == (403, "role-not-allowed")
        await town.people["resident"].post("/v1/receipts/claim", paper)
        assert await town.refused("nobody", "/v1/receipts/open", paper) == (404, "receipt-not-found")
        assert [case["id"] for case in (await town.people["resident"].get("/v1/cases"))["items"]] == [filed["case_id"]]
        await east.post(f"{path}/answer", {"text": "The pump is new."})
        confirmed = await town.people["resident"].post(f"{path}/confirm", {"resolved": True})
        assert confirmed["state"] == "confirmed_resolved"
        await eventually(lambda: _confirmed(town, "east"))


async def _told(receiver: Receiver, number: int) -> list[dict[str, Any]]:
    return [delivery.event for delivery in receiver.taken] if len(receiver.taken) == number else []


async def _confirmed(town: Town, unit: str) -> bool:
    card = await town.people["county"].get(f"/v1/units/{town.units[unit]}/scorecard")
    return bool(card["cases"]["confirmed"] == 1)
