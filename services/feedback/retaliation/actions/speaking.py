"""The speaker says whether they are safe, and reports retaliation.

Nothing of the case changes by it, not even its time: nobody who reads the case can tell that there is a report.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Holder, chain_of, open_own
from services.feedback.cases.sealing import seal
from services.feedback.retaliation.models import RetaliationReader, RetaliationReport, WatchCheckIn
from services.feedback.retaliation.queries import concerned_by, reports_of, show_report, watch_of
from services.feedback.retaliation.rules import (
    ACKNOWLEDGE_WITHIN,
    ADVICE,
    DECIDE_WITHIN,
    ReportState,
    check_watch,
    inspecting,
    topmost,
    watched_until,
)
from services.feedback.retaliation.schemas import CheckedIn, ReportOut, RetaliationIn
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.feedback import RetaliationReported
from shared.languages import current_language
from shared.units import KnownUnit
from shared.uow import UnitOfWork

BY_ACCOUNT, BY_RECEIPT = "/v1/cases/{case_id}/retaliation", "/v1/receipts/retaliation"


async def check_in(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, *, safe: bool) -> CheckedIn:
    """Of when it was said only the day is kept; no event tells of it.

    Raises `NotFound` (case-not-found), `Conflict` (watch-over).
    """
    access = await open_own(uow, who, case_id)
    now, reports = access.moment(uow), await reports_of(uow, case_id)
    check_watch(watched_until(access.case.opened_at, (report.reported_at for report in reports)), now)
    row = insert(WatchCheckIn).values(case_id=case_id, day=now.date(), safe=safe)
    await uow.session.execute(row.on_conflict_do_nothing())
    way = BY_RECEIPT if isinstance(who, Holder) else BY_ACCOUNT.format(case_id=case_id)
    return CheckedIn(watch=await watch_of(uow, access), advice=None if safe else ADVICE[current_language()].format(way=way))


async def report_retaliation(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, said: RetaliationIn) -> ReportOut:
    """The report goes at once to the nearest unit above all that owe or owed the case and are concerned; also once it is closed.

    Events: RetaliationReported. Raises `NotFound` (case-not-found, unit-not-found), `Conflict` (watch-over, report-undecided),
    `Invalid` (no-inspector-left).
    """
    access = await open_own(uow, who, case_id, lock=True)
    case, now, reports = access.case, access.moment(uow), await reports_of(uow, case_id)
    check_watch(watched_until(case.opened_at, (report.reported_at for report in reports)), now)
    if any(report.decided_at is None for report in reports):
        raise Conflict("report-undecided", "A report on this opinion is not decided yet: see `reports` of your watch.")
    report = RetaliationReport(
        id=access.new_id(uow),
        case_id=case_id,
        unit_id=await _inspecting_unit(uow, case, said.by),
        state=ReportState.reported,
        text=seal(uow, case, said.text),
        accused=list(dict.fromkeys(said.by)),
        reported_at=now,
        acknowledge_by=now + ACKNOWLEDGE_WITHIN,
        decide_by=now + DECIDE_WITHIN,
        next_at=now + ACKNOWLEDGE_WITHIN,
    )
    uow.session.add(report)
    await uow.session.flush()
    uow.session.add(RetaliationReader(report_id=report.id, number=0, unit_id=report.unit_id))
    await uow.session.flush()
    event = RetaliationReported(report_id=report.id, unit_id=report.unit_id, reported_at=now)
    await uow.record(event, coarse=access.coarse)
    return await show_report(uow, report)


async def _inspecting_unit(uow: UnitOfWork, case: Case, accused: Sequence[UUID]) -> UUID:
    for unit_id in accused:
        await uow.units.require(unit_id)
    chain = _ids(await chain_of(uow.units, case.unit_id))
    concerned = await concerned_by(uow, case, accused)
    owners = [_ids(uow.units.chain(unit_id)) for unit_id in concerned.owners]
    above = inspecting(chain, filter(None, owners), concerned.blamed, concerned.never)
    if above is not None:
        return above
    everywhere = (_ids(uow.units.chain(unit.id)) for unit in sorted(uow.units.all(), key=lambda unit: unit.code))
    return topmost(everywhere, concerned.blamed | {case.unit_id})


def _ids(chain: Iterable[KnownUnit]) -> list[UUID]:
    return [unit.id for unit in chain]
