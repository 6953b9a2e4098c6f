"""What somebody in a unit writes down for a resident is the resident's, never the writer's."""

import json
from typing import Any
from uuid import UUID

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from tests.feedback.house import House, admin, inspector, key, lead, official, resident, unit
from tests.support.callers import principal

CLERK = official("township")


async def assisted(house: House, *, caller: Principal = CLERK, way: str = "counter", **said: Any) -> Any:
    return await house.submit(caller=caller, assistance=way, **said)


async def everything(house: House) -> str:
    """Every value of every table, but for the units."""
    tables = await house.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    found = []
    for (table,) in tables:
        if table != "known_units":
            found += [str(row[0]) for row in await house.rows(f'SELECT to_jsonb("{table}") FROM "{table}"')]
    return "\n".join(found)


@pytest.mark.parametrize("way", ["counter", "phone"])
@pytest.mark.parametrize("protection", ["named", "confidential"])
async def test_it_is_labelled_and_comes_with_a_receipt(house: House, way: str, protection: str) -> None:
    filed = await assisted(house, way=way, protection=protection)
    opened = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    case = opened["case"]
    assert (case["id"], case["protection"], case["source"]) == (filed["case_id"], protection, "opinion")
    assert (case["assistance"], case["assisted_by_unit_id"]) == (way, str(unit("township")))
    assert [reader["code"] for reader in opened["readers"]] == [reader["code"] for reader in filed["readers"]]
    events = dict(await house.events(filed["case_id"]))
    now = house.clock().isoformat().replace("+00:00", "Z")
    assert list(events) == ["opinion.submitted", "case.opened", "opinion.assisted"]
    assert json.loads(events["opinion.assisted"]) == {
        "opinion_id": filed["id"],
        "case_id": filed["case_id"],
        "unit_id": str(unit("village")),
        "by_unit_id": str(unit("township")),
        "assistance": way,
        "assisted_at": now,
    }


async def test_the_resident_acts_with_the_receipt_and_to_the_second(house: House) -> None:
    """Only an anonymous speaker's times are coarse."""
    filed = await assisted(house)
    receipt = {"receipt": filed["receipt"]}
    message = (await house.receipt("messages", {**receipt, "text": "Still dark."})).json()
    now = house.clock().isoformat().replace("+00:00", "Z")
    assert (message["by"], message["added_at"]) == ("resident", now)
    await house.do(filed["case_id"], "answer", {"text": "Mended."}, caller=official("village"))
    confirmed = (await house.receipt("confirm", {**receipt, "resolved": True, "score": 5})).json()
    assert (confirmed["state"], confirmed["opened_at"]) == ("confirmed_resolved", now)
    assert (await house.receipt("reopen", {**receipt, "reason": "Dark again."})).json()["state"] == "in_progress"
    assert (await house.receipt("withdraw", {**receipt, "reason": "Enough."})).json()["state"] == "withdrawn"


async def test_the_writer_is_not_the_speaker(house: House) -> None:
    for caller in (CLERK, lead("township"), principal(Role.admin, unit("county"))):
        case_id = (await assisted(house, caller=caller))["case_id"]
        await house.do(case_id, "answer", {"text": "Mended."}, caller=official("village"))
        seen = await house.client.get(f"/v1/cases/{case_id}", caller=caller)
        assert "confirm" not in seen.json().get("allowed", []), caller
        for verb, said in (("confirm", {"resolved": True}), ("withdraw", {}), ("reopen", {"reason": "No."})):
            assert (await house.try_do(case_id, verb, said, caller=caller)).status_code in (403, 404), caller
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=CLERK)).status_code == 404


async def test_nothing_of_the_writers_account_is_kept(house: House) -> None:
    for protection in ("named", "confidential", "anonymous"):
        await assisted(house, protection=protection, headers=key())
    kept = await everything(house)
    assert str(unit("township")) in kept
    assert str(CLERK.account_id) not in kept
    assert str(CLERK.account_id).replace("-", "") not in kept


async def test_of_an_anonymous_speaker_only_the_way_is_kept(house: House) -> None:
    filed = await assisted(house, way="phone", protection="anonymous")
    opened = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    case = opened["case"]
    assert (case["assistance"], case["assisted_by_unit_id"], case["opened_at"]) == ("phone", None, "2026-03-02T09:00:00Z")
    assert await house.told(filed["case_id"]) == ["opinion.submitted", "case.opened"]
    assert str(unit("township")) not in await everything(house)


@pytest.mark.parametrize("caller", [resident(), inspector("province"), admin()])
async def test_only_those_who_work_in_a_unit_write_down_for_others(house: House, caller: Principal) -> None:
    for protection in ("named", "anonymous"):
        answer = await house.try_submit(caller=caller, assistance="counter", protection=protection)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:massline:problem:assistance-needs-unit")


async def test_nobody_unknown_writes_down_for_others(house: House) -> None:
    for protection in ("named", "anonymous"):
        answer = await house.try_submit(caller=ANONYMOUS, assistance="counter", protection=protection)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:massline:problem:authentication-required")


@pytest.mark.parametrize("about", ["township", "county"])
async def test_no_unit_writes_down_what_is_about_itself(house: House, about: str) -> None:
    """Whoever is blamed would have read it, and known who spoke."""
    answer = await house.try_submit(caller=CLERK, assistance="counter", about=[str(unit(about))])
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:massline:problem:assistant-concerned")
    await assisted(house, caller=official("elsewhere"), about=[str(unit(about))])
    await assisted(house, about=[str(unit("village"))])


async def test_the_same_request_again_has_one_effect_and_the_same_receipt(house: House) -> None:
    headers = key()
    first = await assisted(house, headers=headers)
    assert await assisted(house, headers=headers) == first
    assert len(await house.rows("SELECT FROM receipts")) == 1
    answer = await house.try_submit(caller=official("township"), assistance="counter", headers=headers)
    assert answer.json()["receipt"] != first["receipt"]


async def test_it_is_nobodys_until_it_is_claimed(house: House) -> None:
    case_id = UUID((await assisted(house))["case_id"])
    (row,) = await house.rows("SELECT owner_id FROM cases WHERE id = $1", case_id)
    assert row["owner_id"] is None
