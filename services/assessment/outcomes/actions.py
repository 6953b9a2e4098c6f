"""Recording what was to change, measuring it, and saying whether it is noticed."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.queries import get_campaign, reaches_unit
from services.assessment.outcomes.models import Outcome, OutcomeMeasurement, OutcomeVoice
from services.assessment.outcomes.queries import find_outcome, find_public_outcome, get_course
from services.assessment.outcomes.rules import (
    Noticed,
    check_course,
    check_covered,
    check_measured,
    check_unpublished,
    is_told_anew,
    pseudonym,
)
from services.assessment.outcomes.schemas import EvidenceIn, MeasurementIn, OutcomeIn, OwnVoice
from services.assessment.scopes.queries import require_own_unit
from shared.auth import Principal
from shared.events.assessment import OutcomeMeasured, OutcomeReached, OutcomeRecorded
from shared.uow import UnitOfWork


async def record_outcome(uow: UnitOfWork, principal: Principal, said: OutcomeIn) -> Outcome:
    """Say what is to change for whom, from where to where, before it has. Tells `OutcomeRecorded`.

    Raises `NotFound` (unit-not-found, campaign-not-found) and `Invalid`.
    """
    unit, now = await require_own_unit(uow, principal, said.unit_id), uow.now()
    if said.campaign_id is not None:
        campaign = await get_campaign(uow, said.campaign_id)
        check_covered(covered=reaches_unit(uow, campaign, unit.id))
    baseline, target = said.baseline, said.target
    check_course(
        said.indicator.better,
        baseline=baseline.value,
        target=target.value,
        baseline_on=baseline.on,
        target_on=target.on,
        today=now.date(),
    )
    outcome = Outcome(
        id=uow.new_id(),
        unit_id=unit.id,
        campaign_id=said.campaign_id,
        title=said.title,
        indicator=said.indicator.name,
        unit_of_measure=said.indicator.unit_of_measure,
        better=said.indicator.better,
        baseline=baseline.value,
        baseline_on=baseline.on,
        baseline_evidence=_kept(baseline.evidence),
        target=target.value,
        target_on=target.on,
        beneficiaries=said.beneficiaries,
        needs=[{"kind": need.kind, "id_or_code": need.ref} for need in said.needs],
        recorded_by=principal.account,
        recorded_at=now,
    )
    uow.session.add(outcome)
    await uow.session.flush()
    event = OutcomeRecorded(
        outcome_id=outcome.id,
        unit_id=outcome.unit_id,
        campaign_id=outcome.campaign_id,
        baseline=outcome.baseline,
        baseline_on=outcome.baseline_on,
        target=outcome.target,
        target_on=outcome.target_on,
        needs=len(outcome.needs),
        recorded_at=now,
    )
    await uow.record(event)
    return outcome


async def measure_outcome(uow: UnitOfWork, principal: Principal, outcome_id: UUID, said: MeasurementIn) -> Outcome:
    """Write down what was measured; what was measured before stays. Tells `OutcomeMeasured`, and `OutcomeReached` the first time
    that the target is.

    Raises `NotFound` (outcome-not-found) and `Invalid`.
    """
    outcome, now = await find_outcome(uow, principal, outcome_id, lock=True), uow.now()
    check_measured(said.measured_on, baseline_on=outcome.baseline_on, today=now.date())
    measurement = OutcomeMeasurement(
        id=uow.new_id(),
        outcome_id=outcome.id,
        value=said.value,
        measured_on=said.measured_on,
        evidence=_kept(said.evidence),
        recorded_by=principal.account,
        recorded_at=now,
    )
    uow.session.add(measurement)
    await uow.session.flush()
    await uow.record(
        OutcomeMeasured(
            outcome_id=outcome.id,
            unit_id=outcome.unit_id,
            measurement_id=measurement.id,
            value=measurement.value,
            measured_on=measurement.measured_on,
            evidence=len(measurement.evidence),
            recorded_at=now,
        )
    )
    if outcome.reached_at is None and (await get_course(uow, outcome)).reached:
        outcome.reached_at = now
        await uow.record(OutcomeReached(outcome_id=outcome.id, unit_id=outcome.unit_id, value=said.value, reached_at=now))
    return outcome


async def publish_outcome(uow: UnitOfWork, principal: Principal, outcome_id: UUID) -> Outcome:
    """Let everybody see it, and residents say whether they notice it. Raises `NotFound` (outcome-not-found), `Conflict`
    (outcome-published)."""
    outcome = await find_outcome(uow, principal, outcome_id, lock=True)
    check_unpublished(published=outcome.published_at is not None)
    outcome.published_at = uow.now()
    return outcome


async def confirm_outcome(uow: UnitOfWork, principal: Principal, pepper: bytes, outcome_id: UUID, noticed: Noticed) -> OwnVoice:
    """A resident says whether it is noticed; the last word of each counts, and none has a time. The outcome is locked, so that of
    those who speak at once the fifth has what is shown counted anew. Raises `NotFound` (outcome-not-found)."""
    outcome = await find_public_outcome(uow, outcome_id, lock=True)
    yes = noticed is Noticed.yes
    row = {"outcome_id": outcome.id, "pseudonym": pseudonym(pepper, outcome.id, principal.account), "noticed": yes}
    voice = insert(OutcomeVoice).values(row)
    key = [col(OutcomeVoice.outcome_id), col(OutcomeVoice.pseudonym)]
    await uow.session.execute(voice.on_conflict_do_update(index_elements=key, set_={"noticed": yes}))
    await _count_anew(uow, outcome)
    return OwnVoice(outcome_id=outcome.id, noticed=noticed)


async def _count_anew(uow: UnitOfWork, outcome: Outcome) -> None:
    counts = select(func.count(), func.count().filter(col(OutcomeVoice.noticed)))
    said, noticed = (await uow.session.execute(counts.where(col(OutcomeVoice.outcome_id) == outcome.id))).one()
    if is_told_anew(outcome.said, said):
        outcome.said, outcome.noticed = said, noticed


def _kept(evidence: list[EvidenceIn]) -> list[dict[str, object]]:
    return [each.model_dump(mode="json") for each in evidence]
