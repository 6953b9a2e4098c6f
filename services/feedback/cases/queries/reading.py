"""Reading one case."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, CaseHistory, EscalationStep
from services.feedback.cases.queries.access import (
    HOLD,
    VISIBLE,
    Access,
    Holder,
    chain_of,
    exclusions_of,
    is_withheld,
    open_case,
    parts_of,
    party_of,
    posts_excluded,
    scope_of,
    standing_of,
)
from services.feedback.cases.rules import (
    CLOSED,
    RULES,
    Part,
    Party,
    Protection,
    Side,
    State,
    allowed_verbs,
    sees_speaker,
    side_of,
    unblamed,
)
from services.feedback.cases.schemas import (
    AppealOut,
    CaseOut,
    CaseUnitOut,
    ChainOut,
    ClockOut,
    EscalationOut,
    LegalHoldOut,
    ReaderOut,
    TimelineEntry,
)
from services.feedback.cases.sealing import unseal, unseal_row
from services.feedback.cases.wording import ABOVE, OWES, WHY, Facts, tell_cause, tell_held, tell_status
from services.feedback.errors import case_not_found
from services.feedback.identities.queries import open_identity
from shared.auth import Principal, Role
from shared.events.feedback import ClockKind, EscalationCause
from shared.languages import current_language
from shared.reads import Read
from shared.units import KnownUnit
from shared.uow import UnitOfWork

CLOCK, STEP, CHAIN, UNIT = (tuple(part.model_fields) for part in (ClockOut, EscalationOut, ChainOut, CaseUnitOut))
LEGAL_HOLD, HOLD_WORDS = tuple(LegalHoldOut.model_fields), ("motive", "lift_reason")
APPEAL, REJECTION, OWNER = tuple(AppealOut.model_fields), ("reason", "at"), ("unit_id", "since", "until", "reason")
IDENTITY = ("key_id", "sealed", "has_contact")


def _rows(columns: Sequence[str], table: str, order: str, where: str = "true") -> str:
    row = f"SELECT ROW({', '.join(columns)}) FROM {table}"
    return f"ARRAY({row} WHERE case_id = cases.id AND {where} ORDER BY {order})"


def _newest(columns: Sequence[str], table: str, where: str, order: str) -> str:
    row = f"SELECT ROW({', '.join(columns)}) FROM {table}"
    return f"({row} WHERE case_id = cases.id AND {where} ORDER BY {order} DESC LIMIT 1)"


PARTS = f"""
    {_rows(CLOCK, "case_clocks", "started_at, due_at, kind, round")} AS clocks,
    {_rows(STEP, "escalation_steps", "notified_at, cause, round, step")} AS escalations,
    {_rows(CHAIN, "escalation_chains", "next_at, cause, round", "next_at IS NOT NULL")} AS chains,
    {_rows(UNIT, "case_units", "since, unit_id")} AS units,
    {_rows(OWNER, "case_owners", "number")} AS owners,
    {_newest(APPEAL, "case_appeals", "true", "number")} AS appeal,
    {_newest(LEGAL_HOLD, "legal_holds", "true", "number")} AS legal_hold,
    {_newest(REJECTION, "case_history", "cases.state = 'rejected' AND verb = 'reject'", "id")} AS rejection,
    (SELECT ROW({", ".join(IDENTITY)}) FROM identities WHERE case_id = cases.id) AS identity,
    (SELECT coalesce(decision_reason, '') FROM {HOLD} ORDER BY held_from DESC LIMIT 1) AS held
"""
"""The rows that belong to a case."""
UNSHOWN = {
    *("owner_id", "resolved", "satisfied", "score", "message_count", "read_by_resident", "read_by_unit"),
    *("access_days", "words_days"),
}
SHOWN = [name for name in Case.model_fields if name in {*CaseOut.model_fields, *UNSHOWN}]
FIND_CASE = Read(f"SELECT {', '.join(SHOWN)}, {PARTS} FROM cases WHERE id = :case_id AND {VISIBLE}")
FIND_PARTS = Read(f"SELECT {PARTS} FROM cases WHERE id = :case_id")


ANSWERS = frozenset({ClockKind.first_answer, ClockKind.next_answer, ClockKind.resolution})


async def show_case(uow: UnitOfWork, access: Access) -> CaseOut:
    """The whole case as this caller sees it after what it did."""
    await uow.session.flush()
    (found,) = await FIND_PARTS.fetch(uow, {"case_id": access.case.id})
    return _case_out(uow, access.who, {**access.case.model_dump(), **found}, access.moment(uow))


async def get_case(uow: UnitOfWork, principal: Principal, case_id: UUID) -> CaseOut:
    """Raises `NotFound` (case-not-found)."""
    scope = await scope_of(uow, principal)
    found = await FIND_CASE.fetch(uow, scope.values(case_id=case_id))
    if not found:
        raise case_not_found()
    return _case_out(uow, principal, dict(found[0]), uow.now())


def _case_out(uow: UnitOfWork, who: Principal | Holder | None, facts: dict[str, Any], now: datetime) -> CaseOut:
    """`facts` are the columns of a case and its `PARTS`."""
    units = [_named(UNIT, row) for row in facts["units"]]
    parts = {unit["unit_id"]: Part(unit["part"]) for unit in units}
    party = party_of(uow, who, facts, parts) if isinstance(who, Principal) else Party.speaker
    withheld = isinstance(who, Principal) and is_withheld(uow, who, facts)

    def worded(row: dict[str, Any], *names: str) -> dict[str, Any]:
        return {**row, **{name: unseal(uow, facts["id"], row[name], withheld=withheld) for name in names}}

    shown = {
        **unseal_row(uow, facts["id"], facts, withheld=withheld),
        "allowed": allowed_verbs(State(facts["state"]), party, standing_of(who, facts, parts, now)),
        "status": _status(uow, facts, now, speaker=party is Party.speaker),
        "held": None if facts["held"] is None else tell_held(facts["held"], current_language()),
        "unread": unread(facts, side_of(party)),
        "speaker": _speaker(uow, who, facts, party) if facts["identity"] else None,
        "confirmation": facts if facts["resolved"] is not None else None,
        "owners": [worded(owner, "reason") for owner in _owners(uow, facts)],
        "units": units,
        "merged": facts["merged_into"] is not None,
        "next_due_at": _next_due(facts),
        "merged_into": None if party is Party.speaker else facts["merged_into"],
        "access_until": _until(facts, "access_days"),
        "words_until": _until(facts, "words_days"),
        "clocks": [_named(CLOCK, row) for row in facts["clocks"]],
        "escalations": [_named(STEP, row) for row in facts["escalations"]],
        "chains": [_named(CHAIN, row) for row in facts["chains"]],
        "appeal": worded(_named(APPEAL, facts["appeal"]), "reason", "decision_reason") if facts["appeal"] else None,
        "legal_hold": worded(_named(LEGAL_HOLD, facts["legal_hold"]), *HOLD_WORDS) if facts["legal_hold"] else None,
        "rejection": worded(_named(REJECTION, facts["rejection"]), "reason") if facts["rejection"] else None,
    }
    return CaseOut.model_validate(shown)


def _speaker(uow: UnitOfWork, who: Principal | Holder | None, facts: Mapping[str, Any], party: Party) -> dict[str, Any]:
    """What is masked is not even opened; what cannot be opened any more is masked."""
    kept = _named(IDENTITY, facts["identity"])
    role = who.role if isinstance(who, Principal) else None
    oversees = role is Role.inspector or (role is Role.lead and party is Party.above)
    identity = None
    if sees_speaker(Protection(facts["protection"]), party, oversees=oversees):
        identity = open_identity(uow, facts["id"], kept["key_id"], kept["sealed"])
    return {
        "masked": identity is None,
        "name": identity.name if identity else None,
        "contact": identity.contact if identity else None,
        "given": ["name", "contact"] if kept["has_contact"] else ["name"],
    }


def _status(uow: UnitOfWork, facts: Mapping[str, Any], now: datetime, *, speaker: bool) -> str:
    pending, zone = facts["appeal_unit_id"], uow.policies.zone(facts["policy_version"], facts["calendar_version"])
    unit = uow.units.get(pending or facts["unit_id"])
    owed = (ClockKind.appeal,) if pending else ANSWERS
    clocks = (_named(CLOCK, row) for row in facts["clocks"])
    due = [clock for clock in clocks if clock["kind"] in owed and clock["met_at"] is None and clock["stopped_at"] is None]
    first = min((clock["due_at"] for clock in due), default=None)
    until = facts["judge_until"] or facts["reopenable_until"] or facts["appealable_until"]
    said = Facts(
        state=State(facts["state"]),
        unit=unit.name if unit else "—",
        due_at=first.astimezone(zone) if first else None,
        overdue=first is not None and first < now,
        until=until.astimezone(zone) if until and until >= now else None,
        appealed=pending is not None,
    )
    return tell_status(said, current_language(), speaker=speaker)


def _until(facts: Mapping[str, Any], days: str) -> datetime | None:
    until: datetime = facts["updated_at"] + timedelta(days=facts[days])
    return until if facts["state"] in CLOSED else None


def _next_due(facts: Mapping[str, Any]) -> datetime | None:
    ends = ("met_at", "paused_at", "stopped_at")
    clocks = (_named(CLOCK, row) for row in facts["clocks"])
    return min((clock["due_at"] for clock in clocks if all(clock[end] is None for end in ends)), default=None)


def _named(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, row, strict=True))


def _owners(uow: UnitOfWork, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    first = (facts["unit_id"], facts["opened_at"], None, None)
    owners = [_named(OWNER, row) for row in facts["owners"] or [first]]
    names = {owner["unit_id"]: uow.units.get(owner["unit_id"]) for owner in owners}
    return [{**owner, "name": unit.name if (unit := names[owner["unit_id"]]) else None} for owner in owners]


def unread(facts: Mapping[str, Any], side: Side) -> int:
    """How many messages this side has not seen."""
    return int(facts["message_count"]) - int(facts["read_by_resident" if side is Side.resident else "read_by_unit"])


async def clocks_of(uow: UnitOfWork, case_id: UUID) -> Sequence[CaseClock]:
    order = (col(CaseClock.started_at), col(CaseClock.due_at), col(CaseClock.kind), col(CaseClock.round))
    return (await uow.session.scalars(select(CaseClock).where(col(CaseClock.case_id) == case_id).order_by(*order))).all()


async def steps_of(uow: UnitOfWork, case_id: UUID) -> Sequence[EscalationStep]:
    step = EscalationStep
    order = (col(step.notified_at), col(step.cause), col(step.round), col(step.step))
    return (await uow.session.scalars(select(step).where(col(step.case_id) == case_id).order_by(*order))).all()


async def readers_of(uow: UnitOfWork, case: Case) -> list[ReaderOut]:
    """Every unit that can read the case, the one that must answer first."""
    chain = await chain_of(uow.units, case.unit_id)
    exclusions, parts, posts = await exclusions_of(uow, case.id), await parts_of(uow, case.id), await posts_excluded(uow, case.id)
    allowed = unblamed([unit.id for unit in chain], exclusions)
    readers = describe_readers([unit for unit in chain if unit.id in allowed], posts)
    for unit_id in parts.keys() - set(allowed):
        if other := uow.units.get(unit_id):
            readers.append(_reader(other, parts[unit_id], posts))
    return [ReaderOut(**reader) for reader in readers]


Posts = Mapping[UUID, Sequence[str]]


def describe_readers(units: Sequence[KnownUnit], posts: Posts) -> list[dict[str, Any]]:
    """The unit that must answer, then the units above it, each with why it reads, and which of its `posts` do not: what
    `ReaderOut` holds."""
    return [_reader(unit, ABOVE if above else OWES, posts) for above, unit in enumerate(units)]


def _reader(unit: KnownUnit, why: str, posts: Posts) -> dict[str, Any]:
    facts = {"unit_id": unit.id, "code": unit.code, "name": unit.name, "why": WHY[current_language()][why]}
    return {**facts, "without": list(posts.get(unit.id, ()))}


async def get_timeline(uow: UnitOfWork, who: Principal | Holder, case_id: UUID) -> list[TimelineEntry]:
    """What was done, oldest first, beginning with the opening. Raises `NotFound` (case-not-found)."""
    access = await open_case(uow, who, case_id)
    case = access.case
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
    return [opening, *(_entry(uow, access, act) for act in await uow.session.scalars(acts))]


def _entry(uow: UnitOfWork, access: Access, act: CaseHistory) -> TimelineEntry:
    entry = TimelineEntry.model_validate(act)
    if act.verb != "escalate" or act.reason is None:
        return entry.model_copy(update={"reason": access.unseal(uow, act.reason)})
    cause, round = act.reason.split()
    return entry.model_copy(update={"reason": tell_cause(EscalationCause(cause), int(round), current_language())})
