"""A visit's finding becomes a case, and keeps a sponsor."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, CaseText
from services.feedback.cases.queries.access import chain_of
from services.feedback.cases.rules import Channel, Protection, State, Terms
from services.feedback.cases.sealing import seal_row
from services.feedback.cases.words import case_terms
from shared.errors import NotFound
from shared.events import v1
from shared.events.feedback import CaseOpened, CaseSource
from shared.events.visits import FindingReported, FindingSponsorChanged
from shared.uow import UnitOfWork

FINDING_TITLE = "Finding from a visit"


async def open_finding_case(uow: UnitOfWork, finding: FindingReported) -> None:
    """A visit found a difficulty: its unit owes work on it, once per finding. Events: CaseOpened. Raises `NotFound`."""
    unit, *above = await chain_of(uow.units, finding.unit_id)
    now, case_id, channel = uow.now(), uow.new_id(), Channel.emotional
    terms = Terms.at_opening(uow.policies, unit.level, channel, now, [each.id for each in (unit, *above)])
    values = {
        "id": case_id,
        "unit_id": unit.id,
        "state": State.received,
        "source": CaseSource.finding,
        "channel": channel,
        "protection": Protection.confidential,
        "category": finding.category,
        "title": FINDING_TITLE,
        "body": None,
        "finding_id": finding.finding_id,
        "visit_id": finding.visit_id,
        "sponsor_id": finding.sponsor_id,
        "policy_version": terms.label,
        "calendar_version": terms.calendar_version,
        "opened_at": now,
        "updated_at": now,
    }
    statement = insert(Case).values(seal_row(uow.keyring, values)).on_conflict_do_nothing().returning(col(Case.id))
    if await uow.session.scalar(statement) is None:
        return
    uow.session.add(CaseText(case_id=case_id, terms=case_terms(values)))
    due = terms.due(now)
    uow.session.add_all(CaseClock(case_id=case_id, started_at=now, **deadline._asdict()) for deadline in due)
    event = CaseOpened(
        case_id=case_id,
        unit_id=unit.id,
        source=CaseSource.finding,
        opinion_id=None,
        finding_id=finding.finding_id,
        visit_id=finding.visit_id,
        channel=channel,
        category=finding.category,
        opened_at=now,
        clocks=v1.clocks((deadline.kind, deadline.due_at) for deadline in due),
    )
    await uow.record(event)


async def change_sponsor(uow: UnitOfWork, changed: FindingSponsorChanged) -> None:
    """The duty to see a finding through has passed on. Raises `NotFound` while the finding has no case."""
    statement = update(Case).where(col(Case.finding_id) == changed.finding_id).values(sponsor_id=changed.sponsor_id)
    if await uow.session.scalar(statement.returning(col(Case.id))) is None:
        raise NotFound("finding-case-not-found", "No case has been opened on this finding yet.")
