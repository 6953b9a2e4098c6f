"""Proposals of who visits whom over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.proposals.actions import accepting, proposing
from services.visits.proposals.queries import showing
from services.visits.proposals.schemas import AssignmentOut, NewProposal, ProposalDetail, ProposalOut
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]
NOTHING = NothingIn()

router = APIRouter(prefix="/v1/visit-proposals", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def propose_visits(uow: Uow, principal: Leader, body: NewProposal) -> ProposalDetail:
    """Propose who visits whom: nearest first, load shared by capacity, and on load, overdue contacts and way never worse than
    dealing the contacts out in turn. Nothing changes until it is accepted."""
    proposal = await proposing.propose_visits(uow, principal, body)
    return await showing.show_proposal(uow, proposal)


@router.get("")
async def list_proposals(
    uow: Uow, principal: Overseer, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[ProposalOut]:
    """Proposals that you may see, oldest first. One that nobody accepts goes after 30 days, if its unit has a newer one."""
    return await showing.list_proposals(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{proposal_id}")
async def get_proposal(uow: Uow, principal: Overseer, proposal_id: UUID) -> ProposalDetail:
    """One proposal, with what each post would carry. For its unit, the units above, and who holds one of its posts."""
    return await showing.get_proposal(uow, principal, proposal_id)


@router.get("/{proposal_id}/assignments")
async def list_assignments(
    uow: Uow, principal: Overseer, proposal_id: UUID, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[AssignmentOut]:
    """Which contact goes to which post, and why; who only holds a post is shown that post's."""
    return await showing.list_assignments(uow, principal, proposal_id, limit=limit, cursor=cursor)


@router.post("/{proposal_id}/accept", status_code=202)
async def accept_proposal(uow: Uow, principal: Leader, proposal_id: UUID, body: NothingIn = NOTHING) -> ProposalDetail:
    """Accept it, once: the contacts get their posts and their visits, a few at a time in the background; `state` says when all
    have. Refused when a contact or a post has changed since."""
    proposal = await accepting.accept_proposal(uow, principal, proposal_id)
    return await showing.show_proposal(uow, proposal)
