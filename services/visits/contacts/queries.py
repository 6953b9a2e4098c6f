"""Reading contacts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, literal, or_, select, text
from sqlmodel import col

from services.visits.contacts.models import Contact
from services.visits.contacts.rules import FEWEST_FOR_AGE, ContactState, reads_label
from services.visits.contacts.schemas import ContactOut, ContactShown, Coverage, CoverageOut, UnitCoverage
from services.visits.errors import contact_not_found
from services.visits.posts.models import Post
from services.visits.visitors.queries import in_scope, require_own_unit
from shared.auth import Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

COUNTS = ("contacts", "listed", "agreed", "refused", "suspended", "contacted", "overdue")
COVERAGE = text("""
    SELECT unit_id,
        count(*) AS contacts,
        count(*) FILTER (WHERE state = 'listed') AS listed,
        count(*) FILTER (WHERE state = 'agreed') AS agreed,
        count(*) FILTER (WHERE state = 'refused') AS refused,
        count(*) FILTER (WHERE state = 'suspended') AS suspended,
        count(last_contact_at) FILTER (WHERE state <> 'refused') AS contacted,
        count(*) FILTER (WHERE state = 'agreed' AND next_due_at < :now) AS overdue,
        count(last_contact_at) FILTER (WHERE state <> 'refused') AS ages,
        CAST(percentile_cont(0.5) WITHIN GROUP (
            ORDER BY extract(epoch FROM :now - last_contact_at) / 86400
        ) FILTER (WHERE state <> 'refused') AS double precision) AS median_age_days
    FROM contacts WHERE unit_id = ANY(:units) AND state <> 'ended'
    GROUP BY GROUPING SETS ((unit_id), ())
""").bindparams(bindparam("units", type_=ARRAY(Uuid())))


async def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the contacts of the caller's units, and those of the posts that the caller holds."""
    scope = await in_scope(uow, principal, col(Contact.unit_id))
    return or_(scope, col(Contact.post_id).in_(_posts_of(principal)))


def _posts_of(principal: Principal) -> Any:
    return select(col(Post.id)).where(col(Post.holder_id) == principal.account_id)


async def held_posts(uow: UnitOfWork, principal: Principal) -> set[UUID]:
    return set((await uow.session.scalars(_posts_of(principal))).all())


async def may_handle(uow: UnitOfWork, principal: Principal, contact: Contact) -> bool:
    """Whether a caller who may see the contact may also write down what its resident chooses."""
    if principal.role in (Role.lead, Role.admin) or contact.created_by == principal.account_id:
        return True
    return contact.post_id in await held_posts(uow, principal)


async def get_contact(uow: UnitOfWork, principal: Principal, contact_id: UUID) -> ContactOut:
    """Raises `NotFound` (contact-not-found)."""
    contact = await uow.session.scalar(select(Contact).where(col(Contact.id) == contact_id, await visible(uow, principal)))
    if contact is None:
        raise contact_not_found()
    return await show_contact(uow, principal, contact)


async def show_contact(uow: UnitOfWork, principal: Principal, contact: Contact) -> ContactOut:
    """For somebody who may see it."""
    [shown] = await _show(uow, principal, [contact])
    return shown


async def list_contacts(
    uow: UnitOfWork,
    principal: Principal,
    *,
    unit_id: UUID | None,
    post_id: UUID | None,
    state: ContactState | None,
    overdue: bool,
    never_contacted: bool,
    limit: int,
    cursor: str | None,
) -> Page[ContactOut]:
    """Contacts that the caller may see, oldest first."""
    statement = select(Contact).where(await visible(uow, principal)).order_by(col(Contact.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Contact.unit_id) == unit_id)
    if post_id is not None:
        statement = statement.where(col(Contact.post_id) == post_id)
    if state is not None:
        statement = statement.where(col(Contact.state) == state)
    if overdue:
        statement = statement.where(col(Contact.next_due_at) < uow.now())
    if never_contacted:
        unmet = (ContactState.listed, ContactState.agreed, ContactState.suspended)
        statement = statement.where(col(Contact.last_contact_at).is_(None), col(Contact.state).in_(unmet))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Contact.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda contact: contact.id)
    return Page(items=await _show(uow, principal, rows), next_cursor=following)


async def contacts_for_visits(uow: UnitOfWork, contact_ids: Collection[UUID]) -> dict[UUID, ContactShown]:
    """What visits there need, by contact; nothing of one that has ended."""
    asked = literal(list(contact_ids), ARRAY(Uuid()))
    statement = select(Contact).where(col(Contact.id) == any_(asked), col(Contact.state) != ContactState.ended)
    return {contact.id: ContactShown.model_validate(contact) for contact in await uow.session.scalars(statement)}


async def get_coverage(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> CoverageOut:
    """Of a unit in the caller's scope and all below it. Raises `NotFound` (unit-not-found)."""
    await require_own_unit(uow, principal, unit_id)
    units = [unit_id] if principal.role is Role.official else uow.units.subtree(unit_id)
    rows = (await uow.session.execute(COVERAGE, {"units": units, "now": uow.now()})).mappings().all()
    covered = {row["unit_id"]: _coverage(dict(row)) for row in rows}
    total = covered.pop(None)
    return CoverageOut(
        total=Coverage(**total), units=[UnitCoverage(unit_id=unit, **covered[unit]) for unit in units if unit in covered]
    )


def _coverage(row: dict[str, Any]) -> dict[str, Any]:
    asked = row["contacts"] - row["refused"]
    return {
        **{name: row[name] for name in COUNTS},
        "never_contacted": asked - row["contacted"],
        "share_contacted": row["contacted"] / asked if asked else None,
        "median_age_days": row["median_age_days"] if row["ages"] >= FEWEST_FOR_AGE else None,
    }


async def _show(uow: UnitOfWork, principal: Principal, contacts: Sequence[Contact]) -> list[ContactOut]:
    held, now = await held_posts(uow, principal), uow.now()
    return [_shown(contact, principal, now, holds_post=contact.post_id in held) for contact in contacts]


def _shown(contact: Contact, principal: Principal, now: datetime, *, holds_post: bool) -> ContactOut:
    visits = holds_post if contact.post_id else contact.created_by == principal.account_id
    reads = reads_label(contact.state, leads=principal.role in (Role.lead, Role.admin), visits=visits)
    whom = ("label", "place", "latitude", "longitude")
    hidden = {} if reads and contact.state is not ContactState.ended else dict.fromkeys(whom)
    return ContactOut.model_validate(
        {
            **contact.model_dump(),
            **hidden,
            "last_contact_days": (now - contact.last_contact_at).days if contact.last_contact_at else None,
            "overdue": contact.next_due_at is not None and contact.next_due_at < now,
        }
    )
