"""A burst is worked on and not published, anybody can read why, and somebody above decides."""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.feedback.holds.actions import hold_bursts
from services.feedback.holds.rules import FLOOR
from shared.auth import ANONYMOUS, Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.shared.problems import assert_problem

CLERK = official("village")
WHY = {"reason": "One hand wrote them all."}


async def look(house: House) -> None:
    async with house.service.works.begin() as uow:
        assert await hold_bursts(uow) is False


async def burst(house: House, times: int = FLOOR, **said: Any) -> list[str]:
    """Case ids of so many opinions at once, after which the job has looked."""
    cases = [await house.case(title=f"Lamp {number}", **said) for number in range(times)]
    await look(house)
    return cases


async def holds(house: House, **params: Any) -> Any:
    return await house.get("/v1/holds", caller=ANONYMOUS, **params)


async def only_hold(house: House) -> Any:
    (hold,) = (await holds(house))["items"]
    return hold


async def decide(house: House, verb: str, caller: Principal, hold_id: str | None = None) -> Any:
    hold_id = hold_id or (await only_hold(house))["id"]
    return await house.client.post(f"/v1/holds/{hold_id}/{verb}", caller=caller, json=WHY)


async def shown_to_others(house: House, case_id: str) -> bool:
    """One of a burst; both ways in which residents come upon a shared case agree."""
    direct = await house.client.get(f"/v1/shared-cases/{case_id}", caller=resident())
    draft = {"title": "Lamp 0", "unit_id": str(unit("village"))}
    similar = await house.client.post("/v1/opinions/similar", caller=ANONYMOUS, json=draft)
    assert direct.status_code in (200, 404)
    assert (direct.status_code == 200) == bool(similar.json()["items"])
    return direct.status_code == 200


async def signalled(house: House) -> Any:
    """The total of the last four whole weeks."""
    return (await house.get("/v1/signals", caller=CLERK, unit_id=str(unit("village"))))["total"]["recent"]


async def test_anybody_can_read_what_is_held_and_why(house: House) -> None:
    await burst(house, FLOOR + 3)
    hold = await only_hold(house)
    assert hold.pop("id")
    assert "At least 30 opinions came within two hours, where 0.0 are usual." in hold.pop("explanation")
    assert hold == {
        "unit_id": str(unit("village")),
        "channel": "public_opinion",
        "held_from": "2026-03-02T08:00:00Z",
        "held_until": "2026-03-02T10:00:00Z",
        "reason": "burst",
        "opinions": 30,
        "usual": 0.0,
        "placed_at": "2026-03-02T09:00:00Z",
        "decision": None,
        "decided_at": None,
        "decided_by_unit_id": None,
        "decision_reason": None,
    }
    zh = await house.client.get("/v1/holds", headers={"Accept-Language": "zh"})
    assert "至少收到30条意见" in zh.json()["items"][0]["explanation"]


async def test_few_are_no_burst_nor_are_those_of_another_channel_or_of_another_system(house: House) -> None:
    await burst(house, FLOOR - 1)
    await house.case(channel="thought")
    await house.submit(caller=admin(), origin={"system": "old", "reference": "1"})
    await look(house)
    assert (await holds(house))["items"] == []


async def test_what_is_usual_there_is_no_burst(house: House) -> None:
    for _ in range(20):
        await burst(house, 35)
        house.clock.advance(days=1)
    held = len((await holds(house))["items"])
    assert 0 < held < 20, "after some days it is usual"
    await burst(house, 35)
    assert len((await holds(house))["items"]) == held


async def test_what_is_said_without_a_name_is_counted_too_and_no_time_finer_than_the_hour_is_kept(house: House) -> None:
    for _ in range(3):
        await burst(house, FLOOR // 3, protection="anonymous")
        house.clock.advance(minutes=14)
    await look(house)
    (row,) = await house.rows("SELECT * FROM holds")
    for column in ("held_from", "held_until", "placed_at"):
        assert (row[column].minute, row[column].second, row[column].microsecond) == (0, 0, 0)
    ((_, data),) = [event for event in await house.events() if event[0] == "hold.placed"]
    assert json.loads(data)["placed_at"] == "2026-03-02T09:00:00Z"
    (told,) = await house.rows("SELECT time, traceparent FROM outbox WHERE type = 'massline.feedback.hold.placed.v1'")
    assert (told["time"].minute, told["traceparent"]) == (0, "")


async def test_it_is_worked_on_as_ever_and_its_speaker_is_told(house: House) -> None:
    case_id, *_ = await burst(house)
    told = await house.get(f"/v1/cases/{case_id}", caller=house.speaker)
    assert told["held"].startswith("Unusually many opinions came at that time. It is worked on as ever")
    assert (await house.do(case_id, "answer", {"text": "Mended."}, caller=CLERK))["held"] == told["held"]
    assert (await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker))["state"] == "confirmed_resolved"
    other = await house.case(channel="thought")
    assert (await house.get(f"/v1/cases/{other}", caller=house.speaker))["held"] is None


async def test_what_is_held_is_neither_shown_nor_counted_until_it_is_released(house: House) -> None:
    case_id, *_ = await burst(house, shared=True)
    assert not await shown_to_others(house, case_id)
    house.clock.advance(weeks=1)
    assert await signalled(house) is None
    assert (await decide(house, "release", inspector("township"))).status_code == 200
    assert await shown_to_others(house, case_id)
    assert await signalled(house) == FLOOR
    assert (await house.get(f"/v1/cases/{case_id}", caller=house.speaker))["held"] is None


async def test_what_is_kept_stays_held_and_says_why(house: House) -> None:
    case_id, *_ = await burst(house, shared=True)
    kept = (await decide(house, "keep", lead("county"))).json()
    assert (kept["decision"], kept["decision_reason"]) == ("kept", WHY["reason"])
    assert (kept["decided_by_unit_id"], kept["decided_at"]) == (str(unit("county")), "2026-03-02T09:30:15.123456Z")
    assert await only_hold(house) == kept
    assert not await shown_to_others(house, case_id)
    assert (await house.get(f"/v1/cases/{case_id}", caller=house.speaker))["held"].endswith(WHY["reason"])


async def test_what_came_before_and_after_is_not_held(house: House) -> None:
    before = await house.case(title="Lamp before", shared=True)
    house.clock.advance(hours=2)
    await burst(house, shared=True)
    house.clock.advance(hours=2)
    after = await house.case(title="Lamp after", shared=True)
    for case_id in (before, after):
        told = await house.client.get(f"/v1/shared-cases/{case_id}", caller=resident())
        assert told.status_code == 200


async def test_a_hold_lasts_while_the_burst_does_and_there_is_one(house: House) -> None:
    await burst(house)
    await look(house)
    for hours in range(1, 4):
        house.clock.advance(hours=1)
        await burst(house)
        hold = await only_hold(house)
        assert hold["held_until"] == f"2026-03-02T{10 + hours}:00:00Z"
        assert hold["opinions"] == 2 * FLOOR
    house.clock.advance(hours=2)
    await look(house)
    assert await only_hold(house) == hold
    assert len([type for type, _ in await house.events() if type == "hold.placed"]) == 1


async def test_a_burst_that_was_released_is_not_held_again_the_same_day(house: House) -> None:
    await burst(house)
    assert (await decide(house, "release", admin())).status_code == 200
    house.clock.advance(hours=1)
    await burst(house)
    assert (await only_hold(house))["held_until"] == "2026-03-02T10:00:00Z"
    house.clock.advance(days=1)
    await burst(house, 2 * FLOOR)
    assert [hold["decision"] for hold in (await holds(house))["items"]] == [None, "released"]


@pytest.mark.parametrize("caller", [inspector("township"), lead("township"), lead("province"), inspector("county"), admin()])
@pytest.mark.parametrize("verb", ["release", "keep"])
async def test_somebody_above_the_unit_decides_once(house: House, caller: Principal, verb: str) -> None:
    await burst(house)
    decided = await decide(house, verb, caller)
    assert decided.status_code == 200, decided.text
    again = "keep" if verb == "release" else "release"
    assert_problem(await decide(house, again, admin()), 409, "hold-decided")
    ((_, data),) = [event for event in await house.events() if event[0] == "hold.decided"]
    assert json.loads(data)["decision"] == decided.json()["decision"]
    assert WHY["reason"] not in data


@pytest.mark.parametrize(
    ("caller", "slug"),
    [
        (lead("village"), "hold-not-yours"),
        (inspector("village"), "hold-not-yours"),
        (lead("neighbour"), "hold-not-yours"),
        (inspector("elsewhere"), "hold-not-yours"),
        (CLERK, "role-not-allowed"),
        (official("township"), "role-not-allowed"),
        (resident(), "role-not-allowed"),
    ],
)
async def test_the_held_unit_its_neighbours_and_residents_do_not_decide(house: House, caller: Principal, slug: str) -> None:
    await burst(house)
    for verb in ("release", "keep"):
        assert_problem(await decide(house, verb, caller), 403, slug)
    assert (await only_hold(house))["decision"] is None
    assert_problem(await decide(house, "keep", admin(), str(uuid4())), 404, "hold-not-found")
    unsaid = await house.client.post(f"/v1/holds/{(await only_hold(house))['id']}/keep", caller=admin(), json={})
    assert_problem(unsaid, 422, "invalid-request")


async def test_holds_come_in_pages_newest_first(house: House) -> None:
    for channel in ("public_opinion", "thought", "emotional"):
        await burst(house, channel=channel)
        house.clock.advance(hours=3)
    every = (await holds(house))["items"]
    assert [hold["channel"] for hold in every] == ["emotional", "thought", "public_opinion"]
    first = await holds(house, limit=2)
    rest = await holds(house, limit=2, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == every
    assert rest["next_cursor"] is None
    assert_problem(await house.client.get("/v1/holds", params={"cursor": "?"}), 422, "malformed-cursor")
