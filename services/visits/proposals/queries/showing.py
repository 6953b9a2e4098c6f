"""Reading proposals."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlmodel import col

from services.visits.errors import proposal_not_found
from services.visits.posts.models import Post
from services.visits.proposals.models import ProposedContact, ProposedPost, VisitProposal
from services.visits.proposals.rules.telling import Grounds, Limits, explain, tell_limits
from services.visits.proposals.schemas import AssignmentOut, MeasuresOut, PostLoad, ProposalDetail, ProposalOut
from services.visits.visitors.queries import in_scope, units_of
from shared.auth import Principal, Role
from shared.languages import current_language
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_proposal(uow: UnitOfWork, principal: Principal, proposal_id: UUID) -> ProposalDetail:
    """Raises `NotFound` (visit-proposal-not-found)."""
    return await show_proposal(uow, await find_proposal(uow, principal, proposal_id))


async def list_proposals(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[ProposalOut]:
    """Proposals that the caller may see, oldest first."""
    statement = select(VisitProposal, _posts()).where(await _visible(uow, principal)).order_by(col(VisitProposal.id))
    if unit_id is not None:
        statement = statement.where(col(VisitProposal.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(VisitProposal.id) > after)
    found = (await uow.session.execute(statement.limit(limit + 1))).all()
    rows, following = cut(found, limit, lambda row: row[0].id)
    return Page(items=[ProposalOut.model_validate(_fields(proposal, posts)) for proposal, posts in rows], next_cursor=following)


async def list_assignments(
    uow: UnitOfWork, principal: Principal, proposal_id: UUID, *, limit: int, cursor: str | None
) -> Page[AssignmentOut]:
    """Who is proposed for whom, and why. Somebody who sees the proposal only as the holder of a post is shown that post's.

    Raises `NotFound` (visit-proposal-not-found).
    """
    proposal = await find_proposal(uow, principal, proposal_id)
    statement = (
        select(ProposedContact, ProposedPost)
        .join(ProposedPost, _same_post())
        .where(col(ProposedContact.proposal_id) == proposal.id, _readable(uow, principal, proposal))
        .order_by(col(ProposedContact.contact_id))
    )
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(ProposedContact.contact_id) > after)
    found = (await uow.session.execute(statement.limit(limit + 1))).all()
    rows, following = cut(found, limit, lambda row: row[0].contact_id)
    return Page(items=[_assignment(contact, post) for contact, post in rows], next_cursor=following)


async def show_proposal(uow: UnitOfWork, proposal: VisitProposal) -> ProposalDetail:
    """For somebody who may see it."""
    statement = select(ProposedPost).where(col(ProposedPost.proposal_id) == proposal.id).order_by(col(ProposedPost.post_id))
    posts = (await uow.session.scalars(statement)).all()
    return ProposalDetail.model_validate({**_fields(proposal, len(posts)), "loads": [_load(post) for post in posts]})


async def find_proposal(uow: UnitOfWork, principal: Principal, proposal_id: UUID, *, lock: bool = False) -> VisitProposal:
    """Raises `NotFound` (visit-proposal-not-found)."""
    statement = select(VisitProposal).where(col(VisitProposal.id) == proposal_id, await _visible(uow, principal))
    proposal = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if proposal is None:
        raise proposal_not_found()
    return proposal


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """Of the caller's units, and those in which the caller holds a post."""
    mine = exists().where(
        col(ProposedPost.proposal_id) == col(VisitProposal.id),
        col(Post.id) == col(ProposedPost.post_id),
        col(Post.holder_id) == principal.account_id,
    )
    return or_(await in_scope(uow, principal, col(VisitProposal.unit_id)), mine)


def _readable(uow: UnitOfWork, principal: Principal, proposal: VisitProposal) -> ColumnElement[bool]:
    if principal.role is Role.admin or proposal.unit_id in units_of(uow, principal):
        return true()
    return col(ProposedContact.post_id).in_(select(col(Post.id)).where(col(Post.holder_id) == principal.account_id))


def _posts() -> ColumnElement[int]:
    posts = select(func.count()).select_from(ProposedPost).where(col(ProposedPost.proposal_id) == col(VisitProposal.id))
    return posts.scalar_subquery()


def _same_post() -> ColumnElement[bool]:
    same = col(ProposedPost.proposal_id) == col(ProposedContact.proposal_id)
    return same & (col(ProposedPost.post_id) == col(ProposedContact.post_id))


def _fields(proposal: VisitProposal, posts: int) -> dict[str, object]:
    limits = Limits(
        needed=proposal.needed,
        capacity=proposal.capacity,
        overdue=proposal.overdue,
        over_capacity=proposal.over_capacity,
        out_of_reach=proposal.out_of_reach,
        place_unknown=proposal.place_unknown,
        dealt_in_turn=proposal.dealt_in_turn,
    )
    return {
        **proposal.model_dump(),
        "posts": posts,
        "visits_needed_per_week": round(proposal.needed, 2),
        "visits_possible_per_week": proposal.capacity,
        "measures": _measures(proposal.max_load, proposal.overdue, proposal.km_per_year),
        "round_robin": _measures(proposal.turn_max_load, proposal.turn_overdue, proposal.turn_km_per_year),
        "limits": tell_limits(limits, current_language()),
    }


def _measures(max_load: float, overdue: int, km_per_year: float) -> MeasuresOut:
    return MeasuresOut(max_load=round(max_load, 3), overdue=overdue, km_per_year=round(km_per_year, 1))


def _load(post: ProposedPost) -> PostLoad:
    return PostLoad(
        post_id=post.post_id,
        visits_per_week=post.visits_per_week,
        contacts=post.contacts,
        load_before=_share(post.owed, post),
        load_after=_share(post.carries, post),
    )


def _share(visits: float, post: ProposedPost) -> float:
    return round(visits / post.visits_per_week, 3)


def _assignment(contact: ProposedContact, post: ProposedPost) -> AssignmentOut:
    before, after = _share(post.owed, post), _share(post.carries, post)
    grounds = Grounds(contact.reason, contact.reach, contact.km, contact.nearest_km, before, after)
    explanation = explain(grounds, current_language())
    figures = {"load_before": before, "load_after": after, "explanation": explanation}
    return AssignmentOut.model_validate({**contact.model_dump(), **figures})
