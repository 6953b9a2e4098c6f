"""Whoever might want to know who spoke, or what was said: each takes a turn and learns nothing. On both buses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.feedback.cases.sealing import WITHHELD
from shared.bus import Bus
from shared.service import Service
from tests.privacy.marks import Mark, found_in
from tests.support.clock import ManualClock
from tests.support.databases import Databases, everything_in
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, open_receiver
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
SAID = {"title": "xq-title", "body": "xq-body, and who can be reached at xq@example.org", "place": "xq-place"}
BEGAN = datetime(2026, 9, 30, 8, 41, 23, 456789, tzinfo=UTC)


@dataclass
class Stage:
    """Two voices against the township, one in confidence and one without a name, both handled by the county."""

    world: World
    receiver: Receiver
    units: dict[str, str]
    people: dict[str, Person]
    speaker_id: str
    confidential: dict[str, Any]
    anonymous: dict[str, Any]

    @property
    def case_ids(self) -> list[str]:
        return [self.confidential["case_id"], self.anonymous["case_id"]]

    @property
    def marks(self) -> dict[str, Mark]:
        plain = self.anonymous["receipt"].replace("-", "")
        speaker = UUID(self.speaker_id)
        marks: dict[str, Mark] = {**SAID, "reply": "xq-reply", "question": "xq-question", "receipt": plain, "half": plain[:10]}
        return marks | {"speaker": str(speaker), "speaker in hex": speaker.hex, "speaker in bytes": speaker.bytes}


async def _person(world: World, admin: Person, name: str, role: str, unit_id: str | None) -> Person:
    await admin.post("/v1/accounts", {"username": name, "password": PASSWORD, "role": role, "unit_id": unit_id})
    return await world.sign_in(name, PASSWORD)


@pytest.fixture
async def stage(databases: Databases, bus: Bus) -> AsyncIterator[Stage]:
    networks = {"MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    clock = ManualClock(BEGAN)
    async with open_receiver() as receiver, open_world(databases, bus, clock=clock, **networks) as world:
        admin, units, above = await world.sign_in(), {}, None
        await admin.post("/v1/webhooks", {"url": receiver.url, "event_types": ["*"]})
        for level in ("prefecture", "county", "township", "grassroots"):
            unit = {"code": level, "name": f"The {level}", "level": level, "parent_id": above}
            units[level] = above = (await admin.post("/v1/units", unit))["id"]
        people = {
            "speaker": await _person(world, admin, "speaker", "resident", None),
            "stranger": await _person(world, admin, "stranger", "resident", None),
            "accused official": await _person(world, admin, "accused-official", "official", units["township"]),
            "accused lead": await _person(world, admin, "accused-lead", "lead", units["township"]),
            "official below": await _person(world, admin, "official-below", "official", units["grassroots"]),
            "accused inspector": await _person(world, admin, "accused-inspector", "inspector", units["county"]),
            "handler": await _person(world, admin, "handler", "official", units["county"]),
            "administrator": admin,
        }
        about = {"about": [units["township"]], "about_posts": [{"unit_id": units["prefecture"], "post": "inspector"}]}
        people["prefecture's inspector"] = await _person(world, admin, "far-inspector", "inspector", units["prefecture"])
        opinion = {**SAID, **about, "channel": "public_opinion", "unit_id": units["township"]}
        confidential = await people["speaker"].post("/v1/opinions", {**opinion, "protection": "confidential"})
        anonymous = await world.nobody.post("/v1/opinions", {**opinion, "protection": "anonymous"})
        speaker_id = (await people["speaker"].get("/v1/me"))["id"]
        yield Stage(world, receiver, units, people, speaker_id, confidential, anonymous)


async def _talk(stage: Stage) -> None:
    handler, clock_of_anonymous = stage.people["handler"], {"receipt": stage.anonymous["receipt"]}
    for case_id in stage.case_ids:
        await handler.post(f"/v1/cases/{case_id}/ask", {"text": "xq-question"})
    await stage.people["speaker"].post(f"/v1/cases/{stage.case_ids[0]}/messages", {"text": "xq-reply"})
    await stage.world.nobody.post("/v1/receipts/messages", {**clock_of_anonymous, "text": "xq-reply"})
    for case_id in stage.case_ids:
        await handler.post(f"/v1/cases/{case_id}/answer", {"text": "xq-reply"})
    await stage.people["speaker"].post(f"/v1/cases/{stage.case_ids[0]}/confirm", {"resolved": True, "score": 5})
    await stage.world.nobody.post("/v1/receipts/confirm", {**clock_of_anonymous, "resolved": True, "score": 5})


async def test_those_who_are_shown_as_readers_read_and_nobody_else(stage: Stage) -> None:
    await _talk(stage)
    for spoken in (stage.confidential, stage.anonymous):
        assert [(reader["code"], reader["without"]) for reader in spoken["readers"]] == [
            ("county", []),
            ("prefecture", ["inspector"]),
        ]
    for case_id in stage.case_ids:
        case = await stage.people["handler"].get(f"/v1/cases/{case_id}")
        assert (case["title"], case["body"]) == (SAID["title"], SAID["body"])
    for name in ("accused official", "accused lead", "official below", "prefecture's inspector", "stranger"):
        person = stage.people[name]
        listed = await person.get("/v1/cases")
        assert listed["items"] == [], name
        assert (await person.get("/v1/cases/counts"))["total"] == 0, name
        assert (await person.get("/v1/cases", q="xq"))["items"] == [], name
        for case_id in stage.case_ids:
            nowhere = await person.request("GET", f"/v1/cases/{UUID(int=7)}")
            for part in ("", "/messages", "/timeline", "/notes", "/attachments", "/similar", "/joint-units"):
                answer = await person.request("GET", f"/v1/cases/{case_id}{part}")
                assert answer.status_code == 404, (name, part)
                assert _plain(answer.json()) == _plain(nowhere.json()), (name, part)


async def test_an_administrator_sees_that_they_are_there_and_no_word(stage: Stage) -> None:
    await _talk(stage)
    admin = stage.people["administrator"]
    for case_id in stage.case_ids:
        case = await admin.get(f"/v1/cases/{case_id}")
        assert (case["state"], case["title"], case["body"]) == ("confirmed_resolved", WITHHELD, WITHHELD)
        texts = {message["text"] for message in (await admin.get(f"/v1/cases/{case_id}/messages"))["items"]}
        assert texts == {WITHHELD}


async def test_no_database_without_its_keys_tells_words_or_speaker(stage: Stage) -> None:
    """Of feedback, which keeps the words; of assessment, which grades on them; of visits."""
    await _talk(stage)
    services = {service.name: service for service in stage.world.product.services}
    await eventually(lambda: _has_heard(services["assessment"], stage.case_ids), within=30)
    for name in ("feedback", "assessment", "visits"):
        for place, value in await everything_in(services[name].database.pool):
            assert found_in(value.encode(), stage.marks) == [], f"{name}: {place}"


async def test_neither_assessment_nor_a_receiver_can_tell_when_an_anonymous_voice_spoke(stage: Stage) -> None:
    """Of what the speaker did the hour is told; nothing of 41 minutes past eight."""
    await _talk(stage)
    services = {service.name: service for service in stage.world.product.services}
    await eventually(lambda: _has_heard(services["assessment"], stage.case_ids), within=30)
    await eventually(lambda: _told(stage.receiver, stage.anonymous["case_id"]), within=30)
    spoken = {"opinion.submitted", "case.opened", "case-message.added", "case.confirmed"}
    told = [each.event for each in stage.receiver.taken if stage.anonymous["case_id"] in each.body.decode()]
    spoke = [event for event in told if _short(event["type"]) in spoken and not event["data"].get("by_unit")]
    assert {_short(event["type"]) for event in spoke} == spoken
    for event in spoke:
        assert "08:41" not in str(event), event["type"]
        assert event["time"].startswith("2026-09-30T08:00:00")
    for each in (each for each in stage.receiver.taken if ".feedback." in each.event["type"]):
        assert found_in(each.body + repr(each.headers).encode(), stage.marks) == []


def _short(type: str) -> str:
    return type.removeprefix("massline.feedback.").rpartition(".v")[0]


def _plain(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name not in ("request_id", "instance")}


async def _told(receiver: Receiver, case_id: str) -> bool:
    return any(_short(each.event["type"]) == "case.confirmed" and case_id in each.body.decode() for each in receiver.taken)


async def _has_heard(assessment: Service, case_ids: list[str]) -> bool:
    values = [value for _, value in await everything_in(assessment.database.pool)]
    return all(case_id in values for case_id in case_ids)
