"""Reading audits, and the evidence that they draw from."""

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, exists, func, select, text
from sqlalchemy.orm import Mapped
from sqlmodel import col

from services.assessment.audits.models import AuditedItem, AuditedUnit, EvidenceAudit
from services.assessment.audits.rules import Result, check_outside
from services.assessment.audits.schemas import AuditDetail, AuditedUnitDetail, AuditedUnitOut, AuditOut, PublicAudit
from services.assessment.campaigns.queries import get_campaign
from services.assessment.grades.models import OF_CAMPAIGN, TO_BE_SIGNED
from services.assessment.grades.queries import in_chain
from services.assessment.indicators.queries import ANSWERS, CASES, OBSERVATIONS, VISITS
from services.assessment.indicators.rules import Indicator
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

KIND = {CASES: "case", ANSWERS: "case", VISITS: "visit"}
AUDITABLE = f"""
    grades.campaign_id = :campaign_id AND {OF_CAMPAIGN} AND {TO_BE_SIGNED}
    AND (CAST(:root AS text) IS NULL OR units.path = :root OR starts_with(units.path, :root || '/'))
    AND NOT EXISTS (
        SELECT FROM audited_units AS before WHERE before.campaign_id = grades.campaign_id AND before.unit_id = grades.unit_id
    )
"""
"""Grades that nobody has published and whose evidence was not drawn before."""
ANY_AUDITABLE = text(f"SELECT EXISTS (SELECT FROM grades JOIN units ON units.id = grades.unit_id WHERE {AUDITABLE})")


def evidence_of(unit: str, indicators: Collection[Indicator], *, together: str = "UNION") -> str:
    """SQL for the evidence of a unit that these indicators count, each piece once: its kind and its id."""
    parts = dict.fromkeys(OBSERVATIONS[indicator] for indicator in indicators)
    return f" {together} ".join(
        f"SELECT '{KIND[table]}' AS kind, {KIND[table]}_id AS id FROM {table} WHERE {table}.unit_id = {unit} AND {which}"
        for table, which in parts
    )


def order_of(id: str) -> str:
    """SQL for `rules.place`."""
    return f"sha256(convert_to(CAST(CAST(:seed AS uuid) AS text) || CAST({id} AS text), 'UTF8'))"


def choose_units(indicators: Collection[Indicator]) -> TextClause:
    """SQL that draws units with evidence, and the grades that rest on it. Looks for evidence unit by unit in the order of the
    drawing, until there are enough: to ask which of all units have some would read all of it."""
    return text(f"""
        SELECT nth.unit_id, nth.grade_id FROM (
            SELECT grades.unit_id, grades.id AS grade_id, {order_of("grades.unit_id")} AS place
            FROM grades JOIN units ON units.id = grades.unit_id WHERE {AUDITABLE} ORDER BY place
        ) AS nth
        CROSS JOIN LATERAL ({evidence_of("nth.unit_id", indicators, together="UNION ALL")} LIMIT 1) AS evidence
        ORDER BY nth.place LIMIT :units
    """)


def draw_evidence(indicators: Collection[Indicator]) -> TextClause:
    """SQL that draws from the evidence of one unit, and says of how many pieces."""
    return text(f"""
        SELECT kind, id, count(*) OVER () AS population FROM ({evidence_of(":unit_id", indicators)}) AS counted
        ORDER BY {order_of("id")} LIMIT :size
    """)


async def find_audit(uow: UnitOfWork, campaign_id: UUID, audit_id: UUID) -> EvidenceAudit:
    """Raises `NotFound` (audit-not-found)."""
    audit = await uow.session.get(EvidenceAudit, audit_id)
    if audit is None or audit.campaign_id != campaign_id:
        raise NotFound("audit-not-found", "This campaign has no audit with this id. List them with GET .../audits.")
    return audit


async def find_unit(uow: UnitOfWork, audit: EvidenceAudit, unit_id: UUID) -> AuditedUnit:
    """Raises `NotFound` (unit-not-drawn)."""
    unit = await uow.session.get(AuditedUnit, (audit.id, unit_id))
    if unit is None or unit.population is None:
        raise NotFound("unit-not-drawn", "This audit has not drawn this unit: see its units.")
    return unit


async def items_of(uow: UnitOfWork, unit: AuditedUnit) -> Sequence[AuditedItem]:
    """In the order of the drawing."""
    of_unit = select(AuditedItem).where(col(AuditedItem.audit_id) == unit.audit_id, col(AuditedItem.unit_id) == unit.unit_id)
    return (await uow.session.scalars(of_unit.order_by(col(AuditedItem.place)))).all()


async def list_audits(uow: UnitOfWork, campaign_id: UUID, *, overdue: bool, limit: int, cursor: str | None) -> Page[AuditOut]:
    """A page of the audits of a campaign, oldest first. Raises `NotFound` (campaign-not-found), `Invalid` (malformed-cursor)."""
    rows, following = await _page(uow, campaign_id, *([_is_overdue(uow)] if overdue else []), limit=limit, cursor=cursor)
    found, now = await _results(uow, rows), uow.now()
    return Page(items=[AuditOut.of(audit, found[audit.id], now) for audit in rows], next_cursor=following)


async def list_public_audits(uow: UnitOfWork, campaign_id: UUID, *, limit: int, cursor: str | None) -> Page[PublicAudit]:
    """The same as anybody may know it."""
    rows, following = await _page(uow, campaign_id, limit=limit, cursor=cursor)
    found, now = await _results(uow, rows), uow.now()
    return Page(items=[PublicAudit.of(audit, found[audit.id], now) for audit in rows], next_cursor=following)


async def show_audit(uow: UnitOfWork, principal: Principal, audit: EvidenceAudit) -> AuditDetail:
    """With its units; who checks one is not told to its own chain."""
    of_audit = select(AuditedUnit).where(col(AuditedUnit.audit_id) == audit.id).order_by(col(AuditedUnit.place))
    units, now = (await uow.session.scalars(of_audit)).all(), uow.now()
    each = await _counts(uow, col(AuditedItem.unit_id), col(AuditedItem.audit_id) == audit.id)
    whole = AuditOut.of(audit, Result.of(sum(each.values(), Counter())), now)
    shown = [
        AuditedUnitOut.of(
            unit,
            Result.of(each.get(unit.unit_id, {})),
            audit.due_at,
            now,
            named=not _is_concerned(uow, principal, unit.unit_id),
        )
        for unit in units
    ]
    return AuditDetail.model_validate({**dict(whole), "audited": shown})


async def show_unit(uow: UnitOfWork, principal: Principal, audit: EvidenceAudit, unit_id: UUID) -> AuditedUnitDetail:
    """With what was drawn, for those who may check it. Raises `NotFound` (unit-not-drawn), `Forbidden` (audit-in-your-chain)."""
    unit = await find_unit(uow, audit, unit_id)
    check_outside(_is_concerned(uow, principal, unit_id))
    return AuditedUnitDetail.with_items(unit, await items_of(uow, unit), audit.due_at, uow.now())


def _is_concerned(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    return principal.role is not Role.admin and in_chain(uow, principal, unit_id)


async def _page(
    uow: UnitOfWork, campaign_id: UUID, *which: ColumnElement[bool], limit: int, cursor: str | None
) -> tuple[Sequence[EvidenceAudit], str | None]:
    await get_campaign(uow, campaign_id)
    statement = select(EvidenceAudit).where(col(EvidenceAudit.campaign_id) == campaign_id, *which)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(EvidenceAudit.id) > after)
    rows = await uow.session.scalars(statement.order_by(col(EvidenceAudit.id)).limit(limit + 1))
    return cut(rows.all(), limit, lambda audit: audit.id)


def _is_overdue(uow: UnitOfWork) -> ColumnElement[bool]:
    unchecked = exists().where(col(AuditedItem.audit_id) == col(EvidenceAudit.id), col(AuditedItem.finding).is_(None))
    return (col(EvidenceAudit.due_at) < uow.now()) & unchecked


async def _results(uow: UnitOfWork, audits: Sequence[EvidenceAudit]) -> dict[UUID, Result]:
    ids = [audit.id for audit in audits]
    found = await _counts(uow, col(AuditedItem.audit_id), col(AuditedItem.audit_id).in_(ids))
    return {id: Result.of(found.get(id, {})) for id in ids}


async def _counts(uow: UnitOfWork, by: Mapped[UUID], which: ColumnElement[bool]) -> dict[UUID, Counter[str | None]]:
    """How many have which finding, or none yet. One query for all of them."""
    statement = select(by, col(AuditedItem.finding), func.count()).where(which).group_by(by, col(AuditedItem.finding))
    found: dict[UUID, Counter[str | None]] = {}
    for id, finding, count in await uow.session.execute(statement):
        found.setdefault(id, Counter())[finding] = count
    return found
