"""What phones need no more is forgotten, and whoever would miss it is told to start anew."""

from uuid import UUID

import pytest

from services.visits import jobs
from services.visits.jobs import forget_what_phones_sent
from services.visits.sync import queries
from services.visits.sync.rules import KEPT
from tests.visits.house import COLLEAGUE, LEAD, OFFICIAL, House
from tests.visits.sync.test_routes import changes, item, on_the_phone, reassign, sync

AGES = KEPT.days + 2


async def kept(house: House, table: str) -> int:
    count: int = await house.service.database.pool.fetchval(f"SELECT count(*) FROM {table}")
    return count


async def days_pass(house: House, days: int) -> None:
    """Day by day, as the job comes round."""
    for _ in range(days):
        house.clock.advance(days=1)
        while await forget_what_phones_sent(house.service.works):
            pass


async def test_a_phone_that_was_away_for_too_long_is_told_to_start_anew(house: House) -> None:
    mine, theirs = await on_the_phone(house, count=2)
    _, _, cursor = await changes(house, None)
    await reassign(house, theirs["id"], COLLEAGUE)
    await days_pass(house, AGES)
    assert await kept(house, "visit_departures") == 0
    answer = await sync(house, cursor=cursor)
    assert (answer["reset"], [visit["id"] for visit in answer["changes"]], answer["gone"]) == (True, [mine["id"]], [])
    following = await sync(house, cursor=answer["cursor"])
    assert (following["reset"], following["changes"]) == (False, [])


async def test_a_phone_that_was_away_for_less_hears_all_that_went_to_others(house: House) -> None:
    _, theirs = await on_the_phone(house, count=2)
    await forget_what_phones_sent(house.service.works)
    _, _, cursor = await changes(house, None)
    await reassign(house, theirs["id"], COLLEAGUE)
    await days_pass(house, KEPT.days - 1)
    answer = await sync(house, cursor=cursor)
    assert (answer["reset"], answer["gone"]) == (False, [theirs["id"]])


async def test_a_phone_that_gets_everything_in_pages_is_not_sent_back_to_the_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 2)
    visits = [await house.visit() for _ in range(5)]
    await reassign(house, await house.visit(), COLLEAGUE)
    await days_pass(house, AGES)
    changed, gone, _ = await changes(house, None)
    assert (changed, gone) == (set(visits), set())


async def test_a_phone_that_stopped_between_two_pages_for_too_long_is_told_to_start_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 2)
    visits = [await house.visit() for _ in range(6)]
    _, _, cursor = await changes(house, None)
    for visit_id in visits[:4]:
        await reassign(house, visit_id, COLLEAGUE)
    page = await sync(house, cursor=cursor)
    assert (page["more"], page["reset"]) == (True, False)
    await days_pass(house, AGES)
    answer = await sync(house, cursor=page["cursor"])
    assert answer["reset"] is True
    changed, gone, _ = await changes(house, answer["cursor"])
    assert (changed | {visit["id"] for visit in answer["changes"]}, gone) == (set(visits[4:]), set())


async def test_what_a_phone_sent_is_forgotten_with_its_conflict_and_has_no_second_effect(house: House) -> None:
    one, other = await on_the_phone(house, count=2)
    await house.record(one["id"], by=LEAD)
    sent = [item(house, visit) for visit in (one, other)]
    first = await sync(house, *sent)
    await days_pass(house, KEPT.days - 1)
    assert [await kept(house, table) for table in ("synced_items", "sync_conflicts")] == [2, 1]
    again = await sync(house, *sent)
    assert [result["status"] for result in first["results"]] == ["conflict", "applied"]
    assert [result["status"] for result in again["results"]] == ["conflict", "already_applied"]
    await days_pass(house, 3)
    assert [await kept(house, table) for table in ("synced_items", "sync_conflicts")] == [0, 0]
    late = await sync(house, *sent)
    assert [result["status"] for result in late["results"]] == ["conflict", "conflict"], "both were recorded before"


async def test_it_is_forgotten_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "FORGOTTEN_BATCH", 2)
    visits = await on_the_phone(house, count=5)
    await sync(house, *(item(house, visit) for visit in visits[:3]))
    for visit in visits:
        await reassign(house, visit["id"], COLLEAGUE)
    await forget_what_phones_sent(house.service.works)
    house.clock.advance(days=AGES)
    left = []
    while await forget_what_phones_sent(house.service.works):
        left.append((await kept(house, "synced_items"), await kept(house, "visit_departures")))
    assert left == [(1, 3), (0, 1)]
    assert await kept(house, "visit_departures") == 0
    assert await kept(house, "sync_marks") == 2, "one that holds, and today's"


async def test_a_departure_that_came_after_the_mark_stays(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await days_pass(house, AGES)
    _, _, cursor = await changes(house, None)
    await reassign(house, visit["id"], COLLEAGUE)
    await days_pass(house, 2)
    rows = await house.service.database.pool.fetch("SELECT account_id, visit_id FROM visit_departures")
    assert [tuple(row) for row in rows] == [(OFFICIAL.account, UUID(visit["id"]))]
    assert (await sync(house, cursor=cursor))["gone"] == [visit["id"]]
