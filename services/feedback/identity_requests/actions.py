"""Opening a masked identity: asked for with a motive, approved by a second person above, shown to who asked, for some hours."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.feedback.audit.actions import alias_of, record_act
from services.feedback.audit.rules import Act
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Access, chain_of, exclusions_of, open_case, posts_excluded
from services.feedback.cases.rules import Party, Protection, unblamed
from services.feedback.cases.sealing import seal
from services.feedback.identities.models import SealedIdentity
from services.feedback.identities.queries import open_identity
from services.feedback.identity_requests.models import IdentityOpening, IdentityRequest
from services.feedback.identity_requests.queries import DECIDERS, find_request, is_own, may_decide, show_request
from services.feedback.identity_requests.rules import LAPSES_AFTER, check_openable, check_undecided, state_of
from services.feedback.identity_requests.schemas import IdentityRequestIn, IdentityRequestOut, OpenedIdentityOut
from shared.auth import Principal
from shared.errors import Conflict, Forbidden
from shared.events.feedback import IdentityOpened, IdentityRequestDecided, IdentityRequested
from shared.uow import UnitOfWork


async def request_identity(uow: UnitOfWork, principal: Principal, case_id: UUID, said: IdentityRequestIn) -> IdentityRequestOut:
    """Ask to know who spoke; a lead or an inspector of a unit above decides within a week.

    Events: IdentityRequested, AuditRecorded. Raises `NotFound` (case-not-found), `Forbidden`, `Conflict` (no-identity,
    identity-not-masked, nobody-to-approve).
    """
    access = await open_case(uow, principal, case_id, lock=True)
    case, unit_id, now = access.case, _working_unit(access), uow.now()
    await _kept(uow, case)
    if case.protection is Protection.named:
        raise Conflict("identity-not-masked", "The speaker gave it by name: you see it in the case, as `speaker`.")
    await _check_approver(uow, case, unit_id)
    request = IdentityRequest(
        id=uow.new_id(),
        case_id=case_id,
        unit_id=unit_id,
        by_role=principal.role,
        by_account=alias_of(uow, principal),
        motive=seal(uow, case, said.motive),
        hours=said.hours,
        requested_at=now,
        expires_at=now + LAPSES_AFTER,
    )
    uow.session.add(request)
    await uow.record(
        IdentityRequested(
            request_id=request.id, case_id=case_id, unit_id=case.unit_id, by_unit_id=unit_id, hours=said.hours, requested_at=now
        )
    )
    await _write_down(uow, principal, Act.identity_requested, request, hours=said.hours)
    return await show_request(uow, request)


def _working_unit(access: Access) -> UUID:
    if access.unit_id is None or access.party not in (Party.unit, Party.joint):
        raise Forbidden("identity-not-yours", "Only who works on the case, in the unit that owes it or a joint one, may do this.")
    return access.unit_id


async def _kept(uow: UnitOfWork, case: Case) -> SealedIdentity:
    kept = await uow.session.get(SealedIdentity, case.id)
    if kept is None:
        raise Conflict("no-identity", "There is nothing to open: no name is kept with this case.")
    return kept


async def _check_approver(uow: UnitOfWork, case: Case, unit_id: UUID) -> None:
    chain = [unit.id for unit in await chain_of(uow.units, unit_id)]
    above, posts = unblamed(chain, await exclusions_of(uow, case.id)), await posts_excluded(uow, case.id)
    able = [each for each in above if each != unit_id and not set(posts.get(each, ())) >= DECIDERS]
    if not any(uow.units.covers(each, case.unit_id) for each in able):
        raise Conflict("nobody-to-approve", "No unit above yours reads this case, so nobody could approve: it stays masked.")


async def approve_request(uow: UnitOfWork, principal: Principal, request_id: UUID) -> IdentityRequestOut:
    """Its hours begin now. Events: IdentityRequestDecided, AuditRecorded. Raises like `reject_request`."""
    access, request = await _undecided(uow, principal, request_id)
    request.expires_at = uow.now() + timedelta(hours=request.hours)
    return await _decide(uow, principal, access, request, Act.identity_approved)


async def reject_request(uow: UnitOfWork, principal: Principal, request_id: UUID, reason: str) -> IdentityRequestOut:
    """Events: IdentityRequestDecided, AuditRecorded. Raises `NotFound` (identity-request-not-found), `Forbidden`
    (second-person-needed), `Conflict` (identity-request-lapsed, identity-request-decided)."""
    access, request = await _undecided(uow, principal, request_id)
    request.reason = seal(uow, access.case, reason)
    return await _decide(uow, principal, access, request, Act.identity_rejected)


async def _undecided(uow: UnitOfWork, principal: Principal, request_id: UUID) -> tuple[Access, IdentityRequest]:
    access, request = await find_request(uow, principal, request_id, lock=True)
    if is_own(uow, principal, request) or not may_decide(uow, access, request):
        raise Forbidden("second-person-needed", "You asked for this yourself: another person, in a unit above, decides it.")
    check_undecided(state_of(request.approved, request.expires_at, uow.now()))
    return access, request


async def _decide(
    uow: UnitOfWork, principal: Principal, access: Access, request: IdentityRequest, act: Act
) -> IdentityRequestOut:
    assert principal.unit_id is not None, "who decides has a unit"
    request.approved, request.decided_at = act is Act.identity_approved, uow.now()
    request.decided_by_role, request.decided_by_unit_id = principal.role, principal.unit_id
    await uow.record(
        IdentityRequestDecided(
            request_id=request.id,
            case_id=request.case_id,
            unit_id=access.case.unit_id,
            by_unit_id=principal.unit_id,
            approved=request.approved,
            decided_at=request.decided_at,
        )
    )
    await _write_down(uow, principal, act, request)
    return await show_request(uow, request)


async def open_request(uow: UnitOfWork, principal: Principal, request_id: UUID) -> OpenedIdentityOut:
    """Show it to who asked, who must still work on the case. Each opening is counted, and shown to the speaker.

    Events: IdentityOpened, AuditRecorded. Raises `NotFound` (identity-request-not-found), `Forbidden`, `Conflict` (opening-over,
    opening-not-approved, no-identity, identity-key-lost).
    """
    access, request = await find_request(uow, principal, request_id, lock=True)
    if not is_own(uow, principal, request):
        raise Forbidden("opening-not-yours", "Only who asked opens it; you decided, or may decide, whether.")
    unit_id, now = _working_unit(access), uow.now()
    check_openable(state_of(request.approved, request.expires_at, now))
    kept = await _kept(uow, access.case)
    identity = open_identity(uow, kept.case_id, kept.key_id, kept.sealed)
    if identity is None:
        raise Conflict("identity-key-lost", "The key that seals this identity is not here any more: nobody can open it.")
    number = 1 + await _opened_before(uow, request)
    uow.session.add(IdentityOpening(request_id=request.id, number=number, at=now))
    await uow.record(
        IdentityOpened(
            request_id=request.id,
            case_id=request.case_id,
            unit_id=access.case.unit_id,
            by_unit_id=unit_id,
            number=number,
            opened_at=now,
        )
    )
    await _write_down(uow, principal, Act.identity_opened, request, number=number)
    return OpenedIdentityOut(name=identity.name, contact=identity.contact)


async def _opened_before(uow: UnitOfWork, request: IdentityRequest) -> int:
    opened = select(func.max(col(IdentityOpening.number))).where(col(IdentityOpening.request_id) == request.id)
    return await uow.session.scalar(opened) or 0


async def _write_down(uow: UnitOfWork, principal: Principal, act: Act, request: IdentityRequest, **detail: int) -> None:
    await record_act(uow, principal, act, case_id=request.case_id, subject_id=request.id, detail=detail)
