"""Who may see which case, and reading them.

`VISIBLE` decides for one case. A list and a count take the same condition apart into branches, one per index, because its ORs
would walk the cases of everybody else. What a caller may see is `Scope`, in both; a test holds the two against each other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, CaseExclusion, CaseHistory, EscalationStep
from services.feedback.cases.rules import RULES, WHY_ABOVE, WHY_OWNER, Party, Protection, State, allowed_verbs, unblamed
from services.feedback.cases.schemas import CaseCounts, CaseItem, CaseOut, ClockOut, EscalationOut, ReaderOut, TimelineEntry
from services.feedback.errors import case_not_found
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.ids import new_id_at
from shared.pages import Page, cut, decode_cursor
from shared.units import KnownUnit, UnitDirectory
from shared.uow import UnitOfWork

LAST = UUID(int=2**128 - 1)
"""Comes after every id."""
NARROW, RECENT = 50, 1_000
"""With more units than `NARROW` the newest `RECENT` cases of all are looked through first: most often they fill the page."""

UNBLAMED = "NOT EXISTS (SELECT FROM case_exclusions WHERE case_id = cases.id AND unit_id = ANY(:chain))"
VISIBLE = f"""(
    :everything OR cases.owner_id = :account
    OR (
        (
            cases.unit_id = ANY(:units)
            OR EXISTS (SELECT FROM escalation_steps WHERE case_id = cases.id AND unit_id = :told)
        )
        AND {UNBLAMED}
    )
)"""

ASKED_STATE = "(CAST(:state AS text) IS NULL OR cases.state = :state)"
ASKED_UNITS = "(CAST(:within AS uuid[]) IS NULL OR cases.unit_id = ANY(:within))"
NEWEST = "ORDER BY cases.id DESC LIMIT :most"


def _newest(column: str, value: str, *conditions: str) -> str:
    """Ids of the newest cases whose `column` is `value`, by the index on (`column`, id) and no other.

    Said as a range of pairs, because after `=` PostgreSQL may take the primary key, which is in the same order, and walk it to
    its end when the value is rarer than it thought.
    """
    pair = f"(cases.{column}, cases.id) < ({value}, :before) AND cases.{column} >= {value}"
    where = " AND ".join((pair, *conditions))
    return f"SELECT cases.id FROM cases WHERE {where} ORDER BY cases.{column} DESC, cases.id DESC LIMIT :most"


ALL = f"SELECT cases.id FROM cases WHERE id < :before {NEWEST}"
ALL_IN_STATE = _newest("state", ":state")
OWN = _newest("owner_id", ":account", ASKED_STATE, ASKED_UNITS)
TOLD = f"""
    SELECT DISTINCT ON (steps.unit_id, steps.case_id) steps.case_id
    FROM escalation_steps AS steps,
        LATERAL (SELECT id, unit_id, state FROM cases WHERE id = steps.case_id LIMIT 1) AS cases
    WHERE (steps.unit_id, steps.case_id) < (:told, :before) AND steps.unit_id >= :told
        AND {ASKED_STATE} AND {ASKED_UNITS} AND {UNBLAMED}
    ORDER BY steps.unit_id DESC, steps.case_id DESC LIMIT :most
"""
RECENT_OF_UNITS = f"""
    SELECT cases.id
    FROM (SELECT id, unit_id, state FROM cases WHERE id < :before ORDER BY id DESC LIMIT :recent) AS cases
    WHERE cases.unit_id IN (SELECT unnest(CAST(:units AS uuid[]))) AND {ASKED_STATE} AND {UNBLAMED} {NEWEST}
"""
NEWEST_OF_UNITS = f"""
    SELECT newest.id
    FROM unnest(CASE WHEN (SELECT count(*) FROM recent) < :most THEN CAST(:units AS uuid[]) END) AS units (id),
        LATERAL ({_newest("unit_id", "units.id", ASKED_STATE, UNBLAMED)}) AS newest
    ORDER BY newest.id DESC LIMIT :most
"""
SCOPED = f"""
    WITH recent AS MATERIALIZED ({RECENT_OF_UNITS})
    ({OWN}) UNION ALL ({TOLD}) UNION ALL (SELECT id FROM recent) UNION ALL ({NEWEST_OF_UNITS})
"""

COUNT_ALL = "SELECT state, count(*) FROM cases GROUP BY state"
COUNT_SCOPED = f"""
    SELECT state, count(*) FROM (
        SELECT id, state FROM cases WHERE owner_id = :account AND {ASKED_UNITS}
        UNION
        SELECT cases.id, cases.state FROM escalation_steps JOIN cases ON cases.id = escalation_steps.case_id
        WHERE escalation_steps.unit_id = :told AND {ASKED_UNITS} AND {UNBLAMED}
        UNION
        SELECT id, state FROM cases WHERE unit_id = ANY(:units) AND {UNBLAMED}
    ) AS visible GROUP BY state
"""


class Read:
    """A statement of constant text, run by the driver itself on the connection of the unit of work.

    It begins no transaction, and costs less than half of what the same statement costs through the session. Inside one it
    sees what was flushed. The session's pool does not see the driver fail, so a dead connection is taken out of it here.
    """

    def __init__(self, statement: str) -> None:
        compiled = text(statement).compile(dialect=asyncpg_dialect())  # type: ignore[no-untyped-call]
        self.statement = compiled.string
        self.names: Sequence[str] = compiled.positiontup or ()

    async def fetch(self, uow: UnitOfWork, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        connection = await uow.session.connection()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            rows: list[asyncpg.Record] = await driver.fetch(self.statement, *(values[name] for name in self.names))
        except BaseException:
            if driver.is_closed():
                await connection.invalidate()
            raise
        return rows


CLOCK, STEP = tuple(ClockOut.model_fields), tuple(EscalationOut.model_fields)
SHOWN = [name for name in Case.model_fields if name in {*CaseOut.model_fields, "owner_id", "resolved", "satisfied", "score"}]
FIND_CASE = Read(
    f"""
    SELECT {", ".join(SHOWN)},
        ARRAY(SELECT ROW({", ".join(CLOCK)}) FROM case_clocks WHERE case_id = cases.id ORDER BY round, due_at, kind) AS clocks,
        ARRAY(SELECT ROW({", ".join(STEP)}) FROM escalation_steps WHERE case_id = cases.id ORDER BY step) AS steps
    FROM cases WHERE id = :case_id AND {VISIBLE}
    """
)


TYPES = {
    **dict.fromkeys(("account", "told", "before"), "uuid"),
    **dict.fromkeys(("units", "chain", "within"), "uuid[]"),
    **dict.fromkeys(("most", "recent"), "int"),
    "state": "text",
}


def _list(ids: str) -> Read:
    """Its parameters stand in subqueries, where the planner does not see their values: so it plans once for all of them. To plan
    for the values of each request, which is what it would choose, costs four times what the page itself does."""
    columns = ", ".join(CaseItem.model_fields)
    statement = f"SELECT {columns} FROM cases WHERE id = ANY(ARRAY({ids})) {NEWEST}"

    def hidden(name: re.Match[str]) -> str:
        kind = TYPES[name[1]]
        return f"CAST((SELECT CAST({name[0]} AS {kind})) AS {kind})"

    return Read(re.sub(r":(\w+)", hidden, statement))


CasePage = Page[CaseItem]
LIST_ALL, LIST_ALL_IN_STATE, LIST_OWN, LIST_SCOPED = _list(ALL), _list(ALL_IN_STATE), _list(OWN), _list(SCOPED)
COUNT_CASES, COUNT_ALL_CASES = Read(COUNT_SCOPED), Read(COUNT_ALL)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may see: its own cases, those of `units` and those that the unit `told` was told of, unless one of `chain`
    is blamed in them; or everything."""

    account: UUID
    units: Sequence[UUID] = ()
    told: UUID | None = None
    chain: Sequence[UUID] = ()
    everything: bool = False

    def values(self, **others: Any) -> dict[str, Any]:
        """Of the parameters of the statements."""
        return {
            "account": self.account,
            "units": self.units,
            "told": self.told,
            "chain": self.chain,
            "everything": self.everything,
            **others,
        }


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


async def scope_of(uow: UnitOfWork, principal: Principal) -> Scope:
    account, unit_id = principal.account, principal.unit_id
    if principal.role is Role.admin:
        return Scope(account, everything=True)
    if principal.role is Role.resident or unit_id is None or await uow.units.find(unit_id) is None:
        return Scope(account)
    chain = [unit.id for unit in uow.units.chain(unit_id)]
    match principal.role:
        case Role.official:
            return Scope(account, [unit_id], unit_id, chain)
        case Role.lead:
            return Scope(account, uow.units.subtree(unit_id), unit_id, chain)
        case Role.inspector:
            return Scope(account, uow.units.subtree(unit_id), None, chain)
        case _:
            return Scope(account)


def _party(owner_id: UUID | None, unit_id: UUID, principal: Principal) -> Party:
    """The speaker of a case is never also its unit: nobody answers themselves."""
    if owner_id is not None and owner_id == principal.account_id:
        return Party.speaker
    if principal.role is Role.admin:
        return Party.admin
    if principal.role in (Role.official, Role.lead) and principal.unit_id == unit_id:
        return Party.unit
    return Party.reader


async def open_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, *, lock: bool = False) -> Access:
    """The case, locked if it is to be changed. Raises `NotFound` (case-not-found) if `who` may not see it."""
    statement = select(Case).where(col(Case.id) == case_id)
    values: Mapping[str, Any] = {}
    if isinstance(who, Holder):
        statement = statement.where(col(Case.id) == who.case_id)
    else:
        statement, values = statement.where(text(VISIBLE)), (await scope_of(uow, who)).values()
    case = await uow.session.scalar(statement.with_for_update() if lock else statement, values)
    if case is None:
        raise case_not_found()
    if isinstance(who, Holder):
        return Access(case, Party.speaker, Party.speaker, None)
    party = _party(case.owner_id, case.unit_id, who)
    if party is Party.speaker:
        return Access(case, party, Party.speaker, None)
    return Access(case, party, who.role, who.unit_id)


async def show_case(uow: UnitOfWork, access: Access) -> CaseOut:
    """The whole case as this caller sees it."""
    clocks = [clock.model_dump() for clock in await clocks_of(uow, access.case.id)]
    steps = [step.model_dump() for step in await steps_of(uow, access.case.id)]
    return _case_out(access.case.model_dump(), access.party, access.moment(uow), clocks, steps)


def _case_out(
    facts: Mapping[str, Any], party: Party, now: datetime, clocks: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]
) -> CaseOut:
    until = facts["reopenable_until"]
    allowed = allowed_verbs(State(facts["state"]), party, may_reopen=until is not None and now <= until)
    confirmation = facts if facts["resolved"] is not None else None
    shown = {**facts, "clocks": clocks, "escalations": steps, "confirmation": confirmation, "allowed": allowed}
    return CaseOut.model_validate(shown)


async def get_case(uow: UnitOfWork, principal: Principal, case_id: UUID) -> CaseOut:
    """Raises `NotFound` (case-not-found)."""
    scope = await scope_of(uow, principal)
    found = await FIND_CASE.fetch(uow, scope.values(case_id=case_id))
    if not found:
        raise case_not_found()
    case = dict(found[0])
    clocks = [dict(zip(CLOCK, clock, strict=True)) for clock in case["clocks"]]
    steps = [dict(zip(STEP, step, strict=True)) for step in case["steps"]]
    return _case_out(case, _party(case["owner_id"], case["unit_id"], principal), uow.now(), clocks, steps)


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


async def _asked(uow: UnitOfWork, principal: Principal, unit_id: UUID | None) -> tuple[Scope, list[UUID] | None]:
    """What the caller may see, and the units that it asks for. Raises `NotFound` (unit-not-found)."""
    scope = await scope_of(uow, principal)
    if unit_id is None:
        return scope, None
    await uow.units.require(unit_id)
    within = uow.units.subtree(unit_id)
    if scope.everything:
        return replace(scope, units=within), within
    asked = set(within)
    return replace(scope, units=[id for id in scope.units if id in asked]), within


def _listing(scope: Scope, within: list[UUID] | None, state: State | None) -> Read:
    if scope.everything and within is None:
        return LIST_ALL if state is None else LIST_ALL_IN_STATE
    return LIST_SCOPED if scope.units or scope.told else LIST_OWN


async def list_cases(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, state: State | None, limit: int, cursor: str | None
) -> Page[CaseItem]:
    """Newest first."""
    before = decode_cursor(cursor) or LAST
    scope, within = await _asked(uow, principal, unit_id)
    recent = RECENT if len(scope.units) > NARROW else 0
    values = scope.values(within=within, state=state, before=before, most=limit + 1, recent=recent)
    found = await _listing(scope, within, state).fetch(uow, values)
    rows, next_cursor = cut(found, limit, lambda row: row["id"])
    return CasePage.model_validate({"items": [dict(row) for row in rows], "next_cursor": next_cursor})


async def count_cases(uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None) -> CaseCounts:
    """Every state is in the answer, also those without a case."""
    scope, within = await _asked(uow, principal, unit_id)
    read = COUNT_ALL_CASES if scope.everything and within is None else COUNT_CASES
    counted = dict.fromkeys(State, 0)
    counted.update((State(state), count) for state, count in await read.fetch(uow, scope.values(within=within)))
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
