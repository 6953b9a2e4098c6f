"""Taking in an opinion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from services.feedback.cases.queries.access import chain_of
from services.feedback.cases.queries.reading import describe_readers
from services.feedback.cases.rules import Deadline, Protection, State, Terms, route
from services.feedback.opinions.intake import Answer, Filing, Intake, Row
from services.feedback.opinions.rules import check_import
from services.feedback.opinions.schemas import OpinionIn
from services.feedback.protection.desk import IssuedReceipt, ReceiptDesk
from shared import outbox
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.errors import Forbidden
from shared.events import v1
from shared.events.feedback import CaseOpened, CaseSource, OpinionSubmitted
from shared.idempotency import Seal
from shared.ids import new_id_at
from shared.telemetry import current_traceparent
from shared.units import KnownUnit, UnitDirectory
from shared.uow import Works

CREATED = 201


@dataclass(frozen=True, slots=True)
class Counter:
    """What taking in an opinion needs: the clock, ids, units and policies, receipts, and the write path."""

    works: Works
    desk: ReceiptDesk
    intake: Intake


@dataclass(frozen=True, slots=True)
class _Draft:
    """An opinion once everything about it is decided."""

    said: OpinionIn
    owner_id: UUID | None
    readers: Sequence[KnownUnit]
    opinion_id: UUID
    case_id: UUID
    now: datetime
    terms: Terms
    due: Sequence[Deadline]
    receipt: IssuedReceipt | None

    @property
    def unit_id(self) -> UUID:
        return self.readers[0].id

    @property
    def source(self) -> CaseSource:
        return CaseSource.imported if self.said.origin else CaseSource.opinion


async def submit_opinion(counter: Counter, principal: Principal, said: OpinionIn, seal: Seal | None) -> Answer:
    """Returns once the opinion, its case and its clocks are committed. Of an anonymous speaker nothing is kept but the hour.

    Events: OpinionSubmitted, CaseOpened. Raises `Unauthenticated`, `Forbidden`, `NotFound` (unit-not-found), `Invalid`.
    """
    owner_id, readers = _owner(principal, said), await _readers(counter.works.units, said)
    coarse = said.protection is Protection.anonymous
    now = hour_of(counter.works.clock()) if coarse else counter.works.clock()
    new_id = partial(new_id_at, now) if coarse else counter.works.ids
    case_id = new_id()
    receipt = await counter.desk.issue(case_id) if coarse else None
    terms = await _terms(counter.works, readers[0], said, now)
    draft = _Draft(said, owner_id, readers, new_id(), case_id, now, terms, terms.due(now), receipt)
    answer = _answer(draft)
    trace = "" if coarse else current_traceparent()
    filing = Filing(
        case=_case_row(draft),
        opinion=_opinion_row(draft),
        clocks=[{"case_id": case_id, "started_at": now, **deadline._asdict()} for deadline in draft.due],
        exclusions=[{"case_id": case_id, "unit_id": unit_id} for unit_id in set(said.about)],
        receipt=receipt.row if receipt else None,
        events=[outbox.row(event, id=new_id(), time=now, traceparent=trace) for event in _events(draft)],
        answer=Answer(CREATED, answer),
        seal=seal,
        key=seal.row(status=CREATED, answer=answer, now=now) if seal else None,
    )
    return await counter.intake.file(filing)


def _owner(principal: Principal, said: OpinionIn) -> UUID | None:
    """The account that the case belongs to: nobody's for an anonymous or an imported one."""
    if said.origin is not None:
        if principal.role is not Role.admin:
            raise Forbidden("import-needs-admin", "Only an administrator loads another system's records: leave `origin` out.")
        check_import(said.protection)
        return None
    return None if said.protection is Protection.anonymous else principal.account


async def _readers(units: UnitDirectory, said: OpinionIn) -> Sequence[KnownUnit]:
    """The unit that gets the case, then those above it."""
    chain = await chain_of(units, said.unit_id)
    for unit_id in said.about:
        await units.require(unit_id)
    if not said.about:
        return chain
    return chain[-len(route([unit.id for unit in chain], said.about)) :]


async def _terms(works: Works, unit: KnownUnit, said: OpinionIn, now: datetime) -> Terms:
    """What its case is opened under."""
    await works.policies.refresh()
    return Terms.at_opening(works.policies.book, unit.level, said.channel, now)


def _answer(draft: _Draft) -> bytes:
    """What `OpinionOut` describes, written directly."""
    return msgspec.json.encode(
        {
            "id": draft.opinion_id,
            "case_id": draft.case_id,
            "receipt": draft.receipt.code if draft.receipt else None,
            "readers": describe_readers(draft.readers),
            "clocks": [{"kind": kind, "due_at": due_at} for kind, due_at, _ in draft.due],
        }
    )


def _case_row(draft: _Draft) -> Row:
    said = draft.said
    return {
        "id": draft.case_id,
        "unit_id": draft.unit_id,
        "state": State.received,
        "source": draft.source,
        "channel": said.channel,
        "protection": said.protection,
        "category": said.category,
        "title": said.title,
        "body": said.body,
        "owner_id": draft.owner_id,
        "opinion_id": draft.opinion_id,
        "policy_version": draft.terms.policy.label,
        "calendar_version": draft.terms.calendar_version,
        "opened_at": draft.now,
        "updated_at": draft.now,
    }


def _opinion_row(draft: _Draft) -> Row:
    origin = draft.said.origin
    return {
        "id": draft.opinion_id,
        "case_id": draft.case_id,
        "unit_id": draft.said.unit_id,
        "submitted_at": draft.now,
        "origin_system": origin.system if origin else None,
        "origin_reference": origin.reference if origin else None,
        "origin_reported_at": origin.reported_at if origin else None,
    }


def _events(draft: _Draft) -> tuple[OpinionSubmitted, CaseOpened]:
    said = draft.said
    submitted = OpinionSubmitted(
        opinion_id=draft.opinion_id,
        case_id=draft.case_id,
        unit_id=draft.unit_id,
        channel=said.channel,
        protection=said.protection,
        category=said.category,
        submitted_at=draft.now,
    )
    opened = CaseOpened(
        case_id=draft.case_id,
        unit_id=draft.unit_id,
        source=draft.source,
        opinion_id=draft.opinion_id,
        finding_id=None,
        visit_id=None,
        channel=said.channel,
        category=said.category,
        opened_at=draft.now,
        clocks=v1.clocks((kind, due_at) for kind, due_at, _ in draft.due),
    )
    return submitted, opened
