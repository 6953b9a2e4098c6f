"""A case that is answered together with others, and what ends that."""

from datetime import datetime
from uuid import UUID

from services.feedback.cases.actions.history import write_act
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Access, open_followers
from services.feedback.cases.rules import Party, Verb
from shared.events.feedback import CaseMerged, CaseUnmerged
from shared.uow import UnitOfWork


async def part_ways(uow: UnitOfWork, case: Case, at: datetime, *, coarse: bool) -> None:
    """The case is answered by itself from now on. Events: CaseUnmerged."""
    main_id, case.merged_into = case.merged_into, None
    assert main_id is not None
    event = CaseUnmerged(case_id=case.id, unit_id=case.unit_id, from_case_id=main_id, unmerged_at=at)
    await uow.record(event, coarse=coarse)


async def set_apart(uow: UnitOfWork, case: Case, at: datetime, *, coarse: bool) -> None:
    """Like `part_ways`, where nobody did anything to the case itself. Events: CaseUnmerged."""
    await part_ways(uow, case, at, coarse=coarse)
    _note(uow, case, Verb.unmerge, at)


async def follow(uow: UnitOfWork, case: Case, main_id: UUID, at: datetime, *, coarse: bool) -> None:
    """The case is answered with another main case from now on, and nobody did anything to it. Events: CaseMerged."""
    case.merged_into = main_id
    _note(uow, case, Verb.merge, at)
    event = CaseMerged(case_id=case.id, unit_id=case.unit_id, into_case_id=main_id, merged_at=at)
    await uow.record(event, coarse=coarse)


async def pass_on_followers(uow: UnitOfWork, main: Access) -> None:
    """The main case is gone: the oldest open one that was merged into it answers for the others now.

    Events: CaseUnmerged for that one, CaseMerged for the others.
    """
    at, followers = main.moment(uow), [follower.case for follower in await open_followers(uow, main)]
    if not followers:
        return
    oldest = min(followers, key=lambda case: (case.opened_at, case.id))
    await set_apart(uow, oldest, at, coarse=main.coarse)
    for case in followers:
        if case is not oldest:
            await follow(uow, case, oldest.id, at, coarse=main.coarse)


def _note(uow: UnitOfWork, case: Case, verb: Verb, at: datetime) -> None:
    """Nobody did it: it followed."""
    case.updated_at = max(case.updated_at, at)
    write_act(uow, case, verb, at, by_role=Party.system)
