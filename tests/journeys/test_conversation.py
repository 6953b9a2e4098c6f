"""A conversation through the gateway: two neighbours with one concern, an official with templates and notes, on both buses."""

from typing import Any

from shared.bus import Bus
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
NOTE = "Ask the water board before you promise anything."


async def test_two_speakers_are_answered_as_one_and_read_no_note(databases: Databases, bus: Bus) -> None:
    async with open_world(databases, bus) as world:
        admin = await world.sign_in()
        township = await _register_unit(admin, "township", None)
        village = await _register_unit(admin, "grassroots", township)
        lead = await _register_account(world, admin, "lead", "lead", township)
        official = await _register_account(world, admin, "official", "official", village)
        resident = await _register_account(world, admin, "resident", "resident", None)

        spoken = {
            "channel": "public_opinion",
            "title": "The well is dry",
            "body": "Since May we carry water.",
            "unit_id": village,
        }
        named = (await resident.post("/v1/opinions", spoken, expect=201))["case_id"]
        filed = await world.nobody.post("/v1/opinions", {**spoken, "protection": "anonymous"}, expect=201)
        anonymous, receipt = filed["case_id"], filed["receipt"]

        # The official notes something for colleagues, and merges the two cases.
        await official.post(f"/v1/cases/{anonymous}/notes", {"text": NOTE}, expect=201)
        assert [note["text"] for note in (await lead.get(f"/v1/cases/{anonymous}/notes"))["items"]] == [NOTE]
        await official.post(f"/v1/cases/{anonymous}/merge", {"into_case_id": named, "reason": "One well."})

        # The lead above has written a template; the official fills it in and answers both with it.
        template = {"code": "water", "unit_id": township, "language": "en", "kind": "answer", "title": "Water"}
        written = await lead.post("/v1/templates", {**template, "text": "{unit_name}: {case_title} is mended."}, expect=201)
        filled = await official.post(f"/v1/cases/{named}/templates/{written['id']}/fill")
        assert filled == {"text": "A grassroots: The well is dry is mended."}
        await official.post(f"/v1/cases/{named}/answer", filled)

        # Each speaker finds the answer unread in its own thread, reads it, and nothing of the note.
        own = await resident.get(f"/v1/cases/{named}")
        assert (own["unread"], own["last_said_by"]) == (1, "unit")
        assert (await resident.post(f"/v1/cases/{named}/read", {"up_to": 1}))["unread"] == 0
        opened = await world.nobody.post("/v1/receipts/open", {"receipt": receipt})
        assert [(message["kind"], message["text"]) for message in opened["messages"]] == [("answer", filled["text"])]
        read = await world.nobody.post("/v1/receipts/read", {"receipt": receipt, "up_to": opened["messages"][0]["id"]})
        assert read["unread"] == 0
        assert NOTE not in str(opened)
        assert (await resident.request("GET", f"/v1/cases/{named}/notes")).status_code == 404

        # Assessment has heard of both answers.
        async def both_answered() -> Any:
            card = await official.get(f"/v1/units/{village}/scorecard")
            return card["first_answer"]["n"] == 2

        await eventually(both_answered)


async def _register_unit(admin: Person, level: str, parent_id: str | None) -> str:
    unit = {"code": level, "name": f"A {level}", "level": level, "parent_id": parent_id}
    id: str = (await admin.post("/v1/units", unit, expect=201))["id"]
    return id


async def _register_account(world: World, admin: Person, username: str, role: str, unit_id: str | None) -> Person:
    account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
    await admin.post("/v1/accounts", account, expect=201)
    return await world.sign_in(username, PASSWORD)
