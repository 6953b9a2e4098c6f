"""The unit says that it has the case."""

from collections.abc import Sequence
from uuid import UUID

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.models import Case, CaseClock
from services.feedback.cases.queries.access import open_case, open_followers
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import TRANSITIONS, Verb
from services.feedback.cases.schemas import CaseOut
from shared.auth import Principal
from shared.events.feedback import CaseAcknowledged, ClockKind
from shared.uow import UnitOfWork


async def record_acknowledgement(uow: UnitOfWork, case: Case, met: Sequence[CaseClock]) -> None:
    """Tell it once, whichever verb showed that the unit has the case. Events: CaseAcknowledged."""
    for clock in met:
        if clock.kind is ClockKind.acknowledgement and clock.met_at is not None:
            in_time = clock.met_at <= clock.due_at
            event = CaseAcknowledged(case_id=case.id, unit_id=case.unit_id, acknowledged_at=clock.met_at, in_time=in_time)
            await uow.record(event)


async def acknowledge_case(uow: UnitOfWork, principal: Principal, case_id: UUID) -> CaseOut:
    """The unit says that it has the case, and those that are merged into it.

    Events: CaseAcknowledged. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.acknowledge)
    followers = [other for other in await open_followers(uow, access) if (other.case.state, Verb.acknowledge) in TRANSITIONS]
    for each in (access, *followers):
        await record_acknowledgement(uow, each.case, await advance(uow, each, Verb.acknowledge))
    return await show_case(uow, access)
