"""Photos through the gateway: a resident's, an anonymous speaker's and a unit's plan, told of on both buses."""

from typing import Any

import httpx

from shared.bus import Bus
from tests.feedback.files import MARK, jpeg, opened, pdf
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
TYPE = "massline.feedback.attachment.added.v1"
PHOTO = {"file": (MARK, jpeg(), "text/html")}


async def test_a_photo_shows_what_is_wrong_and_nothing_of_who_took_it(databases: Databases, bus: Bus) -> None:
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as world,
    ):
        admin = await world.sign_in()
        unit = {"code": "village", "name": "The village", "level": "grassroots", "parent_id": None}
        village = (await admin.post("/v1/units", unit, expect=201))["id"]
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": [TYPE]}, expect=201)
        official = await _engage(world, admin, "official", village)
        resident = await _engage(world, admin, "resident", None)
        stranger = await _engage(world, admin, "resident", None, username="stranger")

        spoken = {"channel": "public_opinion", "title": "The well is dry", "body": "See the photo.", "unit_id": village}
        case = f"/v1/cases/{(await resident.post('/v1/opinions', spoken, expect=201))['case_id']}"
        photo = _json(await resident.request("POST", f"{case}/attachments", files=PHOTO), 201)

        # The official sees it, without the camera, the place and the name of the file; a stranger finds nothing.
        assert await official.get(f"{case}/attachments") == [photo]
        for path in (f"{case}/attachments/{photo['id']}", f"{case}/attachments/{photo['id']}/thumbnail"):
            file = await official.request("GET", path)
            assert (file.status_code, file.headers["x-content-type-options"]) == (200, "nosniff")
            assert opened(file.content).size == (48, 64)
            assert MARK.encode() not in file.content
            assert (await stranger.request("GET", path)).status_code == 404

        # The unit's plan reaches an anonymous speaker by the receipt, and that speaker's photo the unit.
        filed = await world.nobody.post("/v1/opinions", {**spoken, "protection": "anonymous"}, expect=201)
        hidden, receipt = f"/v1/cases/{filed['case_id']}", {"receipt": filed["receipt"]}
        sent = await world.nobody.request("POST", "/v1/receipts/attachments", files=PHOTO, data=receipt)
        assert _json(sent, 201)["added_at"].endswith(":00:00Z")
        plan = _json(await official.request("POST", f"{hidden}/attachments", files={"file": ("plan.pdf", pdf())}), 201)
        seen = await world.nobody.post("/v1/receipts/open", receipt)
        assert [one["by"] for one in seen["attachments"]].count("unit") == 1
        file = await world.nobody.request("POST", f"/v1/receipts/attachments/{plan['id']}", json=receipt)
        assert file.headers["content-type"] == "application/pdf"

        # A bad file is refused with a reason.
        bad = await resident.request("POST", f"{case}/attachments", files={"file": ("photo.jpg", b"<svg/>", "image/jpeg")})
        assert _json(bad, 422)["type"] == "urn:massline:problem:file-type-not-taken"

        async def told() -> Any:
            return receiver.types() == [TYPE] * 3

        await eventually(told)
        assert MARK not in str(receiver.taken)


def _json(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def _engage(world: World, admin: Person, role: str, unit_id: str | None, username: str | None = None) -> Person:
    account = {"username": username or role, "password": PASSWORD, "role": role, "unit_id": unit_id}
    await admin.post("/v1/accounts", account, expect=201)
    return await world.sign_in(account["username"] or "", PASSWORD)
