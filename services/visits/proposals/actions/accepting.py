"""Accepting a proposal: at once in word, and contact by contact in deed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy import exists, func, select, text
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.plans.actions.contacting import give_plans
from services.visits.plans.actions.planning import plan_contacts
from services.visits.posts.models import Post
from services.visits.proposals.models import ACCEPTING, OPEN, ProposedContact, ProposedPost, VisitProposal
from services.visits.proposals.queries.showing import find_proposal
from services.visits.proposals.queries.stock import Stock, take_stock
from services.visits.proposals.rules import acceptance
from services.visits.proposals.rules.acceptance import Capacity, Outcome, ProposalState, Standing
from services.visits.proposals.rules.ground import kilometres
from services.visits.recurrence.rules import find_zone
from services.visits.visitors.queries import units_of
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.events.visits import VisitProposalAccepted
from shared.uow import UnitOfWork


async def accept_proposal(uow: UnitOfWork, principal: Principal, proposal_id: UUID) -> VisitProposal:
    """Let the contacts have their posts and plans, which a job then gives them.

    Raises `NotFound` (visit-proposal-not-found), `Forbidden` (proposal-not-yours), and `Conflict` when it was accepted before,
    when its start has passed, or when a contact or a post that it rests on has changed.
    """
    proposal = await find_proposal(uow, principal, proposal_id, lock=True)
    if principal.role is not Role.admin and proposal.unit_id not in units_of(uow, principal):
        raise Forbidden("proposal-not-yours", "A lead over the unit that this was proposed for accepts it: ask one.")
    acceptance.check_acceptable(proposal.state, proposal.starts_on, uow.now().date())
    await _check_unchanged(uow, proposal)
    proposal.state, proposal.accepted_by = ProposalState.accepting, principal.account
    await uow.session.flush()
    return proposal


async def _check_unchanged(uow: UnitOfWork, proposal: VisitProposal) -> None:
    stock = await take_stock(uow, proposal.unit_id, proposal.starts_on, only_unassigned=proposal.only_unassigned)
    posts = await uow.session.scalars(select(ProposedPost).where(col(ProposedPost.proposal_id) == proposal.id))
    contacts = await uow.session.scalars(select(ProposedContact).where(col(ProposedContact.proposal_id) == proposal.id))
    were, are = _standings(contacts.all(), stock)
    acceptance.check_unchanged(
        acceptance.changed(were, are),
        acceptance.changed(
            {post.post_id: Capacity(post.visits_per_week, post.owed) for post in posts},
            {post.id: Capacity(post.visits_per_week, post.owed) for post in stock.posts},
        ),
    )


Standings = dict[UUID, Standing]


def _standings(contacts: Sequence[ProposedContact], stock: Stock) -> tuple[Standings, Standings]:
    """As they were when they were proposed, and as they are now."""
    known, posts = {contact.id: contact for contact in stock.contacts}, {post.id: post for post in stock.posts}
    were = {each.contact_id: Standing(each.rhythm_days, each.from_post_id, each.km) for each in contacts}
    are = {
        each.contact_id: Standing(now.rhythm_days, now.post_id, kilometres(now.place, posts[each.post_id].place))
        for each in contacts
        if (now := known.get(each.contact_id)) and each.post_id in posts
    }
    return were, are


async def make_accepted(uow: UnitOfWork, *, limit: int) -> int:
    """Give up to `limit` contacts of an accepted proposal their post and their plan; returns how many. Any number of workers
    share them, and whoever stops is followed by another.

    Events: `VisitPlanned` of each visit, and `VisitProposalAccepted` when none is left.
    """
    accepting = select(VisitProposal).where(text(ACCEPTING)).order_by(col(VisitProposal.id)).limit(1)
    proposal = await uow.session.scalar(accepting)
    if proposal is None:
        return 0
    mine = select(ProposedContact).where(col(ProposedContact.proposal_id) == proposal.id, text(OPEN))
    mine = mine.order_by(col(ProposedContact.contact_id)).limit(limit).with_for_update(skip_locked=True)
    taken = (await uow.session.scalars(mine)).all()
    await _give(uow, proposal, taken)
    if len(taken) < limit:
        await _finish(uow, proposal)
    return len(taken)


async def _give(uow: UnitOfWork, proposal: VisitProposal, taken: Sequence[ProposedContact]) -> None:
    """Who has thought otherwise since, or has been given to somebody else, is left as it is."""
    contacts, posts = await _lock_contacts(uow, taken), await _lock_posts(uow, taken)
    given = []
    for said in taken:
        contact, post = contacts.get(said.contact_id), posts.get(said.post_id)
        if contact is None or post is None or not _as_it_was(contact, said):
            said.outcome = Outcome.left
            continue
        said.outcome, contact.post_id = Outcome.planned, post.id
        given.append((contact, post, _starts_at(proposal, said)))
    planned = await give_plans(uow, {contact.id: post for contact, post, _ in given})
    without = [each for each in given if each[0].id not in planned]
    await plan_contacts(uow, _acceptor(proposal), without, purpose=proposal.purpose, time_zone=proposal.time_zone)


async def _lock_contacts(uow: UnitOfWork, taken: Sequence[ProposedContact]) -> dict[UUID, Contact]:
    asked = select(Contact).where(col(Contact.id).in_([said.contact_id for said in taken])).order_by(col(Contact.id))
    return {contact.id: contact for contact in await uow.session.scalars(asked.with_for_update(key_share=True))}


async def _lock_posts(uow: UnitOfWork, taken: Sequence[ProposedContact]) -> dict[UUID, Post]:
    """None is handed over before this is done."""
    asked = select(Post).where(col(Post.id).in_({said.post_id for said in taken})).order_by(col(Post.id))
    return {post.id: post for post in await uow.session.scalars(asked.with_for_update(read=True))}


def _as_it_was(contact: Contact, said: ProposedContact) -> bool:
    rests_on = (ContactState.agreed, said.rhythm_days, said.from_post_id)
    return (contact.state, contact.rhythm_days, contact.post_id) == rests_on


def _starts_at(proposal: VisitProposal, said: ProposedContact) -> datetime:
    return datetime.combine(said.first_on, time(), find_zone(proposal.time_zone)).astimezone(UTC)


async def _finish(uow: UnitOfWork, proposal: VisitProposal) -> None:
    """Whoever finds no contact left says so. Those that another worker has in hand are not done yet: it comes round again."""
    mine = col(ProposedContact.proposal_id) == proposal.id
    locked = select(VisitProposal).where(col(VisitProposal.id) == proposal.id, text(ACCEPTING)).with_for_update(skip_locked=True)
    if await uow.session.scalar(select(exists().where(mine, text(OPEN)))) or await uow.session.scalar(locked) is None:
        return
    planned = select(func.count(), func.count(col(ProposedContact.post_id).distinct())).where(
        mine, col(ProposedContact.outcome) == Outcome.planned
    )
    contacts, posts = (await uow.session.execute(planned)).one()
    proposal.state, proposal.accepted_at = ProposalState.accepted, uow.now()
    await uow.record(
        VisitProposalAccepted(
            proposal_id=proposal.id, unit_id=proposal.unit_id, contacts=contacts, posts=posts, accepted_at=proposal.accepted_at
        )
    )


def _acceptor(proposal: VisitProposal) -> Principal:
    """Plans are made in the name of whoever accepted: a lead over the unit, or an administrator."""
    return Principal(Role.lead, account_id=proposal.accepted_by, unit_id=proposal.unit_id)
