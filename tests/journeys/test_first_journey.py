"""One opinion, from a resident's phone to a unit's grade: the whole journey through the gateway's REST API, on both buses."""

import asyncio
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import standardwebhooks

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.standards import SHIPPED
from tests.support.world import Person, World, open_world

LEVELS = ("province", "prefecture", "county", "township", "grassroots")
PASSWORD = "a long enough password"


async def test_one_opinion_from_a_phone_to_a_grade(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime.now(UTC))
    async with (
        open_receiver() as receiver,
        open_world(databases, bus, clock=clock, MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as world,
    ):
        admin = await world.sign_in()
        webhook = await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["*"]}, expect=201)

        # 1. An administrator registers units, accounts and a campaign with its standard.
        units = await _register_tree(admin)
        village, township = units["grassroots"], units["township"]
        resident = await _register_account(world, admin, "resident", "resident", None)
        official = await _register_account(world, admin, "official", "official", village)
        upper = await _register_account(world, admin, "upper", "lead", township)
        official_id = (await official.get("/v1/me"))["id"]
        await _start_campaign(admin, units["province"], clock)

        # 2. A resident speaks, once by name and once anonymously, and is told who will read it.
        spoken = {
            "channel": "public_opinion",
            "title": "The well is dry",
            "body": "Since May we carry water.",
            "unit_id": village,
        }
        named = await resident.post("/v1/opinions", {**spoken, "protection": "named"}, expect=201)
        assert named["receipt"] is None
        assert named["readers"][0]["unit_id"] == village
        assert {clock["kind"] for clock in named["clocks"]} == {"acknowledgement", "first_answer", "resolution"}
        receiver.refusals = 2
        anonymous = await world.nobody.post("/v1/opinions", {**spoken, "protection": "anonymous"}, expect=201)
        receipt = anonymous["receipt"]
        assert receipt

        # 3. The official acknowledges and answers; the residents reply, judge and rate.
        await _work_on(official, named["case_id"])
        replied = await resident.post(f"/v1/cases/{named['case_id']}/messages", {"text": "Thank you, we will look."})
        assert replied["text"] == "Thank you, we will look."
        confirmed = await resident.post(
            f"/v1/cases/{named['case_id']}/confirm", {"resolved": True, "satisfied": True, "score": 5}
        )
        assert confirmed["state"] == "confirmed_resolved"
        await _work_on(official, anonymous["case_id"])
        opened = await world.nobody.post("/v1/receipts/open", {"receipt": receipt})
        assert [message["by"] for message in opened["messages"]][-1] == "unit"
        refused = await world.nobody.post(
            "/v1/receipts/confirm", {"receipt": receipt, "resolved": False, "satisfied": False, "score": 1}
        )
        assert refused["state"] == "in_progress"

        # 4. A clock that runs out makes the case visible to the unit above.
        forgotten = await resident.post("/v1/opinions", {**spoken, "protection": "named"}, expect=201)
        await upper_sees(upper, forgotten["case_id"], escalated=False)
        clock.advance(days=8)
        await eventually(lambda: upper_sees(upper, forgotten["case_id"], escalated=True))

        # 5. A visit to that place finds something, and the finding becomes a case.
        finding_case = await _visit_and_find(official, official_id, village, clock)
        assert finding_case["unit_id"] == village
        assert finding_case["source"] == "finding"

        # 6. Assessment has heard all of it.
        card = await eventually(lambda: _card_with(official, village, opened=4, verdicts=2, visits=1))
        assert card["response_rate"]["value"] == 1.0
        assert card["response_rate"]["n"] == 2
        assert card["resolution_rate"]["value"] == 0.5
        assert card["resolution_rate"]["low"] < 0.5 < card["resolution_rate"]["high"]
        assert card["satisfaction_rate"]["n"] == 2
        assert card["first_answer"]["n"] == 2
        assert card["first_answer"]["median_s"] <= card["first_answer"]["p90_s"]
        assert card["grade"]["value"] == "not_graded"
        assert "5" in card["grade"]["reason"]
        board = await world.nobody.get("/v1/public/scoreboard", limit=100)
        rows = {row["unit_id"]: row for row in board["items"]}
        assert rows[village]["resolution_rate"]["value"] is None, "two verdicts are too few to publish"
        assert rows[units["province"]]["grade"]["value"] == "not_graded"

        # 7. The other system got every event, signed, each exactly once identifiable, also those that it refused at first.
        clock.advance(minutes=10)
        deliveries = await eventually(lambda: _all_delivered(admin, webhook["id"]))
        _assert_signed_and_complete(receiver, webhook["secret"], deliveries)
        assert len(receiver.refused) == 2


async def _register_tree(admin: Person) -> dict[str, str]:
    units: dict[str, str] = {}
    parent: str | None = None
    for level in LEVELS:
        unit = await admin.post(
            "/v1/units", {"code": level, "name": f"A {level}", "level": level, "parent_id": parent}, expect=201
        )
        units[level] = parent = unit["id"]
    return units


async def _register_account(world: World, admin: Person, username: str, role: str, unit_id: str | None) -> Person:
    account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
    await admin.post("/v1/accounts", account, expect=201)
    return await world.sign_in(username, PASSWORD)


async def _start_campaign(admin: Person, unit_id: str, clock: ManualClock) -> None:
    campaign = {
        "code": "spring",
        "name": "Spring campaign",
        "standard_id": SHIPPED,
        "unit_id": unit_id,
        "starts_at": (clock() - timedelta(days=1)).isoformat(),
        "ends_at": (clock() + timedelta(days=90)).isoformat(),
    }
    await admin.post("/v1/campaigns", campaign, expect=201)


async def _work_on(official: Person, case_id: str) -> None:
    acknowledged = await official.post(f"/v1/cases/{case_id}/acknowledge")
    assert acknowledged["state"] == "acknowledged"
    answered = await official.post(f"/v1/cases/{case_id}/answer", {"text": "The pump was repaired on Friday."})
    assert answered["state"] == "answered"


async def upper_sees(upper: Person, case_id: str, *, escalated: bool) -> bool:
    case = await upper.get(f"/v1/cases/{case_id}")
    return bool(case["escalations"]) is escalated


async def _visit_and_find(official: Person, official_id: str, unit_id: str, clock: ManualClock) -> dict[str, Any]:
    plan = await official.post(
        "/v1/visit-plans",
        {
            "unit_id": unit_id,
            "purpose": "See how the water runs",
            "place": "The lower lane",
            "assignee_id": official_id,
            "starts_at": clock().isoformat(),
        },
        expect=201,
    )
    clock.advance(hours=2)
    recorded = await official.post(
        f"/v1/visits/{plan['visits'][0]['id']}/record",
        {
            "outcome": "done",
            "occurred_at": (clock() - timedelta(hours=1)).isoformat(),
            "findings": [{"title": "Pressure too low", "body": "The upper houses get none.", "category": "water"}],
        },
    )
    assert recorded["state"] == "done"
    finding_id = recorded["findings"][0]["id"]

    async def case_of_finding() -> dict[str, Any] | None:
        cases = await official.get("/v1/cases", unit_id=unit_id, limit=100)
        return next((case for case in cases["items"] if case["finding_id"] == finding_id), None)

    found = await eventually(case_of_finding)
    assert found is not None
    return found


async def _card_with(reader: Person, unit_id: str, *, opened: int, verdicts: int, visits: int) -> dict[str, Any]:
    card: dict[str, Any] = await reader.get(f"/v1/units/{unit_id}/scorecard")
    assert card["cases"]["opened"] == opened
    assert card["resolution_rate"]["n"] == verdicts
    assert card["visits"]["done"] == visits
    return card


async def _all_delivered(admin: Person, webhook_id: str) -> list[dict[str, Any]]:
    await asyncio.sleep(0.5)
    page = await admin.get(f"/v1/webhooks/{webhook_id}/deliveries", limit=100)
    assert page["next_cursor"] is None
    assert {item["state"] for item in page["items"]} == {"delivered"}
    items: list[dict[str, Any]] = page["items"]
    return items


def _assert_signed_and_complete(receiver: Receiver, secret: str, deliveries: list[dict[str, Any]]) -> None:
    oracle = standardwebhooks.Webhook(secret)
    for delivery in receiver.taken:
        moment = datetime.fromtimestamp(int(delivery.headers["webhook-timestamp"]), UTC)
        expected = oracle.sign(delivery.headers["webhook-id"], moment, delivery.body.decode())
        assert expected in delivery.headers["webhook-signature"].split(" ")
        assert len(b64decode(expected.removeprefix("v1,"))) == 32
    ids = [delivery.event["id"] for delivery in receiver.taken]
    assert len(ids) == len(set(ids)), "an event came twice"
    assert set(ids) == {item["event_id"] for item in deliveries}
    assert {delivery.event["id"] for delivery in receiver.refused} <= set(ids)
    wanted = (
        "unit.registered",
        "account.created",
        "campaign.started",
        "opinion.submitted",
        "case.opened",
        "case.acknowledged",
        "case.answered",
        "case.confirmed",
        "case.escalated",
        "clock.breached",
        "visit.recorded",
        "finding.reported",
    )
    heard = " ".join(receiver.types())
    for name in wanted:
        assert name in heard, f"no event about {name}"
