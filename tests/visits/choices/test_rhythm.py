"""How often a resident is visited: as they say; as the policy says where they say nothing; seldom only by their own wish."""

from typing import Any
from uuid import uuid4

from shared.events.assessment import PracticePolicyRegistered
from shared.practices import VisitRhythm
from shared.types import Level
from tests.support.eventually import eventually
from tests.visits.choices.test_routes import a_contact, chosen
from tests.visits.house import OFFICIAL, House, moment

SINCE = moment("1970-01-01T00:00:00Z")


async def know_rhythm(house: House, *, usual: int, longest: int, level: Level | None = Level.township, version: int = 1) -> None:
    rules = VisitRhythm.model_validate({"practice": "visit_rhythm", "usual_days": usual, "longest_days": longest})
    event = PracticePolicyRegistered(
        practice_policy_id=uuid4(),
        policy_code="visit_rhythm" if level is None else f"visit_rhythm:{level}",
        version=version,
        level=level,
        effective_from=SINCE,
        rules=rules,
        registered_at=SINCE,
    )
    await house.tell(event)

    async def known() -> bool:
        policies = house.service.policies
        await policies.refresh()
        return policies.book.practices.visit_rhythm(level, house.clock()) == rules

    await eventually(known)


async def agreed(house: House, **said: Any) -> Any:
    return await chosen(house, await a_contact(house, by=OFFICIAL), "agree", said)


async def test_who_says_nothing_is_visited_as_usual_for_the_units_level(house: House) -> None:
    assert (await agreed(house))["rhythm_days"] == 90
    await know_rhythm(house, usual=30, longest=60)
    await know_rhythm(house, usual=7, longest=14, level=Level.county)
    assert (await agreed(house))["rhythm_days"] == 30
    assert (await agreed(house, rhythm_days=45))["rhythm_days"] == 45


async def test_fewer_visits_than_the_policy_lets_visitors_agree_on_are_the_residents_own_wish(house: House) -> None:
    await know_rhythm(house, usual=30, longest=60)
    contact_id = await a_contact(house, by=OFFICIAL)
    refused = await house.client.post(f"/v1/contacts/{contact_id}/agree", caller=OFFICIAL, json={"rhythm_days": 61})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:rhythm-too-long")
    assert (await house.read(f"/v1/contacts/{contact_id}"))["state"] == "listed"
    contact = await chosen(house, contact_id, "agree", {"rhythm_days": 61, "fewer_by_wish": True})
    assert contact["rhythm_days"] == 61


async def test_a_newer_rhythm_leaves_what_was_agreed(house: House) -> None:
    contact = await agreed(house, rhythm_days=200)
    await know_rhythm(house, usual=30, longest=60)
    assert (await house.read(f"/v1/contacts/{contact['id']}"))["rhythm_days"] == 200
