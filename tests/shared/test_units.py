"""The unit tree in memory: right, fresh, and patient with a unit that is on its way."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from shared.clock import system_clock
from shared.db import Database
from shared.errors import NotFound
from shared.ids import new_id
from shared.keyring import Keyring
from shared.policy_directory import PolicyDirectory
from shared.types import Level
from shared.units import KnownUnit, UnitDirectory, project_unit
from shared.uow import Works
from tests.support.databases import Databases
from tests.support.eventually import eventually


def unit(code: str, parent: KnownUnit | None = None, *, version: int = 1, id: UUID | None = None) -> KnownUnit:
    level = list(Level)[len(parent.path.split("/")) if parent else 0]
    path = f"{parent.path}/{code}" if parent else code
    return KnownUnit(id or uuid4(), parent.id if parent else None, code, code.title(), level, path, version)


PROVINCE = unit("river")
CITY = unit("harbour", PROVINCE)
COUNTY = unit("hill", CITY)
TOWN = unit("mill", COUNTY)
OTHER_CITY = unit("lake", PROVINCE)
TREE = (PROVINCE, CITY, COUNTY, TOWN, OTHER_CITY)


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.fresh("kernel")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url, connections=3) as opened:
        yield opened


async def project(database: Database, *units: KnownUnit) -> None:
    async with database.session() as session:
        for each in units:
            await project_unit(session, each)
        await session.commit()


async def test_the_tree_answers_who_lies_below_whom(database: Database) -> None:
    directory = UnitDirectory(database)
    await project(database, *reversed(TREE))
    await directory.refresh()
    assert directory.chain(TOWN.id) == [TOWN, COUNTY, CITY, PROVINCE]
    assert set(directory.subtree(CITY.id)) == {CITY.id, COUNTY.id, TOWN.id}
    assert set(directory.subtree(PROVINCE.id)) == {each.id for each in TREE}
    assert directory.covers(CITY.id, TOWN.id)
    assert directory.covers(TOWN.id, TOWN.id)
    assert not directory.covers(OTHER_CITY.id, TOWN.id)
    assert not directory.covers(TOWN.id, CITY.id)
    assert not directory.covers(None, TOWN.id)
    assert not directory.covers(CITY.id, None)
    assert not directory.covers(CITY.id, uuid4())
    assert directory.get(None) is None
    assert set(directory.all()) == set(TREE)


async def test_a_circle_in_the_data_does_not_hang_anybody(database: Database) -> None:
    first, second = uuid4(), uuid4()
    directory = UnitDirectory(database)
    await project(
        database,
        KnownUnit(first, second, "a", "A", Level.county, "a", 1),
        KnownUnit(second, first, "b", "B", Level.county, "b", 1),
    )
    await directory.refresh()
    assert set(directory.subtree(first)) == {first, second}
    assert len(directory.chain(first)) == 2


async def test_a_unit_that_is_on_its_way_is_waited_for(url: str, database: Database) -> None:
    directory = UnitDirectory(database, patience=30.0)
    database.listen()
    asking = asyncio.create_task(directory.require(PROVINCE.id))
    async with Database(url) as elsewhere:
        await project(elsewhere, PROVINCE)
    assert await asking == PROVINCE


async def test_a_unit_is_not_known_before_those_above_it(database: Database) -> None:
    """Over Kafka a unit may arrive before its parent; with half a chain nobody would know who oversees it."""
    directory = UnitDirectory(database)
    await project(database, PROVINCE, CITY, TOWN)
    asking = asyncio.create_task(directory.require(TOWN.id))
    await asyncio.sleep(0)
    await project(database, COUNTY)
    assert (await asking).id == TOWN.id
    assert [each.id for each in directory.chain(TOWN.id)] == [TOWN.id, COUNTY.id, CITY.id, PROVINCE.id]
    orphan = unit("orphan", unit("nowhere", PROVINCE))
    await project(database, orphan)
    assert await UnitDirectory(database, patience=0.1).find(orphan.id) is None


async def test_without_notifications_it_is_found_all_the_same(url: str, database: Database) -> None:
    directory = UnitDirectory(database, patience=30.0)
    await directory.refresh()
    asking = asyncio.create_task(directory.require(PROVINCE.id))
    await project(database, PROVINCE)
    assert await asking == PROVINCE


async def test_a_unit_that_never_comes_is_refused(database: Database) -> None:
    directory = UnitDirectory(database, patience=0.1)
    with pytest.raises(NotFound) as refused:
        await directory.require(uuid4())
    assert refused.value.slug == "unit-not-found"
    assert await directory.find(uuid4()) is None


async def test_many_who_wait_with_a_transaction_open_do_not_starve_each_other(database: Database) -> None:
    """More waiting requests than connections, each holding one: the directory must not need another of theirs."""
    directory = UnitDirectory(database, patience=30.0)
    holding = asyncio.Barrier(4)

    async def request() -> KnownUnit:
        async with database.session() as session:
            await session.connection()
            await holding.wait()
            return await directory.require(PROVINCE.id)

    requests = [asyncio.create_task(request()) for _ in range(3)]
    await holding.wait()
    row = "INSERT INTO known_units (id, code, name, level, path, version) VALUES ($1, 'river', 'River', 'province', 'river', 1)"
    await database.pool.execute(row, PROVINCE.id)
    async with asyncio.timeout(20):
        assert await asyncio.gather(*requests) == [PROVINCE] * 3


async def test_a_change_made_by_another_process_is_noticed(url: str, database: Database) -> None:
    directory = UnitDirectory(database)
    await project(database, *TREE)
    database.listen()
    await directory.refresh()
    moved = unit("hill", OTHER_CITY, version=2, id=COUNTY.id)
    async with Database(url) as elsewhere:
        await project(elsewhere, moved)

    async def noticed() -> bool:
        await directory.refresh()
        return directory.covers(OTHER_CITY.id, TOWN.id)

    await eventually(noticed)
    assert directory.get(COUNTY.id) == moved
    assert not directory.covers(CITY.id, TOWN.id)
    assert COUNTY.id not in directory.subtree(CITY.id)


async def test_a_unit_of_work_starts_with_the_present_tree(url: str, database: Database) -> None:
    directory = UnitDirectory(database)
    works = Works(database, system_clock, new_id, directory, PolicyDirectory(database), Keyring({}, ""))
    database.listen()
    async with works.open():
        assert not directory.covers(PROVINCE.id, CITY.id)
    async with Database(url) as elsewhere:
        await project(elsewhere, *TREE)

    async def sees() -> bool:
        async with works.open() as (uow, _):
            return uow.units.covers(PROVINCE.id, CITY.id)

    await eventually(sees)


async def test_the_newest_version_wins_whatever_comes_last(database: Database) -> None:
    directory = UnitDirectory(database)
    newer = unit("stream", version=3, id=PROVINCE.id)
    await project(database, newer, PROVINCE, unit("brook", version=2, id=PROVINCE.id))
    assert await directory.require(PROVINCE.id) == newer


async def test_a_refresh_that_failed_is_made_up_for(database: Database) -> None:
    directory = UnitDirectory(database)
    await project(database, PROVINCE)
    await database.pool.execute("ALTER TABLE known_units RENAME TO away")
    with pytest.raises(Exception, match="known_units"):
        await directory.refresh()
    await database.pool.execute("ALTER TABLE away RENAME TO known_units")
    await directory.refresh()
    assert directory.get(PROVINCE.id) == PROVINCE
