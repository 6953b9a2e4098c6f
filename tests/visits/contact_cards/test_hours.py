"""When a card was used is known to the hour, and nowhere finer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.clock import hour_of
from shared.events.visits import VisitCancelled, VisitPlanned, VisitRecorded
from shared.outbox import outbox
from tests.visits.contact_cards.test_routes import by_card, carded
from tests.visits.house import House, moment
from tests.visits.register import agreed, planned_for, seen

MINUTES = timedelta(minutes=37, seconds=21, microseconds=5)
COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
"""


async def finer_than_hours(house: House) -> set[tuple[str, str]]:
    """The columns of the whole database in which a time has minutes."""
    pool = house.service.database.pool
    columns = [(row["table_name"], row["column_name"]) for row in await pool.fetch(COLUMNS)]
    assert ("visits", "planned_at") in columns
    fine = "SELECT EXISTS (SELECT FROM {table} WHERE {column} <> date_trunc('hour', {column}))"
    return {(table, column) for table, column in columns if await pool.fetchval(fine.format(table=table, column=column))}


async def use(house: House, card: str, verb: str, **said: Any) -> None:
    answer = await by_card(house, card, verb, **said)
    assert answer.status_code == 200, answer.text


USES: list[list[tuple[str, dict[str, Any]]]] = [
    [("choose", {"rhythm_days": 30, "meeting": "office"})],
    [("refuse", {})],
    [("suspend", {})],
    [("suspend", {"until": timedelta(days=30)})],
    [("suspend", {}), ("resume", {})],
    [("refuse", {}), ("choose", {"rhythm_days": 30})],
]


@pytest.mark.parametrize("uses", USES, ids=lambda uses: "-".join(verb for verb, _ in uses))
async def test_what_is_chosen_by_card_leaves_no_minute_behind(house: House, uses: list[tuple[str, dict[str, Any]]]) -> None:
    _strike(house)
    contact_id = await agreed(house)
    await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    before = await finer_than_hours(house)
    async with house.service.database.session() as session:
        earlier = {row.id for row in await session.execute(outbox.select())}
    house.clock.advance(seconds=MINUTES.total_seconds())
    for verb, said in uses:
        until = {name: (house.clock() + value).isoformat() for name, value in said.items() if isinstance(value, timedelta)}
        await use(house, card, verb, **{**said, **until})
    assert before.isdisjoint({("contacts", "agreed_at"), ("visits", "planned_at"), ("visits", "occurred_at"), ("outbox", "time")})
    assert await finer_than_hours(house) == before
    async with house.service.database.session() as session:
        told = [row for row in await session.execute(outbox.select()) if row.id not in earlier]
    assert told
    assert {row.time for row in told} == {hour_of(house.clock())}
    assert {_made_at(row.id) for row in told} == {hour_of(house.clock())}, "an id tells when it was made"
    for event in await house.told(VisitRecorded, VisitCancelled, VisitPlanned):
        times = [value for value in dict(event).values() if isinstance(value, datetime)]
        assert all(time == hour_of(time) for time in times), event


async def test_visits_that_are_planned_by_a_card_have_ids_of_the_hour(house: House) -> None:
    _strike(house)
    contact_id = await agreed(house)
    plan = await planned_for(house, contact_id)
    card = await carded(house, contact_id)
    house.clock.advance(seconds=MINUTES.total_seconds())
    await use(house, card, "choose", rhythm_days=45)
    kept = {visit["id"] for visit in plan["visits"]}
    visits = (await house.read(f"/v1/visit-plans/{plan['id']}"))["visits"]
    made = {_made_at(UUID(visit["id"])) for visit in visits if visit["id"] not in kept}
    assert made == {hour_of(house.clock())}
    assert moment((await seen(house, contact_id))["agreed_at"]) == hour_of(house.clock())


def _strike(house: House) -> None:
    """Everything before the card happens on the hour."""
    house.clock.advance(seconds=(hour_of(house.clock()) + timedelta(hours=1) - house.clock()).total_seconds())


def _made_at(id: UUID) -> datetime:
    return datetime.fromtimestamp((id.int >> 80) / 1000, tz=moment("2026-01-01T00:00:00+00:00").tzinfo)
