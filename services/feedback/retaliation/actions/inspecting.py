"""Those who look into a report say that they have it, and decide."""

from uuid import UUID

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import chain_of
from services.feedback.cases.rules import Protection
from services.feedback.cases.sealing import seal
from services.feedback.decisions.actions import tell_decision
from services.feedback.decisions.rules import Kind, Reason, Rule
from services.feedback.retaliation.queries import inspect_report, open_report
from services.feedback.retaliation.rules import Verb, check_retaliating, next_state
from services.feedback.retaliation.schemas import InspectedReport, ReportDecisionIn
from shared.auth import Principal
from shared.clock import hour_of
from shared.events.feedback import DecidedAbout, RetaliationDecided
from shared.uow import UnitOfWork


async def acknowledge_report(uow: UnitOfWork, principal: Principal, report_id: UUID) -> InspectedReport:
    """A unit that reads it has it; the decision is owed still. No event tells of it.

    Raises `NotFound` (report-not-found), `Conflict` (report-state).
    """
    report = await open_report(uow, principal, report_id, lock=True)
    report.state = next_state(report.state, Verb.acknowledge)
    report.acknowledged_at, report.next_at = uow.now(), report.decide_by
    return await inspect_report(uow, report)


async def decide_report(uow: UnitOfWork, principal: Principal, report_id: UUID, said: ReportDecisionIn) -> InspectedReport:
    """A unit that reads it decides whether one retaliated, and which; the speaker reads why.

    Events: RetaliationDecided, DecisionMade. Raises `NotFound` (report-not-found, unit-not-found), `Conflict` (report-state),
    `Invalid` (retaliating-unit-needed, retaliating-unit-unfit).
    """
    report = await open_report(uow, principal, report_id, lock=True)
    state, now = next_state(report.state, Verb.decide), uow.now()
    await _check_unit(uow, principal, said)
    case = await uow.session.get_one(Case, report.case_id)
    report.state, report.decided_at, report.next_at = state, now, None
    report.acknowledged_at = report.acknowledged_at or now
    report.substantiated, report.retaliating_unit_id = said.substantiated, said.unit_id
    report.reason = seal(uow, case, said.reason)
    coarse = case.protection is Protection.anonymous
    event = RetaliationDecided(
        report_id=report.id,
        unit_id=said.unit_id,
        substantiated=said.substantiated,
        decided_at=hour_of(now) if coarse else now,
    )
    await uow.record(event, coarse=coarse)
    await tell_decision(
        uow,
        Kind.substantiated if said.substantiated else Kind.not_substantiated,
        Rule.retaliation,
        Reason.in_the_report,
        about=DecidedAbout.retaliation_report,
        id=report.id,
        unit_id=said.unit_id,
        at=event.decided_at,
        role=principal.role,
        coarse=coarse,
    )
    return await inspect_report(uow, report)


async def _check_unit(uow: UnitOfWork, principal: Principal, said: ReportDecisionIn) -> None:
    if said.unit_id is not None:
        await uow.units.require(said.unit_id)
    deciding = await chain_of(uow.units, principal.unit_id) if principal.unit_id else ()
    check_retaliating(said.substantiated, said.unit_id, {unit.id for unit in deciding})
