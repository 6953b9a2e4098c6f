"""Proposals that nobody accepts make way for newer ones."""

import pytest

from services.visits import jobs
from services.visits.jobs import forget_what_was_proposed
from services.visits.proposals.rules.acceptance import KEPT
from tests.visits.house import COLLEAGUE, LEAD, OFFICIAL, VILLAGE, House
from tests.visits.proposals.test_routes import accept, accepted, contact, post, proposed


async def left(house: House) -> list[str]:
    return [item["id"] for item in (await house.read("/v1/visit-proposals"))["items"]]


async def count(house: House, table: str) -> int:
    found: int = await house.service.database.pool.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def test_what_nobody_accepted_goes_but_for_the_newest_of_each_unit(house: House) -> None:
    await post(house, "west", OFFICIAL)
    await post(house, "below", COLLEAGUE, unit_id=str(VILLAGE.unit_id))
    await contact(house)
    await contact(house, unit_id=str(VILLAGE.unit_id))
    taken = (await proposed(house))["id"]
    await accepted(house, taken)
    await contact(house)
    older = (await proposed(house))["id"]
    of_another_unit = (await proposed(house, unit_id=str(VILLAGE.unit_id), only_unassigned=False))["id"]
    newest = (await proposed(house))["id"]
    house.clock.advance(seconds=KEPT.total_seconds())
    await forget_what_was_proposed(house.service.works)
    assert await left(house) == [taken, older, of_another_unit, newest]
    house.clock.advance(seconds=1)
    assert await forget_what_was_proposed(house.service.works) is False
    assert await left(house) == [taken, of_another_unit, newest]
    assert await count(house, "proposed_contacts") == 2 + 1 + 1
    gone = await house.client.get(f"/v1/visit-proposals/{older}", caller=LEAD)
    assert gone.status_code == (await accept(house, older)).status_code == 404


async def test_it_goes_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PROPOSALS_BATCH", 2)
    await post(house, "west", OFFICIAL)
    await contact(house)
    made = [(await proposed(house))["id"] for _ in range(5)]
    house.clock.advance(days=KEPT.days + 1)
    assert await forget_what_was_proposed(house.service.works) is True
    assert await left(house) == made[2:]
    while await forget_what_was_proposed(house.service.works):
        pass
    assert await left(house) == made[4:]
    assert await count(house, "proposed_posts") == 1
