"""Taking in an opinion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from services.feedback.cases.queries.access import chain_of, owner_of
from services.feedback.cases.queries.reading import describe_readers
from services.feedback.cases.rules import Deadline, Kind, Protection, State, Terms, route
from services.feedback.cases.sealing import seal_row
from services.feedback.categories.directory import CategoryDirectory
from services.feedback.categories.rules import Category, check_use
from services.feedback.identities.actions import identity_row
from services.feedback.identities.rules import Identity
from services.feedback.ledger.actions import leaf_row
from services.feedback.ledger.rules import content_of
from services.feedback.opinions.intake import Answer, Filing, Intake, Row
from services.feedback.opinions.rules import address, check_identity, check_import, check_sharing, check_visit, kind_of, rounded
from services.feedback.opinions.schemas import OpinionIn
from services.feedback.protection.desk import IssuedReceipt, ReceiptDesk
from services.feedback.redactions.rules import advise
from shared import outbox
from shared.auth import STAFF, Principal, Role
from shared.clock import hour_of
from shared.errors import Forbidden, Invalid
from shared.events import v1
from shared.events.envelope import Event
from shared.events.feedback import CaseOpened, CaseSource, OpinionAssisted, OpinionSubmitted, VisitRequested
from shared.idempotency import Seal
from shared.ids import new_id_at
from shared.keyring import Keyring
from shared.languages import current_language
from shared.telemetry import current_traceparent
from shared.units import KnownUnit, UnitDirectory
from shared.uow import Works

CREATED = 201


@dataclass(frozen=True, slots=True)
class Counter:
    """What taking in an opinion needs: the clock, ids, units, policies and categories, receipts, and the write path."""

    works: Works
    categories: CategoryDirectory
    desk: ReceiptDesk
    intake: Intake


@dataclass(frozen=True, slots=True)
class _Draft:
    """An opinion once everything about it is decided."""

    said: OpinionIn
    kind: Kind
    attributes: dict[str, Any] | None
    owner_id: UUID | None
    assisted_by: UUID | None
    addressed_id: UUID
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

    Events: OpinionSubmitted, CaseOpened; VisitRequested, OpinionAssisted. Raises `Unauthenticated`, `Forbidden`,
    `NotFound` (unit-not-found), `Conflict` (category-retired), `Invalid`.
    """
    units = counter.works.units
    owner_id, assisted_by = _owner(counter.works.keyring, principal, said), await _assistant(units, principal, said)
    kind = kind_of(said.channel, said.kind)
    check_visit(said.channel, said.wants_visit)
    check_sharing(said.shared, said.protection, [*said.about, *said.about_posts])
    check_identity(said.protection, given=said.identity is not None)
    category = await counter.categories.find(said.category) if said.category else None
    attributes = _attributes(said, category)
    chain = await _addressed(units, said, category)
    readers = await _readers(units, chain, said)
    coarse = said.protection is Protection.anonymous
    now = hour_of(counter.works.clock()) if coarse else counter.works.clock()
    new_id = partial(new_id_at, now) if coarse else counter.works.ids
    case_id = new_id()
    receipt = await counter.desk.issue(case_id) if coarse or said.assistance else None
    terms = await _terms(counter.works, readers[0], said, now)
    draft = _Draft(
        said=said,
        kind=kind,
        attributes=attributes,
        owner_id=owner_id,
        assisted_by=assisted_by,
        addressed_id=chain[0].id,
        readers=readers,
        opinion_id=new_id(),
        case_id=case_id,
        now=now,
        terms=terms,
        due=terms.due(now),
        receipt=receipt,
    )
    answer = _answer(draft)
    trace = "" if coarse else current_traceparent()
    filing = Filing(
        case=seal_row(counter.works.keyring, _case_row(draft)),
        opinion=_opinion_row(draft),
        clocks=[{"case_id": case_id, "started_at": now, **deadline._asdict()} for deadline in draft.due],
        exclusions=list(_exclusion_rows(draft)),
        identity=_identity_row(counter.works.keyring, draft),
        leaf=leaf_row(draft.opinion_id, _content(draft), now.date()),
        receipt=receipt.row if receipt else None,
        events=[outbox.row(event, id=new_id(), time=now, traceparent=trace) for event in _events(draft)],
        answer=Answer(CREATED, answer),
        seal=seal,
        key=seal.row(status=CREATED, answer=answer, now=now) if seal else None,
    )
    return await counter.intake.file(filing)


def _owner(keyring: Keyring, principal: Principal, said: OpinionIn) -> UUID | None:
    """How the account is kept that the case belongs to: none for an anonymous or an imported one, nor for what was written down
    for somebody."""
    if said.origin is not None:
        if principal.role is not Role.admin:
            raise Forbidden("import-needs-admin", "Only an administrator loads another system's records: leave `origin` out.")
        has_identity, has_attributes = said.identity is not None, bool(said.attributes)
        check_import(said.protection, said.assistance, attributes=has_attributes, shared=said.shared, identity=has_identity)
        return None
    if said.protection is Protection.anonymous or said.assistance:
        return None
    return owner_of(keyring, principal.account, said.protection)


async def _assistant(units: UnitDirectory, principal: Principal, said: OpinionIn) -> UUID | None:
    """The unit that writes this down for somebody, as far as it is kept. Who does it is kept nowhere."""
    if said.assistance is None:
        return None
    if principal.account and (principal.role not in STAFF or principal.unit_id is None):
        raise Forbidden("assistance-needs-unit", "Only those who work in a unit write down for others: leave `assistance` out.")
    own = await chain_of(units, principal.unit_id) if principal.unit_id else ()
    concerned = {*said.about, *(post.unit_id for post in said.about_posts)}
    if any(unit.id in concerned for unit in own):
        raise Forbidden("assistant-concerned", "This is about your own unit or one above it: another unit must write it down.")
    return None if said.protection is Protection.anonymous else principal.unit_id


def _attributes(said: OpinionIn, category: Category | None) -> dict[str, Any] | None:
    """As they are kept. What another system filed is not held to our categories."""
    if said.origin is not None:
        return None
    if category is not None:
        return check_use(category, said.channel, said.attributes or {}) or None
    if said.attributes:
        raise Invalid("attributes-need-category", "Only a category of GET /v1/categories has attributes: choose one, or none.")
    return None


async def _addressed(units: UnitDirectory, said: OpinionIn, category: Category | None) -> Sequence[KnownUnit]:
    """The unit that it is said to, then those above it."""
    area = [(unit.id, unit.level) for unit in await chain_of(units, said.area_id)] if said.area_id else ()
    default_unit_id, level = (category.default_unit_id, category.level) if category else (None, None)
    return await chain_of(units, address(said.unit_id, area, default_unit_id, level))


async def _readers(units: UnitDirectory, chain: Sequence[KnownUnit], said: OpinionIn) -> Sequence[KnownUnit]:
    """The unit that gets the case, then those above it."""
    posts = [post.unit_id for post in said.about_posts]
    for unit_id in (*said.about, *posts):
        await units.require(unit_id)
    if not (said.about or posts):
        return chain
    return chain[-len(route([unit.id for unit in chain], said.about, posts)) :]


def _posts(said: OpinionIn) -> Mapping[UUID, Sequence[str]]:
    """By unit, the posts that it is about."""
    posts: dict[UUID, list[str]] = {}
    for post in dict.fromkeys(said.about_posts):
        posts.setdefault(post.unit_id, []).append(post.post)
    return posts


def _exclusion_rows(draft: _Draft) -> Iterator[Row]:
    for unit_id in set(draft.said.about):
        yield {"case_id": draft.case_id, "unit_id": unit_id, "post": ""}
    for unit_id, posts in _posts(draft.said).items():
        for post in posts:
            yield {"case_id": draft.case_id, "unit_id": unit_id, "post": post}


async def _terms(works: Works, unit: KnownUnit, said: OpinionIn, now: datetime) -> Terms:
    """What its case is opened under."""
    await works.policies.refresh()
    chain = [each.id for each in works.units.chain(unit.id)]
    return Terms.at_opening(works.policies.book, unit.level, said.channel, now, chain)


def _answer(draft: _Draft) -> bytes:
    """What `OpinionOut` describes, written directly."""
    return msgspec.json.encode(
        {
            "id": draft.opinion_id,
            "case_id": draft.case_id,
            "receipt": draft.receipt.code if draft.receipt else None,
            "readers": describe_readers(draft.readers, _posts(draft.said)),
            "advice": advise(f"{draft.said.title}\n{draft.said.body}", current_language()),
            "clocks": [{"kind": kind, "due_at": due_at} for kind, due_at, _ in draft.due],
        }
    )


def _content(draft: _Draft) -> dict[str, str]:
    """What the ledger binds."""
    said = draft.said
    return content_of(said.channel, said.title, said.body, unit_id=draft.addressed_id, filed_at=draft.now)


def _case_row(draft: _Draft) -> Row:
    said, at = draft.said, draft.said.location
    return {
        "id": draft.case_id,
        "unit_id": draft.unit_id,
        "state": State.received,
        "source": draft.source,
        "channel": said.channel,
        "protection": said.protection,
        "kind": draft.kind,
        "category": said.category,
        "attributes": draft.attributes,
        "latitude": rounded(at.latitude, said.protection) if at else None,
        "longitude": rounded(at.longitude, said.protection) if at else None,
        "place": said.place,
        "wants_visit": said.wants_visit,
        "shared": said.shared,
        "assistance": said.assistance,
        "assisted_by_unit_id": draft.assisted_by,
        "title": said.title,
        "body": said.body,
        "owner_id": draft.owner_id,
        "opinion_id": draft.opinion_id,
        "policy_version": draft.terms.label,
        "calendar_version": draft.terms.calendar_version,
        "opened_at": draft.now,
        "updated_at": draft.now,
    }


def _opinion_row(draft: _Draft) -> Row:
    origin = draft.said.origin
    return {
        "id": draft.opinion_id,
        "case_id": draft.case_id,
        "unit_id": draft.addressed_id,
        "submitted_at": draft.now,
        "origin_system": origin.system if origin else None,
        "origin_reference": origin.reference if origin else None,
        "origin_reported_at": origin.reported_at if origin else None,
    }


def _identity_row(keyring: Keyring, draft: _Draft) -> Row | None:
    given = draft.said.identity
    return identity_row(keyring, draft.case_id, Identity(given.name, given.contact)) if given else None


def _events(draft: _Draft) -> Iterator[Event]:
    said = draft.said
    yield OpinionSubmitted(
        opinion_id=draft.opinion_id,
        case_id=draft.case_id,
        unit_id=draft.unit_id,
        channel=said.channel,
        protection=said.protection,
        category=said.category,
        submitted_at=draft.now,
    )
    yield CaseOpened(
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
    if said.wants_visit:
        yield VisitRequested(case_id=draft.case_id, unit_id=draft.unit_id, requested_at=draft.now)
    if draft.assisted_by and said.assistance:
        yield OpinionAssisted(
            opinion_id=draft.opinion_id,
            case_id=draft.case_id,
            unit_id=draft.unit_id,
            by_unit_id=draft.assisted_by,
            assistance=said.assistance,
            assisted_at=draft.now,
        )
