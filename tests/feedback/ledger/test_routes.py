"""Filing is proven after the end of the day, to its speaker alone, and the proof stands without the server."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Any

import pytest

from services.feedback.ledger import actions, rules
from services.feedback.ledger.actions import seal_ledger
from services.feedback.ledger.verifier import NotProven, check, check_ledger
from shared.auth import ANONYMOUS
from tests.feedback.house import House, admin, official, resident
from tests.shared.problems import assert_problem

VERIFIER = Path(actions.__file__).with_name("verifier.py")


async def seal(house: House) -> None:
    async with house.service.works.begin() as uow:
        assert await seal_ledger(uow) is False


async def next_day(house: House) -> None:
    house.clock.advance(days=1)
    await seal(house)


async def days(house: House, **params: Any) -> Any:
    return await house.get("/v1/ledger", caller=ANONYMOUS, **params)


async def proof(house: House, opinion_id: str) -> Any:
    return await house.get(f"/v1/opinions/{opinion_id}/proof", caller=house.speaker)


async def verified_alone(*arguments: object) -> int:
    """Exit status of the verifier as a file by itself, without this project or any package in reach."""
    alone = await asyncio.create_subprocess_exec(sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments), stdout=DEVNULL)
    return await alone.wait()


async def test_what_was_filed_is_proven_by_name_and_by_receipt(house: House, tmp_path: Path) -> None:
    named = await house.submit(title="灯坏了", body="It is dark.\nFor weeks.")
    anonymous = await house.submit(protection="anonymous", title="A bribe", body="He asked for money.")
    for number in range(5):
        await house.submit(title=f"Lamp {number}")
    early = await house.client.get(f"/v1/opinions/{named['id']}/proof", caller=house.speaker)
    assert_problem(early, 409, "proof-not-ready")
    await next_day(house)
    (day,) = (await days(house))["items"]
    assert day["size"] == 7
    shown = await proof(house, named["id"])
    assert shown["opening"]["content"] == {
        "title": "灯坏了",
        "body": "It is dark.\nFor weeks.",
        "channel": "public_opinion",
        "unit_id": str((await house.rows("SELECT unit_id FROM opinions LIMIT 1"))[0]["unit_id"]),
        "filed_in": "2026-03-02T09:00:00+00:00",
    }
    check(shown, day["seal"])
    held = await house.receipt("proof", {"receipt": anonymous["receipt"]})
    assert held.status_code == 200, held.text
    check(held.json(), day["seal"])
    assert held.json()["opening"]["content"]["body"] == "He asked for money."
    file = tmp_path / "proof.json"
    file.write_bytes(held.content)
    assert await verified_alone(file, day["seal"]) == 0
    assert await verified_alone(file, "0" * 64) == 1
    file.write_text(json.dumps(await days(house)))
    assert await verified_alone(file) == 0


async def test_a_proof_is_its_speakers_alone(house: House) -> None:
    filed = await house.submit()
    await next_day(house)
    for stranger in (resident(), official("village"), admin()):
        refused = await house.client.get(f"/v1/opinions/{filed['id']}/proof", caller=stranger)
        assert_problem(refused, 404, "opinion-not-found")
    assert_problem(await house.receipt("proof", {"receipt": "NO"}), 404, "receipt-not-found")


async def test_a_day_is_sealed_once_and_binds_the_one_before(house: House) -> None:
    await seal(house)
    assert (await days(house))["items"] == [], "nothing was ever filed"
    await house.submit()
    await next_day(house)
    await seal(house)
    await next_day(house)
    late = await house.submit(title="After a silent day")
    await next_day(house)
    await next_day(house)
    shown = await days(house)
    assert [day["size"] for day in shown["items"]] == [0, 1, 0, 1]
    check_ledger(shown)
    check(await proof(house, late["id"]), shown["items"][1]["seal"])
    first = await days(house, limit=3)
    rest = await days(house, limit=3, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == shown["items"]
    assert rest["next_cursor"] is None
    told = [json.loads(data) for type, data in await house.events() if type == "ledger.sealed"]
    assert [each["seal"] for each in told] == [day["seal"] for day in reversed(shown["items"])]


async def test_days_on_which_nobody_sealed_are_caught_up(house: House) -> None:
    filed = [await house.submit()]
    house.clock.advance(days=3)
    filed.append(await house.submit())
    await seal(house)
    (day,) = (await days(house))["items"]
    assert day["size"] == 1
    await next_day(house)
    for number, each in enumerate(filed):
        check(await proof(house, each["id"]), (await days(house))["items"][1 - number]["seal"])


async def test_a_clock_that_is_set_back_seals_no_day_after_a_later_one(house: House) -> None:
    await house.submit()
    for days_on in (3, -2):
        house.clock.advance(days=days_on)
        await seal(house)
    (day,) = (await days(house))["items"]
    assert day["day"] == "2026-03-04"


async def test_leaves_stand_in_no_order_of_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BLOCK", 4)
    filed = [await house.submit(title=f"Lamp {number}") for number in range(11)]
    await next_day(house)
    rows = await house.rows("SELECT commitment FROM ledger_leaves ORDER BY position")
    assert [row["commitment"] for row in rows] == sorted(row["commitment"] for row in rows)
    assert len(await house.rows("SELECT FROM ledger_blocks")) == 3
    (day,) = (await days(house))["items"]
    monkeypatch.setattr("services.feedback.ledger.queries.BLOCK", 4)
    for each in filed:
        check(await proof(house, each["id"]), day["seal"])


async def test_erased_words_leave_the_proof_that_something_was_filed(house: House) -> None:
    filed = await house.submit()
    await next_day(house)
    (day,) = (await days(house))["items"]
    before = await proof(house, filed["id"])
    await house.rows("UPDATE ledger_leaves SET salt = NULL")
    erased = await proof(house, filed["id"])
    assert erased == {**before, "opening": None}
    check(erased, day["seal"])
    with pytest.raises(NotProven):
        check({**before, "opening": {**before["opening"], "salt": "0" * 64}}, day["seal"])


async def test_what_was_filed_before_the_ledger_has_no_proof(house: House) -> None:
    filed = await house.submit()
    await house.rows("DELETE FROM ledger_leaves")
    assert_problem(await house.client.get(f"/v1/opinions/{filed['id']}/proof", caller=house.speaker), 409, "no-proof")
    assert_problem(await house.client.get("/v1/ledger?cursor=x", caller=ANONYMOUS), 422, "malformed-cursor")
