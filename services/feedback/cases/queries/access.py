"""Who may see which case, and what a caller is to it.

`VISIBLE` decides for one case; `listing` takes the same condition apart. What a caller may see is `Scope`, in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.feedback.cases.models import Case, CaseExclusion, CaseUnit
from services.feedback.cases.rules import CLOSED, Part, Party, Protection, Standing, unblamed
from services.feedback.cases.sealing import Words, unseal
from services.feedback.errors import case_not_found
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.ids import new_id_at
from shared.keyring import Keyring
from shared.units import KnownUnit, UnitDirectory
from shared.uow import UnitOfWork

NOTHING_SPECIAL = Standing()

UNBLAMED = """NOT EXISTS (
    SELECT FROM case_exclusions
    WHERE case_id = cases.id AND unit_id = ANY(:chain) AND (post = '' OR (unit_id, post) = (:own_unit, :post))
)"""
VISIBLE = f"""(
    :everything OR cases.owner_id IN (:account, :alias)
    OR (
        (
            cases.unit_id = ANY(:units)
            OR EXISTS (SELECT FROM case_units WHERE case_id = cases.id AND unit_id = :told)
        )
        AND {UNBLAMED}
    )
)"""

HOLD = """holds
    WHERE holds.unit_id = cases.unit_id AND holds.channel = cases.channel AND cases.source = 'opinion'
        AND holds.held_from <= cases.opened_at AND cases.opened_at < holds.held_until
        AND holds.decision IS DISTINCT FROM 'released'
"""
PUBLISHED = f"NOT EXISTS (SELECT FROM {HOLD})"
"""What is not held because unusually much came at once."""
SHARED = f"(cases.shared AND NOT EXISTS (SELECT FROM case_exclusions WHERE case_id = cases.id) AND {PUBLISHED})"
"""What anybody may read, because its speaker said so; but not what is held, nor what is about a unit, whose people are anybody
too."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may see: its own cases, under its account or its alias, those of `units` and those that the unit `told` has a
    part in, unless one of `chain`, or the caller's `post` in its `unit`, is blamed in them; or everything."""

    account: UUID
    units: Sequence[UUID] = ()
    told: UUID | None = None
    chain: Sequence[UUID] = ()
    post: str = ""
    everything: bool = False
    alias: UUID | None = None

    def values(self, **others: Any) -> dict[str, Any]:
        """Of the parameters of the statements."""
        return {
            "account": self.account,
            "alias": self.alias,
            "units": self.units,
            "told": self.told,
            "chain": self.chain,
            "own_unit": self.chain[0] if self.chain else None,
            "post": self.post,
            "everything": self.everything,
            **others,
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who showed the receipt of this case: its speaker, without an account."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class Access:
    """A caller (None for the passing of time) before a case that it may see: what it is to the case, what bars it from
    acting, and how its acts are written down."""

    case: Case
    who: "Principal | Holder | None"
    party: Party
    role: str
    unit_id: UUID | None
    standing: Standing = NOTHING_SPECIAL

    @property
    def coarse(self) -> bool:
        """Whether only the hour of this caller's acts may be kept."""
        return self.party is Party.speaker and self.case.protection is Protection.anonymous

    @property
    def withheld(self) -> bool:
        """Whether this caller may know the case but read nothing in it."""
        return self.party is Party.admin and self.case.protection is not Protection.named

    def unseal(self, uow: UnitOfWork, kept: Words) -> Words:
        """Words of the case for this caller's eyes."""
        return unseal(uow, self.case.id, kept, withheld=self.withheld)

    def moment(self, uow: UnitOfWork) -> datetime:
        return hour_of(uow.now()) if self.coarse else uow.now()

    def new_id(self, uow: UnitOfWork) -> UUID:
        return new_id_at(self.moment(uow)) if self.coarse else uow.new_id()


async def chain_of(units: UnitDirectory, unit_id: UUID) -> Sequence[KnownUnit]:
    """The unit and every unit above it, nearest first; waits for those still on their way. Raises `NotFound`.

    Who is excluded is decided on chains, so one that lacks its upper end must not be used.
    """
    await units.require(unit_id)
    chain = units.chain(unit_id)
    while (parent_id := chain[-1].parent_id) is not None and parent_id not in {unit.id for unit in chain}:
        await units.require(parent_id)
        chain = units.chain(unit_id)
    return chain


async def scope_of(uow: UnitOfWork, principal: Principal) -> Scope:
    own, unit_id = Scope(principal.account, alias=uow.keyring.alias(principal.account)), principal.unit_id
    if principal.role is Role.admin:
        return replace(own, everything=True)
    if principal.role is Role.resident or unit_id is None or await uow.units.find(unit_id) is None:
        return own
    in_office = replace(own, chain=[unit.id for unit in uow.units.chain(unit_id)], post=principal.role)
    match principal.role:
        case Role.official:
            return replace(in_office, units=[unit_id], told=unit_id)
        case Role.lead:
            return replace(in_office, units=uow.units.subtree(unit_id), told=unit_id)
        case Role.inspector:
            return replace(in_office, units=uow.units.subtree(unit_id))
        case _:
            return own


def owner_of(keyring: Keyring, account_id: UUID, protection: Protection) -> UUID:
    """How the speaker's account is kept in the case."""
    return account_id if protection is Protection.named else keyring.alias(account_id)


def is_speaker(uow: UnitOfWork, principal: Principal, facts: Mapping[str, Any]) -> bool:
    owner_id, account_id = facts["owner_id"], principal.account_id
    return owner_id is not None and account_id is not None and owner_id in (account_id, uow.keyring.alias(account_id))


def is_withheld(uow: UnitOfWork, principal: Principal, facts: Mapping[str, Any]) -> bool:
    """Whoever runs the system sees that a protected case is there and how it stands, and reads nothing in it but their own."""
    protected = principal.role is Role.admin and facts["protection"] != Protection.named
    return protected and not is_speaker(uow, principal, facts)


Parts = Mapping[UUID, Part]
"""Of one case: the units that read it without owing it."""


def party_of(uow: UnitOfWork, principal: Principal, facts: Mapping[str, Any], parts: Parts) -> Party:
    """What the caller is to the case of these `facts`.

    The speaker of a case is never also its unit: nobody answers themselves.
    """
    if is_speaker(uow, principal, facts):
        return Party.speaker
    if principal.role is Role.admin:
        return Party.admin
    if principal.role not in (Role.official, Role.lead):
        return Party.reader
    if principal.unit_id == facts["unit_id"]:
        return Party.unit
    if principal.unit_id is not None and principal.unit_id == facts["appeal_unit_id"]:
        return Party.above
    if principal.unit_id is not None and parts.get(principal.unit_id) is Part.joint:
        return Party.joint
    oversees = principal.role is Role.lead and uow.units.covers(principal.unit_id, facts["unit_id"])
    return Party.above if oversees else Party.reader


def standing_of(who: Principal | Holder | None, facts: Mapping[str, Any], parts: Parts, now: datetime) -> Standing:
    """What bars the caller from verbs that the state of the case would allow."""
    pending = facts["appeal_unit_id"]
    decides = pending is not None and isinstance(who, Principal) and (who.role is Role.admin or who.unit_id == pending)
    return Standing(
        reopenable=facts["reopenable_until"] is not None and now <= facts["reopenable_until"],
        appealable=facts["appealable_until"] is not None and now <= facts["appealable_until"],
        decides=decides,
        merged=facts["merged_into"] is not None,
        joint=Part.joint in parts.values(),
    )


async def open_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, *, lock: bool = False) -> Access:
    """The case, locked if it is to be changed. Raises `NotFound` (case-not-found) if `who` may not see it.

    The lock leaves the row to those that only refer to it, as what is merged into a case does whenever it changes. Whoever had
    to wait for the lock sees the case as it is then, also where that gave its unit another part in it: hence the
    second look.
    """
    statement = select(Case).where(col(Case.id) == case_id)
    values: Mapping[str, Any] = {}
    if isinstance(who, Holder):
        statement = statement.where(col(Case.id) == who.case_id)
    else:
        statement, values = statement.where(text(VISIBLE)), (await scope_of(uow, who)).values()
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    case = await uow.session.scalar(statement, values)
    if case is None and lock:
        case = await uow.session.scalar(statement, values)
    if case is None:
        raise case_not_found()
    facts, parts = case.model_dump(), await parts_of(uow, case_id)
    party = Party.speaker if isinstance(who, Holder) else party_of(uow, who, facts, parts)
    if isinstance(who, Holder) or party is Party.speaker:
        access = Access(case, who, Party.speaker, Party.speaker, None)
    else:
        access = Access(case, who, party, who.role, who.unit_id)
    return replace(access, standing=standing_of(who, facts, parts, access.moment(uow)))


async def open_own(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, *, lock: bool = False) -> Access:
    """The case, for its speaker alone. Raises `NotFound` (case-not-found) to everybody else, also to those who may read it."""
    access = await open_case(uow, who, case_id, lock=lock)
    if access.party is not Party.speaker:
        raise case_not_found()
    return access


async def parts_of(uow: UnitOfWork, case_id: UUID) -> Parts:
    rows = await uow.session.execute(select(col(CaseUnit.unit_id), col(CaseUnit.part)).where(col(CaseUnit.case_id) == case_id))
    return {row.unit_id: row.part for row in rows}


async def open_followers(uow: UnitOfWork, main: Access, *, lock: bool = True) -> list[Access]:
    """The cases merged into this one that are still open, as the same caller sees them, locked unless only to look: what its unit
    does to the main case it does to them too. The caller's own are left out, for nobody answers themselves."""
    statement = select(Case).where(col(Case.merged_into) == main.case.id, col(Case.state).not_in(CLOSED))
    if isinstance(main.who, Principal) and main.party is not Party.speaker:
        account_id = main.who.account
        for own in (account_id, uow.keyring.alias(account_id)):
            statement = statement.where(col(Case.owner_id).is_distinct_from(own))
    statement = statement.order_by(col(Case.id))
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    followers = await uow.session.scalars(statement)
    return [Access(case, main.who, main.party, main.role, main.unit_id, Standing(merged=True)) for case in followers]


async def nearest_above(uow: UnitOfWork, case: Case) -> UUID | None:
    """The nearest unit above the one that owes the case, of those that neither it nor a post in it the case is about."""
    chain, posts = await chain_of(uow.units, case.unit_id), await posts_excluded(uow, case.id)
    above = unblamed([unit.id for unit in chain][1:], await exclusions_of(uow, case.id))
    return next((unit_id for unit_id in above if unit_id not in posts), None)


async def exclusions_of(uow: UnitOfWork, case_id: UUID) -> set[UUID]:
    """The units that the case is about."""
    whole = (col(CaseExclusion.case_id) == case_id) & (col(CaseExclusion.post) == "")
    return set((await uow.session.scalars(select(col(CaseExclusion.unit_id)).where(whole))).all())


async def posts_excluded(uow: UnitOfWork, case_id: UUID) -> Mapping[UUID, Sequence[str]]:
    """By unit, the posts that the case is about."""
    posts = (col(CaseExclusion.case_id) == case_id) & (col(CaseExclusion.post) != "")
    found: dict[UUID, list[str]] = {}
    rows = await uow.session.execute(
        select(col(CaseExclusion.unit_id), col(CaseExclusion.post)).where(posts).order_by(col(CaseExclusion.post))
    )
    for row in rows:
        found.setdefault(row.unit_id, []).append(row.post)
    return found
