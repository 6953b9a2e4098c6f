"""From grades that two have signed to the place of each unit among its peers, through the gateway, on both buses."""

from datetime import UTC, datetime, timedelta
from functools import partial

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.grades import has_verdicts, publish
from tests.support.standards import SHIPPED
from tests.support.world import Person, open_world

PROFILE = {"population": 12_345, "staff": 40, "terrain": "hills", "source": "Census"}
RESOLVED = {"ash": 5, "birch": 4, "cedar": 4, "elm": 3, "fir": 1}


async def test_a_unit_is_compared_with_its_peers_and_with_nobody_else(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        admin, nobody = await world.sign_in(), world.nobody
        resident = await admin.engage("resident", "resident", None)
        signers = [await admin.engage(name, "inspector", None) for name in ("roaming", "fresh")]
        units = {code: await admin.register(code, "township") for code in (*RESOLVED, "gorge")}
        heads = {code: await admin.engage(f"head-of-{code}", "lead", unit_id) for code, unit_id in units.items()}

        # 1. Each declares whom it serves and where; one of them in the mountains.
        for code, unit_id in units.items():
            terrain = "mountains" if code == "gorge" else "hills"
            declared = {**PROFILE, "terrain": terrain, "as_of": clock().date().isoformat()}
            await heads[code].post(f"/v1/units/{unit_id}/profiles", declared, expect=201)

        # 2. Residents judge five cases of each; the campaign ends, and the grades are signed one after the other.
        span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
        await admin.post("/v1/campaigns", {"code": "spring", "name": "Spring", "standard_id": SHIPPED, **span}, expect=201)
        for code, resolved in {**RESOLVED, "gorge": 5}.items():
            await _cases(resident, heads[code], units[code], resolved)
            await eventually(partial(has_verdicts, admin, units[code], 5))
        clock.advance(days=31)
        paths = {code: f"/v1/public/units/{unit_id}/grade/peers" for code, unit_id in units.items()}
        assert (await nobody.request("GET", paths["ash"])).status_code == 404
        for code in ("ash", "birch", "cedar", "elm", "gorge"):
            await publish(signers, admin, units[code])
        alone = await nobody.get(paths["ash"])
        assert (alone["place"], alone["median"]) == (None, None)
        assert "4 with it" in alone["not_shown"]

        # 3. With the fifth of its kind there is a place for each, and the one in the mountains is no part of it.
        await publish(signers, admin, units["fir"])
        found = {code: await nobody.get(paths[code]) for code in RESOLVED}
        assert [(each["place"], each["of"], each["shared_by"]) for each in found.values()] == [
            (1, 5, 1), (2, 5, 2), (2, 5, 2), (4, 5, 1), (5, 5, 1),
        ]  # fmt: skip
        assert {each["peer_group"] for each in found.values()} == {"township.hills.1e4"}
        assert {(each["lower_quartile"], each["median"], each["upper_quartile"]) for each in found.values()} == {
            (0.64, 0.82, 0.82)
        }
        assert (await nobody.get(paths["gorge"]))["place"] is None


async def _cases(resident: Person, head: Person, unit_id: str, resolved: int) -> None:
    for number in range(5):
        said = {"channel": "public_opinion", "title": f"Lamp {number}", "body": "It is dark.", "unit_id": unit_id}
        case_id = (await resident.post("/v1/opinions", said))["case_id"]
        await head.post(f"/v1/cases/{case_id}/answer", {"text": "Mended."})
        content = number < resolved
        await resident.post(f"/v1/cases/{case_id}/confirm", {"resolved": content, "satisfied": content})
