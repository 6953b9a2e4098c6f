"""Several cases about the same matter are answered together."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.following import follow, part_ways
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Access, exclusions_of, open_case, posts_excluded
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Verb
from services.feedback.cases.schemas import CaseOut
from services.feedback.merges.rules import MOST_MERGED, check_main, check_pair
from services.feedback.merges.schemas import MergeIn
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.feedback import CaseMerged
from shared.uow import UnitOfWork

ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended("massline merges", 0)))
"""Two mergers at once could make a circle, or lock cases crosswise. Every other action locks a main case before its followers."""


async def merge_case(uow: UnitOfWork, principal: Principal, case_id: UUID, said: MergeIn) -> CaseOut:
    """The case, with all that was merged into it, is answered with another that the same unit owes and the same people read.

    Events: CaseMerged for each. Raises `NotFound`, `Forbidden`, `Conflict`, `Invalid` (merge-with-itself).
    """
    await uow.session.execute(ONE_AT_A_TIME)
    permit(await open_case(uow, principal, case_id), Verb.merge)
    main = await open_case(uow, principal, said.into_case_id, lock=True)
    check_main(case_id, main.case.id, main.case.state, main.case.merged_into)
    permit(main, Verb.merge)
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.merge)
    abouts = [await _about(uow, each.case.id) for each in (main, access)]
    check_pair([main.case.unit_id, access.case.unit_id], abouts)
    followers = await _followers_for(uow, main, access)
    await advance(uow, access, Verb.merge, reason=said.reason)
    access.case.merged_into = main.case.id
    merged = CaseMerged(case_id=case_id, unit_id=access.case.unit_id, into_case_id=main.case.id, merged_at=uow.now())
    await uow.record(merged)
    for follower in followers:
        await follow(uow, follower, main.case.id, uow.now(), coarse=False)
    return await show_case(uow, access)


async def _about(uow: UnitOfWork, case_id: UUID) -> frozenset[object]:
    """Units, and posts by their unit."""
    posts = await posts_excluded(uow, case_id)
    return frozenset(await exclusions_of(uow, case_id)) | {(unit_id, *named) for unit_id, named in posts.items()}


async def _followers_for(uow: UnitOfWork, main: Access, access: Access) -> Sequence[Case]:
    """The cases that go along, locked. Raises `Conflict` (too-many-merged)."""
    statement = select(Case).where(col(Case.merged_into) == access.case.id).order_by(col(Case.id)).with_for_update(key_share=True)
    followers = (await uow.session.scalars(statement)).all()
    already = await uow.session.scalar(select(func.count()).where(col(Case.merged_into) == main.case.id)) or 0
    if already + 1 + len(followers) > MOST_MERGED:
        raise Conflict("too-many-merged", f"At most {MOST_MERGED} cases are answered with one: answer this one apart.")
    return followers


async def unmerge_case(uow: UnitOfWork, principal: Principal, case_id: UUID, reason: str) -> CaseOut:
    """The case is answered by itself again.

    Events: CaseUnmerged. Raises `NotFound`, `Forbidden`, `Conflict` (case-not-merged).
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.unmerge)
    if not access.standing.merged:
        raise Conflict("case-not-merged", "This case is answered by itself: there is nothing to undo.")
    await advance(uow, access, Verb.unmerge, reason=reason)
    await part_ways(uow, access.case, uow.now(), coarse=False)
    return await show_case(uow, access)
