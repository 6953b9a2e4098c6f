"""Taking stock: the contacts, the posts, and what these owe already, as the planner wants to know them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Uuid, and_, any_, func, literal, not_, select
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.posts.models import Post
from services.visits.proposals.rules import ground
from services.visits.proposals.rules.acceptance import MOST_CONTACTS
from shared.uow import UnitOfWork

OWED = (ContactState.agreed, ContactState.suspended)
"""Whoever has paused comes back to the post."""


@dataclass(frozen=True, slots=True)
class Stock:
    contacts: Sequence[ground.Contact]
    posts: Sequence[ground.Post]


async def take_stock(uow: UnitOfWork, unit_id: UUID, starts_on: date, *, only_unassigned: bool) -> Stock:
    """Of a unit and those below it: agreed contacts, at most one more than a proposal takes, and posts."""
    units = literal(uow.units.subtree(unit_id), ARRAY(Uuid()))
    free = _free(units, only_unassigned=only_unassigned)
    contacts = await uow.session.execute(_contacts(free))
    posts = await uow.session.scalars(select(Post).where(col(Post.unit_id) == any_(units)).order_by(col(Post.id)))
    owed = await _owed(uow, units, free)
    return Stock(
        [_contact(row, starts_on) for row in contacts],
        [_post(uow, post, owed[post.id]) for post in posts],
    )


def _free(units: ColumnElement[Any], *, only_unassigned: bool) -> ColumnElement[bool]:
    """Contacts for which a post is to be found."""
    agreed = and_(col(Contact.unit_id) == any_(units), col(Contact.state) == ContactState.agreed)
    return and_(agreed, col(Contact.post_id).is_(None)) if only_unassigned else agreed


def _contacts(free: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    columns = (Contact.id, Contact.unit_id, Contact.latitude, Contact.longitude, Contact.rhythm_days, Contact.post_id)
    times = (Contact.next_due_at, Contact.last_contact_at)
    return select(*map(col, (*columns, *times))).where(free).order_by(col(Contact.id)).limit(MOST_CONTACTS + 1)


def _contact(row: Row[Any], starts_on: date) -> ground.Contact:
    return ground.Contact(
        id=row.id,
        unit_id=row.unit_id,
        place=_place(row.latitude, row.longitude),
        rhythm_days=row.rhythm_days,
        due_in=(row.next_due_at.date() - starts_on).days,
        contacted=row.last_contact_at is not None,
        post_id=row.post_id,
    )


def _post(uow: UnitOfWork, post: Post, owed: float) -> ground.Post:
    reach = frozenset(uow.units.subtree(post.unit_id))
    return ground.Post(post.id, _place(post.latitude, post.longitude), post.visits_per_week, owed, reach)


def _place(latitude: float | None, longitude: float | None) -> ground.Place | None:
    return None if latitude is None or longitude is None else ground.Place(latitude, longitude)


async def _owed(uow: UnitOfWork, units: ColumnElement[Any], free: ColumnElement[bool]) -> defaultdict[UUID, float]:
    """Visits a week that posts of these units owe to contacts that stay theirs."""
    posts = select(col(Post.id)).where(col(Post.unit_id) == any_(units))
    kept = and_(col(Contact.post_id).in_(posts), col(Contact.state).in_(OWED), not_(free))
    by_rhythm = (col(Contact.post_id), col(Contact.rhythm_days))
    statement = select(*by_rhythm, func.count()).where(kept).group_by(*by_rhythm).order_by(*by_rhythm)
    owed: defaultdict[UUID, float] = defaultdict(float)
    rows: Iterable[Any] = await uow.session.execute(statement)
    for post_id, rhythm_days, many in rows:
        owed[post_id] += many * ground.WEEK / rhythm_days
    return owed
