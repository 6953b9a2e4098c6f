"""Another unit owes the case from now on."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.following import set_apart
from services.feedback.cases.actions.sharing import give_part
from services.feedback.cases.models import Case, CaseOwner, CaseUnit
from services.feedback.cases.queries.access import Access, chain_of, exclusions_of, open_case, open_followers
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import TRANSITIONS, Part, Verb
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import seal
from services.feedback.responsibility.actions.joining import end_joint_work
from services.feedback.responsibility.rules import check_receiver
from services.feedback.responsibility.schemas import HandOverIn
from shared.auth import Principal
from shared.events.feedback import CaseHandedOver
from shared.uow import UnitOfWork


async def hand_over_case(uow: UnitOfWork, principal: Principal, case_id: UUID, to: HandOverIn) -> CaseOut:
    """Another unit owes the case, and those merged into it; their clocks run on, and the unit before reads on.

    Events: CaseHandedOver; JointUnitLeft if the new owner worked on it; CaseUnmerged for a merged case that is answered already
    and therefore stays. Raises `NotFound` (also unit-not-found), `Forbidden`, `Conflict`, `Invalid` (unit-concerned).
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.hand_over)
    chain = [unit.id for unit in await chain_of(uow.units, to.unit_id)]
    check_receiver(access.case.unit_id, chain, await exclusions_of(uow, case_id))
    whoever_spoke = replace(access, who=None)
    for each in (access, *await open_followers(uow, whoever_spoke)):
        if (each.case.state, Verb.hand_over) in TRANSITIONS:
            await _hand_over(uow, each, to)
        else:
            await set_apart(uow, each.case, uow.now(), coarse=False)
    return await show_case(uow, access)


async def _hand_over(uow: UnitOfWork, access: Access, to: HandOverIn) -> None:
    case, now, from_unit_id = access.case, access.moment(uow), access.case.unit_id
    await advance(uow, access, Verb.hand_over, reason=to.reason)
    await end_joint_work(uow, case, to.unit_id, to.reason)
    await _write_owners(uow, case, to)
    case.unit_id = to.unit_id
    case.handed_over_count += 1
    part = (col(CaseUnit.unit_id) == to.unit_id) & (col(CaseUnit.case_id) == case.id)
    await uow.session.execute(delete(CaseUnit).where(part))
    await give_part(uow, case.id, from_unit_id, Part.former, now)
    event = CaseHandedOver(
        case_id=case.id,
        unit_id=to.unit_id,
        finding_id=case.finding_id,
        from_unit_id=from_unit_id,
        handed_over_count=case.handed_over_count,
        handed_over_at=now,
    )
    await uow.record(event)


async def _write_owners(uow: UnitOfWork, case: Case, to: HandOverIn) -> None:
    now, number = uow.now(), case.handed_over_count
    if number == 0:
        uow.session.add(CaseOwner(case_id=case.id, number=0, unit_id=case.unit_id, since=case.opened_at, until=now))
    else:
        last = (col(CaseOwner.case_id) == case.id) & (col(CaseOwner.number) == number)
        await uow.session.execute(update(CaseOwner).where(last).values(until=now))
    uow.session.add(
        CaseOwner(case_id=case.id, number=number + 1, unit_id=to.unit_id, since=now, reason=seal(uow, case, to.reason))
    )
