"""Proposing who visits whom."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import insert

from services.visits.discretion.rules import check_notes
from services.visits.proposals.models import ProposedContact, ProposedPost, VisitProposal
from services.visits.proposals.queries.stock import Stock, take_stock
from services.visits.proposals.rules import acceptance
from services.visits.proposals.rules.acceptance import ProposalState
from services.visits.proposals.rules.ground import Contact, Reach, Reason
from services.visits.proposals.rules.planner import Assignment, Proposal, propose
from services.visits.proposals.schemas import NewProposal
from services.visits.recurrence.rules import find_zone
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal
from shared.uow import UnitOfWork


async def propose_visits(uow: UnitOfWork, principal: Principal, wanted: NewProposal) -> VisitProposal:
    """Work out and keep a proposal for the agreed contacts and the posts of a unit and those below it. Changes nothing else.

    Waits for a unit that is on its way. Raises `NotFound` (unit-not-found), `Invalid` and `Conflict`.
    """
    check_notes({"body.purpose": wanted.purpose})
    find_zone(wanted.time_zone)
    acceptance.check_start(wanted.starts_on, uow.now().date())
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    stock = await take_stock(uow, unit.id, wanted.starts_on, only_unassigned=wanted.only_unassigned)
    acceptance.check_size(len(stock.contacts), len(stock.posts))
    work = partial(propose, stock.contacts, stock.posts, weeks=wanted.weeks, first_weekday=wanted.starts_on.weekday())
    found = await asyncio.to_thread(work)
    proposal = _proposal(uow, principal, wanted, found)
    uow.session.add(proposal)
    await uow.session.flush()
    await _keep_posts(uow, proposal, stock, found)
    await _keep_contacts(uow, proposal, stock, found)
    return proposal


def _proposal(uow: UnitOfWork, principal: Principal, wanted: NewProposal, found: Proposal) -> VisitProposal:
    reaches = Counter(each.reach for each in found.assignments)
    reasons = Counter(each.reason for each in found.assignments)
    return VisitProposal(
        id=uow.new_id(),
        state=ProposalState.proposed,
        contacts=len(found.assignments),
        out_of_reach=len(found.out_of_reach),
        needed=found.needed,
        capacity=found.capacity,
        **found.measures._asdict(),
        **{f"turn_{name}": value for name, value in found.round_robin._asdict().items()},
        over_capacity=reaches[Reach.over_capacity],
        place_unknown=reasons[Reason.place_unknown],
        dealt_in_turn=reasons[Reason.dealt_in_turn],
        created_by=principal.account,
        created_at=uow.now(),
        **wanted.model_dump(),
    )


async def _keep_posts(uow: UnitOfWork, proposal: VisitProposal, stock: Stock, found: Proposal) -> None:
    contacts = Counter(each.post_id for each in found.assignments)
    after = {each.post_id: each.load_after for each in found.assignments}
    rows = [
        {
            "proposal_id": proposal.id,
            "post_id": post.id,
            "visits_per_week": post.visits_per_week,
            "owed": post.owed,
            "carries": after[post.id] * post.visits_per_week if post.id in after else post.owed,
            "contacts": contacts[post.id],
        }
        for post in stock.posts
    ]
    await uow.session.execute(insert(ProposedPost), rows)


async def _keep_contacts(uow: UnitOfWork, proposal: VisitProposal, stock: Stock, found: Proposal) -> None:
    known = {contact.id: contact for contact in stock.contacts}
    rows = [_row(proposal, assignment, known) for assignment in found.assignments]
    if rows:
        await uow.session.execute(insert(ProposedContact), rows)


def _row(proposal: VisitProposal, assignment: Assignment, known: Mapping[UUID, Contact]) -> dict[str, object]:
    contact = known[assignment.contact_id]
    return {
        "proposal_id": proposal.id,
        "contact_id": contact.id,
        "from_post_id": contact.post_id,
        "rhythm_days": contact.rhythm_days,
        "post_id": assignment.post_id,
        "first_on": proposal.starts_on + timedelta(days=assignment.first_day),
        "reason": assignment.reason,
        "reach": assignment.reach,
        "km": assignment.km,
        "nearest_post_id": assignment.nearest_post_id,
        "nearest_km": assignment.nearest_km,
    }
