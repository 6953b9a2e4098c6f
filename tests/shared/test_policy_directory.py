"""Policies and calendars in memory: the same whatever order they came in, and fresh."""

import random
from collections.abc import AsyncIterator, Sequence
from itertools import permutations
from uuid import UUID

import pytest

from shared.db import Database
from shared.errors import NotFound
from shared.events.assessment import PolicyRegistered, PolicySupplementRegistered, WorkingCalendarRegistered
from shared.policies import Channel
from shared.policy_directory import PolicyDirectory, project_calendar, project_policy, project_supplement
from shared.types import Level
from tests.feedback.policies import BERLIN, EVER, FOR_EVER, SHANGHAI, calendar_event, policy_event, rules, span, supplement_event
from tests.support.databases import Databases
from tests.support.eventually import eventually

Told = PolicyRegistered | PolicySupplementRegistered | WorkingCalendarRegistered
WORKDAYS = rules(deadlines={"first_answer": span(2, "working_days")}, calendar_code="office")
OFFICE, OFFICE_2 = calendar_event(SHANGHAI, code="office"), calendar_event(BERLIN, code="office", version=2)
TOWNS = policy_event(WORKDAYS, code="towns", version=1, level=Level.township)
TOWNS_2 = policy_event(rules(), code="towns", version=2, level=Level.township, effective_from=FOR_EVER)


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.fresh("kernel")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Database(url, connections=3) as opened:
        yield opened


async def project(database: Database, *told: Told) -> None:
    """Each in a transaction of its own, as it may come."""
    for event in told:
        async with database.session() as session:
            if isinstance(event, PolicyRegistered):
                await project_policy(session, event)
            elif isinstance(event, PolicySupplementRegistered):
                await project_supplement(session, event)
            else:
                await project_calendar(session, event)
            await session.commit()


async def fresh(database: Database) -> PolicyDirectory:
    directory = PolicyDirectory(database)
    await directory.refresh()
    return directory


def town(directory: PolicyDirectory) -> str:
    """The label of the policy that a township's case gets."""
    return directory.book.policy_for(Level.township, Channel.public_opinion, EVER).label


def known(directory: PolicyDirectory) -> tuple[list[str], int | None]:
    return sorted(policy.label for policy in directory.book.in_effect(FOR_EVER)), directory.book.newest_version("office")


async def test_before_anything_is_heard_what_is_shipped_is_known(database: Database) -> None:
    directory = PolicyDirectory(database)
    assert town(directory) == "default.v1"
    await directory.refresh()
    assert (town(directory), known(directory)) == ("default.v1", (["default-emotional.v1", "default.v1"], None))


@pytest.mark.parametrize("told", [*permutations((OFFICE, OFFICE_2, TOWNS, TOWNS_2))])
async def test_policies_and_calendars_may_come_in_any_order_and_again(database: Database, told: Sequence[Told]) -> None:
    await project(database, *told, *random.Random(7).sample(told, 4))
    directory = await fresh(database)
    assert known(directory) == (["default-emotional.v1", "default.v1", "towns.v2"], 2)
    assert town(directory) == "towns.v1"
    assert directory.book.policy("towns.v1").rules == WORKDAYS
    first, second = (directory.book.calendar("office", version) for version in (1, 2))
    assert first.add(EVER, WORKDAYS.deadlines.first_answer) != second.add(EVER, WORKDAYS.deadlines.first_answer)


async def test_a_policy_waits_for_its_calendar_and_the_one_before_applies(database: Database) -> None:
    before = policy_event(rules(), code="towns", version=1, level=Level.township)
    after = policy_event(WORKDAYS, code="towns", version=2, level=Level.township)
    await project(database, before, after)
    waiting = await fresh(database)
    assert town(waiting) == "towns.v1"
    with pytest.raises(NotFound):
        waiting.book.policy("towns.v2")
    await project(database, calendar_event(SHANGHAI, code="elsewhere"))
    assert town(await fresh(database)) == "towns.v1"
    await project(database, OFFICE)
    assert town(await fresh(database)) == "towns.v2"


async def test_what_is_kept_stays_as_it_is(database: Database) -> None:
    """A version is never changed; a second telling of it, whatever it says, changes nothing."""
    await project(database, OFFICE, TOWNS)
    other = TOWNS.model_copy(update={"rules": rules(escalate_after_reopenings=9)})
    closed = OFFICE.model_copy(update={"holidays": ()})
    await project(database, other, closed)
    directory = await fresh(database)
    assert directory.book.policy("towns.v1").rules == WORKDAYS
    assert len(await database.pool.fetch("SELECT 1 FROM known_policies UNION ALL SELECT 1 FROM known_working_calendars")) == 2


async def test_a_calendar_in_a_zone_that_is_not_known_here_is_refused(database: Database) -> None:
    """It is parked then, and replayed when this process has a newer time zone database."""
    with pytest.raises(ValueError, match="IANA"):
        await project(database, OFFICE.model_copy(update={"time_zone_code": "Europe/Atlantis"}))
    assert known(await fresh(database))[1] is None


async def test_supplements_are_known_once_and_stay_as_they_are(database: Database) -> None:
    unit_id = UUID(int=7)
    first = supplement_event(unit_id, code="river", escalate_after_reopenings=1)
    await project(database, supplement_event(unit_id, code="river", version=2, effective_from=FOR_EVER, ends=True), first, first)
    await project(database, first.model_copy(update={"ends": True}))
    book = (await fresh(database)).book
    assert [each.label for each in book.supplements_for([unit_id], Channel.thought, EVER)] == ["river.v1"]
    assert book.supplements_for([unit_id], Channel.thought, FOR_EVER) == ()
    assert book.supplements("default.v1+river.v1")[0].rules == first.rules


async def test_a_change_made_by_another_process_is_noticed(url: str, database: Database) -> None:
    database.listen()
    directory = await fresh(database)
    async with Database(url) as elsewhere:
        await project(elsewhere, TOWNS, OFFICE)

        async def noticed() -> bool:
            await directory.refresh()
            return town(directory) == "towns.v1"

        await eventually(noticed)
        await project(elsewhere, OFFICE_2)

        async def noticed_again() -> bool:
            await directory.refresh()
            return known(directory)[1] == 2

        await eventually(noticed_again)


async def test_who_holds_a_book_keeps_it_while_others_refresh(database: Database) -> None:
    directory = await fresh(database)
    held = directory.book
    await project(database, OFFICE, TOWNS)
    database.wakeup("massline_policies").ring()
    await directory.refresh()
    assert town(directory) == "towns.v1"
    assert held.policy_for(Level.township, Channel.public_opinion, EVER).label == "default.v1"


async def test_without_a_change_a_refresh_asks_nothing(database: Database) -> None:
    directory = await fresh(database)
    await database.pool.execute("ALTER TABLE known_policies RENAME TO away")
    await directory.refresh()


async def test_a_refresh_that_failed_is_made_up_for(database: Database) -> None:
    directory = PolicyDirectory(database)
    await project(database, OFFICE, TOWNS)
    await database.pool.execute("ALTER TABLE known_policies RENAME TO away")
    with pytest.raises(Exception, match="known_policies"):
        await directory.refresh()
    await database.pool.execute("ALTER TABLE away RENAME TO known_policies")
    await directory.refresh()
    assert town(directory) == "towns.v1"
