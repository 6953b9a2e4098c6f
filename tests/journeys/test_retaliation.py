"""Whoever spoke cannot be hurt in silence: from the receipt to the unit's scorecard, through the gateway, on both buses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.bus import Bus
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.settling import settle
from tests.support.world import Person, open_world

EVENTS = [f"massline.feedback.retaliation.{verb}.v1" for verb in ("reported", "climbed", "decided")]
TREE = (("province", "province", None), ("county", "county", "province"), ("township", "township", "county"))
PEOPLE = (
    ("lin", "resident", None),
    ("clerk", "official", "township"),
    ("chief", "lead", "township"),
    ("overseer", "lead", "county"),
    ("controller", "inspector", "province"),
)
TEXT = "They cut my water off the day after."
HARM = {"text": TEXT}


async def speak(units: dict[str, str], people: dict[str, Person], protection: str) -> tuple[str, Any, Any]:
    """(case id, how its speaker says something more, how they look)"""
    said = {"channel": "public_opinion", "title": "The pump", "body": "It is dry.", "unit_id": units["township"]}
    anonymous = protection == "anonymous"
    speaker = people["nobody" if anonymous else "lin"]
    filed = await speaker.post("/v1/opinions", {**said, "protection": protection})
    proof = {"receipt": filed["receipt"]} if anonymous else {}
    path = "/v1/receipts" if anonymous else f"/v1/cases/{filed['case_id']}"

    async def say(verb: str, body: dict[str, Any], expect: int | None = None) -> Any:
        return await speaker.post(f"{path}/{verb}", {**proof, **body}, expect=expect)

    async def look() -> Any:
        return (await say("open", {}))["watch"] if anonymous else await speaker.get(f"{path}/watch")

    return filed["case_id"], say, look


@pytest.mark.parametrize("protection", ["anonymous", "confidential"])
async def test_retaliation_is_reported_climbs_is_decided_and_marks_the_unit(
    databases: Databases, bus: Bus, protection: str
) -> None:
    clock = ManualClock(datetime(2026, 9, 1, 8, 30, tzinfo=UTC))
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        units, people = await settle(world, TREE, PEOPLE)
        await people["admin"].post("/v1/webhooks", {"url": receiver.url, "event_types": EVENTS})
        case_id, say, look = await speak(units, people, protection)

        clock.advance(days=30)
        assert (await look())["check_in_due"] is True
        checked = await say("check-in", {"safe": False})
        assert "/retaliation" in checked["advice"]
        assert checked["watch"]["check_in_due"] is False
        before = await _seen(people, case_id)
        report = await say("retaliation", {**HARM, "by": [units["township"]]}, 201)
        await say("retaliation", HARM, 409)
        assert [reader["code"] for reader in report["readers"]] == ["county"]
        path = f"/v1/retaliation-reports/{report['id']}"
        for name in ("clerk", "chief", "controller", "admin", "lin"):
            refused = await people[name].request("GET", path)
            assert refused.status_code in (403, 404), name
        assert (await people["overseer"].get(path))["text"] == TEXT

        clock.advance(days=7)
        await eventually(lambda: _reads(people["controller"], path))
        assert [reader["code"] for reader in (await look())["reports"][0]["readers"]] == ["county", "province"]
        assert (await people["controller"].get("/v1/retaliation-reports", overdue=True))["items"][0]["id"] == report["id"]
        decision = {"substantiated": True, "unit_id": units["township"], "reason": "The valve was closed by hand."}
        await people["overseer"].post(f"{path}/acknowledge")
        await people["controller"].post(f"{path}/decide", decision)

        (shown,) = (await look())["reports"]
        assert (shown["state"], shown["reason"], shown["retaliating_unit_id"]) == (
            "decided",
            decision["reason"],
            units["township"],
        )
        grade = await eventually(lambda: _unqualified(people["clerk"], units["township"]))
        (gate,) = grade["explanation"]["gates"]
        assert (gate["code"], gate["count"], gate["since"], gate["until"]) == ("retaliation", 1, "2026-10-08", "2027-10-08")
        assert (await people["clerk"].get(f"/v1/units/{units['county']}/scorecard"))["grade"]["value"] == "not_graded"
        assert await _seen(people, case_id) == before

        told = await eventually(lambda: _taken(receiver))
        assert [delivery.event["type"] for delivery in told] == EVENTS
        for delivery in told:
            assert delivery.event["subject"] == report["id"]
            assert case_id not in str(delivery.event)


async def _seen(people: dict[str, Person], case_id: str) -> list[Any]:
    """What those see of the case who must not tell that there is a report. Deadlines of its own pass meanwhile."""
    kept = ("state", "unit_id", "updated_at", "allowed", "unread", "owners", "title", "body")
    cases = [await people[name].get(f"/v1/cases/{case_id}") for name in ("clerk", "chief", "admin")]
    notes = [await people[name].get(f"/v1/cases/{case_id}/notes") for name in ("clerk", "chief", "admin")]
    return [{name: case[name] for name in kept} for case in cases] + notes


async def _reads(person: Person, path: str) -> Any:
    return (await person.request("GET", path)).status_code == 200


async def _unqualified(person: Person, unit_id: str) -> Any:
    grade = (await person.get(f"/v1/units/{unit_id}/scorecard"))["grade"]
    return grade if grade["value"] == "unqualified" else None


async def _taken(receiver: Receiver) -> Any:
    return receiver.taken if len(receiver.taken) == len(EVENTS) else None
