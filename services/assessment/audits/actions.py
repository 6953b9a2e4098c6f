"""Starting an audit, drawing what it looks at, checking that, and settling what does not hold."""

import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.audits import rules
from services.assessment.audits.models import DRAWING, AuditedItem, AuditedUnit, EvidenceAudit
from services.assessment.audits.queries import (
    ANY_AUDITABLE,
    choose_units,
    draw_evidence,
    find_audit,
    find_unit,
    items_of,
)
from services.assessment.audits.rules import Finding, Kind, Result, Rule
from services.assessment.audits.schemas import AuditIn, FindingIn, SettlementIn
from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.queries import covered_root, get_campaign
from services.assessment.campaigns.rules import counts_from
from services.assessment.decisions.actions import record_decision
from services.assessment.grades.actions.auditing import count_without, explain_found, show_audit
from services.assessment.grades.actions.signing import lock_grade_of, signers_of
from services.assessment.grades.models import UnitGrade
from services.assessment.grades.queries import audit_of, in_chain
from services.assessment.grades.rules import AuditFound, SettledAs, Settlement
from services.assessment.indicators.rules import Indicator
from services.assessment.scores.models import Score
from services.assessment.standards.queries import get_standard
from services.assessment.units.queries import get_unit
from shared.auth import Principal, Role
from shared.errors import Conflict, NotFound
from shared.events.assessment import EvidenceAudited, EvidenceAuditStarted
from shared.uow import UnitOfWork


async def start_audit(uow: UnitOfWork, principal: Principal, campaign_id: UUID, said: AuditIn) -> EvidenceAudit:
    """Tell the seed; what it draws follows, and nobody chose it. Tells `EvidenceAuditStarted`.

    Raises `NotFound` (campaign-not-found, unit-not-found), `Invalid` (unit-not-covered), `Forbidden` (audit-in-your-chain),
    `Conflict` (nothing-to-audit, no-grades-to-audit).
    """
    campaign = await get_campaign(uow, campaign_id)
    root = await covered_root(uow, campaign, said.unit_id)
    rules.check_outside(principal.role is not Role.admin and _concerned(uow, principal, root))
    rules.counted_by((await get_standard(uow, campaign.standard_id)).terms)
    if not await uow.session.scalar(ANY_AUDITABLE, {"campaign_id": campaign.id, "root": await _path(uow, root)}):
        raise Conflict(
            "no-grades-to-audit", "No grade of these units waits for signatures, or the evidence of each was drawn before."
        )
    audit = EvidenceAudit(
        id=uow.new_id(),
        campaign_id=campaign.id,
        unit_id=root,
        units=said.units,
        size=said.size,
        seed=UUID(bytes=secrets.token_bytes(16)),
        asked_by=principal.account,
        asked_at=uow.now(),
        due_at=uow.now() + rules.CHECK_WITHIN,
    )
    uow.session.add(audit)
    await uow.session.flush()
    told = audit.model_dump(include={"campaign_id", "unit_id", "units", "size", "seed", "due_at"})
    await uow.record(EvidenceAuditStarted(audit_id=audit.id, started_at=audit.asked_at, **told))
    reason = f"{audit.size} pieces of evidence of each of {audit.units} units, by the seed {audit.seed}."
    await _note(uow, principal, audit, root, "audit.started", Rule.drawn, reason, public=True)
    return audit


async def draw_next(uow: UnitOfWork) -> bool:
    """Draw the units of an audit, or the evidence of the next one of them. True when there may be more to do."""
    waiting = select(EvidenceAudit).where(text(DRAWING)).order_by(col(EvidenceAudit.id)).limit(1)
    audit = await uow.session.scalar(waiting.with_for_update(skip_locked=True))
    if audit is None:
        return False
    campaign = await get_campaign(uow, audit.campaign_id)
    counted = rules.counted_by((await get_standard(uow, campaign.standard_id)).terms)
    if audit.chosen:
        await _draw_one(uow, audit, campaign, counted)
    else:
        await _choose(uow, audit, campaign, counted)
    return True


async def _choose(uow: UnitOfWork, audit: EvidenceAudit, campaign: Campaign, counted: Collection[Indicator]) -> None:
    asked = {**_drawing(audit, campaign), "root": await _path(uow, audit.unit_id), "units": audit.units}
    rows = (await uow.session.execute(choose_units(counted), {**asked, "campaign_id": campaign.id})).all()
    common = {"audit_id": audit.id, "campaign_id": campaign.id}
    drawn = [{**common, **row._mapping, "place": place} for place, row in enumerate(rows, 1)]
    if drawn:
        once = insert(AuditedUnit).values(drawn).on_conflict_do_nothing(constraint="audited_units_once")
        await uow.session.execute(once)
    audit.chosen = True


async def _draw_one(uow: UnitOfWork, audit: EvidenceAudit, campaign: Campaign, counted: Collection[Indicator]) -> None:
    """What was counted may have become less meanwhile: then there is less to draw from."""
    undrawn = select(AuditedUnit).where(col(AuditedUnit.audit_id) == audit.id, col(AuditedUnit.population).is_(None))
    unit = await uow.session.scalar(undrawn.order_by(col(AuditedUnit.place)).limit(1))
    if unit is None:
        audit.drawn = True
        return
    grade = await lock_grade_of(uow, unit.unit_id, unit.grade_id)
    asked = {**_drawing(audit, campaign), "unit_id": unit.unit_id, "size": audit.size}
    rows = (await uow.session.execute(draw_evidence(counted), asked)).all()
    uow.session.add_all(
        AuditedItem(audit_id=audit.id, unit_id=unit.unit_id, evidence_id=row.id, kind=row.kind, place=place)
        for place, row in enumerate(rows, 1)
    )
    unit.population = rows[0].population if rows else 0
    _tell_signers(grade, audit, unit, Result.of({None: len(rows)}))
    await uow.session.flush()


async def take_unit(uow: UnitOfWork, principal: Principal, campaign_id: UUID, audit_id: UUID, unit_id: UUID) -> EvidenceAudit:
    """From now on the caller checks what was drawn of this unit.

    Raises `NotFound` (audit-not-found, unit-not-drawn), `Forbidden` (audit-in-your-chain, auditor-has-scored,
    auditor-has-signed), `Conflict` (audit-settled, audit-taken).
    """
    audit, unit, grade = await _lock(uow, principal, campaign_id, audit_id, unit_id)
    found = await _result(uow, unit)
    rules.check_free(unit.auditor_id, principal.account, overdue=found.is_overdue(audit.due_at, uow.now()))
    unit.auditor_id, unit.auditor_unit_id, unit.taken_at = principal.account, principal.unit_id, uow.now()
    _tell_signers(grade, audit, unit, found)
    await uow.session.flush()
    return audit


async def record_finding(
    uow: UnitOfWork, principal: Principal, campaign_id: UUID, audit_id: UUID, unit_id: UUID, said: FindingIn
) -> EvidenceAudit:
    """Whether a piece of evidence holds. With the last one tells `EvidenceAudited`.

    Raises `NotFound` (audit-not-found, unit-not-drawn, evidence-not-drawn), `Forbidden` (audit-in-your-chain, audit-not-yours,
    auditor-has-scored, auditor-has-signed), `Invalid` (ground-unfit), `Conflict` (audit-settled, found-already).
    """
    audit, unit, grade = await _lock(uow, principal, campaign_id, audit_id, unit_id)
    rules.check_taken(unit.auditor_id, principal.account)
    item = next((each for each in await items_of(uow, unit) if each.evidence_id == said.evidence_id), None)
    if item is None:
        raise NotFound("evidence-not-drawn", "This piece of evidence was not drawn: see the items of the unit.")
    rules.check_ground(said.finding, said.ground)
    rules.check_unfound(Finding(item.finding) if item.finding else None)
    item.finding, item.ground, item.note, item.found_at = said.finding, said.ground, said.note, uow.now()
    await uow.session.flush()
    found = await _result(uow, unit)
    _tell_signers(grade, audit, unit, found)
    kind = f"audit.{said.finding.replace('_', '-')}"
    await _note(uow, principal, audit, unit_id, kind, Rule.checked, said.ground, public=False)
    if not found.open:
        await _tell_audited(uow, audit, unit, found)
    return audit


async def settle_unit(
    uow: UnitOfWork, principal: Principal, campaign_id: UUID, audit_id: UUID, unit_id: UUID, said: SettlementIn
) -> EvidenceAudit:
    """Another person than the one who found it decides about what does not hold: it counts no more, or it does for a reason.

    Raises `NotFound` (audit-not-found, unit-not-drawn), `Forbidden` (audit-in-your-chain, auditor-has-scored, auditor-has-signed,
    second-person-needed), `Conflict` (audit-settled, nothing-to-settle, audit-unfinished, grade-state).
    """
    audit, unit, grade = await _lock(uow, principal, campaign_id, audit_id, unit_id)
    rules.check_second(unit.auditor_id, principal.account)
    rules.check_to_settle(await _result(uow, unit))
    found, settlement = audit_of(grade), Settlement(settled_as=said.settled_as, reason=said.reason, at=uow.now())
    assert found is not None
    if said.settled_as is SettledAs.explained:
        await explain_found(uow, grade, found, settlement)
    else:
        terms = (await get_standard(uow, grade.standard_id)).terms
        excluded = rules.taken_out(terms, await _not_supported(uow, unit))
        unit.new_grade_id = (await count_without(uow, grade, found, settlement, excluded)).id
    unit.settled_as, unit.settled_by, unit.settled_at = said.settled_as, principal.account, uow.now()
    kind = f"audit.{said.settled_as.replace('_', '-')}"
    await _note(uow, principal, audit, unit_id, kind, Rule.settled, said.reason, public=False)
    await uow.session.flush()
    return audit


def _concerned(uow: UnitOfWork, principal: Principal, root: UUID | None) -> bool:
    """Whether the caller's unit is among those that may be drawn, or above or below one."""
    return principal.unit_id is not None if root is None else in_chain(uow, principal, root)


async def _path(uow: UnitOfWork, unit_id: UUID | None) -> str | None:
    return (await get_unit(uow, unit_id)).path if unit_id else None


def _drawing(audit: EvidenceAudit, campaign: Campaign) -> dict[str, object]:
    return {"seed": audit.seed, "since": counts_from(campaign.starts_at), "until": campaign.ends_at}


async def _lock(
    uow: UnitOfWork, principal: Principal, campaign_id: UUID, audit_id: UUID, unit_id: UUID
) -> tuple[EvidenceAudit, AuditedUnit, UnitGrade]:
    """For somebody who is outside the chain and had no part in the grade; unsettled."""
    audit = await find_audit(uow, campaign_id, audit_id)
    found = await find_unit(uow, audit, unit_id)
    rules.check_outside(in_chain(uow, principal, unit_id))
    grade = await lock_grade_of(uow, unit_id, found.grade_id)
    unit = await uow.session.get_one(AuditedUnit, (audit.id, unit_id), with_for_update=True, populate_existing=True)
    scored = exists().where(
        col(Score.unit_id) == unit_id, col(Score.campaign_id) == campaign_id, col(Score.account_id) == principal.account
    )
    signed = principal.account in await signers_of(uow, grade.id)
    rules.check_separate(scored=bool(await uow.session.scalar(select(scored))), signed=signed)
    rules.check_unsettled(settled=unit.settled_as is not None)
    return audit, unit, grade


async def _result(uow: UnitOfWork, unit: AuditedUnit) -> Result:
    return Result.of(Counter(item.finding for item in await items_of(uow, unit)))


async def _not_supported(uow: UnitOfWork, unit: AuditedUnit) -> dict[Kind, list[UUID]]:
    found: dict[Kind, list[UUID]] = {}
    for item in await items_of(uow, unit):
        if item.finding == Finding.not_supported:
            found.setdefault(Kind(item.kind), []).append(item.evidence_id)
    return found


def _tell_signers(grade: UnitGrade, audit: EvidenceAudit, unit: AuditedUnit, found: Result) -> None:
    show_audit(grade, AuditFound(audit_id=audit.id, auditor_id=unit.auditor_id, due_at=audit.due_at, **asdict(found)))


async def _tell_audited(uow: UnitOfWork, audit: EvidenceAudit, unit: AuditedUnit, found: Result) -> None:
    of_unit = {"audit_id": audit.id, "campaign_id": audit.campaign_id, "unit_id": unit.unit_id}
    await uow.record(EvidenceAudited(**of_unit, **asdict(found), audited_at=uow.now()))


async def _note(
    uow: UnitOfWork,
    actor: Principal,
    audit: EvidenceAudit,
    unit_id: UUID | None,
    kind: str,
    rule: Rule,
    reason: str,
    *,
    public: bool,
) -> None:
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="audit",
        subject_id=audit.id,
        unit_id=unit_id,
        rule=rule,
        reason=reason,
        public=public,
    )
