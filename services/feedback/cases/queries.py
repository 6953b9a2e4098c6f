"""Who may see which case, and reading them. One condition decides for one case, for lists and for counts alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, cast, exists, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, CaseExclusion, CaseHistory, EscalationStep
from services.feedback.cases.rules import RULES, WHY_ABOVE, WHY_OWNER, Party, Protection, State, allowed_verbs, unblamed
from services.feedback.cases.schemas import (
    CaseCounts,
    CaseItem,
    CaseOut,
    ClockOut,
    ConfirmationOut,
    EscalationOut,
    ReaderOut,
    TimelineEntry,
)
from services.feedback.errors import case_not_found
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.ids import new_id_at
from shared.pages import Page, cut, decode_cursor
from shared.units import KnownUnit, UnitDirectory
from shared.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who showed the receipt of this case: its anonymous speaker."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class Access:
    """A caller before a case that it may see: what it is to the case, and how its acts are written down."""

    case: Case
    party: Party
    role: str
    unit_id: UUID | None

    @property
    def coarse(self) -> bool:
        """Whether only the hour of this caller's acts may be kept."""
        return self.party is Party.speaker and self.case.protection is Protection.anonymous

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


def _any_of(column: Mapped[UUID], ids: Sequence[UUID]) -> ColumnElement[bool]:
    """One array parameter, however many ids there are."""
    return column == any_(cast(list(ids), ARRAY(Uuid)))


async def visible_to(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """The cases that this caller may read: its own, those of its scope, and those escalated to its unit."""
    own = col(Case.owner_id) == principal.account
    if principal.role is Role.admin:
        return true()
    if principal.role is Role.resident or principal.unit_id is None or await uow.units.find(principal.unit_id) is None:
        return own
    chain = [unit.id for unit in await chain_of(uow.units, principal.unit_id)]
    blamed = exists().where(col(CaseExclusion.case_id) == col(Case.id), _any_of(col(CaseExclusion.unit_id), chain))
    return or_(own, _in_scope(uow, principal.role, principal.unit_id) & ~blamed)


def _in_scope(uow: UnitOfWork, role: Role, unit_id: UUID) -> ColumnElement[bool]:
    told = exists().where(col(EscalationStep.case_id) == col(Case.id), col(EscalationStep.unit_id) == unit_id)
    match role:
        case Role.official:
            return or_(col(Case.unit_id) == unit_id, told)
        case Role.lead:
            return or_(_any_of(col(Case.unit_id), uow.units.subtree(unit_id)), told)
        case Role.inspector:
            return _any_of(col(Case.unit_id), uow.units.subtree(unit_id))
        case _:
            return false()


def _party(case: Case, principal: Principal) -> Party:
    """The speaker of a case is never also its unit: nobody answers themselves."""
    if case.owner_id is not None and case.owner_id == principal.account_id:
        return Party.speaker
    if principal.role is Role.admin:
        return Party.admin
    if principal.role in (Role.official, Role.lead) and principal.unit_id == case.unit_id:
        return Party.unit
    return Party.reader


async def open_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, *, lock: bool = False) -> Access:
    """The case, locked if it is to be changed. Raises `NotFound` (case-not-found) if `who` may not see it."""
    visible = col(Case.id) == who.case_id if isinstance(who, Holder) else await visible_to(uow, who)
    statement = select(Case).where(col(Case.id) == case_id, visible)
    case = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if case is None:
        raise case_not_found()
    if isinstance(who, Holder):
        return Access(case, Party.speaker, Party.speaker, None)
    party = _party(case, who)
    if party is Party.speaker:
        return Access(case, party, Party.speaker, None)
    return Access(case, party, who.role, who.unit_id)


async def show_case(uow: UnitOfWork, access: Access) -> CaseOut:
    """The whole case as this caller sees it."""
    case = access.case
    clocks = await clocks_of(uow, case.id)
    steps = await steps_of(uow, case.id)
    may_reopen = case.reopenable_until is not None and access.moment(uow) <= case.reopenable_until
    confirmation = None
    if case.resolved is not None:
        confirmation = ConfirmationOut(resolved=case.resolved, satisfied=case.satisfied, score=case.score)
    return CaseOut(
        **CaseItem.model_validate(case).model_dump(),
        body=case.body,
        outcome=case.outcome,
        refused_count=case.refused_count,
        clocks=[ClockOut.model_validate(clock) for clock in clocks],
        escalations=[EscalationOut.model_validate(step) for step in steps],
        confirmation=confirmation,
        reopenable_until=case.reopenable_until,
        allowed=allowed_verbs(case.state, access.party, may_reopen=may_reopen),
    )


async def get_case(uow: UnitOfWork, principal: Principal, case_id: UUID) -> CaseOut:
    """Raises `NotFound` (case-not-found)."""
    return await show_case(uow, await open_case(uow, principal, case_id))


async def clocks_of(uow: UnitOfWork, case_id: UUID) -> Sequence[CaseClock]:
    order = (col(CaseClock.round), col(CaseClock.due_at), col(CaseClock.kind))
    return (await uow.session.scalars(select(CaseClock).where(col(CaseClock.case_id) == case_id).order_by(*order))).all()


async def steps_of(uow: UnitOfWork, case_id: UUID) -> Sequence[EscalationStep]:
    statement = select(EscalationStep).where(col(EscalationStep.case_id) == case_id).order_by(col(EscalationStep.step))
    return (await uow.session.scalars(statement)).all()


async def exclusions_of(uow: UnitOfWork, case_id: UUID) -> set[UUID]:
    statement = select(col(CaseExclusion.unit_id)).where(col(CaseExclusion.case_id) == case_id)
    return set((await uow.session.scalars(statement)).all())


async def readers_of(uow: UnitOfWork, case: Case) -> list[ReaderOut]:
    """Every unit that can read the case, the one that must answer first."""
    chain = await chain_of(uow.units, case.unit_id)
    allowed = unblamed([unit.id for unit in chain], await exclusions_of(uow, case.id))
    return [ReaderOut(**reader) for reader in describe_readers([unit for unit in chain if unit.id in allowed])]


def describe_readers(units: Sequence[KnownUnit]) -> list[dict[str, Any]]:
    """The unit that must answer, then the units above it, each with why it reads: what `ReaderOut` holds."""
    return [
        {"unit_id": unit.id, "code": unit.code, "name": unit.name, "why": WHY_ABOVE if above else WHY_OWNER}
        for above, unit in enumerate(units)
    ]


async def _matching(uow: UnitOfWork, principal: Principal, unit_id: UUID | None) -> ColumnElement[bool]:
    """What the caller may see, of one unit and the units below it if asked. Raises `NotFound` (unit-not-found)."""
    await uow.units.refresh()
    visible = await visible_to(uow, principal)
    if unit_id is None:
        return visible
    await uow.units.require(unit_id)
    return visible & _any_of(col(Case.unit_id), uow.units.subtree(unit_id))


async def list_cases(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, state: State | None, limit: int, cursor: str | None
) -> Page[CaseItem]:
    """Newest first."""
    before = decode_cursor(cursor)
    statement = select(Case).where(await _matching(uow, principal, unit_id))
    if state is not None:
        statement = statement.where(col(Case.state) == state)
    if before is not None:
        statement = statement.where(col(Case.id) < before)
    found = (await uow.session.scalars(statement.order_by(col(Case.id).desc()).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit, lambda case: case.id)
    return Page(items=[CaseItem.model_validate(case) for case in rows], next_cursor=next_cursor)


async def count_cases(uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None) -> CaseCounts:
    """Every state is in the answer, also those without a case."""
    matching = await _matching(uow, principal, unit_id)
    rows = await uow.session.execute(select(col(Case.state), func.count()).where(matching).group_by(col(Case.state)))
    counted = dict.fromkeys(State, 0)
    counted.update((state, count) for state, count in rows)
    return CaseCounts(total=sum(counted.values()), by_state=counted)


async def get_timeline(uow: UnitOfWork, principal: Principal, case_id: UUID) -> list[TimelineEntry]:
    """What was done, oldest first, beginning with the opening. Raises `NotFound` (case-not-found)."""
    case = (await open_case(uow, principal, case_id)).case
    opening = TimelineEntry(
        at=case.opened_at,
        verb="open",
        by_role=Party.speaker if case.source == "opinion" else "system",
        by_unit_id=None,
        from_state=None,
        to_state=State.received,
        reason=None,
        rule=RULES,
    )
    acts = select(CaseHistory).where(col(CaseHistory.case_id) == case_id).order_by(col(CaseHistory.id))
    return [opening, *(TimelineEntry.model_validate(act) for act in await uow.session.scalars(acts))]
