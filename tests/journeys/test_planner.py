"""Two officials, and whoever agreed to be visited: a lead asks for a proposal, reads why, accepts it, and both have their visits.
Through the gateway, on both buses."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
PLACES = {"west": {"latitude": 30.0, "longitude": 110.0}, "east": {"latitude": 30.0, "longitude": 110.4}}
ACCEPTED = "massline.visits.visit-proposal.accepted.v1"


@dataclass
class Township:
    """A lead, and an official in the west and one in the east, each with a post."""

    unit_id: str
    lead: Person
    officials: dict[str, Person]
    posts: dict[str, str]


async def test_a_proposal_is_explained_accepted_and_becomes_visits(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 9, 7, 8, 0, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin = await world.sign_in()
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": [ACCEPTED]})
        township = await _settle(world, admin)
        lead = township.lead
        contacts = [await _agreed(township, "west" if number < 3 else "east") for number in range(6)]

        wanted = {"unit_id": township.unit_id, "starts_on": "2026-09-07", "weeks": 26}
        proposal = await lead.post("/v1/visit-proposals", wanted, expect=201)
        assert (proposal["contacts"], proposal["posts"], proposal["limits"]) == (6, 2, [])
        for measure in ("max_load", "overdue", "km_per_year"):
            assert proposal["measures"][measure] <= proposal["round_robin"][measure]

        path = f"/v1/visit-proposals/{proposal['id']}"
        found = {each["contact_id"]: each for each in (await lead.get(f"{path}/assignments"))["items"]}
        assert set(found) == set(contacts)
        assert all("of what it can make" in each["explanation"] for each in found.values())
        assert found[contacts[0]]["post_id"] == township.posts["west"]
        assert found[contacts[5]]["post_id"] == township.posts["east"]
        east = township.officials["east"]
        assert (await east.get(f"{path}/assignments"))["items"] == (await lead.get(f"{path}/assignments"))["items"]

        assert (await lead.post(f"{path}/accept", expect=202))["state"] == "accepting"
        await eventually(lambda: _accepted(lead, path))
        shares = Counter(each["post_id"] for each in found.values())
        for code, official in township.officials.items():
            visits = (await official.get("/v1/visits", assignee="me", limit=100))["items"]
            assert len({visit["plan_id"] for visit in visits}) == shares[township.posts[code]] > 0
            assert {visit["contact"]["label"] for visit in visits} == {"The Lins"}
        (told,) = await eventually(lambda: _taken(receiver))
        data = told.event["data"]
        assert (data["proposal_id"], data["contacts"], data["posts"]) == (proposal["id"], 6, 2)
        await lead.post(f"{path}/accept", expect=409)


async def _settle(world: World, admin: Person) -> Township:
    unit = {"code": "township", "name": "The township", "level": "township", "parent_id": None}
    unit_id = (await admin.post("/v1/units", unit, expect=201))["id"]
    people, ids = {}, {}
    for username, role in (("lead", "lead"), ("west", "official"), ("east", "official")):
        account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
        ids[username] = (await admin.post("/v1/accounts", account, expect=201))["id"]
        people[username] = await world.sign_in(username, PASSWORD)
    lead = people.pop("lead")
    posts = {}
    for code in people:
        post = {"unit_id": unit_id, "code": code, "name": code, "holder_id": ids[code], "visits_per_week": 5}
        posts[code] = (await lead.post("/v1/posts", {**post, "location": PLACES[code]}, expect=201))["id"]
    return Township(unit_id, lead, people, posts)


async def _agreed(township: Township, where: str) -> Any:
    """A household there that wants a visit every four weeks."""
    household = {"unit_id": township.unit_id, "kind": "household", "label": "The Lins", "place": "Lower lane 4"}
    listed = await township.lead.post("/v1/contacts", {**household, "location": PLACES[where]}, expect=201)
    await township.lead.post(f"/v1/contacts/{listed['id']}/agree", {"rhythm_days": 28})
    return listed["id"]


async def _accepted(lead: Person, path: str) -> bool:
    return bool((await lead.get(path))["state"] == "accepted")


async def _taken(receiver: Receiver) -> Any:
    return receiver.taken
