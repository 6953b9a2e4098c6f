"""What goes with a post to its next holder."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, text
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import ContactState
from services.visits.findings.queries import findings_of_post
from services.visits.hand_overs.schemas import HandOverOut
from services.visits.plans.models import VisitPlan
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.promises.models import OPEN, Promise
from services.visits.visits.models import UNRECORDED, Visit
from shared.auth import Principal
from shared.uow import UnitOfWork


async def foresee(uow: UnitOfWork, principal: Principal, post_id: UUID) -> HandOverOut:
    """Raises `NotFound` (post-not-found)."""
    return await passes_on(uow, await require_post(uow, principal, post_id))


async def passes_on(uow: UnitOfWork, post: Post) -> HandOverOut:
    """For somebody who may see the post."""
    contacts = and_(col(Contact.post_id) == post.id, col(Contact.state) != ContactState.ended)
    return HandOverOut(
        post_id=post.id,
        holder_id=post.holder_id,
        contacts=await _count(uow, select(col(Contact.id)).where(contacts)),
        plans=await _count(uow, select(col(VisitPlan.id)).where(plans_of(post.id))),
        visits=await _count(uow, select(col(Visit.id)).where(visits_of(post.id))),
        promises=await _count(uow, select(col(Promise.id)).where(text(OPEN), col(Promise.post_id) == post.id)),
        findings=len(await findings_of_post(uow, post.id)),
    )


def plans_of(post_id: UUID) -> ColumnElement[bool]:
    return and_(col(VisitPlan.post_id) == post_id, col(VisitPlan.ended_at).is_(None))


def visits_of(post_id: UUID) -> ColumnElement[bool]:
    """Those that are still to be made."""
    return and_(text(UNRECORDED), col(Visit.post_id) == post_id)


async def _count(uow: UnitOfWork, rows: Select[Any]) -> int:
    return await uow.session.scalar(select(func.count()).select_from(rows.subquery())) or 0
