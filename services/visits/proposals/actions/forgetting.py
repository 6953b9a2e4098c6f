"""Dropping proposals that nobody took up."""

from sqlalchemy import delete, exists, select, text
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.visits.proposals.models import PROPOSED, ProposedContact, ProposedPost, VisitProposal
from services.visits.proposals.rules.acceptance import KEPT
from shared.uow import UnitOfWork


async def forget_proposals(uow: UnitOfWork, *, limit: int) -> int:
    """Drop up to `limit` proposals that nobody accepted within `KEPT`, but for the newest of each unit; returns how many."""
    newer = aliased(VisitProposal)
    replaced = exists().where(col(newer.unit_id) == col(VisitProposal.unit_id), col(newer.id) > col(VisitProposal.id))
    old = select(col(VisitProposal.id)).where(text(PROPOSED), col(VisitProposal.created_at) < uow.now() - KEPT, replaced)
    taken = old.order_by(col(VisitProposal.created_at)).limit(limit).with_for_update(of=VisitProposal, skip_locked=True)
    proposals = (await uow.session.scalars(taken)).all()
    parts = (
        delete(ProposedContact).where(col(ProposedContact.proposal_id).in_(proposals)),
        delete(ProposedPost).where(col(ProposedPost.proposal_id).in_(proposals)),
        delete(VisitProposal).where(col(VisitProposal.id).in_(proposals)),
    )
    for part in parts:
        await uow.session.execute(part.execution_options(synchronize_session=False))
    return len(proposals)
