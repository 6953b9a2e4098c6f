"""Reading the watch: its speaker's side, and the side of those who look into a report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlmodel import col

from services.feedback.audit.actions import record_act
from services.feedback.audit.rules import Act
from services.feedback.cases.models import Case, CaseExclusion, CaseOwner
from services.feedback.cases.queries.access import Access, Holder, exclusions_of, open_own, parts_of, posts_excluded
from services.feedback.cases.rules import Part, Party
from services.feedback.cases.schemas import ReaderOut
from services.feedback.cases.sealing import unseal
from services.feedback.conversations.queries import messages_of
from services.feedback.retaliation.models import RetaliationReader, RetaliationReport, WatchCheckIn
from services.feedback.retaliation.rules import (
    CLIMBED,
    INSPECTS,
    WHY,
    ReportState,
    due_at,
    next_check_in,
    watched_until,
)
from services.feedback.retaliation.schemas import InspectedReport, ReportItem, ReportOut, WatchOut
from shared.auth import Principal
from shared.errors import NotFound
from shared.languages import current_language
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork, Works

MESSAGES = 100
DUE = "CASE retaliation_reports.state WHEN 'reported' THEN acknowledge_by WHEN 'acknowledged' THEN decide_by END"
OVERDUE = {True: text(f"{DUE} <= :now"), False: text(f"coalesce({DUE} > :now, true)")}


def report_not_found() -> NotFound:
    """Also the answer for a report that exists and is not the caller's to read."""
    return NotFound("report-not-found", "No such report is yours to read. List them with GET /v1/retaliation-reports.")


async def get_watch(uow: UnitOfWork, who: Principal | Holder, case_id: UUID) -> WatchOut:
    """Raises `NotFound` (case-not-found)."""
    return await watch_of(uow, await open_own(uow, who, case_id))


async def watch_of(uow: UnitOfWork, access: Access) -> WatchOut:
    """As its speaker sees it."""
    case, today = access.case, access.moment(uow).date()
    reports = await reports_of(uow, case.id)
    until = watched_until(case.opened_at, (report.reported_at for report in reports))
    check_ins = await _check_ins(uow, case.id)
    last_on = max((check_in.day for check_in in check_ins), default=None)
    next_on = next_check_in(case.opened_at.date(), last_on, until.date(), today)
    return WatchOut(
        until=until,
        check_in_due=next_on is not None and next_on <= today,
        last_check_in_on=last_on,
        next_check_in_on=next_on,
        unsafe_on=[check_in.day for check_in in check_ins if not check_in.safe],
        reports=[await show_report(uow, report) for report in reports],
    )


async def reports_of(uow: UnitOfWork, case_id: UUID) -> Sequence[RetaliationReport]:
    """Oldest first: of those of one hour, the one that was decided before the next could be made."""
    report = RetaliationReport
    order = (col(report.reported_at), col(report.decided_at), col(report.id))
    return (await uow.session.scalars(select(report).where(col(report.case_id) == case_id).order_by(*order))).all()


async def _check_ins(uow: UnitOfWork, case_id: UUID) -> Sequence[WatchCheckIn]:
    statement = select(WatchCheckIn).where(col(WatchCheckIn.case_id) == case_id).order_by(col(WatchCheckIn.day))
    return (await uow.session.scalars(statement)).all()


async def list_reports(
    uow: UnitOfWork, principal: Principal, *, state: ReportState | None, overdue: bool | None, limit: int, cursor: str | None
) -> Page[ReportItem]:
    """Newest first, of those that the caller's unit reads. Raises `Invalid` (malformed-cursor)."""
    order = col(RetaliationReader.report_id).desc()
    statement = _readable(uow, principal).order_by(order).limit(limit + 1)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(RetaliationReader.report_id) < before)
    if state is not None:
        statement = statement.where(col(RetaliationReport.state) == state)
    if overdue is not None:
        statement = statement.where(OVERDUE[overdue])
    found = (await uow.session.scalars(statement, {"now": uow.now()})).all()
    reports, next_cursor = cut(found, limit, lambda report: report.id)
    return Page[ReportItem](items=[ReportItem.model_validate(_facts(uow, report)) for report in reports], next_cursor=next_cursor)


async def open_report(uow: UnitOfWork, principal: Principal, report_id: UUID, *, lock: bool = False) -> RetaliationReport:
    """With its case, which is locked first if the report is to be changed.

    Raises `NotFound` (report-not-found) to everybody but the lead and the inspectors of a unit that reads it.
    """
    statement = _readable(uow, principal).where(col(RetaliationReport.id) == report_id)
    if lock:
        case_id = statement.with_only_columns(col(RetaliationReport.case_id))
        await uow.session.execute(select(col(Case.id)).where(col(Case.id).in_(case_id)).with_for_update(key_share=True))
        statement = statement.with_for_update(of=RetaliationReport).execution_options(populate_existing=True)
    report = await uow.session.scalar(statement)
    if report is None:
        raise report_not_found()
    return report


def _readable(uow: UnitOfWork, principal: Principal) -> Select[RetaliationReport]:
    """Those that the caller's unit reads, for the leads and inspectors that the routes let in; but nobody decides about a report
    of their own, nor where the case is about their post."""
    report, reader, about = RetaliationReport, RetaliationReader, CaseExclusion
    statement = (
        select(report).join(reader, col(reader.report_id) == col(report.id)).join(Case, col(Case.id) == col(report.case_id))
    )
    own = (principal.account, uow.keyring.alias(principal.account))
    foreign = col(Case.owner_id).is_(None) | col(Case.owner_id).not_in(own)
    post = (col(about.unit_id) == principal.unit_id) & (col(about.post) == principal.role)
    blamed = select(about).where(col(about.case_id) == col(report.case_id), post).exists()
    return statement.where(col(reader.unit_id) == principal.unit_id, foreign, ~blamed)


async def get_report(works: Works, uow: UnitOfWork, principal: Principal, report_id: UUID) -> InspectedReport:
    """Who reads it is written down, without the case. Events: AuditRecorded. Raises `NotFound` (report-not-found)."""
    report = await open_report(uow, principal, report_id)
    shown = await inspect_report(uow, report)
    async with works.begin() as writing:
        await record_act(writing, principal, Act.retaliation_read, subject_id=report_id)
    return shown


async def inspect_report(uow: UnitOfWork, report: RetaliationReport) -> InspectedReport:
    """With what was said in the case: a unit that does not stand above it has no other way to that."""
    await uow.session.flush()
    case = await uow.session.get_one(Case, report.case_id)
    page = await messages_of(uow, Access(case, None, Party.reader, Party.reader, None), limit=MESSAGES, cursor=None)
    return InspectedReport(
        **(await show_report(uow, report)).model_dump(),
        case_unit_id=case.unit_id,
        about=sorted(await exclusions_of(uow, case.id)),
        title=unseal(uow, case.id, case.title),
        body=unseal(uow, case.id, case.body),
        messages=page.items,
        unsafe_on=[check_in.day for check_in in await _check_ins(uow, case.id) if not check_in.safe],
    )


async def show_report(uow: UnitOfWork, report: RetaliationReport) -> ReportOut:
    readers, posts = await readers_of_report(uow, report.id), await posts_excluded(uow, report.case_id)
    return ReportOut.model_validate(
        {
            **_facts(uow, report),
            "text": unseal(uow, report.case_id, report.text),
            "by": report.accused,
            "readers": [
                _reader(uow, unit_id, CLIMBED if number else INSPECTS, posts.get(unit_id, ()))
                for number, unit_id in enumerate(readers)
            ],
            "reason": unseal(uow, report.case_id, report.reason),
        }
    )


async def readers_of_report(uow: UnitOfWork, report_id: UUID) -> Sequence[UUID]:
    """The inspecting unit first, then each that the report climbed to."""
    reader = RetaliationReader
    statement = select(col(reader.unit_id)).where(col(reader.report_id) == report_id).order_by(col(reader.number))
    return (await uow.session.scalars(statement)).all()


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom a report must not reach: units that the case is about or that the speaker names, with all below them, and those that
    owe or owed the case, work on it, or have posts that it is about."""

    blamed: frozenset[UUID]
    owners: frozenset[UUID]
    joint: frozenset[UUID]
    posts: frozenset[UUID] = frozenset()

    @property
    def never(self) -> frozenset[UUID]:
        return self.owners | self.joint | self.posts


async def concerned_by(uow: UnitOfWork, case: Case, accused: Collection[UUID]) -> Concerned:
    owners = await uow.session.scalars(select(col(CaseOwner.unit_id)).where(col(CaseOwner.case_id) == case.id))
    parts = await parts_of(uow, case.id)
    return Concerned(
        blamed=frozenset(accused) | await exclusions_of(uow, case.id),
        owners=frozenset(owners) | {case.unit_id},
        joint=frozenset(unit_id for unit_id, part in parts.items() if part is Part.joint),
        posts=frozenset(await posts_excluded(uow, case.id)),
    )


def _facts(uow: UnitOfWork, report: RetaliationReport) -> dict[str, object]:
    due = due_at(report.state, report.acknowledge_by, report.decide_by)
    return {**report.model_dump(), "due_at": due, "overdue": due is not None and due <= uow.now()}


def _reader(uow: UnitOfWork, unit_id: UUID, why: str, posts: Sequence[str]) -> ReaderOut:
    unit = uow.units.get(unit_id)
    code, name = (unit.code, unit.name) if unit else ("—", "—")
    return ReaderOut(unit_id=unit_id, code=code, name=name, why=WHY[current_language()][why], without=list(posts))
