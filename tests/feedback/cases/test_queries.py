"""A list, a count and one case agree with a plain reading of the rules, on random trees and cases, for every role."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.feedback.cases.queries import access, listing, reading
from services.feedback.cases.rules import State
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.ids import new_id
from shared.types import Level
from shared.units import KnownUnit
from shared.uow import UnitOfWork
from tests.feedback.house import House
from tests.feedback.opinions.test_intake import drop_connections
from tests.support.callers import principal
from tests.support.eventually import eventually

INSERT_CASE = """
INSERT INTO cases
    (id, unit_id, state, owner_id, source, channel, protection, title, policy_version, opened_at, updated_at)
VALUES ($1, $2, $3, $4, 'opinion', 'thought', 'named', 'A lamp', 'test', now(), now())
"""
INSERT_BLAME = "INSERT INTO case_exclusions (case_id, unit_id) VALUES ($1, $2)"
INSERT_STEP = """
INSERT INTO case_units (case_id, unit_id, part, since) VALUES ($1, $2, 'told', now())
"""


@dataclass
class Planted:
    id: UUID
    unit_id: UUID
    state: State
    owner_id: UUID | None
    about: Sequence[UUID]
    told: Sequence[UUID]


@dataclass
class Place:
    """A random tree with random cases, and what the rules say about them, read plainly."""

    parents: dict[UUID, UUID | None]
    people: list[UUID]
    cases: list[Planted] = field(default_factory=list)

    def chain(self, unit_id: UUID | None) -> list[UUID]:
        found = []
        while unit_id is not None:
            found.append(unit_id)
            unit_id = self.parents[unit_id]
        return found

    def sees(self, caller: Principal, case: Planted) -> bool:
        if caller.role is Role.admin or case.owner_id == caller.account_id:
            return True
        if caller.role is Role.resident or caller.unit_id not in self.parents:
            return False
        if set(case.about) & set(self.chain(caller.unit_id)):
            return False
        told = caller.unit_id in case.told
        below = caller.unit_id in self.chain(case.unit_id)
        return {
            Role.official: case.unit_id == caller.unit_id or told,
            Role.lead: below or told,
            Role.inspector: below,
        }[caller.role]

    def expected(self, caller: Principal, within: UUID | None, state: State | None) -> list[UUID]:
        return [
            case.id
            for case in reversed(self.cases)
            if self.sees(caller, case)
            and (within is None or within in self.chain(case.unit_id))
            and (state is None or case.state is state)
        ]


async def plant_place(house: House, dice: random.Random) -> Place:
    units = [uuid4() for _ in range(25)]
    parents = {id: dice.choice(units[:number]) if number else None for number, id in enumerate(units)}
    place = Place(parents, [uuid4() for _ in range(6)])
    async with house.service.works.begin() as uow:
        for id, parent_id in parents.items():
            await uow.know_unit(KnownUnit(id, parent_id, str(id), "A unit", Level.township, str(id), version=1))
    for _ in range(120):
        case = Planted(
            new_id(),
            dice.choice(units),
            dice.choice(list(State)),
            dice.choice([None, *place.people]),
            dice.sample(units, dice.choice([0, 0, 0, 1, 2])),
            dice.sample(units, dice.choice([0, 0, 1, 3])),
        )
        place.cases.append(case)
        await house.rows(INSERT_CASE, case.id, case.unit_id, case.state, case.owner_id)
        for unit_id in case.about:
            await house.rows(INSERT_BLAME, case.id, unit_id)
        for unit_id in case.told:
            await house.rows(INSERT_STEP, case.id, unit_id)
    return place


def callers(place: Place, dice: random.Random) -> list[Principal]:
    units = [next(iter(place.parents)), *dice.sample(list(place.parents), 7)]
    official_roles = (Role.official, Role.lead, Role.inspector)
    found = [principal(role, unit_id, dice.choice(place.people)) for role in official_roles for unit_id in units]
    found += [principal(Role.resident, None, dice.choice(place.people)), principal(Role.resident), principal(Role.admin)]
    return [*found, *(principal(role, None, place.people[0]) for role in official_roles)]


async def listed(uow: UnitOfWork, caller: Principal, within: UUID | None, state: State | None) -> list[UUID]:
    """Every page, one after the other."""
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await listing.list_cases(uow, caller, unit_id=within, state=state, limit=7, cursor=cursor)
        found += [case.id for case in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def can_open(uow: UnitOfWork, caller: Principal, case_id: UUID) -> bool:
    """Both ways of coming to a case agree: reading it, and opening it to act."""
    try:
        seen = await reading.get_case(uow, caller, case_id)
    except NotFound:
        with pytest.raises(NotFound):
            await access.open_case(uow, caller, case_id)
        return False
    assert seen == await reading.show_case(uow, await access.open_case(uow, caller, case_id))
    return True


WAYS: list[Any] = [
    pytest.param({}, id="as-it-is"),
    pytest.param({"NARROW": 0}, id="recent-suffices"),
    pytest.param({"NARROW": 0, "RECENT": 9}, id="recent-is-short"),
]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("way", WAYS)
async def test_lists_counts_and_cases_follow_one_rule(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int, way: dict[str, int]
) -> None:
    for name, value in way.items():
        monkeypatch.setattr(listing, name, value)
    dice = random.Random(seed)
    place = await plant_place(house, dice)
    seen = 0
    async with house.service.works.begin() as uow:
        for caller in callers(place, dice):
            some_unit, some_state = dice.choice(list(place.parents)), dice.choice(list(State))
            for within, state in ((None, None), (some_unit, None), (None, some_state), (some_unit, some_state)):
                expected = place.expected(caller, within, state)
                assert await listed(uow, caller, within, state) == expected
                seen += len(expected)
            for within in (None, some_unit):
                counts = await listing.count_cases(uow, caller, unit_id=within)
                assert counts.total == len(place.expected(caller, within, None))
                assert counts.by_state[some_state] == len(place.expected(caller, within, some_state))
            for case in dice.sample(place.cases, 10):
                assert await can_open(uow, caller, case.id) == place.sees(caller, case)
    assert seen > 500


async def test_reading_comes_back_with_the_database(house: House) -> None:
    """The first to find a dead connection hears that the database is away, and nobody after it."""
    case_id = await house.case()

    async def read(path: str) -> bool:
        return (await house.client.get(path, caller=house.speaker)).status_code == 200

    for path in (f"/v1/cases/{case_id}", "/v1/cases", "/v1/cases/counts"):
        assert await read(path)
        await drop_connections(house.service.database.dsn)
        await eventually(partial(read, path))
