"""The anonymous speaker: a way back, and no way to them."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.cases.sealing import WITHHELD
from services.feedback.settings import FeedbackSettings
from shared.codes import CHECKS, read_code
from shared.ids import new_id_at
from tests.feedback.house import House, admin, key, official, unit
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock

HOUR = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
SHOWN: dict[str, dict[str, Any]] = {
    "open": {},
    "messages": {"text": "A word."},
    "read": {"up_to": 1},
    "check-in": {"safe": False},
    "retaliation": {"text": "They cut my water off."},
    "confirm": {"resolved": True, "score": 3},
    "reopen": {"reason": "No."},
    "withdraw": {"reason": "Enough."},
}
COARSE = {
    "opinion.submitted",
    "case.opened",
    "case-message.added",
    "case.confirmed",
    "case.reopened",
    "case.withdrawn",
    "retaliation.reported",
}


async def submitted(house: House, **said: Any) -> tuple[str, str]:
    """(case id, receipt)"""
    filed = await house.submit(protection="anonymous", **said)
    return filed["case_id"], filed["receipt"]


async def opened(house: House, receipt: str) -> Any:
    answer = await house.receipt("open", {"receipt": receipt})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_receipt_opens_its_case(house: House) -> None:
    case_id, receipt = await submitted(house)
    shown = await opened(house, receipt)
    assert shown["case"]["id"] == case_id
    assert shown["case"]["allowed"] == ["message", "withdraw"]
    assert shown["messages"] == []
    assert [reader["code"] for reader in shown["readers"]] == ["village", "township", "county", "prefecture", "province"]
    assert await opened(house, receipt.lower().replace("-", " ")) == shown


async def test_the_readers_shown_leave_out_whom_it_is_about(house: House) -> None:
    _, receipt = await submitted(house, about=[str(unit("township"))])
    assert [reader["code"] for reader in (await opened(house, receipt))["readers"]] == ["county", "prefecture", "province"]


async def test_an_anonymous_speaker_talks_confirms_and_reopens(house: House) -> None:
    case_id, receipt = await submitted(house)
    clerk = official("village")
    await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    answer = await house.receipt("messages", {"receipt": receipt, "text": "Not yet."})
    assert (answer.status_code, answer.json()["by"]) == (201, "resident")
    answer = await house.receipt("confirm", {"receipt": receipt, "resolved": False, "satisfied": False, "score": 1})
    assert answer.json()["state"] == "in_progress"
    await house.do(case_id, "answer", {"text": "Now it is."}, caller=clerk)
    answer = await house.receipt("confirm", {"receipt": receipt, "resolved": True, "satisfied": None, "score": 4})
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed_resolved")
    answer = await house.receipt("reopen", {"receipt": receipt, "reason": "Dark again."})
    assert (answer.status_code, answer.json()["reopened_count"]) == (200, 1)
    shown = await opened(house, receipt)
    assert [message["text"] for message in shown["messages"]] == ["Mended.", "Not yet.", "Now it is."]
    assert shown["case"] == answer.json()


async def test_a_wrong_a_mistyped_and_a_never_issued_receipt_are_answered_alike(house: House) -> None:
    _, receipt = await submitted(house)
    _, other = await submitted(house)
    plain, strange = receipt.replace("-", ""), other.replace("-", "")
    halves = plain[:10] + strange[10:20]
    mixed = next(halves + check for check in CHECKS if read_code(halves + check))
    wrong = ["", "lamp", receipt[:-1], receipt + "0", "0" * 21, "00000-00000-00000-00000-0", mixed, "\u884c" * 21]
    bodies = []
    for tried in wrong:
        for verb, rest in SHOWN.items():
            answer = await house.receipt(verb, {"receipt": tried, **rest})
            assert answer.status_code == 404, (tried, answer.text)
            bodies.append({name: value for name, value in answer.json().items() if name != "request_id"})
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["type"] == "urn:massline:problem:receipt-not-found"


async def test_a_receipt_needs_the_gateway(house: House) -> None:
    _, receipt = await submitted(house)
    answer = await house.client.http.post("/v1/receipts/open", json={"receipt": receipt})
    assert answer.status_code == 401


async def test_an_anonymous_case_is_nobodys_in_the_lists(house: House) -> None:
    case_id, _ = await submitted(house)
    assert (await house.get("/v1/cases", caller=house.speaker))["items"] == []
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=house.speaker)).status_code == 404
    assert [case["id"] for case in (await house.get("/v1/cases", caller=official("village")))["items"]] == [case_id]


async def speak(house: House) -> str:
    """Everything that an anonymous speaker can do, at odd minutes, to a unit that asks; returns the receipt."""
    case_id, receipt = await submitted(house, headers={**key(), "X-Forwarded-For": "203.0.113.77", "User-Agent": "marked-agent"})
    signed_in = house.speaker
    await house.do(case_id, "ask", {"text": "Which lamp?"}, caller=admin())
    for verb in ("messages", "read", "check-in", "retaliation", "confirm", "reopen", "withdraw"):
        house.clock.advance(minutes=4)
        if verb == "confirm":
            await house.do(case_id, "answer", {"text": "Mended."}, caller=admin())
        body = {"receipt": receipt, **SHOWN[verb]}
        answer = await house.client.post(f"/v1/receipts/{verb}", caller=signed_in, json=body, headers=key())
        assert answer.status_code in (200, 201), answer.text
    return receipt


async def test_nothing_that_is_kept_points_at_the_speaker(house: House) -> None:
    receipt = await speak(house)
    assert house.speaker.account_id is not None
    marks = [str(house.speaker.account_id), house.speaker.account_id.hex, "203.0.113.77", "marked-agent"]
    marks += [receipt, receipt.replace("-", ""), receipt.replace("-", "")[:10], receipt.replace("-", "")[10:20]]
    kept = await house.everything()
    assert [value for place, value in kept if place == "cases.title"], "the case is there"
    for place, value in kept:
        assert not [mark for mark in marks if mark.lower() in value.lower()], place


async def test_the_speakers_times_and_ids_tell_the_hour_only(house: House) -> None:
    """09:30:15.123456 is when it all began: neither it nor a minute after it may be read from what the speaker did."""
    await speak(house)
    speakers = {
        "cases": "opened_at, reopenable_until",
        "opinions": "submitted_at",
        "idempotency_keys": "created_at",
        "messages": "added_at, id",
        "case_clocks": "started_at, due_at, paused_at, stopped_at",
        "case_history": "at",
        "retaliation_reports": "id, reported_at, acknowledge_by, decide_by, next_at",
        "outbox": "time, id, data",
    }
    mine = {"messages": "WHERE by = 'resident'", "case_history": "WHERE by_role = 'speaker'"}
    for table, columns in speakers.items():
        for row in await house.rows(f"SELECT * FROM {table} {mine.get(table, '')}"):
            if table == "outbox" and row["type"].split(".", 2)[2].removesuffix(".v1") not in COARSE:
                continue
            for column in columns.split(", "):
                assert_coarse(row[column], f"{table}.{column}")
    for table in ("cases", "opinions"):
        for row in await house.rows(f"SELECT id FROM {table}"):
            assert_coarse(row["id"], table)


def assert_coarse(value: object, place: str) -> None:
    if isinstance(value, datetime):
        assert (value.minute, value.second, value.microsecond) == (0, 0, 0), place
    elif isinstance(value, UUID):
        assert value.bytes[:6] == new_id_at(HOUR).bytes[:6], place
    elif isinstance(value, str):
        times = [text for name, text in json.loads(value).items() if name.endswith("_at")]
        assert times, place
        for text in times:
            assert_coarse(datetime.fromisoformat(text), place)


async def test_the_events_of_an_anonymous_speaker_carry_no_trace(house: House) -> None:
    await speak(house)
    for row in await house.rows("SELECT type, traceparent FROM outbox"):
        coarse = row["type"].split(".", 2)[2].removesuffix(".v1") in COARSE
        assert (row["traceparent"] == "") == coarse, row["type"]


async def test_a_repeated_receipt_request_has_one_effect(house: House) -> None:
    _, receipt = await submitted(house)
    headers, body = key(), {"receipt": receipt, "text": "Once."}
    answers = [await house.client.post("/v1/receipts/messages", json=body, headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert [message["text"] for message in (await opened(house, receipt))["messages"]] == ["Once."]


async def test_a_receipt_is_kept_as_two_keyed_hashes(house: House, database_url: str, clock: ManualClock) -> None:
    """Somebody who has the database but not the pepper cannot even check a receipt that they know."""
    _, receipt = await submitted(house)
    (row,) = await house.rows("SELECT lookup, proof FROM receipts")
    assert len(row["lookup"]) == 32
    assert row["proof"].startswith("$argon2id$")
    thief = create_service(FeedbackSettings(database_url=database_url, pepper=SecretStr("another pepper")), clock=clock)
    async with thief.open():
        answer = await ServiceClient(thief).post("/v1/receipts/open", json={"receipt": receipt})
    assert answer.status_code == 404


@pytest.mark.parametrize(("caller", "read"), [(official("village"), "A word."), (admin(), WITHHELD)], ids=["official", "admin"])
async def test_no_official_sees_more_than_a_masked_speaker(house: House, caller: Any, read: str) -> None:
    case_id, receipt = await submitted(house)
    await house.receipt("messages", {"receipt": receipt, "text": "A word."})
    answer = await house.client.get(f"/v1/cases/{case_id}/messages", caller=caller)
    assert [(message["by"], message["text"]) for message in answer.json()["items"]] == [("resident", read)]
    assert (await house.client.get(f"/v1/cases/{uuid4()}", caller=caller)).status_code == 404
