from uuid import uuid4

from shared.auth import Role
from shared.events.gateway import AccountCreated
from shared.types import Level
from tests.visits.house import COUNTY, LEAD, TOWNSHIP, House, account, as_record, caller, unit


async def test_on_account_created_makes_somebody_who_can_be_sent(house: House) -> None:
    newcomer = caller(Role.official, TOWNSHIP)
    record = as_record(account(newcomer))
    await house.service.consumer.deliver([record])
    await house.service.consumer.deliver([record, record])
    assert (await house.plan(assignee_id=str(newcomer.account_id))).status_code == 201


async def test_on_account_created_keeps_what_was_told_last(house: House) -> None:
    mover = caller(Role.official, COUNTY)
    await house.tell(account(mover))
    await house.tell(AccountCreated(account_id=mover.account, role="inspector", unit_id=COUNTY.unit_id))
    assert (await house.plan(assignee_id=str(mover.account_id))).status_code == 404


async def test_an_account_may_come_before_its_unit(house: House) -> None:
    new = unit("new", Level.grassroots, TOWNSHIP)
    newcomer = caller(Role.official, new)
    await house.tell(account(newcomer))
    await house.tell(new)
    assert (await house.plan(by=LEAD, unit_id=str(TOWNSHIP.unit_id), assignee_id=str(newcomer.account_id))).status_code == 201


async def test_an_account_of_a_role_that_nobody_knows_cannot_be_sent(house: House) -> None:
    stranger = uuid4()
    await house.tell(AccountCreated(account_id=stranger, role="astronaut", unit_id=TOWNSHIP.unit_id))
    assert (await house.plan(assignee_id=str(stranger))).status_code == 404
