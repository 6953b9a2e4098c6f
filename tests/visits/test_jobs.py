import asyncio

import pytest

from services.visits import jobs
from services.visits.jobs import follow_windows, plan_ahead, remind
from services.visits.visits.actions import miss_visits, ready_visits
from shared.events.visits import VisitMissed, VisitPlanned, VisitRecorded, VisitReminded
from tests.visits.house import ADMIN, House


async def test_a_visit_becomes_ready_when_its_window_opens_and_missed_when_it_has_ended(house: House) -> None:
    first, second = (visit["id"] for visit in (await house.planned(rrule="FREQ=WEEKLY;COUNT=2", window_days=3))["visits"])
    assert await follow_windows(house.service.works) is False
    assert [await house.state(first), await house.state(second)] == ["ready", "planned"]
    house.clock.advance(days=3)
    await follow_windows(house.service.works)
    assert await house.state(first) == "ready", "the window's last moment still belongs to it"
    house.clock.advance(seconds=1)
    await follow_windows(house.service.works)
    assert [await house.state(first), await house.state(second)] == ["missed", "planned"]
    (event,) = await house.told(VisitMissed)
    assert str(event.visit_id) == first
    assert event.missed_at == house.clock()


async def test_a_visit_whose_window_passed_unseen_is_missed_at_once(house: House) -> None:
    visit_id = await house.visit()
    house.clock.advance(days=30)
    await follow_windows(house.service.works)
    assert await house.state(visit_id) == "missed"


@pytest.mark.parametrize(("outcome", "state"), [("done", "done_late"), ("refused_by_resident", "refused_by_resident")])
async def test_a_missed_visit_may_be_recorded_late_and_honestly(house: House, outcome: str, state: str) -> None:
    visit_id = await house.visit()
    house.clock.advance(days=8)
    await follow_windows(house.service.works)
    body = (await house.record(visit_id, outcome=outcome)).json()
    assert (body["state"], body["late"]) == (state, True)
    assert len(await house.told(VisitMissed)) == len(await house.told(VisitRecorded)) == 1


@pytest.mark.parametrize("outcome", ["done", "refused_by_resident", "cancelled"])
async def test_a_recorded_visit_is_never_missed(house: House, outcome: str) -> None:
    visit_id = await house.visit()
    state = (await house.record(visit_id, outcome=outcome, reason="So it was")).json()["state"]
    house.clock.advance(days=30)
    await follow_windows(house.service.works)
    assert await house.state(visit_id) == state
    assert await house.told(VisitMissed) == []


async def test_two_workers_at_once_share_the_visits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 7)
    visits = (await house.planned(rrule="FREQ=DAILY;COUNT=40", window_days=1))["visits"]
    house.clock.advance(days=90)

    async def work() -> None:
        while await follow_windows(house.service.works):
            pass

    await asyncio.gather(work(), work(), work())
    missed = await house.told(VisitMissed)
    assert len(missed) == 40
    assert {str(event.visit_id) for event in missed} == {visit["id"] for visit in visits}
    page = await house.client.get("/v1/visits", caller=ADMIN, params={"state": "missed", "limit": 100})
    assert len(page.json()["items"]) == 40


async def test_a_worker_leaves_what_another_has_in_hand(house: House) -> None:
    await house.planned(rrule="FREQ=DAILY;COUNT=5", window_days=1)
    house.clock.advance(days=90)
    async with house.service.works.begin() as first:
        assert await ready_visits(first, limit=10) == 5
    async with house.service.works.begin() as one, house.service.works.begin() as other:
        assert await miss_visits(one, limit=3) == 3
        assert await miss_visits(other, limit=10) == 2
        assert await ready_visits(other, limit=10) == 0


async def test_a_visit_that_is_being_recorded_is_not_missed_meanwhile(house: House) -> None:
    visit_id = await house.visit()
    house.clock.advance(days=8)
    results = await asyncio.gather(house.record(visit_id), follow_windows(house.service.works))
    assert results[0].json()["state"] == "done_late"
    assert await house.state(visit_id) == "done_late"


async def test_plan_ahead_says_when_there_is_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PLANS_BATCH", 2)
    for _ in range(3):
        await house.planned(rrule="FREQ=MONTHLY")
    before = len(await house.told(VisitPlanned))
    house.clock.advance(days=60)
    assert [await plan_ahead(house.service.works) for _ in range(2)] == [True, False]
    assert len(await house.told(VisitPlanned)) == before + 3 * 2


async def test_a_visit_is_reminded_of_once_when_a_quarter_of_its_window_is_left(house: House) -> None:
    first, _ = (visit["id"] for visit in (await house.planned(rrule="FREQ=WEEKLY;COUNT=2", window_days=4))["visits"])
    house.clock.advance(days=3, seconds=-1)
    await remind(house.service.works)
    assert await house.told(VisitReminded) == []
    house.clock.advance(seconds=1)
    assert await remind(house.service.works) is False
    await remind(house.service.works)
    (told,) = await house.told(VisitReminded)
    assert (str(told.visit_id), told.reminded_at) == (first, house.clock())
    assert (told.window_ends_at - told.reminded_at).days == 1
    house.clock.advance(days=7)
    await remind(house.service.works)
    assert len(await house.told(VisitReminded)) == 2


async def test_nobody_is_reminded_of_a_visit_that_was_made_or_whose_window_has_ended(house: House) -> None:
    await house.record(await house.visit())
    await house.visit(window_days=1)
    house.clock.advance(days=6)
    await remind(house.service.works)
    await follow_windows(house.service.works)
    await remind(house.service.works)
    assert await house.told(VisitReminded) == []


async def test_visits_that_are_made_ahead_are_reminded_of_too(house: House) -> None:
    await house.planned(rrule="FREQ=MONTHLY;COUNT=9", window_days=2)
    house.clock.advance(days=60)
    await plan_ahead(house.service.works)
    house.clock.advance(days=125, hours=12)
    await remind(house.service.works)
    (told,) = await house.told(VisitReminded)
    assert told.window_ends_at.date().isoformat() == "2026-09-04"


async def test_reminding_says_when_there_is_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    for _ in range(3):
        await house.visit()
    house.clock.advance(days=6)
    assert [await remind(house.service.works) for _ in range(2)] == [True, False]
    assert len(await house.told(VisitReminded)) == 3


async def test_reminders_go_on_until_each_visit_has_had_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    visits = {await house.visit(window_days=4) for _ in range(5)}
    house.clock.advance(days=3)
    while await remind(house.service.works):
        pass
    told = await house.told(VisitReminded)
    assert len(told) == 5
    assert {str(event.visit_id) for event in told} == visits
