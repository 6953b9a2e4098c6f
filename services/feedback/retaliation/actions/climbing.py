"""A report that is not acknowledged or decided in time is read by the next unit above too."""

from sqlalchemy import select, text

from services.feedback.cases.models import Case
from services.feedback.cases.rules import Protection
from services.feedback.retaliation.models import RetaliationReader, RetaliationReport
from services.feedback.retaliation.queries import concerned_by, readers_of_report
from services.feedback.retaliation.rules import overseers
from shared.clock import hour_of
from shared.events.feedback import RetaliationClimbed
from shared.uow import UnitOfWork

DUE_BATCH = 100
DUE = text("SELECT * FROM retaliation_reports WHERE next_at <= :now ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED")


async def climb_due_reports(uow: UnitOfWork) -> bool:
    """Once for each deadline that passed; where no unit above is left, the report stays where it is, overdue.

    Any number of workers may run it at once: a report that another one holds is left to it. Returns whether there may be more.
    Events: RetaliationClimbed.
    """
    due = select(RetaliationReport).from_statement(DUE)
    reports = (await uow.session.scalars(due, {"now": uow.now(), "most": DUE_BATCH})).all()
    for report in reports:
        await _climb(uow, report)
        report.next_at = report.decide_by if report.next_at == report.acknowledge_by else None
    return len(reports) > 0


async def _climb(uow: UnitOfWork, report: RetaliationReport) -> None:
    case = await uow.session.get_one(Case, report.case_id)
    readers, concerned = await readers_of_report(uow, report.id), await concerned_by(uow, case, report.accused)
    chain = [unit.id for unit in uow.units.chain(readers[-1])]
    above = overseers(chain, concerned.blamed, concerned.never | set(readers))
    if not above:
        return
    uow.session.add(RetaliationReader(report_id=report.id, number=len(readers), unit_id=above[0]))
    coarse = case.protection is Protection.anonymous
    climbed_at = hour_of(uow.now()) if coarse else uow.now()
    event = RetaliationClimbed(report_id=report.id, unit_id=above[0], climbed_at=climbed_at)
    await uow.record(event, coarse=coarse)
